"""Saved form: a form as it is kept, and the form that comes back from what was kept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.http import QueryDict

from editorapp.core.request_values import text, whole
from editorapp.core.typed_text import without
from editorapp.media.models import Asset
from editorapp.reuse.drafts import DraftPlace
from editorapp.reuse.models import Pairs, SavedDraft
from editorapp.teams.models import Member
from editorapp.web.studio.draft_form import DraftForm, Values
from editorapp.web.studio.new_sources import NotDone

# Of one showing of the page, never of what is kept.
OWN = ("form_token", "replaces", "pinned_to")
SOURCE = ("source_kind", "source_asset", "source_generation", "source_url", "source_id")
GUIDES = ("guides", "guide_asset", "keyframes")
NOTE = ("answers", "note_frame", "note_picture")  # it is of a take, as guide frames are
MOST_CHARACTERS = 200_000  # of all values together
_WAY = re.compile(r"(again|replace):[0-9]{1,18}|generate")
_OURS = re.compile(r"(asset|generation):([0-9]{1,18})")
_PAGE = re.compile(r"[0-9a-f]{1,40}")


class DraftTooLong(NotDone):
    """A form holds more than is kept."""


def values_of(form: DraftForm) -> Pairs:
    """Return what is kept of a form: all that is typed and chosen. Raises: DraftTooLong."""
    kept = [(name, without(value)) for name, value in form.pairs() if name not in OWN]
    if sum(len(value) for _name, value in kept) > MOST_CHARACTERS:
        raise DraftTooLong("This is too long to be kept as a draft.")
    return kept


def form_of(values: Pairs) -> DraftForm:
    """Return the form that was kept, as a new showing of it."""
    sent = QueryDict(mutable=True)
    for name, value in values:
        sent.appendlist(name, value)
    return DraftForm.read(sent)


def source_fields(key: str) -> Values:
    """Return a source, named as `DraftForm.source_key` does, as fields of the form."""
    if ours := _OURS.fullmatch(key):
        return {"source_kind": ours[1], f"source_{ours[1]}": int(ours[2])}
    return {"source_kind": key} if key in ("url", "id") else {}


def fields_of(form: DraftForm, names: tuple[str, ...]) -> Values:
    return {name: getattr(form, name) for name in names}


def name_of(key: str, member: Member) -> str:
    """Return what a source is called, for a sentence: one query for a clip."""
    ours = _OURS.fullmatch(key)
    if ours is None:
        return "the clip before"
    if ours[1] == "generation":
        return f"take {ours[2]}"
    rows = Asset.objects.visible_to(member).filter(pk=int(ours[2]))
    return rows.values_list("name", flat=True).first() or "the clip before"


@dataclass(frozen=True)
class DraftMark:
    """Where a page keeps its draft: its way, the newest revision that it has seen, and its name."""

    way: str = ""
    revision: int = 0
    page: str = ""

    @classmethod
    def read(cls, sent: QueryDict) -> "DraftMark":
        """Read what a posted form says of its draft. Raises: BadValue."""
        way, page = text(sent, "draft_way"), text(sent, "draft_page")
        return cls(
            way if _WAY.fullmatch(way) else "",
            whole(sent, "draft_revision") or 0,
            page if _PAGE.fullmatch(page) else "",
        )

    @classmethod
    def opened(cls, way: str = "", revision: int = 0) -> "DraftMark":
        """Return the mark of a page that is shown now."""
        return cls(way, revision, DraftForm().form_token)

    def at(self, source: str, member: Member) -> DraftPlace:
        """Return the place of a form's draft."""
        key = "" if self.way == "generate" else source
        return DraftPlace(self.way, key, name_of(key, member) if key else "")

    def on(self, revision: int) -> "DraftMark":
        """Return the mark once another source is chosen: what replaces a take goes on doing so."""
        way = self.way if self.way.startswith("replace:") else ""
        return replace(self, way=way, revision=revision)


def revision_at(rows: Iterable[SavedDraft], way: str, source: str) -> int:
    """Return which revision a place has among some drafts; 0 for none."""
    exact = (row.revision for row in rows if (row.way, row.source) == (way, source))
    return next(exact, 0)
