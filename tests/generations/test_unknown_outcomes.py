"""In doubt a paid call may have arrived, a job may still come, and what was charged stays charged:
money stays held.
"""

import uuid
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone

from editorapp.core import retry
from editorapp.costs import ledger
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import dispatcher, poll_outcomes
from editorapp.generations.engine import submit as posting
from editorapp.generations.engine.dispatcher import CallResult, Dispatcher, Post
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.reconcile import settle
from editorapp.generations.states import State
from editorapp.providers.contract import (
    Access,
    Failure,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    ProviderError,
)
from tests.factories import make_member, make_reserved

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MINUTE = timedelta(minutes=1)


def make_attempt(state: str) -> Attempt:
    make_reserved(make_member(), state=state)
    Attempt.objects.update(
        lease_token=uuid.uuid4(),
        submitted_at=NOW,
        submit_started_at=NOW,
        provider_job_id="job_1",
        request_body={},
    )
    return again()


def again() -> Attempt:
    """Read the attempt as the next claim of it would."""
    return Attempt.objects.select_related("generation", "account").get()


def money() -> tuple[Any, Any]:
    generation = Generation.objects.get()
    assert differences() == []
    return ledger.held_usd(generation.pk), ledger.spent_usd(generation.pk)


def carried(submit: Any) -> CallResult:
    """Carry one paid call to a provider whose module does this."""
    attempt = SimpleNamespace(pk=7, idempotency_key=uuid.uuid4())
    post = Post(attempt, Access(1, "luma-agents", "http://127.0.0.1:9", "key"), {}, "/x")  # type: ignore[arg-type]
    carrier = Dispatcher(SimpleNamespace(submit=submit))  # type: ignore[arg-type]
    try:
        return carrier._loop.run_until_complete(carrier._result(post))
    finally:
        carrier.close()


def test_a_module_that_stumbles_over_the_answer_of_a_paid_call_does_not_say_that_it_never_arrived() -> (
    None
):
    async def stumbles(*args: Any, **more: Any) -> Job:
        raise KeyError("id")

    answer = carried(stumbles)

    assert type(answer.error) is OutcomeUnknown and "KeyError" in answer.error.message


def test_a_paid_call_without_an_answer_in_all_its_time_does_not_say_that_it_never_arrived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dispatcher, "POST_SECONDS", 0.01)

    async def hangs(*args: Any, **more: Any) -> Job:
        await dispatcher.asyncio.sleep(60)
        raise AssertionError

    answer = carried(hangs)

    assert type(answer.error) is OutcomeUnknown and answer.error.message == "No answer in time."


@pytest.mark.parametrize(
    "error", [OutcomeUnknown("No word."), ProviderError("Of no kind.")], ids=["unknown", "odd"]
)
def test_whatever_is_no_plain_refusal_of_a_paid_call_leaves_it_unknown_with_its_money_held(
    error: ProviderError,
) -> None:
    attempt = make_attempt(State.SUBMITTING)
    post = Post(attempt, Access(attempt.account_id, "luma-agents", "", ""), {}, "/x")

    posting._write_refused([(attempt, CallResult(post, None, error))], now=NOW)

    assert (Generation.objects.get().state, again().next_action_at) == (State.UNKNOWN, None)
    assert money() == (Generation.objects.get().estimate_high_usd, 0)


def missing(at: Any) -> str:
    """Let a poll at an instant be answered that there is no such job; return the state after it."""
    poll_outcomes.missing(again(), NotFound("No such job."), now=at)
    return again().state


def test_a_job_that_is_not_found_for_a_moment_is_followed_on_for_a_quarter_of_an_hour() -> None:
    make_attempt(State.RUNNING)

    assert {missing(NOW + minute * MINUTE) for minute in (0, 1, 5, 14)} == {State.RUNNING}
    assert missing(NOW + 16 * MINUTE) == State.LOST
    assert money()[1] == 0 and money()[0] > 0


def test_a_job_that_was_seen_in_between_is_not_lost_because_it_was_not_found_before() -> None:
    make_attempt(State.RUNNING)
    missing(NOW)

    poll_outcomes.still_running([(again(), 0.5)], now=NOW + 10 * MINUTE)

    for number in range(retry.policy("poll.unknown_job").tries):
        assert missing(NOW + 20 * MINUTE + number * MINUTE / 6) == State.RUNNING


def test_a_job_that_fails_after_it_was_charged_stays_charged_and_gives_nothing_back() -> None:
    attempt = make_attempt(State.RUNNING)
    poll_outcomes.done([(attempt, Job("job_1", JobState.DONE, chain_id="c"))], now=NOW)
    charged = money()
    Attempt.objects.update(
        state=State.RUNNING
    )  # its link ran out, and the next poll asks for a fresh one
    why = Failure("generation_failed", "Gone.", can_retry=True, is_charged=False)

    poll_outcomes.failed(again(), Job("job_1", JobState.FAILED, failure=why), why, now=NOW)

    assert Generation.objects.get().state == State.FAILED
    assert money() == charged and charged[1] > 0


def test_what_the_provider_once_finished_is_not_settled_as_never_arrived() -> None:
    attempt = make_attempt(State.RUNNING)
    poll_outcomes.done([(attempt, Job("job_1", JobState.DONE, chain_id="c"))], now=NOW)
    Attempt.objects.update(state=State.RUNNING)
    poll_outcomes.lost(again(), "Gone.", now=NOW)
    generation, charged = Generation.objects.get(), money()

    with pytest.raises(settle.NothingToSettle):
        settle.never_arrived(
            generation, member=generation.team.members.get(), now=NOW, note="It is not in the list."
        )

    assert Generation.objects.get().state == State.LOST and money() == charged


def test_the_answer_of_a_job_that_is_done_charges_once_however_often_it_comes() -> None:
    attempt = make_attempt(State.RUNNING)
    poll_outcomes.done([(attempt, Job("job_1", JobState.DONE, chain_id="c"))], now=NOW)
    charged = money()
    Attempt.objects.update(state=State.RUNNING)

    poll_outcomes.done([(again(), Job("job_1", JobState.DONE, chain_id="c"))], now=NOW)

    assert again().state == State.FETCHING and money() == charged
