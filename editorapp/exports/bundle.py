"""Bundle: chosen takes as a zip with their papers, written while it is sent.

The manifest comes last, for it holds the hash of each file as it left.
"""

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePath

from editorapp.core import spreadsheet
from editorapp.exports import cost_sheet
from editorapp.exports.chosen import ChosenTake
from editorapp.exports.manifest import JsonObject, manifest, written
from editorapp.exports.papers import TakePapers
from editorapp.exports.provenance.ai_mark import AiMark, mark_of
from editorapp.exports.provenance.leaving import leaving_whole
from editorapp.exports.take_timeline import NothingToLay, take_timeline
from editorapp.exports.timelines.edl import MixedRates
from editorapp.exports.timelines.formats import FORMATS
from editorapp.exports.zip_stream import ZipStream
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

_PAST_32_BITS = 2**32  # for what is made while it is sent, and may be long
_README = """\
{count} of Rushes, handed on by {by} at {now:%Y-%m-%d %H:%M} UTC.

media/         the results. Each says in its metadata that it was made with AI (IPTC digital source
               type, as XMP){signed}.
{exr}manifest.json  how each take came about: what was asked, sent and answered, verdicts, notes, lineage,
               the provider's ids, and the SHA-256 of each file here. "stored_sha256" is of the file as
               it came from the provider, without our mark.
costs.csv      what the takes cost. Prices that {by} may not see are blank.
{timelines}
A file that could not be read is named in the manifest as missing, with the reason.
"""


@dataclass(frozen=True)
class _BundleFile:
    """A file that the zip is to hold."""

    take: int
    what: str
    path: str
    asset: Asset
    mark: AiMark


@dataclass
class Bundle:
    """What goes into a zip, and how it is written."""

    chosen: Sequence[ChosenTake]
    papers: Mapping[int, TakePapers]
    name: str
    by: str
    now: datetime
    with_exr: bool = False
    drop: bool = True
    _files: dict[int, list[JsonObject]] = field(default_factory=dict)

    def pieces(self) -> Iterator[bytes]:
        """Yield the zip."""
        self._files = {one.take.pk: [] for one in self.chosen}
        out = ZipStream(now=self.now)
        yield from out.text("README.txt", self._readme())
        for name, text in self._timelines():
            yield from out.text(name, text)
        for member in self._members():
            yield from self._file(out, member)
        rows = cost_sheet.rows(self.chosen, self.papers)
        yield from out.text("costs.csv", "".join(spreadsheet.written(rows)))
        told = manifest(self.chosen, self.papers, by=self.by, now=self.now, files=self._files)
        yield from out.text("manifest.json", written(told))
        yield from out.end()

    def _members(self) -> Iterator[_BundleFile]:
        for one in self.chosen:
            take, mark = one.take, mark_of(one.take)
            if take.result is not None:
                path = video_path(one)
                yield _BundleFile(take.pk, "result", path, take.result, mark)
            if self.with_exr and take.exr is not None:
                yield _BundleFile(take.pk, "exr", f"exr/{one.stem} EXR.zip", take.exr, mark)

    def _file(self, out: ZipStream, member: _BundleFile) -> Iterator[bytes]:
        """Add a file and note its hash; or why it is missing."""
        asset = member.asset
        told: JsonObject = {
            "path": member.path,
            "what": member.what,
            "stored_sha256": asset.sha256,
            "stored_bytes": asset.size_bytes,
        }
        self._files[member.take].append(told)
        try:
            leaves, pieces = leaving_whole(asset, member.mark, name=member.path, now=self.now)
        except Refusal as refusal:
            log.warning("%s is missing in a zip: %s", member.path, refusal)
            told["missing"] = refusal.message
            return
        counted = _Counted(pieces)
        size = _PAST_32_BITS if member.what == "exr" else leaves.file.size
        yield from out.file(member.path, counted, size=size)
        told |= {
            "sha256": counted.digest.hexdigest(),
            "bytes": counted.size,
            "digital_source_type": member.mark.source_type.url if leaves.is_marked else None,
            "signed_by": leaves.signed_by or None,
        }

    def _timelines(self) -> Iterator[tuple[str, str]]:
        """Yield a timeline in each format that can hold these takes."""
        paths = {one.take.pk: video_path(one) for one in self.chosen}
        try:
            made = take_timeline(self.chosen, name=self.name, paths=paths, drop=self.drop)
        except NothingToLay:
            return
        for ending, kind in FORMATS.items():
            try:
                yield f"{self.name}.{ending}", kind.write(made)
            except MixedRates as error:
                log.info("No %s in a zip: %s", kind.label, error)

    def _readme(self) -> str:
        count = len(self.chosen)
        has_exr = any(member.what == "exr" for member in self._members())
        exr = (
            "exr/           frames as OpenEXR, one archive a take, each frame with the same mark.\n"
        )
        laid = f"{self.name}.*".ljust(14)
        timelines = f"{laid} the takes in a row with their notes as markers; editing programs\n"
        timelines += f"{'':15}find the videos in media/, or ask for that folder once.\n"
        return _README.format(
            count=f"{count} take{'s' if count != 1 else ''}",
            by=self.by,
            now=self.now,
            signed=", and is signed (C2PA) where the manifest says so",
            exr=exr if has_exr else "",
            timelines=timelines if any(True for _ in self._timelines()) else "",
        )


def video_path(one: ChosenTake) -> str:
    """Return where a take's video lies in the zip; also of one that has none."""
    result = one.take.result
    ending = PurePath(result.name).suffix if result is not None else ""
    return f"media/{one.stem}{ending or '.mp4'}"


class _Counted:
    """Pieces that are hashed and counted as they pass."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        self._pieces, self.size, self.digest = pieces, 0, hashlib.sha256()

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._pieces:
            self.digest.update(piece)
            self.size += len(piece)
            yield piece
