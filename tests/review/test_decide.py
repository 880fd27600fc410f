"""Decisions: who may make them, what they need, and that all of them are kept."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.generations.states import State
from editorapp.inbox.models import Notice
from editorapp.review import approval
from editorapp.review.decide import NotDecidable, NoteNeeded, decide
from editorapp.review.models import ReviewRequest
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator):
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def take(creator):
    return make_generation(creator, state=State.SUCCEEDED)


def test_the_newest_decision_counts_and_the_older_ones_are_kept(take, reviewer):
    decide(take, "needs_changes", member=reviewer, note=" The sky is too dark. ", now=NOW)
    decide(take, "approved", member=reviewer, note="", now=NOW)

    take.refresh_from_db()
    kept = [
        (decision.verdict, decision.note, decision.decided_by) for decision in take.decisions.all()
    ]
    assert take.review == "approved"
    assert kept == [
        ("approved", "", reviewer.user),
        ("needs_changes", "The sky is too dark.", reviewer.user),
    ]


@pytest.mark.parametrize("verdict", ["approved", "needs_changes"])
@pytest.mark.parametrize("note", ["", "   ", "Lovely."])
def test_either_verdict_comes_with_a_note_or_without(take, reviewer, verdict, note):
    decide(take, verdict, member=reviewer, note=note, now=NOW)

    take.refresh_from_db()
    assert take.review == verdict and take.decisions.get().note == note.strip()


def test_the_same_said_twice_is_one_decision_unless_one_is_asked_again(take, creator, reviewer):
    for _ in range(2):
        decide(take, "approved", member=reviewer, note="", now=NOW)
    assert take.decisions.count() == Notice.objects.filter(kind="verdict").count() == 1

    approval.ask(take, [reviewer], by=creator, now=NOW)
    decide(take, "approved", member=reviewer, note="", now=NOW)

    assert take.decisions.count() == 2
    assert ReviewRequest.objects.get().decided_at == NOW


@pytest.mark.parametrize("note", ["x" * 4001, "a\x00"])
def test_a_note_that_cannot_be_kept_decides_nothing(take, reviewer, note):
    with pytest.raises(NoteNeeded):
        decide(take, "needs_changes", member=reviewer, note=note, now=NOW)

    take.refresh_from_db()
    assert take.review == "" and not take.decisions.exists()


@pytest.mark.parametrize("state", [state for state in State if state != State.SUCCEEDED])
def test_only_a_finished_take_can_be_decided_about(creator, reviewer, state):
    with pytest.raises(NotDecidable):
        decide(make_generation(creator, state=state), "approved", member=reviewer, note="", now=NOW)


def test_creators_and_other_teams_do_not_decide(take, creator):
    for member in (creator, make_member(role=Role.ADMIN)):
        with pytest.raises(PermissionDenied):
            decide(take, "approved", member=member, note="", now=NOW)


def test_an_unknown_verdict_is_refused(take, reviewer):
    with pytest.raises(ValueError):
        decide(take, "rejected", member=reviewer, note="", now=NOW)
