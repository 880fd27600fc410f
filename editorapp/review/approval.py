"""Approval: what the verdicts of several reviewers make of a take, by the team's rule.

The newest verdict of each person counts, and never that of who made the take.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.review import notices
from editorapp.review.models import ApprovalRule, Decision, ReviewRequest
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act

Kind = ApprovalRule.Kind
Review = Generation.Review


@dataclass(frozen=True)
class ReviewStanding:
    """How the review of a take stands.

    `verdicts`: the newest decision of each person, newest first; `waiting`: who was asked and has
    not decided.
    """

    rule: ApprovalRule
    verdicts: list[Decision]
    waiting: list[User]


def standing(take: Generation) -> ReviewStanding:
    """Return how the review of a take stands."""
    asked = ReviewRequest.objects.filter(generation=take, decided_at=None)
    waiting = [one.reviewer for one in asked.select_related("reviewer").order_by("pk")]
    return ReviewStanding(rule_of(take.team), newest_of_each(take.decisions.all()), waiting)


def rule_of(team: Team) -> ApprovalRule:
    """Return when a take of the team counts as approved."""
    kept = ApprovalRule.objects.filter(team=team).select_related("person").first()
    return kept or ApprovalRule(team=team, kind=Kind.ONE)


@transaction.atomic
def set_rule(team: Team, kind: str, person: Member | None, *, by: Member) -> ApprovalRule:
    """Say when a take of the team counts as approved. What is decided already stays as it is, until
    the next verdict.

    Raises: PermissionDenied; ValueError, for a kind that there is not, or for a named person who may
    not decide.
    """
    if by.team_id != team.pk or not by.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may set the team's rule.")
    named = person if Kind(kind) == Kind.PERSON else None
    if Kind(kind) == Kind.PERSON and not _may_decide(named, team):
        raise ValueError("The named person must be one who may decide.")
    fields = {"kind": Kind(kind), "person": named.user if named else None}
    return ApprovalRule.objects.update_or_create(team=team, defaults=fields)[0]


def _may_decide(person: Member | None, team: Team) -> bool:
    return person is not None and person.team_id == team.pk and person.may(Act.DECIDE)


@transaction.atomic
def ask(
    take: Generation,
    reviewers: Iterable[Member],
    *,
    by: Member,
    now: datetime,
) -> list[Member]:
    """Ask people to review a take. Return those who were not asked before, or are asked again since
    they decided.

    Raises: PermissionDenied.
    """
    if take.team_id != by.team_id or not by.may(Act.COMMENT):
        raise PermissionDenied("This role may not ask for a review.")
    locked(Generation.objects.filter(pk=take.pk))
    able = [one for one in reviewers if _may_decide(one, take.team) and _is_other(one, take)]
    fresh = [one for one in able if _ask(take, one, by=by, now=now)]
    notices.asked(take, fresh, by=by, now=now)
    return fresh


def _is_other(member: Member, take: Generation) -> bool:
    return member.user_id != take.created_by_id


def _ask(take: Generation, reviewer: Member, *, by: Member, now: datetime) -> bool:
    row, is_new = ReviewRequest.objects.get_or_create(
        generation=take,
        reviewer=reviewer.user,
        defaults={"asked_by": by.user, "asked_at": now},
    )
    if is_new or row.decided_at is None:
        return is_new
    fields = {"decided_at": None, "asked_by": by.user, "asked_at": now}
    return bool(ReviewRequest.objects.filter(pk=row.pk).update(**fields))


def newest_of_each(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the newest decision of each person, the newest first."""
    found: dict[int, Decision] = {}
    for one in sorted(decisions, key=lambda decision: -decision.pk):
        found.setdefault(one.decided_by_id, one)
    return list(found.values())


def outcome(take: Generation) -> str:
    """Return what a take counts as now, a `Generation.Review`. The caller has its row locked."""
    newest = newest_of_each(Decision.objects.filter(generation=take))
    verdicts = {
        one.decided_by_id: one.verdict for one in newest if one.decided_by_id != take.created_by_id
    }
    rule = rule_of(take.team)
    if rule.kind == Kind.PERSON and rule.person_id != take.created_by_id:
        return verdicts.get(rule.person_id or 0, Review.NONE)
    if rule.kind == Kind.ALL_ASKED and (asked := _asked(take)):
        return _of_all(verdicts, asked)
    return next(iter(verdicts.values()), Review.NONE)


def _asked(take: Generation) -> set[int]:
    asked = ReviewRequest.objects.filter(generation=take).exclude(reviewer=take.created_by_id)
    return set(asked.values_list("reviewer_id", flat=True))


def _of_all(verdicts: Mapping[int, str], asked: set[int]) -> str:
    said = [verdicts.get(one, Review.NONE) for one in asked]
    if Review.NEEDS_CHANGES in said:
        return Review.NEEDS_CHANGES
    return Review.APPROVED if set(said) == {Review.APPROVED} else Review.NONE
