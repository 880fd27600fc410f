"""Shutdown flag: whether this cluster was asked to end. Then nothing new is begun, and what is under way ends in
good order.

One byte of memory that a cluster's processes share because they are forked from one. No lock
belongs to it that a killed process could take to its grave.
"""

import mmap

_asked = mmap.mmap(-1, 1)


def ask() -> None:
    """Ask every process that was forked since this module was imported to come to an end."""
    _asked[0] = 1


def is_asked() -> bool:
    """Were we asked to end?"""
    return bool(_asked[0])


def forget() -> None:
    """Go on as before: for tests."""
    _asked[0] = 0
