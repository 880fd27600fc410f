"""Rounds of review: what comes next, and what does not come again."""

from datetime import timedelta

import pytest

from editorapp.generations.states import State
from editorapp.review import approval, rounds
from editorapp.review.decide import decide
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db


def ask(take, reviewer, *, by, minutes=0):
    approval.ask(take, [reviewer], by=by, now=NOW + timedelta(minutes=minutes))


def test_what_was_asked_comes_first_the_oldest_request_first(creator, reviewer):
    takes = [finished(creator) for _ in range(4)]
    ask(takes[2], reviewer, by=creator, minutes=1)
    ask(takes[0], reviewer, by=creator, minutes=2)

    seen = []
    while following := rounds.of(reviewer).next_take:
        seen.append(following)
        decide(
            next(take for take in takes if take.pk == following),
            "approved",
            member=reviewer,
            note="",
            now=NOW,
        )

    assert seen == [takes[place].pk for place in (2, 0, 3, 1)]
    assert rounds.of(reviewer) == rounds.Round(0, None)


def test_what_was_looked_at_does_not_come_again_and_what_was_asked_does(creator, reviewer):
    asked, passed, left = (finished(creator) for _ in range(3))
    ask(asked, reviewer, by=creator)
    for take in (asked, passed):
        rounds.saw(take, by=reviewer, now=NOW)
        rounds.saw(take, by=reviewer, now=NOW)

    assert rounds.of(reviewer).next_take == asked.pk
    assert rounds.of(reviewer, after=asked.pk).next_take == left.pk
    assert rounds.asked_count(reviewer) == 1


def test_a_round_has_only_takes_that_wait_for_this_reviewer(creator, reviewer, second):
    finished(make_member(role=Role.CREATOR))
    make_generation(creator, state=State.RUNNING)
    finished(reviewer)
    decided = finished(creator)
    decide(decided, "approved", member=second, note="", now=NOW)

    assert rounds.of(reviewer) == rounds.Round(0, None)


def test_the_one_that_is_looked_at_is_not_the_next_one(creator, reviewer):
    first, second = finished(creator), finished(creator)

    assert rounds.of(reviewer, after=second.pk).next_take == first.pk
