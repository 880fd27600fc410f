"""Returned files: copies of what is kept here that left with a mark in them, and so with another hash."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

from editorapp.exports.provenance.ai_mark import AiMark, mark_of, original_in
from editorapp.exports.provenance.leaving import leaving
from editorapp.exports.provenance.marked import packet_in
from editorapp.exports.provenance.reread import RereadFile
from editorapp.exports.provenance.splice import ReadableFile
from editorapp.generations.models import Generation
from editorapp.media import store
from editorapp.media.backends.files import OpenedFile
from editorapp.media.models import Asset
from editorapp.teams.models import Team

MOST_TAKES = 8  # whose results are of the same bytes


def original_of(path: Path, sha256: str, team: Team) -> str | None:
    """Return the hash of the team's original that a file is a copy of, as it left; None for any other.
    `sha256`: the file's own.

    What the file says of itself only tells where to look: it is one if all of its bytes are.
    A signed copy is known for as long as it is kept.
    """
    with path.open("rb") as handle:
        size = path.stat().st_size
        original = original_in(packet_in(RereadFile(OpenedFile(handle))))
    if not original:
        return None
    asset = Asset.objects.filter(team=team, sha256=original, deleted_at=None).first()
    if asset is None:
        return None
    found = any(file.size == size and _hash(file) == sha256 for file in _as_it_leaves(asset))
    return original if found else None


def _as_it_leaves(asset: Asset) -> Iterator[ReadableFile]:
    for mark in _marks(asset):
        try:
            yield leaving(asset.sha256, mark, name=asset.name).file
        except store.Gone:
            return


def _marks(asset: Asset) -> set[AiMark]:
    """Return the marks of the takes that a file is the result of, or was cut from."""
    for one in asset.cut_chain():
        takes = Generation.objects.filter(result=one).order_by("pk")[:MOST_TAKES]
        if marks := {mark_of(take) for take in takes}:
            return marks
    return set()


def _hash(file: ReadableFile) -> str:
    made = hashlib.sha256()
    for piece in file.pieces(0, file.size):
        made.update(piece)
    return made.hexdigest()
