"""Decoding: everything that touches the bytes of a file that we did not make. It runs in the
sandbox, never elsewhere.

Nothing here imports Django: the child starts quickly, and a hostile file meets no settings, no
keys, no database.
"""
