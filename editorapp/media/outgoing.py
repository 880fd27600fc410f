"""Outgoing copies: what providers are given of a stored file, made once, and kept like any other
content.

Uploads stay as they came. A provider gets a picture upright, in sRGB and without metadata, and a
clip without what its container tells of place and camera (decoding/outgoing.py says what is left as
it is). A file that needs nothing goes out byte for byte: then its row names its own hash.
"""

from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q

from editorapp.media import sandbox, store
from editorapp.media.models import Asset

_LIMITS = sandbox.SandboxLimits(wall_seconds=300, cpu_seconds=300, file_bytes=4_000_000_000)


@dataclass(frozen=True)
class Outgoing:
    """What goes out for a file: the hash that it is kept under, and how many bytes it has."""

    sha256: str
    size_bytes: int


def make(asset: Asset) -> Outgoing:
    """Return what goes out for a file, made now where it is not there.

    Touches no table: call `note` with it.

    Raises: Refusal; store.Gone, when the file is not kept any more.
    """
    known = asset.outgoing_sha256
    if known and (known == asset.sha256 or store.exists(known, store.ORIGINAL)):
        return Outgoing(known, asset.outgoing_bytes)
    with store.workspace() as folder, store.telling_full_disk():
        copy = folder / "outgoing"
        if not _is_changed(asset, copy):
            return Outgoing(asset.sha256, asset.size_bytes)
        made = Outgoing(store.hash_file(copy), copy.stat().st_size)
        store.keep(copy, made.sha256, store.ORIGINAL)
        return made


def _is_changed(asset: Asset, copy: Path) -> bool:
    """Write what goes out to `copy`, and say whether it is other than the file."""
    with store.held(asset.sha256, store.ORIGINAL) as (original,):
        done = sandbox.run("outgoing", limits=_LIMITS, path=original, out=copy)
    return bool(done["is_changed"])


def note(asset: Asset, made: Outgoing) -> bool:
    """Note on a file's row what goes out for it. Say whether that was news."""
    if asset.outgoing_sha256 == made.sha256:
        return False
    asset.outgoing_sha256, asset.outgoing_bytes = made.sha256, made.size_bytes
    Asset.objects.filter(pk=asset.pk).update(
        outgoing_sha256=made.sha256, outgoing_bytes=made.size_bytes
    )
    return True


def sizes(hashes: set[str]) -> dict[str, int]:
    """Return how many bytes contents have, by their hash: originals, and what goes out for them."""
    rows = Asset.objects.filter(Q(sha256__in=hashes) | Q(outgoing_sha256__in=hashes))
    found: dict[str, int] = {}
    for sha256, size, outgoing_sha256, outgoing_bytes in rows.values_list(
        "sha256",
        "size_bytes",
        "outgoing_sha256",
        "outgoing_bytes",
    ):
        found |= {sha256: size} | ({outgoing_sha256: outgoing_bytes} if outgoing_sha256 else {})
    return found
