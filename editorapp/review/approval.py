"""Approval: who is asked to review a take, and the team's rule for when one counts as approved."""

from collections.abc import Iterable
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.review import notices
from editorapp.review.models import ApprovalRule, ReviewRequest
from editorapp.review.standing import Kind, reviewers_of, rule_of, standing
from editorapp.teams import audit
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act


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
    locked(Team.objects.filter(pk=team.pk))
    before = rule_of(team)
    fields = {"kind": Kind(kind), "person": named.user if named else None}
    rule, _is_new = ApprovalRule.objects.update_or_create(team=team, defaults=fields)
    if before.words != rule.words:
        changed = [before.words, rule.words]
        audit.record("team.rule_changed", f"team:{team.pk}", by=by, about=team, rule=changed)
    return rule


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
    they decided; who could not decide about it is left out.

    Raises: PermissionDenied.
    """
    if take.team_id != by.team_id or not by.may(Act.ORGANISE):
        raise PermissionDenied("This role may not ask for a review.")
    locked(Generation.objects.filter(pk=take.pk))
    wanted = {one.pk for one in reviewers}
    able = reviewers_of(take).filter(pk__in=wanted).select_related("user", "team").order_by("pk")
    fresh = [one for one in able if _ask(take, one, by=by, now=now)]
    if fresh:
        keep_outcome(take)
    notices.asked(take, fresh, by=by, now=now)
    return fresh


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


def keep_outcome(take: Generation) -> None:
    """Copy what a take counts as now to its row, which the caller has locked."""
    take.review = standing(take).outcome
    Generation.objects.filter(pk=take.pk).update(review=take.review)
