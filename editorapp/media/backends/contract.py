"""Backend contract: what the store asks of whatever keeps its files. Names are those of layout.py."""

from collections.abc import Collection, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol


class Opened(Protocol):
    """A kept file that can be read at any place, whatever becomes of its name meanwhile."""

    size: int

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        """Yield the bytes from `start` to before `end`; once, and the file is let go of afterwards."""
        ...


class Backend(Protocol):
    """Keeps files whole under names that say what is in them, so a file never changes."""

    def path(self, name: str) -> Path:
        """Return where this machine has, or would have, the file."""
        ...

    def put(self, file: Path, name: str) -> Path:
        """Move a finished file in, durably; it is visible whole or not at all.

        Raises: Refusal, OSError.
        """
        ...

    def settling(self, file: Path) -> AbstractContextManager[None]:
        """Do meanwhile what `put` would have to wait for. At the end it is done.

        Raises: OSError.
        """
        ...

    def size(self, name: str) -> int | None:
        """Return how long the file is; None where it is not. Asks the truth, never a copy.

        Raises: Refusal.
        """
        ...

    def held(self, name: str) -> AbstractContextManager[Path]:
        """Give a path to the file that stays while it is held.

        Raises: FileNotFoundError, Refusal.
        """
        ...

    def opened(self, name: str) -> Opened:
        """Return the file for reading parts of it, without waiting for the whole.

        Raises: as `held`.
        """
        ...

    def remove(self, folder: str) -> None:
        """Delete all files below the folder of a content. Raises: Refusal."""
        ...

    def sweep(self, before: float, under_way: Collection[str]) -> int:
        """Delete what uploads left in the backend before an instant (seconds), but for those under
        way; return how many.
        """
        ...
