"""Trash: takes put away for 30 days and taken back, then their files deleted for good.

A take in the trash is in no list, and nothing can be made with it; its lines in the ledger stay, and
so does its row once its files are gone. What was made from it stays as it is, and its file as long
as one of these is there.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from editorapp.alerts.models import AlertKind
from editorapp.core.locks import locked
from editorapp.generations import alerting, auditing
from editorapp.generations.models import Generation, GenerationQuerySet
from editorapp.generations.states import NEEDS_A_PERSON, State
from editorapp.media import store
from editorapp.media.models import Asset, SourceCopy
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

KEPT_FOR = timedelta(days=30)
# What is over. One that waits for a person to say what became of its money is not.
TRASHABLE = frozenset({State.SUCCEEDED, State.FAILED, State.CANCELED, State.FETCH_FAILED})
AT_ONCE = 100  # takes that a sweep reads in one go

NOT_FOUND = "is not here"
NOT_YOURS = "is somebody else's: its maker or an admin can"
STILL_RUNS = "still runs: cancel it, or let it end first"
NOT_SETTLED = "waits for a person to settle its money first"


@dataclass(frozen=True)
class LeftOut:
    """A take that something was not done to, and why: "#12 still runs: ..."."""

    take: int
    why: str

    def __str__(self) -> str:
        return f"#{self.take} {self.why}"


@dataclass(frozen=True)
class Done:
    """The takes that something was done to, and those that were left out."""

    takes: Sequence[Generation]
    left_out: Sequence[LeftOut]

    @property
    def ids(self) -> list[int]:
        return [take.pk for take in self.takes]


def may_trash(take: Generation, by: Member) -> bool:
    """May somebody put this take away and take it back? Who made it, and who keeps the team."""
    if by.may(Act.TRASH_FOR_ALL):
        return True
    return by.may(Act.TRASH) and take.created_by_id == by.user_id


def weigh(ids: Collection[int], *, by: Member) -> Done:
    """Say which of these takes somebody may put into the trash now, and which not, and why.

    Raises: PermissionDenied, where they may put none there.
    """
    _may(by, Act.TRASH, Act.TRASH_FOR_ALL)
    return _sorted(ids, Generation.objects.visible_to(by), lambda take: _why_not(take, by))


def throw(ids: Collection[int], *, by: Member, now: datetime) -> Done:
    """Put takes into the trash: what `weigh` says may go there. Raises: PermissionDenied."""
    with transaction.atomic():
        locked(Generation.objects.visible_to(by).filter(pk__in=ids))
        found = weigh(ids, by=by)
        _write(found, "take.trashed", by, trashed_at=now, trashed_by=by.user)
        for take in found.takes:
            if take.can_fetch_again:  # nobody needs to fetch it any more
                alerting.close_for_take(take.pk, AlertKind.FETCH_FAILED, now=now)
    return found


def restore(ids: Collection[int], *, by: Member) -> Done:
    """Take takes out of the trash; who put one there may as well. Raises: PermissionDenied."""
    _may(by, Act.TRASH, Act.TRASH_FOR_ALL)
    with transaction.atomic():
        rows = Generation.objects.in_trash_of(by)
        locked(rows.filter(pk__in=ids))
        found = _sorted(ids, rows, lambda take: "" if may_restore(take, by) else NOT_YOURS)
        _write(found, "take.restored", by, trashed_at=None, trashed_by=None)
    return found


def may_restore(take: Generation, by: Member) -> bool:
    return may_trash(take, by) or take.trashed_by_id == by.user_id


def delete(ids: Collection[int], *, by: Member, now: datetime) -> Done:
    """Delete the files of takes in the trash before their time, for good.

    Raises: PermissionDenied; Refusal, when the storage does not answer: what was deleted until then
    stays so.
    """
    _may(by, Act.TRASH_FOR_ALL)
    found = _sorted(ids, Generation.objects.in_trash_of(by), lambda _take: "")
    for take in found.takes:
        _empty(take.pk, by=by, now=now)
    return found


def is_due(now: datetime) -> bool:
    """Has anything been in the trash for long enough?"""
    return _due(now).exists()


def sweep(now: datetime) -> int:
    """Delete the files of what has been in the trash for 30 days; return of how many takes.

    Raises: Refusal, when the storage does not answer: the next sweep goes on.
    """
    count = 0
    while ids := list(_due(now).order_by("trashed_at").values_list("pk", flat=True)[:AT_ONCE]):
        for pk in ids:
            count += _empty(pk, by=None, now=now)
    return count


def made_from(ids: Collection[int], by: Member) -> list[Generation]:
    """Return the takes outside the trash that were made from these and are none of them."""
    rows = Generation.objects.visible_to(by).filter(parent__in=ids).exclude(pk__in=ids)
    return list(rows.only("state", "parent_id").order_by("pk"))


def _due(now: datetime) -> GenerationQuerySet:
    return Generation.objects.filter(trashed_at__lte=now - KEPT_FOR, emptied_at=None)


def _may(by: Member, *acts: Act) -> None:
    if not any(by.may(act) for act in acts):
        raise PermissionDenied("Your role may not do this to takes.")


def _why_not(take: Generation, by: Member) -> str:
    if not may_trash(take, by):
        return NOT_YOURS
    if take.state in TRASHABLE:
        return ""
    return NOT_SETTLED if take.state in NEEDS_A_PERSON else STILL_RUNS


def _sorted(
    ids: Collection[int],
    rows: GenerationQuerySet,
    why_not: Callable[[Generation], str],
) -> Done:
    """Return the takes of these that nothing is said against, and the others with what is."""
    found = rows.in_bulk(list(ids))
    said = {pk: why_not(found[pk]) if pk in found else NOT_FOUND for pk in sorted(set(ids))}
    return Done(
        takes=[found[pk] for pk, why in said.items() if not why],
        left_out=[LeftOut(pk, why) for pk, why in said.items() if why],
    )


def _write(found: Done, act: str, by: Member, **fields: object) -> None:
    Generation.objects.filter(pk__in=found.ids).update(**fields)
    auditing.record_each(act, found.takes, by=by)


def _empty(pk: int, *, by: Member | None, now: datetime) -> bool:
    """Delete what nobody else needs of a take in the trash. Say whether it was there to empty.

    Raises: Refusal; then it is as it was, but for what was deleted until then.
    """
    with transaction.atomic():
        rows = Generation.objects.filter(pk=pk, emptied_at=None).exclude(trashed_at=None)
        take = locked(rows).select_related("parent").first()
        if take is None or take.state not in TRASHABLE:
            return False
        for asset_id in sorted(_files(take)):
            _delete_file(asset_id, take, now=now)
        Generation.objects.filter(pk=pk).update(emptied_at=now)
        auditing.record_each("take.deleted", [take], by=by)
    return True


def _files(take: Generation) -> set[int]:
    """Return the files that may be needed no more once a take is gone: its own, and what it was
    made from.
    """
    own = {take.result_id, take.exr_id, take.came_id, take.source_asset_id}
    own |= {take.parent.result_id} if take.parent else set()
    own |= set(take.guides.values_list("pk", flat=True))
    return {pk for pk in own if pk is not None}


def _delete_file(pk: int, take: Generation, *, now: datetime) -> None:
    """Delete a result that no other take needs; what somebody uploaded stays. Raises: Refusal."""
    rows = Asset.objects.filter(pk=pk, origin=Asset.Origin.RESULT, deleted_at=None)
    file = locked(rows).first()
    if file is None or _is_needed(pk, but_for=take):
        return
    Asset.objects.filter(pk=pk).update(deleted_at=now)
    kept = Asset.objects.filter(sha256=file.sha256, deleted_at=None)  # by another team
    if not kept.exists():
        store.remove(file.sha256)


def _is_needed(pk: int, *, but_for: Generation) -> bool:
    """Does another take that has its files, or a copy that is being made, need this file?"""
    uses = Q(result=pk) | Q(exr=pk) | Q(came=pk) | Q(source_asset=pk) | Q(guides=pk)
    others = Generation.objects.filter(emptied_at=None).exclude(pk=but_for.pk)
    if any(others.filter(use).exists() for use in (uses, Q(parent__result=pk))):
        return True
    return SourceCopy.objects.pending().filter(asset=pk).exists()
