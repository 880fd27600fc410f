"""Contact sheet: pages of A4 with a picture of each take, and below it what it is, as PDF or PNG."""

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from PIL import Image, ImageDraw

from editorapp.core.money import show_usd
from editorapp.core.sanitizing import clean_text
from editorapp.exports.chosen import ChosenTake
from editorapp.exports.papers import TakePapers
from editorapp.exports.provenance.ai_mark import AiMark, DigitalSourceType, mark_of
from editorapp.exports.provenance.mark_pdf import marked_pdf
from editorapp.exports.provenance.marked import marked_picture
from editorapp.generations.models import Generation
from editorapp.media import layout, store
from editorapp.media.decoding import lettering
from editorapp.media.decoding.lettering import Font
from editorapp.media.refusals import Refusal

# Pixels, at DPI.
DPI = 150
PAGE = (1240, 1754)
MARGIN, GAP, HEAD = 60, 30, 90
COLUMNS, ROWS = 3, 4
CELL = ((PAGE[0] - 2 * MARGIN - (COLUMNS - 1) * GAP) // COLUMNS, 375)
PICTURE = (CELL[0], CELL[0] * 9 // 16)
LINE = 27
A_PAGE = COLUMNS * ROWS

_INK, _SOFT, _GROUND, _PAPER = (20, 20, 24), (95, 95, 105), (228, 228, 232), (255, 255, 255)
_VERDICTS = {
    Generation.Review.APPROVED: ("Approved", (0, 110, 50)),
    Generation.Review.NEEDS_CHANGES: ("Needs changes", (160, 80, 0)),
}


@dataclass(frozen=True)
class ContactSheet:
    """Chosen takes as a sheet. Prices stand only at those whose price may be seen."""

    chosen: Sequence[ChosenTake]
    papers: Mapping[int, TakePapers]
    name: str
    by: str
    now: datetime

    @property
    def page_count(self) -> int:
        return -(-len(self.chosen) // A_PAGE)

    def pdf(self) -> bytes:
        """Return all pages as a PDF, with the mark of its pictures."""
        pages = self._pages()
        first, out = next(pages), io.BytesIO()
        said = {
            "title": clean_text(self.name),
            "author": clean_text(self.by),
            "creator": "Rushes",
            "keywords": "Made with AI",
        }
        first.save(out, "PDF", save_all=True, append_images=pages, resolution=DPI, **said)
        return marked_pdf(out.getvalue(), self._mark().packet())

    def pngs(self) -> Iterator[bytes]:
        """Yield each page as a PNG."""
        for page in self._pages():
            out = io.BytesIO()
            page.save(out, "PNG", dpi=(DPI, DPI))
            yield marked_picture(out.getvalue(), self._mark())

    def _mark(self) -> AiMark:
        """Return the mark of the whole: edited, where one of its pictures is."""
        marks = [mark_of(one.take) for one in self.chosen]
        edited = any(mark.source_type == DigitalSourceType.EDITED for mark in marks)
        return AiMark(
            DigitalSourceType.EDITED if edited else DigitalSourceType.GENERATED,
            system=", ".join(sorted({mark.system for mark in marks})),
            is_simulated=all(mark.is_simulated for mark in marks),
        )

    def _pages(self) -> Iterator[Image.Image]:
        for number in range(1, self.page_count + 1):
            page = Image.new("RGB", PAGE, _PAPER)
            self._draw_head(page, number)
            here = self.chosen[(number - 1) * A_PAGE : number * A_PAGE]
            for place, one in enumerate(here):
                row, column = divmod(place, COLUMNS)
                left = MARGIN + column * (CELL[0] + GAP)
                self._draw_take(page, one, left, MARGIN + HEAD + row * (CELL[1] + GAP // 2))
            yield page

    def _draw_head(self, page: Image.Image, number: int) -> None:
        draw = ImageDraw.Draw(page)
        width = PAGE[0] - 2 * MARGIN
        _write(draw, (MARGIN, MARGIN), self.name, lettering.font(30), _INK, width=width)
        count = len(self.chosen)
        said = f"{count} take{'s' if count != 1 else ''}, {self.now:%d %B %Y}, {self.by}"
        said += f", page {number} of {self.page_count}. Made with AI."
        _write(draw, (MARGIN, MARGIN + 42), said, lettering.font(20), _SOFT, width=width)

    def _draw_take(self, page: Image.Image, one: ChosenTake, left: int, top: int) -> None:
        draw, take = ImageDraw.Draw(page), one.take
        draw.rectangle((left, top, left + PICTURE[0], top + PICTURE[1]), fill=_GROUND)
        _paste(page, take, left, top)
        if take.is_simulated:
            _badge(draw, left, top, "Simulated")
        at = top + PICTURE[1] + 10
        for text, font, colour in self._lines(one):
            _write(draw, (left, at), text, font, colour, width=CELL[0])
            at += LINE

    def _lines(self, one: ChosenTake) -> Iterator[tuple[str, Font, tuple[int, int, int]]]:
        """Yield what stands below a picture, line by line."""
        take = one.take
        said, colour = _VERDICTS.get(Generation.Review(take.review), ("", _INK))
        yield f"#{take.pk}{f'  {said}' if said else ''}", lettering.font(22), colour
        yield one.differs or take.prompt or "No prompt", lettering.font(19), _INK
        yield one.how, lettering.font(19), _SOFT
        if one.sees_price:
            yield _price(take, self.papers[take.pk]), lettering.font(19), _SOFT


def _price(take: Generation, papers: TakePapers) -> str:
    if papers.charged_usd is None:
        return "Not charged"
    estimated = " est." if take.cost_is_estimated else ""
    simulated = ", simulated money" if take.is_simulated else ""
    return f"{show_usd(papers.charged_usd)}{estimated}{simulated}"


def _paste(page: Image.Image, take: Generation, left: int, top: int) -> None:
    """Put a take's poster into its place, whole; nothing where there is none (yet)."""
    if take.result is None:
        return
    try:
        stored = store.opened(take.result.sha256, layout.POSTER)
        data = b"".join(stored.pieces(0, stored.size))
    except Refusal:
        return
    with Image.open(io.BytesIO(data)) as poster:
        shown = poster.convert("RGB")
    scale = min(PICTURE[0] / shown.width, PICTURE[1] / shown.height)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    place = (left + (PICTURE[0] - size[0]) // 2, top + (PICTURE[1] - size[1]) // 2)
    page.paste(shown.resize(size, Image.Resampling.LANCZOS), place)


def _badge(draw: ImageDraw.ImageDraw, left: int, top: int, text: str) -> None:
    font = lettering.font(18)
    width = round(font.getlength(text))
    draw.rectangle((left, top, left + width + 16, top + 28), fill=(255, 214, 0))
    draw.text((left + 8, top + 4), text, font=font, fill=_INK)


def _write(
    draw: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    font: Font,
    colour: tuple[int, int, int],
    *,
    width: int,
) -> None:
    """Write one line; what does not fit is left out at its end."""
    line = " ".join(clean_text(text, most=400).split())
    if font.getlength(line) > width:
        while line and font.getlength(f"{line}…") > width:
            line = line[:-1]
        line = f"{line.rstrip()}…"
    draw.text(at, line, font=font, fill=colour)
