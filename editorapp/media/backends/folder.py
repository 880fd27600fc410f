"""Folder backend: files on this machine. A rename is atomic, and what is there is there whole.

What its verbs say, a bucket's do too: the store asks no more of either. Files are kept whole, under
names of layout.py that say what is in them, so a file never changes.
"""

import os
import shutil
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from editorapp.core.fault_points import reached
from editorapp.media.backends.files import OpenedFile, on_disk_of, sync_file, sync_folder


class Folder:
    """The backend of an installation without a bucket."""

    def __init__(self, blobs: Path, incoming: Path) -> None:
        self._blobs, self._incoming = blobs, incoming

    def path(self, name: str) -> Path:
        """Return where this machine has, or would have, the file."""
        return self._blobs / name

    def put(self, file: Path, name: str) -> Path:
        """Move a finished file in, durably; it is visible whole or not at all.

        Raises: OSError; Refusal, of a bucket.
        """
        kept = self.path(name)
        self._make(kept.parent)
        file = on_disk_of(self._incoming, file)
        sync_file(file)
        reached("keep.fsynced")
        os.replace(file, kept)
        reached("keep.renamed")
        sync_folder(kept.parent)
        return kept

    def _make(self, folder: Path) -> None:
        """Make a folder that outlives a power cut: its own name must be on the disk too."""
        if folder.is_dir():
            return
        folder.mkdir(parents=True, exist_ok=True)
        for above in (folder.parent, self._blobs, self._blobs.parent):
            sync_folder(above)

    @contextmanager
    def settling(self, file: Path) -> Iterator[None]:
        """Do meanwhile what `put` would have to wait for: write the file's bytes to the disk. At the
        end it is done.

        An error is told once and to one. Raises: OSError.
        """
        with ThreadPoolExecutor(max_workers=1) as thread:
            synced = thread.submit(sync_file, file)
            yield
            synced.result()

    def exists(self, name: str) -> bool:
        """Is the file kept? Asks the truth, never a copy. Raises: Refusal, of a bucket."""
        return self.path(name).exists()

    @contextmanager
    def held(self, name: str) -> Iterator[Path]:
        """Give a path to the file that stays while it is held.

        Raises: FileNotFoundError; Refusal, of a bucket.
        """
        path = self.path(name)
        path.stat()
        yield path

    def opened(self, name: str) -> OpenedFile:
        """Return the file for reading parts of it, without waiting for the whole.

        Raises: as `held`.
        """
        return OpenedFile(self.path(name).open("rb"))

    def remove(self, folder: str) -> None:
        """Delete all files below the folder of a content. Raises: Refusal, of a bucket."""
        shutil.rmtree(self._blobs / folder, ignore_errors=True)

    def sweep(self, before: float, under_way: Collection[str]) -> int:
        """Delete what uploads left in the backend before an instant (seconds), but for those under
        way; return how many.
        """
        return 0  # unfinished files lie in `incoming`, which the store sweeps itself
