"""What the kill test's books see: each way in which a paid call may have come to the provider once
too often.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.simulator.state import JobStore as SimulatorState
from tests.factories import make_member, make_reserved
from tests.kill import books
from tests.kill.people import FAULTS, Mood, wishes

Post = Callable[..., None]


@pytest.fixture
def post(tmp_path: Path) -> Post:
    """Let the simulated provider receive the paid call of an attempt, and answer it."""
    kept = SimulatorState(tmp_path / "simulator")

    def post(attempt: Attempt, *, key: str = "", status: int | None = 201, size: int = 1) -> None:
        number = kept.received(
            "luma-agents",
            idempotency_key=key or str(attempt.idempotency_key),
            prompt=attempt.generation.prompt,
            body={"size": size},
            at=1.0,
        )
        if status is not None:
            kept.answered(number, status)

    return post


def make_sent(state: str = State.SUCCEEDED) -> Attempt:
    make_reserved(make_member(), state=state)
    Attempt.objects.update(request_body={"size": 1})
    return Attempt.objects.select_related("generation").get()


def said(folder: Path) -> str:
    return " ".join(books._posted_once(folder))


def test_what_came_once_is_as_it_must_be_also_after_too_many_requests_and_without_an_answer(
    db, post, tmp_path
):
    attempt = make_sent()
    for _ in range(3):
        post(attempt, status=429)
    post(attempt, status=None)

    assert said(tmp_path) == ""


@pytest.mark.parametrize("status", [None, 201, 500, 503, 400])
def test_what_came_twice_under_one_key_is_seen_whatever_the_first_was_answered(
    db, post, tmp_path, status
):
    attempt = make_sent()
    post(attempt, status=status)
    post(attempt)

    assert "was posted 2 times" in said(tmp_path)


def test_one_body_under_a_key_of_its_own_is_seen(db, post, tmp_path):
    attempt = make_sent()
    post(attempt)
    post(attempt, key="another")

    assert "another, which is no attempt's" in said(tmp_path) and "one body came 2 times" in said(
        tmp_path
    )


@pytest.mark.parametrize("state", [State.CANCELED, State.QUEUED])
def test_what_came_of_a_take_that_was_never_sent_is_seen(db, post, tmp_path, state):
    post(make_sent(state))

    assert f"is {state} here as if it had never been sent" in said(tmp_path)


def test_every_seventh_wish_meets_a_fault_each_provider_each_fault_and_people_do_all_that_they_can():
    wanted = wishes(150, seed=1)
    faulty = [wish for wish in wanted if wish.fault]

    assert {(wish.provider, wish.fault) for wish in faulty} >= {
        (provider, fault)
        for provider in ("luma-agents", "gmi-cloud", "scenario")
        for fault in FAULTS
    }
    assert {wish.mood for wish in faulty} == set(Mood) and any(wish.takes > 1 for wish in faulty)
    assert all(wish.fault for wish in wanted[3::7]) and wanted[-1].fault == "hang"
    assert {wish.fault for wish in wishes(11, seed=6)} == {
        "",
        "accept_then_reset",
        "hang",
    }  # the short form
