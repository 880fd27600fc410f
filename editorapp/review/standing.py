"""Standing: how the review of a take stands: who decided, who was asked, what the rule still asks.

The newest verdict of each person counts, and never that of who made the take.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Generation
from editorapp.review.models import ApprovalRule, Decision, ReviewRequest
from editorapp.teams.models import Member, MemberQuerySet, Team
from editorapp.teams.roles import Act, who_may

Kind = ApprovalRule.Kind
Review = Generation.Review


@dataclass(frozen=True)
class ReviewStanding:
    """How the review of a take stands.

    `verdicts`: the newest decision of each person, newest first; `earlier`: those that their own
    people have replaced since; `reviewers`: who may decide about it, but for its maker; `asked`: the
    requests to those of them who were asked, the oldest first.
    """

    take: Generation
    rule: ApprovalRule
    verdicts: list[Decision]
    earlier: list[Decision]
    reviewers: list[Member]
    asked: list[ReviewRequest]

    @property
    def waiting(self) -> list[ReviewRequest]:
        """The requests that nobody has answered yet."""
        return [one for one in self.asked if one.decided_at is None]

    @cached_property
    def others(self) -> list[Decision]:
        """The verdicts that count: all but that of who made the take."""
        return [one for one in self.verdicts if one.decided_by_id != self.take.created_by_id]

    @cached_property
    def kind(self) -> Kind:
        """The rule as it is for this take: one of all is enough where the named person may not
        decide about it, or where nobody was asked.
        """
        able = {one.user_id for one in self.reviewers}
        if self.rule.kind == Kind.PERSON and self.rule.person_id in able:
            return Kind.PERSON
        if self.rule.kind == Kind.ALL_ASKED and self.asked:
            return Kind.ALL_ASKED
        return Kind.ONE

    @property
    def counted(self) -> list[Decision]:
        """The verdicts that the rule asks for, newest first."""
        if self.kind == Kind.PERSON:
            return self._by({self.rule.person_id})
        if self.kind == Kind.ALL_ASKED:
            return self._by({one.reviewer_id for one in self.asked})
        return self.others[:1]

    def _by(self, people: set[int | None]) -> list[Decision]:
        return [one for one in self.others if one.decided_by_id in people]

    @property
    def outcome(self) -> str:
        """What the take counts as by the rule as it is now, a `Generation.Review`."""
        verdicts = {one.verdict for one in self.counted}
        if Review.NEEDS_CHANGES in verdicts:
            return Review.NEEDS_CHANGES
        is_whole = self.kind != Kind.ALL_ASKED or len(self.counted) == len(self.asked)
        return Review.APPROVED if verdicts and is_whole else Review.NONE

    @property
    def is_by_earlier_rule(self) -> bool:
        """Does it count as what it is by a rule that the team has replaced since?"""
        return self.take.review != self.outcome

    @property
    def says(self) -> str:
        """What stands, and what the team's rule still asks, in one sentence."""
        against = [one for one in self.counted if one.verdict == Review.NEEDS_CHANGES]
        if against:
            return f"Needs changes, {_say([str(one.decided_by) for one in against])}."
        if self.kind == Kind.ALL_ASKED:
            return f"Approved by {len(self.counted)} of {len(self.asked)} asked."
        if self.counted:
            return f"Approved by {self.counted[0].decided_by}."
        if self.kind == Kind.PERSON:
            return f"Waits for {self.rule.person}, who decides for the team."
        return "Nobody has decided yet: one reviewer is enough."


def _say(names: list[str]) -> str:
    """Return "says Rae", "say Rae and Sam"."""
    if len(names) == 1:
        return f"says {names[0]}"
    return f"say {', '.join(names[:-1])} and {names[-1]}"


def standing(take: Generation) -> ReviewStanding:
    """Return how the review of a take stands: four queries."""
    decisions = _decisions(take.pk)
    newest = newest_of_each(decisions)
    reviewers = _reviewers(take)
    return ReviewStanding(
        take=take,
        rule=rule_of(take.team),
        verdicts=newest,
        earlier=[one for one in decisions if one not in newest],
        reviewers=reviewers,
        asked=_asked(take, reviewers),
    )


def _reviewers(take: Generation) -> list[Member]:
    if take.project is None or not take.project.is_private:
        return _deciders(take.team_id, take.created_by_id)
    return list(_by_name(reviewers_of(take)))


@CompiledQuery
def _deciders(team: int, maker: int) -> "QuerySet[Member]":
    rows = Member.objects.who_may(Act.DECIDE).filter(team_id=team)
    return _by_name(rows.exclude(user_id=maker))


def _by_name(rows: "QuerySet[Member]") -> "QuerySet[Member]":
    return rows.select_related("user").order_by("user__display_name", "pk")


def _asked(take: Generation, reviewers: list[Member]) -> list[ReviewRequest]:
    able = {one.user_id for one in reviewers}
    return [one for one in _requests(take.pk) if one.reviewer_id in able]


@CompiledQuery
def _decisions(take: int) -> "QuerySet[Decision]":
    rows = Decision.objects.filter(generation_id=take).select_related("decided_by")
    return rows.order_by("-pk")


@CompiledQuery
def _requests(take: int) -> "QuerySet[ReviewRequest]":
    rows = ReviewRequest.objects.filter(generation_id=take)
    return rows.select_related("reviewer", "asked_by").order_by("asked_at", "pk")


@CompiledQuery
def _rules(team: int) -> "QuerySet[ApprovalRule]":
    return ApprovalRule.objects.filter(team_id=team).select_related("person")


def rule_of(team: Team) -> ApprovalRule:
    """Return when a take of the team counts as approved."""
    kept = next(iter(_rules(team.pk)), None)
    return kept or ApprovalRule(team=team, kind=Kind.ONE)


def reviewers_of(take: Generation) -> MemberQuerySet:
    """Return who may decide about a take and sees it, but for who made it."""
    rows = Member.objects.who_may(Act.DECIDE).filter(team=take.team_id)
    rows = rows.exclude(user=take.created_by_id)
    if take.project is None or not take.project.is_private:
        return rows
    inside = take.project.people.values("user_id")
    return rows.filter(Q(role__in=who_may(Act.SEE_PRIVATE)) | Q(user__in=inside))


def newest_of_each(decisions: Iterable[Decision]) -> list[Decision]:
    """Return the newest decision of each person, the newest first."""
    found: dict[int, Decision] = {}
    for one in sorted(decisions, key=lambda decision: -decision.pk):
        found.setdefault(one.decided_by_id, one)
    return list(found.values())
