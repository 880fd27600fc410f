"""Rounds of review: the next take that a reviewer has neither decided about nor looked at.

What they were asked about comes first, the oldest request first; then what is done and nobody has
decided about, newest first.
"""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Decision, ReviewRequest, Seen
from editorapp.teams.models import Member

MOST_COUNTED = 99


@dataclass(frozen=True)
class Round:
    """What waits for a reviewer: takes they were asked about (counted up to MOST_COUNTED + 1), and
    the next one.
    """

    asked: int
    next_take: int | None


def of(member: Member, *, after: int | None = None) -> Round:
    """Return what waits for a reviewer; `after`: the take that they look at now, which is not the
    next one.
    """
    asked = _asked(member)
    counted = len(asked.values_list("pk", flat=True)[: MOST_COUNTED + 1])
    following = asked.exclude(generation=after) if after else asked
    first = following.order_by("asked_at", "pk").values_list("generation_id", flat=True).first()
    return Round(counted, first or _next_unseen(member, after))


def asked_count(member: Member) -> int:
    """Return how many takes a person was asked about and has not decided, up to MOST_COUNTED + 1."""
    return len(_asked(member).values_list("pk", flat=True)[: MOST_COUNTED + 1])


def saw(take: Generation, *, by: Member, now: datetime) -> None:
    """Keep that a reviewer looked at a take and went on; once, however often it is said."""
    row = Seen(user=by.user, generation=take, at=now)
    Seen.objects.bulk_create([row], ignore_conflicts=True)


def _asked(member: Member) -> "QuerySet[ReviewRequest]":
    takes = Generation.objects.visible_to(member).filter(
        state=State.SUCCEEDED,
        pk=OuterRef("generation"),
    )
    asked = ReviewRequest.objects.filter(reviewer=member.user_id, decided_at=None)
    return asked.filter(Exists(takes))


def _next_unseen(member: Member, after: int | None) -> int | None:
    takes = Generation.objects.visible_to(member).filter(
        state=State.SUCCEEDED,
        review=Generation.Review.NONE,
    )
    same = {"generation": OuterRef("pk")}
    seen = Seen.objects.filter(user=member.user_id, **same)
    decided = Decision.objects.filter(decided_by=member.user_id, **same)
    left = takes.exclude(created_by=member.user_id).filter(~Exists(seen), ~Exists(decided))
    if after is not None:
        left = left.exclude(pk=after)
    return left.order_by("-pk").values_list("pk", flat=True).first()
