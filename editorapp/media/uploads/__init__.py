"""Resumable uploads: a file arrives in pieces, on any machine, and is taken in once, whatever breaks off.

`resumable` is what pages call; the others are how pieces are collected, hashed and claimed.
"""
