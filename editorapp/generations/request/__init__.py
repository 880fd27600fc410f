"""Requests, before anything is sent: a draft is checked, quoted and offered, and becomes a queued
generation; a failed one is sent again.
"""
