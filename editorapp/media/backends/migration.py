"""Take the media folder into a bucket: an installation that grows keeps all that it has."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from editorapp.media import store
from editorapp.media.backends.files import hash_file
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


def to_bucket() -> Moved:
    """Copy every file of the media folder into the bucket and compare each; what is there already
    is left alone.

    So it can be broken off and called again. The folder stays as it is.
    Raises: Refusal, when the bucket cannot be used.
    """
    from editorapp.media.backends.s3 import Head  # it needs the packages of a bucket

    storage = store.bucket()
    assert storage is not None, "no bucket is set"
    moved = Moved()
    for name, file in _files(Path(settings.MEDIA_ROOT) / "blobs"):
        size, sha256 = file.stat().st_size, _hash(name, file)
        if storage.head(f"blobs/{name}") == Head(size, sha256):
            moved.there += 1
            continue
        try:
            storage.put_file(f"blobs/{name}", file, sha256)
        except Refusal as refusal:
            if refusal.code != "storage_damaged":
                raise
            moved.damaged.append(name)
            continue
        moved.copied += 1
        moved.copied_bytes += size
    return moved


def _files(blobs: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file with its name in the store, an original after all that was made from it."""
    for folder in sorted(blobs.glob("??/*")):
        for file in sorted(
            folder.iterdir(), key=lambda one: (one.name == store.ORIGINAL, one.name)
        ):
            yield f"{folder.parent.name}/{folder.name}/{file.name}", file


def _hash(name: str, file: Path) -> str:
    """Return what an object must carry: of an original the hash that names it, whatever lies in the
    file.
    """
    folder, _slash, what = name.rpartition("/")
    return folder.rpartition("/")[2] if what == store.ORIGINAL else hash_file(file)
