"""Still store: stills that were asked for, and files as they were signed, on this machine; bounded, and the
least recently used goes first.

A still is cheap to make again, so nothing here is a promise: what is missing, damaged or does not fit
is decoded. Who may see a clip is asked before (web/media/views.py); here its content's hash is all.
"""

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings

from editorapp.media import layout
from editorapp.media.backends.cache import Cache
from editorapp.media.backends.files import OpenedFile, fresh_part, is_full_disk

_FOLDER = "stills"
# Of what this machine may keep as copies: 1 GB of the usual 20.
_PART_OF_CACHE = 20
_DIGEST_BYTES = 32


def name(sha256: str, index: int, *, format: str, max_height: int | None) -> str:
    """Return what a still of a content is kept under."""
    return f"{layout.folder(sha256)}/{index}-{max_height or 0}.{format}"


def find(name: str) -> bytes | None:
    """Return a still that was kept, and note that it was used; None where there is none."""
    handle = _cache().open(name)
    if handle is None:
        return None
    with handle:
        data = handle.read()
    digest, picture = data[:_DIGEST_BYTES], data[_DIGEST_BYTES:]
    if hashlib.sha256(picture).digest() == digest:
        return picture
    _cache().drop(name)  # a power cut, or a damaged disk
    return None


def keep(picture: bytes, name: str, incoming: Path) -> None:
    """Keep a still for the next who asks; where there is no room for it, keep none."""
    part = fresh_part(incoming)
    try:
        part.write_bytes(hashlib.sha256(picture).digest() + picture)
        _cache().put(part, name)
    except OSError as error:
        if is_full_disk(error):
            with suppress(OSError):
                _cache().clear()  # room for what cannot be made again
    finally:
        part.unlink(missing_ok=True)


def open_file(name: str) -> OpenedFile | None:
    """Return a file that was kept, and note that it was used; None where there is none. Nobody clears
    it away while it is open.
    """
    handle = _cache().open(name)
    return None if handle is None else OpenedFile(handle)


def keep_file(file: Path, name: str) -> OpenedFile:
    """Move a file in, for the next who asks, and return it, open. Raises: OSError."""
    handle = file.open("rb")
    try:
        _cache().put(file, name)
    except OSError:
        handle.close()
        raise
    return OpenedFile(handle)


def forget(sha256: str) -> None:
    """Delete all that is kept here of a content."""
    folder = _cache().path(layout.folder(sha256))
    with suppress(FileNotFoundError):
        for file in os.listdir(folder):
            _cache().drop(f"{layout.folder(sha256)}/{file}")
    with suppress(OSError):  # not there, or one more came
        folder.rmdir()


def _cache() -> Cache:
    return Cache(Path(settings.MEDIA_ROOT) / _FOLDER, settings.CACHE_BYTES // _PART_OF_CACHE)
