"""Returned files: copies of what is kept here that left with a mark in them, and so with another hash."""

import hashlib
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from editorapp.exports.provenance.ai_mark import AiMark, mark_of, original_in
from editorapp.exports.provenance.leaving import leaving
from editorapp.exports.provenance.marked import packet_in
from editorapp.exports.provenance.reread import RereadFile
from editorapp.exports.provenance.splice import ReadableFile
from editorapp.generations.models import Generation
from editorapp.media import store
from editorapp.media.backends.files import OpenedFile, hash_file
from editorapp.media.models import Asset
from editorapp.teams.models import Team

MOST_CUTS = 8  # of a cut of a cut of a take
MOST_TAKES = 8  # whose results are of the same bytes


def original_of(path: Path, team: Team) -> str | None:
    """Return the hash of the team's original that a file is a copy of, as it left; None for any other.

    What the file says of itself only tells where to look: it is one if all of its bytes are.
    A signed copy is known for as long as it is kept.
    """
    with path.open("rb") as handle:
        size = path.stat().st_size
        sha256 = original_in(packet_in(RereadFile(OpenedFile(handle))))
    asset = Asset.objects.filter(team=team, sha256=sha256, deleted_at=None).first()
    if not sha256 or asset is None:
        return None
    own = hash_file(path)
    found = any(file.size == size and _hash(file) == own for file in _as_it_leaves(asset))
    return sha256 if found else None


def _as_it_leaves(asset: Asset) -> Iterator[ReadableFile]:
    for mark in _marks(asset):
        try:
            yield leaving(asset.sha256, mark, name=asset.name).file
        except store.Gone:
            return


def _marks(asset: Asset) -> set[AiMark]:
    """Return the marks of the takes that a file is the result of, or was cut from."""
    for _cut in range(MOST_CUTS):
        takes = Generation.objects.filter(result=asset).order_by("pk")
        if marks := {mark_of(take) for take in islice(takes.iterator(), MOST_TAKES)}:
            return marks
        if asset.cut_from is None:
            break
        asset = asset.cut_from
    return set()


def _hash(file: ReadableFile) -> str:
    made = hashlib.sha256()
    for piece in file.pieces(0, file.size):
        made.update(piece)
    return made.hexdigest()
