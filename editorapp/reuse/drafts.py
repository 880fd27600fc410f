"""Drafts: kept for each person and source, and never overwritten by a page that had not seen the
newest version.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.reuse.models import Pairs, SavedDraft
from editorapp.teams.models import Member

MOST = 200  # drafts of one person
MOST_ASIDE = 30  # of them set aside: versions that another one replaced
FEW = 20


@dataclass(frozen=True)
class DraftPlace:
    """What a draft belongs to: see SavedDraft."""

    way: str = ""
    source: str = ""
    source_name: str = ""


def of(member: Member) -> "QuerySet[SavedDraft]":
    """Return this person's drafts, newest first, those that were set aside among them."""
    return SavedDraft.objects.filter(member=member).order_by("-saved_at", "-pk")


def found(member: Member, *, way: str = "", source: str = "") -> list[SavedDraft]:
    """Return the drafts of a way or a source, and the person's newest of all; newest first.

    One query.
    """
    if way:
        return _of_way(member.pk, way)
    return _of_source(member.pk, source) if source else _newest(member.pk)


@CompiledQuery
def _of_way(member: int, way: str) -> "QuerySet[SavedDraft]":
    return _current(member, Q(way=way))


@CompiledQuery
def _of_source(member: int, source: str) -> "QuerySet[SavedDraft]":
    return _current(member, Q(source=source))


@CompiledQuery
def _newest(member: int) -> "QuerySet[SavedDraft]":
    return _current(member, Q())


def _current(member: int, which: Q) -> "QuerySet[SavedDraft]":
    """Return these drafts, and the person's newest of all; none that was set aside."""
    current = of(Member(pk=member)).filter(aside="")
    newest = Q(pk__in=current.values("pk")[:1])
    return current.filter(newest | which if which else newest)[:FEW]


def bring_back(version: SavedDraft, *, now: datetime) -> SavedDraft:
    """Make a version that was set aside the draft that counts, and keep the one that it replaces
    aside.
    """
    place = DraftPlace(version.way, version.source, version.source_name)
    with transaction.atomic():
        draft = save_over(version.member, place, version.values, page="", now=now)
        SavedDraft.objects.filter(pk=version.pk).delete()
    return draft


def save(
    member: Member,
    place: DraftPlace,
    values: Pairs,
    *,
    based_on: int,
    page: str,
    now: datetime,
) -> SavedDraft:
    """Keep what a page holds, and return the draft that holds it.

    `based_on` is the revision that the page has seen, 0 for none. Where another page has saved a
    newer one, that one stays and this is kept aside, under the name of the page.
    """
    with transaction.atomic():
        draft, is_new = SavedDraft.objects.get_or_create(
            member=member,
            way=place.way,
            source=place.source,
            aside="",
            defaults=_kept(values, place, page, now),
        )
        if is_new:
            _forget_oldest(member)
            return draft
        if draft.values == _as_kept(values):
            SavedDraft.objects.filter(pk=draft.pk).update(saved_at=now)
            return draft
        seen = Q(revision=based_on) | (Q(page=page) & ~Q(page=""))
        changed = SavedDraft.objects.filter(seen, pk=draft.pk).update(
            **_kept(values, place, page, now),
            revision=F("revision") + 1,
        )
        if changed:
            draft.refresh_from_db()
            return draft
        return set_aside(member, place, values, page=page, now=now)


def set_aside(
    member: Member,
    place: DraftPlace,
    values: Pairs,
    *,
    now: datetime,
    page: str = "",
) -> SavedDraft:
    """Keep a version beside the one that counts; the same page's is replaced."""
    draft, is_new = SavedDraft.objects.update_or_create(
        member=member,
        way=place.way,
        source=place.source,
        aside=page or uuid.uuid4().hex,
        defaults=_kept(values, place, page, now),
    )
    if is_new:
        _forget_oldest(member)
    return draft


def save_over(
    member: Member,
    place: DraftPlace,
    values: Pairs,
    *,
    page: str,
    now: datetime,
) -> SavedDraft:
    """Make this the draft that counts, and keep the one that it replaces aside."""
    with transaction.atomic():
        current = SavedDraft.objects.select_for_update().filter(
            member=member,
            way=place.way,
            source=place.source,
            aside="",
        )
        revision = 0
        for before in current:
            revision = before.revision
            set_aside(member, place, before.values, now=before.saved_at)
        draft, _is_new = SavedDraft.objects.update_or_create(
            member=member,
            way=place.way,
            source=place.source,
            aside="",
            defaults=_kept(values, place, page, now) | {"revision": revision + 1},
        )
    return draft


def amend(draft: SavedDraft, values: Pairs) -> None:
    """Change what a draft holds as the page that holds it does, too: it stays the version that this
    page has seen. Nothing, where another page has saved since it was read.
    """
    rows = SavedDraft.objects.filter(pk=draft.pk, revision=draft.revision, values=draft.values)
    rows.update(values=values)


def _kept(values: Pairs, place: DraftPlace, page: str, now: datetime) -> dict[str, Any]:
    named = {"source_name": place.source_name[:200], "page": page}
    return {"values": values, "saved_at": now, **named}


def _as_kept(values: Pairs) -> list[list[str]]:
    """Return pairs as JSON gives them back."""
    return [list(pair) for pair in values]


def _forget_oldest(member: Member) -> None:
    """Delete what is too much: of the versions set aside first, so that they push out no draft."""
    aside = of(member).exclude(aside="")
    for rows, most in ((aside, MOST_ASIDE), (of(member), MOST)):
        old = rows.values_list("pk", flat=True)[most:]
        SavedDraft.objects.filter(pk__in=list(old)).delete()
