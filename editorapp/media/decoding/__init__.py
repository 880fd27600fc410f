"""Everything that touches the bytes of a file that we did not make: it runs in the sandbox's child,
never elsewhere.

Nothing here imports Django: the child starts quickly, and a hostile file meets no settings, no
keys, no database.
"""
