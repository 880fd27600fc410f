"""A claim has one holder: what another took, took over or canceled is neither carried, sent nor
overwritten.
"""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.engine import claims, poll_outcomes, submit, sweep, transfer
from editorapp.generations.engine.claims import DuePoll
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue.cancel import cancel
from editorapp.generations.states import State
from editorapp.providers.contract import BadCredentials, NotFound, Throttled, Unavailable
from tests.factories import make_generation, make_member
from tests.generations.drive import ask


@pytest.mark.django_db
@pytest.mark.parametrize("state", [State.STAGING, State.FETCHING])
def test_a_lane_leaves_a_row_alone_that_another_lane_took_after_it_was_read(state, monkeypatch):
    make_generation(make_member(), state=state)
    now, holder, others = timezone.now(), claims.lease_holder.holder, []

    def another_lane_first() -> Any:
        if not others:  # between reading the row and taking it
            others.append(None)
            others.append(transfer._next(now))
        return holder()

    monkeypatch.setattr(claims.lease_holder, "holder", another_lane_first)

    assert transfer._next(now) is None
    assert others[1] is not None and Attempt.objects.get().lease_token == others[1].lease_token


LATE_ANSWERS = {
    "still running": lambda attempt, now: poll_outcomes.still_running(
        [(look_of(attempt), 0.5)], now=now
    ),
    "no answer": lambda attempt, now: poll_outcomes.poll_failed(
        attempt, Unavailable("No answer."), now=now
    ),
    "too many": lambda attempt, now: poll_outcomes.poll_failed(
        attempt, Throttled("Later.", retry_after_seconds=9), now=now
    ),
    "key refused": lambda attempt, now: poll_outcomes.poll_failed(
        attempt, BadCredentials("Not your key."), now=now
    ),
    "not known there": lambda attempt, now: poll_outcomes.missing(
        attempt, NotFound("No such job."), now=now
    ),
}


def look_of(attempt: Attempt) -> DuePoll:
    ids = (
        attempt.pk,
        attempt.generation_id,
        attempt.account_id,
        attempt.provider_job_id or "",
        attempt.submitted_at,
    )
    assert attempt.lease_token is not None
    return DuePoll(*ids, attempt.lease_token)


@pytest.mark.django_db
@pytest.mark.parametrize("answer", LATE_ANSWERS)
@pytest.mark.parametrize("since", ["polled by another sweep", "done"])
def test_a_poll_that_is_answered_late_writes_nothing_over_who_took_the_row_since(answer, since):
    make_generation(make_member(), state=State.RUNNING)
    now = timezone.now()
    Attempt.objects.update(lease_token=uuid4())
    late = Attempt.objects.get()
    changed: dict[str, Any] = {
        "lease_token": uuid4(),
        "next_action_at": now + timedelta(seconds=15),
    }
    if since == "done":  # and its result is being fetched, under whichever lease
        changed = {"state": State.FETCHING, "next_action_at": now}
    Attempt.objects.update(**changed)
    before = Attempt.objects.values().get()

    LATE_ANSWERS[answer](late, now)

    assert Attempt.objects.values().get() == before


@pytest.mark.parametrize("others", [0, 1, 3])
def test_what_is_canceled_between_being_taken_and_being_written_down_is_not_sent(
    quick, clock, monkeypatch, others
):
    member = make_member()
    doomed = ask(member, prompt="A harbor that nobody wants any more")
    kept = [ask(member, prompt=f"Harbor {number}") for number in range(others)]
    encode = submit.Posts._prepared

    def prepared(self: submit.Posts, attempt: Attempt) -> Any:
        post = encode(self, attempt)
        if attempt.generation_id == doomed.pk:
            cancel(doomed, now=clock())
        return post

    monkeypatch.setattr(submit.Posts, "_prepared", prepared)

    sweep.work("luma-agents", seconds=0.3, clock=clock)

    assert quick.submits_received == others
    doomed.refresh_from_db()
    assert doomed.state == State.CANCELED and ledger.held_usd(doomed.pk) == 0
    assert State.QUEUED not in Generation.objects.filter(
        pk__in=[one.pk for one in kept]
    ).values_list("state", flat=True)
