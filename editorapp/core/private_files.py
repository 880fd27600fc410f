"""Private files: all that is kept is for the user alone that Rushes runs as, folders 700, files 600.

The database holds sessions, `secret.key` signs them, and media and logs are nobody else's business
either. So each program makes its files so from its start, and what is there already, of an older
version or copied in by hand, is made so by those that prepare an installation.
"""

import os
from collections.abc import Iterable, Iterator
from pathlib import Path

OTHERS = 0o077
_mask_before: list[int] = []  # what the person's own files are made with


def begin() -> None:
    """Let all that this process and its children make be for its user alone: the first thing that a
    program does.
    """
    _mask_before.append(os.umask(OTHERS))


def hand_out(file: Path) -> None:
    """Give a file that leaves the installation the mode that its person's own files have."""
    if _mask_before:
        file.chmod(0o666 & ~_mask_before[0])


def close(places: Iterable[Path]) -> tuple[int, int]:
    """Close files and folders, with all in them, to others; return how many were open, and how many
    stay so.

    A folder is closed after what it holds. So below one that is closed already nothing is looked
    at, however much it is; of the places themselves, what lies directly in them is. No link is
    followed; what is another user's stays.
    """
    closed = left = 0
    for place in places:
        for path in _open_in(place):
            try:
                path.chmod(path.lstat().st_mode & 0o7777 & ~OTHERS)
                closed += 1
            except FileNotFoundError:  # a process at work has taken it away
                continue
            except OSError:
                left += 1
    return closed, left


def _open_in(path: Path, *, is_place: bool = True) -> Iterator[Path]:
    """Yield what others may reach, each folder after what it holds."""
    if path.is_symlink() or not path.exists():
        return
    is_open = bool(path.stat().st_mode & OTHERS)
    if path.is_dir() and (is_open or is_place) and os.access(path, os.R_OK | os.X_OK):
        for one in list(path.iterdir()):
            yield from _open_in(one, is_place=False)
    if is_open:
        yield path
