"""Approval: what the verdicts of several reviewers make of a take, by each rule."""

from functools import partial

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.review import approval
from editorapp.review.approval import Kind
from editorapp.review.decide import NotDecidable, decide
from editorapp.review.models import Decision, ReviewRequest
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
    assert approval.rule_of(take.team).kind == Kind.ONE


def test_people_are_asked_once_and_again_after_they_decided(take, creator, reviewer, second):
    assert ask(take, reviewer, second, by=creator) == [reviewer, second]
    assert ask(take, reviewer, by=creator) == []

    judge(take, reviewer, "needs_changes")

    assert approval.standing(take).waiting == [second.user]
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

    stands = [(one.decided_by, one.verdict) for one in approval.standing(take).verdicts]
    assert stands == [(reviewer.user, "needs_changes"), (second.user, "approved")]
    assert Decision.objects.count() == 3


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
    assert Decision.objects.filter(generation=take).count() == 70
