"""Core owns what every room needs and no product noun: money, time codes, paging, page-or-part rendering.

It has no tables and imports no other room.
"""
