"""Reread files: a file of the store that is read as often as a splice needs, opened once: whatever becomes of its
name meanwhile, it is sent to its end.
"""

from collections.abc import Iterator

from editorapp.media.store import Opened


class RereadFile:
    """An open file that can be read any number of times; it is let go of with this object."""

    def __init__(self, file: Opened) -> None:
        self._file, self.size = file, file.size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`.

        Raises: Refusal, when the storage does not answer.
        """
        yield from self._file.spans(start, end)
