"""Folder backend: files on this machine. A rename is atomic, and what is there is there whole."""

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
        return self._blobs / name

    def put(self, file: Path, name: str) -> Path:
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
        """Write the file's bytes to the disk while it is measured.

        An error is told once and to one: it is raised.
        """
        with ThreadPoolExecutor(max_workers=1) as thread:
            synced = thread.submit(sync_file, file)
            yield
            synced.result()

    def size(self, name: str) -> int | None:
        try:
            return self.path(name).stat().st_size
        except FileNotFoundError:
            return None

    @contextmanager
    def held(self, name: str) -> Iterator[Path]:
        path = self.path(name)
        path.stat()
        yield path

    def opened(self, name: str) -> OpenedFile:
        return OpenedFile(self.path(name).open("rb"))

    def remove(self, folder: str) -> None:
        shutil.rmtree(self._blobs / folder, ignore_errors=True)

    def sweep(self, before: float, under_way: Collection[str]) -> int:
        return 0  # unfinished files lie in `incoming`, which the store sweeps itself
