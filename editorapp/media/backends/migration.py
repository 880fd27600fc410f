"""Migration of the media folder into a bucket: an installation that grows keeps all that it has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from editorapp.media import layout
from editorapp.media.backends.bucket import head_of
from editorapp.media.backends.s3 import MediaStorage
from editorapp.media.refusals import Refusal


@dataclass
class Moved:
    """What came of it. `damaged` names files that are not what their hash says; they stay where
    they are.
    """

    copied: int = 0
    copied_bytes: int = 0
    there: int = 0
    damaged: list[str] = field(default_factory=list)


def to_bucket(root: Path, storage: MediaStorage) -> Moved:
    """Copy every file of a media folder into the bucket and compare each; what is there already is
    left alone.

    So it can be broken off and called again. The folder stays as it is.
    Raises: Refusal, when the bucket cannot be used.
    """
    moved = Moved()
    for name, file in _files(root / layout.BLOBS):
        head, key = head_of(file, name), layout.BLOBS + name
        if storage.head(key) == head:
            moved.there += 1
            continue
        try:
            storage.put_file(key, file, head.sha256)
        except Refusal as refusal:
            if refusal.code != "storage_damaged":
                raise
            moved.damaged.append(name)
        else:
            moved.copied += 1
            moved.copied_bytes += head.size
    return moved


def _files(blobs: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file with its name in the store, an original after all that was made from it."""
    for folder in sorted(blobs.glob("??/*")):
        names = [str(file.relative_to(blobs)) for file in folder.iterdir()]
        for name in sorted(names, key=layout.original_last):
            yield name, blobs / name
