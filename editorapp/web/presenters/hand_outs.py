"""Hand-outs: the table of what takes can be taken along as; web/exports/ answers with each."""

from dataclasses import dataclass

from editorapp.exports.timelines.formats import FORMATS


@dataclass(frozen=True)
class HandOutKind:
    """One kind: its address, what its button says, and under which heading."""

    slug: str
    label: str
    group: str
    needs_video: bool = False


_FILES, _LAID, _SHEETS = "Files", "Timeline with notes", "Sheets"
KINDS: dict[str, HandOutKind] = {
    one.slug: one
    for one in (
        HandOutKind("files.zip", "Videos and papers, as zip", _FILES),
        HandOutKind("manifest.json", "Manifest, as JSON", _FILES),
        *(
            HandOutKind(f"timeline.{ending}", kind.label, _LAID, needs_video=True)
            for ending, kind in FORMATS.items()
        ),
        HandOutKind("sheet.pdf", "Contact sheet, as PDF", _SHEETS),
        HandOutKind("sheet.png", "Contact sheet, as PNG", _SHEETS),
        HandOutKind("costs.csv", "Costs, as CSV", _SHEETS),
    )
}
