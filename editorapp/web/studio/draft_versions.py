"""Draft versions: what was set aside when another version came to count, as it is listed; and where
a draft is opened.
"""

from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse
from django.utils.http import urlencode

from editorapp.reuse import drafts
from editorapp.reuse.models import Pairs, SavedDraft
from editorapp.teams.models import Member
from editorapp.web.studio.saved_form import form_of
from editorapp.web.studio.told import guide_frames

# What a form notes by itself while it is switched to and fro: two that differ in it say the same.
UNSEEN = ("model_wish", "task_was", "model_was")
WAYS = {"again": "Once more", "replace": "In place of"}


@dataclass(frozen=True)
class DraftVersion:
    """One version. `place` tells the page whether it is one of the draft that is open there."""

    draft: SavedDraft

    @cached_property
    def _frames(self) -> int:
        return form_of(self.draft.values).guide_count

    @property
    def is_empty(self) -> bool:
        """Does it hold neither words nor guide frames: nothing that anybody would miss?"""
        return not self.draft.words and not self._frames

    @property
    def of(self) -> str:
        """What it belongs to: "bunny.mp4", "Once more: #41", "Generate"."""
        way, _colon, number = self.draft.way.partition(":")
        if way in WAYS:
            return f"{WAYS[way]}: #{number}"
        return "Generate" if way == "generate" else self.draft.source_name or "No clip"

    @property
    def frames(self) -> str:
        return guide_frames(self._frames) if self._frames else ""

    @property
    def place(self) -> str:
        return f"{self.draft.way}|{self.draft.source}"


def listed(member: Member) -> list[DraftVersion]:
    """Return the versions of a person's drafts that were set aside and hold what is nowhere else,
    newest first: one query.
    """
    rows = list(drafts.of(member))
    known = [_content(row) for row in rows if not row.aside]
    found = []
    for row in rows:
        version = DraftVersion(row)
        if row.aside and not version.is_empty and _content(row) not in known:
            known.append(_content(row))
            found.append(version)
    return found


def delete(version: SavedDraft) -> None:
    """Delete a version, and with it what is the same: it was listed once for all of them."""
    aside = drafts.of(version.member).exclude(aside="")
    same = [row.pk for row in aside if _content(row) == _content(version)]
    aside.filter(pk__in=same).delete()


def _content(row: SavedDraft) -> tuple[str, str, Pairs]:
    return row.way, row.source, [pair for pair in row.values if pair[0] not in UNSEEN]


def address_of(draft: SavedDraft) -> str:
    """Return where the studio opens with a draft; the newest of all opens without being named."""
    name, _colon, number = (draft.way or draft.source).partition(":")
    names = {"asset": "source", "generation": "generation", "again": "again", "replace": "replace"}
    query = {names[name]: number} if name in names else {}
    if draft.way == "generate":
        query = {"task": "generate"}
    return reverse("studio:page") + (f"?{urlencode(query)}" if query else "")
