"""Signals of media, for rooms that stand to the right."""

from django.dispatch import Signal

# path, sha256: a file that somebody brings and that their team does not have, byte for byte. A receiver that
# knows it as a copy of a stored original, as that was handed out, returns the original's hash.
came_back = Signal()
