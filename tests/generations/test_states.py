"""Every pair of states, against the table; and the compare-and-set that keeps writers from each
other's rows.
"""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.generations.models import Attempt, Generation, InvalidTransition, Overtaken
from editorapp.generations.states import ACTIVE, CANCELABLE, FINAL, SETTLEABLE, TRANSITIONS, State
from tests.factories import make_generation, make_member

PAIRS = [(before, after) for before in State for after in State]


@pytest.mark.django_db
@pytest.mark.parametrize(("before", "after"), PAIRS, ids=[f"{a} to {b}" for a, b in PAIRS])
def test_a_step_is_taken_only_if_the_table_has_it(before, after):
    generation = make_generation(make_member(), state=before)
    attempt = generation.attempts.get()

    if after in TRANSITIONS[before]:
        attempt.move(after, now=timezone.now())
    else:
        with pytest.raises(InvalidTransition):
            attempt.move(after, now=timezone.now())

    expected = after if after in TRANSITIONS[before] else before
    attempt.refresh_from_db()
    generation.refresh_from_db()
    assert (attempt.state, generation.state) == (expected, expected)


def test_every_state_has_its_steps_and_its_kind():
    assert set(TRANSITIONS) == set(State)
    assert {State.UNKNOWN} == set(State) - ACTIVE - FINAL
    assert set(CANCELABLE) < set(ACTIVE)
    for state in SETTLEABLE:
        assert State.RUNNING in TRANSITIONS[state]
        assert State.FAILED in TRANSITIONS[state]


def test_nothing_may_be_sent_again_once_it_may_have_been_accepted():
    for state in (State.UNKNOWN, State.RUNNING, State.FETCHING, State.LOST, State.FETCH_FAILED):
        assert not TRANSITIONS[state] & {State.QUEUED, State.STAGING, State.SUBMITTING}


@pytest.mark.django_db
def test_a_writer_that_saw_an_older_state_is_overtaken():
    attempt = make_generation(make_member()).attempts.get()
    late = Attempt.objects.get(pk=attempt.pk)
    attempt.move(State.CANCELED, now=timezone.now())

    with pytest.raises(Overtaken):
        late.move(State.SUBMITTING, now=timezone.now())

    assert Attempt.objects.get(pk=attempt.pk).state == State.CANCELED


@pytest.mark.django_db
def test_a_writer_that_lost_its_lease_is_overtaken():
    attempt = make_generation(make_member(), state=State.RUNNING).attempts.get()
    Attempt.objects.update(lease_token=uuid.uuid4())

    with pytest.raises(Overtaken):
        attempt.move(State.FETCHING, now=timezone.now())

    assert Generation.objects.get().state == State.RUNNING


@pytest.mark.django_db
def test_only_the_newest_attempt_speaks_for_its_generation():
    generation = make_generation(make_member(), state=State.UNKNOWN)
    first, now = generation.attempts.get(), timezone.now()
    Attempt.objects.create(
        generation=generation,
        number=2,
        account=generation.account,
        created_at=now,
        next_action_at=now,
    )
    Generation.objects.update(state=State.QUEUED, attempt_number=2)

    first.move(State.FAILED, now=now, shown={"failure_message": "late news of the first"})

    generation.refresh_from_db()
    assert (generation.state, generation.failure_message) == (State.QUEUED, "")


@pytest.mark.django_db
def test_a_generation_that_ends_says_when():
    generation = make_generation(make_member(), state=State.FETCHING)
    at = timezone.now() + timedelta(minutes=1)

    generation.attempts.get().move(State.SUCCEEDED, now=at)

    generation.refresh_from_db()
    assert generation.finished_at == generation.state_since == at
