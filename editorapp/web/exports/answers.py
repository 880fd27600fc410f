"""Hand-outs: who answers with which kind of them; presenters/hand_outs.py has their words."""

import io
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse

from editorapp.core import spreadsheet
from editorapp.exports import cost_sheet, manifest
from editorapp.exports.bundle import Bundle, video_path
from editorapp.exports.chosen import ChosenTake
from editorapp.exports.contact_sheet import ContactSheet
from editorapp.exports.papers import TakePapers, read_papers
from editorapp.exports.take_timeline import take_timeline
from editorapp.exports.timelines import marker_list
from editorapp.exports.timelines.formats import FORMATS
from editorapp.exports.timelines.model import EditTimeline
from editorapp.teams.models import Member
from editorapp.web.presenters import file_names

ZIP = "application/zip"


@dataclass(frozen=True)
class HandOut:
    """Takes that somebody wants to take along, and how. `drop`: drop-frame timecode, where the rate
    has it.
    """

    chosen: list[ChosenTake]
    member: Member
    now: datetime
    with_exr: bool = False
    drop: bool = True

    @property
    def name(self) -> str:
        """What it is called, without an ending."""
        if len(self.chosen) == 1:
            return self.chosen[0].stem
        return f"{len(self.chosen)} takes {self.now:%Y-%m-%d}"

    @property
    def by(self) -> str:
        return str(self.member.user)

    @cached_property
    def papers(self) -> dict[int, TakePapers]:
        return read_papers(self.chosen, self.member)

    @property
    def sheet(self) -> ContactSheet:
        return ContactSheet(self.chosen, self.papers, name=self.name, by=self.by, now=self.now)


def _zip(out: HandOut) -> HttpResponseBase:
    made = Bundle(
        out.chosen,
        out.papers,
        name=out.name,
        by=out.by,
        now=out.now,
        with_exr=out.with_exr,
        drop=out.drop,
    )
    return _streamed(made.pieces(), name=f"{out.name}.zip")


def _manifest(out: HandOut) -> HttpResponseBase:
    told = manifest.manifest(out.chosen, out.papers, by=out.by, now=out.now)
    text = manifest.written(told)
    return _saved(text, name=f"{out.name} manifest.json", kind="application/json")


def _costs(out: HandOut) -> HttpResponseBase:
    rows = cost_sheet.rows(out.chosen, out.papers)
    return spreadsheet.download(rows, name=f"rushes-costs-{_plainly(out)}.csv")


def _markers(out: HandOut) -> HttpResponseBase:
    """Answer with the notes as a sheet. Raises: NothingToLay."""
    rows = marker_list.rows(_laid_out(out))
    return spreadsheet.download(rows, name=f"rushes-markers-{_plainly(out)}.csv")


def _plainly(out: HandOut) -> str:
    one = out.chosen[0].take.pk
    return f"take-{one}" if len(out.chosen) == 1 else f"{len(out.chosen)}-takes"


def _timeline(out: HandOut, ending: str) -> HttpResponseBase:
    """Answer with a timeline of one format. Raises: NothingToLay, MixedRates."""
    made, kind = _laid_out(out), FORMATS[ending]
    return _saved(kind.write(made), name=f"{out.name}.{ending}", kind=kind.mime_type)


def _laid_out(out: HandOut) -> EditTimeline:
    # Files beside the timeline, in no folder: so they lie where one downloads to.
    paths = {one.take.pk: video_path(one).rpartition("/")[2] for one in out.chosen}
    return take_timeline(out.chosen, name=out.name, paths=paths, drop=out.drop)


def _sheet_as_pdf(out: HandOut) -> HttpResponseBase:
    return _saved(out.sheet.pdf(), name=f"{out.name}.pdf", kind="application/pdf")


def _sheet_as_png(out: HandOut) -> HttpResponseBase:
    """Answer with a page as PNG; with a zip of them, where there are more."""
    if out.sheet.page_count == 1:
        return _saved(next(out.sheet.pngs()), name=f"{out.name}.png", kind="image/png")
    return _saved(_packed(out.sheet.pngs()), name=f"{out.name} pages.zip", kind=ZIP)


def _packed(pages: Iterator[bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        for number, page in enumerate(pages, start=1):
            made.writestr(f"page {number:02}.png", page)
    return packed.getvalue()


def _saved(body: str | bytes, *, name: str, kind: str) -> HttpResponse:
    return HttpResponse(body, content_type=kind, headers=_headers(name))


def _streamed(pieces: Iterator[bytes], *, name: str) -> StreamingHttpResponse:
    return StreamingHttpResponse(pieces, content_type=ZIP, headers=_headers(name))


def _headers(name: str) -> dict[str, str]:
    return {
        "Content-Disposition": file_names.disposition(name, is_download=True),
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


ANSWERS: dict[str, Callable[[HandOut], HttpResponseBase]] = {
    "files.zip": _zip,
    "manifest.json": _manifest,
    "sheet.pdf": _sheet_as_pdf,
    "sheet.png": _sheet_as_png,
    "costs.csv": _costs,
    "timeline.csv": _markers,
    **{f"timeline.{one}": partial(_timeline, ending=one) for one in FORMATS if one != "csv"},
}
