"""Approval: what the verdicts of several reviewers make of a take, by each rule."""

from functools import partial
from itertools import pairwise

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.review import approval
from editorapp.review.decide import NotDecidable, decide
from editorapp.review.models import Decision, ReviewRequest
from editorapp.review.standing import Kind, rule_of, standing
from editorapp.teams import projects
from editorapp.teams.models import AuditEntry
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.racing import race
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db


def judge(take, by, verdict):
    decide(take, verdict, member=by, note="Because", now=NOW)
    take.refresh_from_db()
    return take.review


def ask(take, *reviewers, by):
    return approval.ask(take, reviewers, by=by, now=NOW)


def test_without_a_rule_the_newest_verdict_counts(take, reviewer, second):
    assert judge(take, reviewer, "needs_changes") == "needs_changes"
    assert judge(take, second, "approved") == "approved"
    assert judge(take, reviewer, "needs_changes") == "needs_changes"


def test_who_made_a_take_never_approves_it(admin, reviewer):
    own = finished(admin)

    with pytest.raises(NotDecidable, match="Somebody else"):
        decide(own, "approved", member=admin, note="", now=NOW)
    assert judge(own, admin, "needs_changes") == ""
    assert judge(own, reviewer, "approved") == "approved"
    assert judge(own, admin, "needs_changes") == "approved"


def test_all_who_were_asked_must_approve(take, creator, reviewer, second, admin):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    ask(take, reviewer, second, by=creator)

    assert judge(take, admin, "approved") == ""
    assert judge(take, reviewer, "approved") == ""
    assert judge(take, second, "needs_changes") == "needs_changes"
    assert judge(take, second, "approved") == "approved"


def test_where_nobody_was_asked_one_of_all_is_enough(take, reviewer, admin):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)

    assert judge(take, reviewer, "approved") == "approved"


def test_one_named_person_decides_alone(take, reviewer, second, admin):
    approval.set_rule(take.team, Kind.PERSON, second, by=admin)

    assert judge(take, reviewer, "approved") == ""
    assert judge(take, second, "approved") == "approved"
    assert judge(take, reviewer, "needs_changes") == "approved"


def test_what_the_named_person_made_is_decided_by_another(admin, reviewer):
    approval.set_rule(admin.team, Kind.PERSON, admin, by=admin)

    assert judge(finished(admin), reviewer, "approved") == "approved"


def test_the_rule_is_set_by_who_manages_and_names_one_who_may_decide(
    take, creator, reviewer, admin
):
    stranger = make_member(role=Role.ADMIN)
    for by in (creator, reviewer, stranger):
        with pytest.raises(PermissionDenied):
            approval.set_rule(take.team, Kind.ONE, None, by=by)
    for person in (None, creator, stranger):
        with pytest.raises(ValueError, match="named person"):
            approval.set_rule(take.team, Kind.PERSON, person, by=admin)
    assert rule_of(take.team).kind == Kind.ONE


def test_people_are_asked_once_and_again_after_they_decided(take, creator, reviewer, second):
    assert ask(take, reviewer, second, by=creator) == [reviewer, second]
    assert ask(take, reviewer, by=creator) == []

    judge(take, reviewer, "needs_changes")

    assert [one.reviewer for one in standing(take).waiting] == [second.user]
    assert ask(take, reviewer, by=creator) == [reviewer]
    assert ReviewRequest.objects.count() == 2


def test_nobody_is_asked_who_could_not_answer(take, creator, admin):
    stranger = make_member(role=Role.REVIEWER)
    other = make_member(role=Role.CREATOR, team=take.team, name="Other")

    assert ask(take, stranger, other, creator, admin, by=creator) == [admin]
    with pytest.raises(PermissionDenied):
        ask(take, admin, by=stranger)


def test_how_it_stands_is_the_newest_verdict_of_each(take, reviewer, second):
    for by, verdict in ((reviewer, "approved"), (second, "approved"), (reviewer, "needs_changes")):
        judge(take, by, verdict)

    stands = [(one.decided_by, one.verdict) for one in standing(take).verdicts]
    assert stands == [(reviewer.user, "needs_changes"), (second.user, "approved")]
    assert Decision.objects.count() == 3


def says(take):
    return standing(type(take).objects.get(pk=take.pk)).says


def test_what_the_rule_still_asks_is_said(take, creator, reviewer, second, admin):
    assert says(take) == "Nobody has decided yet: one reviewer is enough."
    judge(take, reviewer, "approved")
    assert says(take) == "Approved by Rae."

    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    ask(take, reviewer, second, by=creator)
    assert says(take) == "Approved by 1 of 2 asked."
    judge(take, second, "needs_changes")
    assert says(take) == "Needs changes, says Sam."
    judge(take, reviewer, "needs_changes")
    assert says(take) == "Needs changes, say Rae and Sam."

    approval.set_rule(take.team, Kind.PERSON, admin, by=admin)
    assert says(take) == "Waits for Ada, who decides for the team."
    assert standing(take).is_by_earlier_rule


def test_asking_one_more_opens_an_approval_by_all(take, creator, reviewer, second, admin):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    ask(take, reviewer, by=creator)
    assert judge(take, reviewer, "approved") == "approved"

    ask(take, second, by=creator)

    take.refresh_from_db()
    assert take.review == "" and not standing(take).is_by_earlier_rule


def test_who_may_not_decide_any_more_is_waited_for_no_longer(
    take, creator, reviewer, second, admin
):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    ask(take, reviewer, second, by=creator)
    type(second).objects.filter(pk=second.pk).update(disabled_at=NOW)
    assert judge(take, reviewer, "approved") == "approved"

    approval.set_rule(take.team, Kind.PERSON, reviewer, by=admin)
    type(reviewer).objects.filter(pk=reviewer.pk).update(role=Role.CREATOR)
    assert judge(finished(creator), admin, "approved") == "approved"


def test_in_a_private_project_those_are_asked_who_see_it(take, creator, reviewer, second, admin):
    board = projects.make(admin, ProjectFields("Pitch", is_private=True))
    projects.add(board, reviewer, admin)
    take.project = board
    take.save()

    assert ask(take, reviewer, second, admin, by=creator) == [reviewer, admin]
    approval.set_rule(take.team, Kind.PERSON, second, by=admin)
    assert judge(take, reviewer, "approved") == "approved"


def test_a_rule_is_written_down_once_with_what_it_was(take, reviewer, admin):
    for _ in range(2):
        approval.set_rule(take.team, Kind.PERSON, reviewer, by=admin)

    line = AuditEntry.objects.get(act="team.rule_changed")
    assert line.actor_name == "Ada"
    assert line.facts["rule"] == [
        "A take counts as approved once one reviewer approves it.",
        "A take counts as approved once Rae approves it.",
    ]


@pytest.mark.django_db(transaction=True)
def test_verdicts_at_once_are_all_kept_and_the_take_shows_what_they_make(
    take, creator, reviewer, second, admin
):
    approval.set_rule(take.team, Kind.ALL_ASKED, None, by=admin)
    ask(take, reviewer, second, by=creator)

    for _ in range(10):
        ended = race([partial(judge, take, one, "approved") for one in (reviewer, second) * 3])
        assert [one for one in ended if isinstance(one, Exception)] == []
        take.refresh_from_db()
        assert take.review == "approved"
        judge(take, second, "needs_changes")
    kept = Decision.objects.filter(generation=take).order_by("pk")
    said = [(one.decided_by_id, one.verdict) for one in kept]
    assert all(one != other for one, other in pairwise(said)), "the same was said twice in a row"
    assert said.count((second.user_id, "needs_changes")) == 10


@pytest.mark.django_db(transaction=True)
def test_verdicts_that_differ_at_once_are_all_kept_a_hundred_times(take, reviewer, second):
    def said(by, number):
        verdict = ("approved", "needs_changes")[number % 2]
        return decide(take, verdict, member=by, note=f"Note {number}", now=NOW)

    for number in range(100):
        ended = race(
            [partial(said, one, number + two) for two, one in enumerate((reviewer, second))]
        )
        assert [one for one in ended if isinstance(one, Exception)] == []

    take.refresh_from_db()
    kept = Decision.objects.filter(generation=take)
    assert kept.count() == kept.values("decided_by", "note").distinct().count() == 200
    assert take.review == kept.first().verdict == standing(take).outcome
