"""Rounds of review: the next take that a reviewer has neither decided about nor looked at.

What they were asked about comes first, the oldest request first; then what is done and nobody has
decided about, newest first. The order in which they came is kept: one can go back along it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.exists_by_row import ExistsByRow
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Decision, ReviewRequest, Seen
from editorapp.teams.models import Member

MOST_COUNTED = 99
# Takes that one question looks at for those that a reviewer has not seen: first few, then many.
STRIDES = (200, 5_000)


@dataclass(frozen=True)
class Round:
    """What waits for a reviewer.

    `asked`: takes that they were asked about, and `unseen`: others that they have not seen; each
    counted up to MOST_COUNTED + 1. `next_take`: the one to look at now. `passed`: where there is
    none, the takes that they were asked about and went past. `looked_to`: where the search ended
    before the oldest take did, the id that another one goes on from.
    """

    asked: int
    unseen: int
    next_take: int | None
    passed: tuple[int, ...] = ()
    looked_to: int | None = None


def of(member: Member, *, after: int | None = None, before: int | None = None) -> Round:
    """Return what waits for a reviewer. `after`: the take that they look at now, which is not the
    next one; `before`: look only at takes older than this id.
    """
    asked = list(_asked_of(member)[: MOST_COUNTED + 1])
    fresh = [take for take, is_seen in asked if not is_seen and take != after]
    passed = tuple(take for take, is_seen in asked if is_seen and take != after)
    known = {take for take, _is_seen in asked}
    unseen, looked_to = _unseen(member, {after, *known}, before)
    following = next(iter([*fresh, *unseen]), None)
    return Round(
        asked=len(asked),
        unseen=min(len(unseen), MOST_COUNTED + 1),
        next_take=following,
        passed=() if following else passed,
        looked_to=None if following else looked_to,
    )


def asked_count(member: Member) -> int:
    """Return how many takes a person was asked about and has not decided, up to MOST_COUNTED + 1."""
    if member.sees_all:
        return len(_still_asked(member.user_id, member.team_id))
    return len(_requests(member).values_list("pk")[: MOST_COUNTED + 1])


@CompiledQuery
def _still_asked(user: int, team: int) -> "QuerySet[ReviewRequest, int]":
    takes = Generation.objects.of_team(team)
    rows = _open(user, takes).order_by("asked_at", "pk")
    return rows.values_list("pk", flat=True)[: MOST_COUNTED + 1]


def saw(take: Generation, *, by: Member, now: datetime) -> None:
    """Keep that a reviewer looked at a take and went on; once, however often it is said, and anew
    where they were asked about it since.
    """
    row = Seen(user=by.user, generation=take, at=now)
    Seen.objects.bulk_create([row], ignore_conflicts=True)
    seen = Seen.objects.filter(user=by.user, generation=take)
    asked = ReviewRequest.objects.filter(
        reviewer=by.user_id,
        generation=OuterRef("generation"),
        asked_at__gt=OuterRef("at"),
    )
    seen.filter(Exists(asked)).update(at=now)


def previous(take: int, member: Member) -> int | None:
    """Return the take that came before one in the round; None at its beginning."""
    seen = _seen_by(member)
    here = seen.filter(generation=take).first()
    if here is None:
        rows = seen
    else:
        rows = seen.filter(Q(at__lt=here.at) | Q(at=here.at, pk__lt=here.pk))
    return rows.order_by("-at", "-pk").values_list("generation_id", flat=True).first()


def latest(member: Member) -> int | None:
    """Return the take that came last in the round; None before it has begun."""
    rows = _seen_by(member).order_by("-at", "-pk")
    return rows.values_list("generation_id", flat=True).first()


def following(take: int, member: Member) -> int | None:
    """Return the take that came after one that they went back to; None where it is the newest."""
    seen = _seen_by(member)
    here = seen.filter(generation=take).first()
    if here is None:
        return None
    rows = seen.filter(Q(at__gt=here.at) | Q(at=here.at, pk__gt=here.pk))
    return rows.order_by("at", "pk").values_list("generation_id", flat=True).first()


def _seen_by(member: Member) -> "QuerySet[Seen]":
    """Return what somebody has seen, of what they see now."""
    takes = _done(Generation.objects.visible_to(member)).filter(pk=OuterRef("generation"))
    return Seen.objects.filter(Exists(takes), user=member.user_id)


def _done(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    return takes.filter(state=State.SUCCEEDED)


def _open(user: int, takes: "QuerySet[Generation]") -> "QuerySet[ReviewRequest]":
    """Return the requests that somebody has not answered, about those of the takes that are done."""
    done = _done(takes).filter(pk=OuterRef("generation"))
    return ReviewRequest.objects.filter(Exists(done), reviewer=user, decided_at=None)


def _requests(member: Member) -> "QuerySet[ReviewRequest]":
    takes = Generation.objects.visible_to(member)
    return _open(member.user_id, takes).order_by("asked_at", "pk")


def _asked_of(member: Member) -> "QuerySet[ReviewRequest, tuple[int, bool]]":
    """Return the takes that somebody was asked about, each with whether they saw it since."""
    seen = Seen.objects.filter(
        user=member.user_id,
        generation=OuterRef("generation"),
        at__gte=OuterRef("asked_at"),
    )
    return (
        _requests(member)
        .annotate(is_seen=ExistsByRow(seen))
        .values_list("generation_id", "is_seen")
    )


def _unseen(
    member: Member,
    but: Iterable[int | None],
    before: int | None,
) -> tuple[list[int], int | None]:
    """Return takes that nobody has decided about and somebody has not seen, the newest first, and
    where the search ended (None: at the oldest).

    Two questions at most, each of which looks at a bounded number of takes: who has seen the newest
    hundred thousand does not wait for all of them to be looked at.
    """
    known = set(but)
    for stride in STRIDES:
        rows = list(_candidates(member, before)[:stride])
        found = [pk for pk, is_known in rows if not is_known and pk not in known]
        if len(rows) < stride:
            return found, None
        before = rows[-1][0]
        if found:
            return found, before
    return [], before


def _candidates(
    member: Member,
    before: int | None,
) -> "QuerySet[Generation, tuple[int, bool]]":
    """Return done and undecided takes of others, the newest first, each with whether somebody has
    seen it or decided about it. Read by the index generation_undecided.
    """
    takes = _done(Generation.objects.visible_to(member)).filter(review=Generation.Review.NONE)
    takes = takes.exclude(created_by=member.user_id)
    if before is not None:
        takes = takes.filter(pk__lt=before)
    same = {"generation": OuterRef("pk")}
    seen = ExistsByRow(Seen.objects.filter(user=member.user_id, **same))
    decided = ExistsByRow(Decision.objects.filter(decided_by=member.user_id, **same))
    return takes.annotate(is_known=seen | decided).order_by("-pk").values_list("pk", "is_known")
