"""What an answer does to the money and to what is shown, where the provider says what it charges or
how far it is.
"""

import uuid
from decimal import Decimal

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import poll_outcomes, post_outcomes
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from editorapp.providers.contract import (
    BadCredentials,
    Failure,
    Job,
    JobState,
    OutOfFunds,
    Rejected,
)
from tests.factories import make_member, make_reserved

NOW = timezone.now()


@pytest.fixture
def running(db) -> Attempt:
    """An attempt that holds $1.08 and is under way."""
    make_reserved(make_member(), state=State.RUNNING)
    Attempt.objects.update(lease_token=uuid.uuid4(), submitted_at=NOW, provider_job_id="job_1")
    return Attempt.objects.get()


def lines() -> list[tuple[str, Decimal, bool]]:
    return list(Entry.objects.order_by("pk").values_list("kind", "amount_usd", "is_estimated"))[1:]


def shown() -> Generation:
    return Generation.objects.get()


def job(state=JobState.DONE, **said) -> Job:
    return Job("job_1", state, chain_id="asset_1", **said)


def failure(*, is_charged: bool | None, cost_usd: str | None = None) -> Job:
    why = Failure("generation_failed", "The model failed.", can_retry=True, is_charged=is_charged)
    return job(JobState.FAILED, failure=why, cost_usd=Decimal(cost_usd) if cost_usd else None)


def test_what_the_provider_reports_is_charged_and_is_no_estimate(running):
    poll_outcomes.done([(running, job(cost_usd=Decimal("1.08")))], now=NOW)

    assert lines() == [("charge", Decimal("1.08"), False)]
    assert (shown().cost_usd, shown().cost_is_estimated, shown().warning) == (
        Decimal("1.08"),
        False,
        "",
    )


def test_a_lower_price_gives_back_the_rest_and_is_told(running):
    poll_outcomes.done([(running, job(cost_usd=Decimal("0.42")))], now=NOW)

    assert lines() == [("charge", Decimal("0.42"), False), ("release", Decimal("0.66"), False)]
    assert shown().cost_usd == Decimal("0.42")
    assert shown().warning == "The provider charged $0.42; the quote was $1.08."
    assert differences() == []


def test_a_higher_price_than_was_held_becomes_an_adjustment_and_is_told(running):
    poll_outcomes.done([(running, job(cost_usd=Decimal("1.50")))], now=NOW)

    assert lines() == [("charge", Decimal("1.08"), False), ("adjust", Decimal("0.42"), False)]
    assert ledger.spent_usd(shown().pk) == shown().cost_usd == Decimal("1.50")
    assert ledger.held_usd(shown().pk) == 0
    assert shown().warning == "The provider charged $1.50; the quote was $1.08."
    assert differences() == []


def test_a_price_within_a_quoted_range_is_no_surprise(running):
    Generation.objects.update(estimate_low_usd=Decimal("0.90"))

    poll_outcomes.done([(running, job(cost_usd=Decimal("0.95")))], now=NOW)

    assert shown().warning == ""


@pytest.mark.parametrize("reported", ["NaN", "-1"])
def test_what_is_no_amount_is_as_good_as_unsaid(running, reported):
    poll_outcomes.done([(running, job(cost_usd=Decimal(reported)))], now=NOW)

    assert lines() == [("charge", Decimal("1.08"), True)]
    assert shown().cost_is_estimated


def test_a_reported_price_finer_than_a_millionth_is_rounded(running):
    poll_outcomes.done([(running, job(cost_usd=Decimal("1.0799999999")))], now=NOW)

    assert shown().cost_usd == Decimal("1.08")
    assert differences() == []


def test_a_failure_that_is_charged_costs_what_is_reported(running):
    answer = failure(is_charged=True, cost_usd="0.30")

    poll_outcomes.failed(running, answer, answer.failure, now=NOW)

    assert lines() == [("charge", Decimal("0.30"), False), ("release", Decimal("0.78"), False)]
    assert (shown().state, shown().cost_usd, shown().cost_is_estimated) == (
        State.FAILED,
        Decimal("0.30"),
        False,
    )
    assert "counted as spent" not in shown().failure_message
    assert differences() == []


def test_a_failure_that_is_charged_without_a_figure_costs_all_that_is_held(running):
    answer = failure(is_charged=True)

    poll_outcomes.failed(running, answer, answer.failure, now=NOW)

    assert lines() == [("charge", Decimal("1.08"), True)]
    assert shown().cost_is_estimated and "counted as spent" not in shown().failure_message


def test_a_failure_of_which_nothing_is_said_is_counted_as_spent_and_told_so(running):
    answer = failure(is_charged=None)

    poll_outcomes.failed(running, answer, answer.failure, now=NOW)

    assert lines() == [("charge", Decimal("1.08"), True)]
    assert "counted as spent" in shown().failure_message


def test_a_failure_that_is_refunded_costs_nothing_whatever_it_would_have_cost(running):
    answer = failure(is_charged=False, cost_usd="0.30")

    poll_outcomes.failed(running, answer, answer.failure, now=NOW)

    assert lines() == [("release", Decimal("1.08"), False)]
    assert shown().cost_usd is None


def test_another_try_begins_without_the_note_of_the_first_ones_price(running):
    answer = failure(is_charged=True, cost_usd="0.30")
    poll_outcomes.failed(running, answer, answer.failure, now=NOW)
    take = shown()
    assert "charged $0.30" in take.warning

    retry(take, member=take.team.members.get(), now=NOW)

    assert shown().warning == ""


@pytest.mark.parametrize(
    ("reported", "kept"), [(0.42, 0.42), (0.0, 0.0), (1.7, 1.0), (-3.0, 0.0), (None, None)]
)
def test_how_far_a_job_is_is_kept_with_its_poll(running, reported, kept):
    poll_outcomes.still_running([(running, reported)], now=NOW)

    running.refresh_from_db()
    assert running.progress == kept
    assert running.poll_count == 1


def test_a_job_that_is_done_is_no_longer_a_part_of_itself(running):
    poll_outcomes.still_running([(running, 0.9)], now=NOW)

    poll_outcomes.done([(running, job())], now=NOW)

    assert Attempt.objects.get().progress is None


def test_a_result_that_its_maker_names_by_no_id_has_none(running):
    poll_outcomes.done([(running, Job("job_1", JobState.DONE))], now=NOW)

    assert (
        shown().chain_id == ""
    )  # a job's id is not its result's: it is sent on as the stored file


@pytest.mark.parametrize(
    ("error", "again"),
    [(BadCredentials("No."), True), (OutOfFunds("No."), True), (Rejected("No."), False)],
)
def test_what_only_the_account_lacks_can_be_tried_again(running, error, again):
    Attempt.objects.update(state=State.SUBMITTING)
    attempt = Attempt.objects.get()

    post_outcomes.refused(attempt, error, now=NOW)

    assert (shown().state, shown().can_retry) == (State.FAILED, again)
    assert lines() == [("release", Decimal("1.08"), False)]
