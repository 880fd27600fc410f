"""Rounds of review: what comes next, and what does not come again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorapp.generations.models import Generation
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
    assert rounds.of(reviewer) == rounds.Round(0, 0, None)


def test_what_was_looked_at_does_not_come_again_and_what_was_asked_waits(creator, reviewer):
    asked, passed, left = (finished(creator) for _ in range(3))
    ask(asked, reviewer, by=creator)
    for take in (asked, passed):
        rounds.saw(take, by=reviewer, now=NOW)
        rounds.saw(take, by=reviewer, now=NOW)

    assert rounds.of(reviewer) == rounds.Round(1, 1, left.pk)
    rounds.saw(left, by=reviewer, now=NOW)
    assert rounds.of(reviewer) == rounds.Round(1, 0, None, passed=(asked.pk,))
    assert rounds.asked_count(reviewer) == 1


def test_what_one_is_asked_about_again_comes_again_and_first(creator, reviewer):
    asked, _left = finished(creator), finished(creator)
    rounds.saw(asked, by=reviewer, now=NOW)

    ask(asked, reviewer, by=creator, minutes=1)

    assert rounds.of(reviewer).next_take == asked.pk
    rounds.saw(asked, by=reviewer, now=NOW + timedelta(minutes=2))
    assert rounds.of(reviewer).next_take == _left.pk


def test_one_goes_back_along_the_order_in_which_they_came_and_on_again(creator, reviewer):
    takes = [finished(creator).pk for _ in range(4)]
    order = [takes[place] for place in (2, 0, 3)]
    for minutes, take in enumerate(order):
        rounds.saw(Generation(pk=take), by=reviewer, now=NOW + timedelta(minutes=minutes))

    assert rounds.previous(takes[1], reviewer) == takes[3]
    assert [rounds.previous(one, reviewer) for one in order] == [None, *order[:2]]
    assert [rounds.following(one, reviewer) for one in order] == [*order[1:], None]
    Generation.objects.filter(pk=takes[0]).update(team=make_member().team)
    assert rounds.previous(takes[3], reviewer) == takes[2]


def test_what_lies_behind_many_that_were_seen_is_looked_for_in_steps(
    creator, reviewer, monkeypatch
):
    monkeypatch.setattr(rounds, "STRIDES", (2, 3))
    takes = [finished(creator) for _ in range(7)]
    for take in takes[1:]:
        rounds.saw(take, by=reviewer, now=NOW)

    found = rounds.of(reviewer)
    assert (found.next_take, found.looked_to) == (None, takes[2].pk)
    assert rounds.of(reviewer, before=found.looked_to).next_take == takes[0].pk


def test_the_next_one_is_read_by_an_index_that_has_its_order(creator, reviewer):
    for _ in range(3):
        finished(creator)

    with CaptureQueriesContext(connection) as context:
        assert rounds.of(reviewer).unseen == 3
    asked = next(one["sql"] for one in context.captured_queries if "is_known" in one["sql"])
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {asked}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {asked}")
        plan = " ".join(str(row) for row in cursor.fetchall())
    assert "generation_undecided" in plan, plan
    assert "B-TREE FOR ORDER BY" not in plan and "Sort" not in plan, plan


def test_a_round_has_only_takes_that_wait_for_this_reviewer(creator, reviewer, second):
    finished(make_member(role=Role.CREATOR))
    make_generation(creator, state=State.RUNNING)
    finished(reviewer)
    decided = finished(creator)
    decide(decided, "approved", member=second, note="", now=NOW)

    assert rounds.of(reviewer) == rounds.Round(0, 0, None)


def test_the_one_that_is_looked_at_is_not_the_next_one(creator, reviewer):
    first, second = finished(creator), finished(creator)

    assert rounds.of(reviewer, after=second.pk).next_take == first.pk
