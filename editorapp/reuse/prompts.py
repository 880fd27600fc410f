"""Prompts: what a person has asked for before, each prompt once, newest first.

They are read from the takes themselves, by the index of their person: so a command's are among
them, and nothing can be missing.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from editorapp.generations.models import Generation
from editorapp.teams.models import Member

PAGE = 30
_STEP = 500  # takes that are read at once
_MOST_STEPS = 10  # of one answer: a search for what is rare goes on with the next page


@dataclass(frozen=True)
class UsedPrompt:
    """A prompt, and the newest take that was made with it. `picture`: its poster's asset, if any."""

    text: str
    take: int
    picture: int | None
    used_at: datetime


@dataclass(frozen=True)
class PromptPage:
    """Some prompts, and where the next page begins (None at the end)."""

    prompts: list[UsedPrompt]
    before: int | None


def folded(text: str) -> str:
    """Return a text as it is compared: without case and accents."""
    parts = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in parts if not unicodedata.combining(one))


def used(member: Member, *, words: str = "", before: int | None = None) -> PromptPage:
    """Return the person's prompts that hold all of the words, from the take `before` on.

    A prompt that a page before has shown may come again, with an older take.
    """
    wanted, seen, found = folded(words).split(), set[str](), list[UsedPrompt]()
    last = before
    for row in _takes(member, before):
        last = row.take
        if row.text in seen or not _holds(row.text, wanted):
            continue
        seen.add(row.text)
        found.append(row)
        if len(found) == PAGE:
            return PromptPage(found, last)
    return PromptPage(found, last if _has_more(member, last) else None)


def _holds(text: str, wanted: list[str]) -> bool:
    return not wanted or all(word in folded(text) for word in wanted)


def _takes(member: Member, before: int | None) -> Iterator[UsedPrompt]:
    """Yield the person's takes with a prompt, newest first, as many as one answer reads."""
    rows = Generation.objects.visible_to(member).filter(created_by=member.user_id)
    rows = rows.exclude(prompt="").order_by("-pk")
    for _step in range(_MOST_STEPS):
        part = rows.filter(pk__lt=before) if before is not None else rows
        names = ("prompt", "pk", "result_id", "source_asset_id", "created_at")
        takes = list(part.values_list(*names)[:_STEP])
        for text, pk, result, source, made_at in takes:
            yield UsedPrompt(text, pk, result or source, made_at)
            before = pk
        if len(takes) < _STEP:
            return


def _has_more(member: Member, last: int | None) -> bool:
    if last is None:
        return False
    rows = Generation.objects.visible_to(member).filter(created_by=member.user_id, pk__lt=last)
    return rows.exclude(prompt="").exists()
