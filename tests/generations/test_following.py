"""Many at once: what is written together, what happens when one of them cannot be, and the pace of
polls.
"""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.checks import books
from editorapp.generations.engine import claims, poll, poll_schedule, post_outcomes, submit
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import CallResult, Dispatcher, Poll
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.models import (
    Attempt,
    Generation,
    InvalidTransition,
    Overtaken,
    Transition,
    move,
    prepared,
)
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import Access, Job, JobState, Throttled
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_generation, make_member, make_reserved
from tests.generations.drive import ask, run

NOW = timezone.now()


def make_running(count: int, *, ago: float = 30.0) -> list[Attempt]:
    member = make_member()
    made = [
        make_reserved(member, state=State.RUNNING, parent=None).attempts.get() for _ in range(count)
    ]
    for attempt in made:
        attempt.provider_job_id, attempt.submitted_at = (
            f"job-{attempt.pk}",
            NOW - timedelta(seconds=ago),
        )
        attempt.next_action_at = NOW
        attempt.save()
    return made


def looks(most: int = 100) -> list[claims.DuePoll]:
    return claims.claim_polls([default_account("luma-agents").pk], most=most, due_by=NOW, skip=())


def answered(
    look: claims.DuePoll, *, job: Job | None = None, error: Exception | None = None
) -> CallResult:
    return CallResult(Poll(look, Access(look.account_id, "luma-agents", "", "")), job, error)


def done(look: claims.DuePoll) -> CallResult:
    return answered(look, job=Job(look.provider_job_id, JobState.DONE, chain_id=f"chain-{look.pk}"))


def write(answers: list[CallResult]) -> None:
    poll.write(answers, now=NOW)


@pytest.mark.django_db
def test_jobs_that_are_done_together_are_charged_each_for_itself():
    attempts = make_running(5)

    write([done(look) for look in looks()])

    for attempt in attempts:
        attempt.refresh_from_db()
        assert (attempt.state, attempt.poll_count, attempt.provider_done_at) == (
            State.FETCHING,
            1,
            NOW,
        )
        assert attempt.generation.chain_id == f"chain-{attempt.pk}"
        assert attempt.generation.state == State.FETCHING
        assert ledger.spent_usd(attempt.generation_id) == attempt.generation.cost_usd > 0
        assert ledger.held_usd(attempt.generation_id) == 0
    assert books.differences() == []


@pytest.mark.django_db
def test_one_whose_books_are_closed_holds_up_none_that_are_done_with_it():
    bad, *good = make_running(4)
    ledger.release(bad.pk, now=NOW)

    write([done(look) for look in looks()])

    states = dict(Attempt.objects.values_list("pk", "state"))
    assert states == {bad.pk: State.RUNNING, **{attempt.pk: State.FETCHING for attempt in good}}
    assert all(ledger.held_usd(attempt.generation_id) == 0 for attempt in good)


@pytest.mark.django_db
def test_a_job_that_was_taken_over_while_it_was_polled_is_left_alone():
    taken, *others = make_running(3)
    answers = [done(look) for look in looks()]
    Attempt.objects.filter(pk=taken.pk).update(lease_token=uuid.uuid4())

    write(answers)

    taken.refresh_from_db()
    assert taken.state == State.RUNNING and ledger.spent_usd(taken.generation_id) == 0
    assert set(Attempt.objects.exclude(pk=taken.pk).values_list("state", flat=True)) == {
        State.FETCHING
    }
    assert len(others) == 2 and books.differences() == []


@pytest.mark.django_db
def test_a_result_fetched_anew_is_not_charged_again_beside_fresh_ones():
    again, fresh, other = make_running(3)
    write([done(look) for look in looks() if look.pk == again.pk])
    spent = ledger.spent_usd(again.generation_id)
    Attempt.objects.filter(pk=again.pk).update(state=State.RUNNING, next_action_at=NOW)
    Attempt.objects.exclude(pk=again.pk).update(next_action_at=NOW, lease_token=None)

    write([done(look) for look in looks()])

    assert ledger.spent_usd(again.generation_id) == spent
    assert set(Attempt.objects.values_list("state", flat=True)) == {State.FETCHING}
    assert ledger.spent_usd(fresh.generation_id) == ledger.spent_usd(other.generation_id) == spent
    assert books.differences() == []


@pytest.mark.django_db
def test_a_step_that_one_of_many_cannot_take_is_taken_by_none():
    attempts = make_running(3)
    Attempt.objects.filter(pk=attempts[1].pk).update(state=State.LOST)

    with pytest.raises(Overtaken):
        move(State.FETCHING, [Transition(one, {"progress": None}) for one in attempts], now=NOW)
    with pytest.raises(InvalidTransition):
        move(State.QUEUED, [Transition(one) for one in attempts], now=NOW)

    assert sorted(Attempt.objects.values_list("state", flat=True)) == [
        State.LOST,
        State.RUNNING,
        State.RUNNING,
    ]
    assert {one.state for one in attempts} == {State.RUNNING}  # nor do the objects say so
    assert Generation.objects.filter(state=State.FETCHING).count() == 0


@pytest.mark.django_db
def test_a_step_of_many_writes_what_a_step_of_one_writes():
    alone, together = make_running(2)
    changes = {
        "result_urls": [{"kind": "video", "url": "x"}],
        "recorded_at": NOW,
        "lease_token": uuid.uuid4(),
    }
    shown = {"chain_id": "chain", "warning": "odd"}

    alone.move(State.FETCHING, now=NOW, shown=shown, **changes)
    move(State.FETCHING, [Transition(together, changes, shown)], now=NOW)

    def kept(attempt: Attempt) -> dict:
        own = {
            "id",
            "generation_id",
            "provider_job_id",
            "idempotency_key",
            "turn",
            "created_at",
            "lineage",
            "form_token",
        }
        rows = (
            Attempt.objects.filter(pk=attempt.pk),
            Generation.objects.filter(pk=attempt.generation_id),
        )
        return {
            key: value for row in rows for key, value in row.values()[0].items() if key not in own
        }

    assert kept(alone) == kept(together)
    assert prepared.written(Attempt, "lease_token", None) is None


def test_a_prepared_body_that_no_row_can_hold_stops_no_other(quick, clock, monkeypatch):
    bad, good = ask(prompt="bad"), ask(prompt="good")
    encode = registry.get("luma-agents").encode

    def with_a_set(wanted, spec):
        return {"prompt": {1, 2}} if wanted.prompt == "bad" else encode(wanted, spec)

    monkeypatch.setattr(registry.get("luma-agents"), "encode", with_a_set)
    run(clock)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.state, bad.failure_code, good.state) == (
        State.FAILED,
        "not_prepared",
        State.SUCCEEDED,
    )
    assert ledger.held_usd(bad.pk) == 0 and quick.submits_received == 1


@pytest.mark.django_db
def test_a_provider_that_asks_for_a_pause_is_asked_about_nothing_until_then():
    make_running(3)
    other = make_generation(
        make_member(),
        state=State.RUNNING,
        provider="scenario",
        account=default_account("scenario"),
        parent=None,
    )
    Attempt.objects.filter(generation=other).update(next_action_at=NOW)
    (asked,) = looks(most=1)

    write([answered(asked, error=Throttled("Too many requests.", retry_after_seconds=40))])

    ours = Attempt.objects.filter(account=default_account("luma-agents")).values_list(
        "next_action_at", flat=True
    )
    assert min(ours) >= NOW + timedelta(seconds=40)
    assert Attempt.objects.get(generation=other).next_action_at == NOW  # another provider's
    assert set(Attempt.objects.values_list("state", flat=True)) == {State.RUNNING}


def make_burst(count: int) -> None:
    """Let so many jobs be due at once."""
    template = make_running(1)[0]
    Attempt.objects.bulk_create(
        Attempt(
            generation_id=template.generation_id,
            number=number + 2,
            account=default_account("luma-agents"),
            state=State.RUNNING,
            provider_job_id=f"burst-{number}",
            created_at=NOW,
            submitted_at=NOW,
            next_action_at=NOW,
            person_id=template.person_id,
            turn=number + 1,
        )
        for number in range(count - 1)
    )


@pytest.fixture
def dispatcher():
    made = Dispatcher(registry.get("luma-agents"))
    yield made
    made.close()


@pytest.mark.django_db
def test_a_burst_is_spread_over_the_shortest_interval(dispatcher):
    make_burst(400)
    polls = poll.Polls(dispatcher, Accounts("luma-agents"), turn=timedelta(seconds=0.4))

    polls.ask_due(NOW)

    turns = 2.0 / 0.4  # in the shortest interval
    assert 400 / turns <= dispatcher.polling <= 2 * 400 / turns


@pytest.mark.django_db
def test_no_more_is_claimed_than_a_provider_has_shown_that_it_answers(dispatcher):
    make_burst(3000)
    polls = poll.Polls(dispatcher, Accounts("luma-agents"), turn=timedelta(seconds=0.4))

    for _ in range(3):
        polls.ask_due(NOW)
    asked_in_vain = dispatcher.polling
    queued = [dispatcher._polls.get_nowait() for _ in range(asked_in_vain)]
    polls.forget([CallResult(call, None, Throttled("Wait.")) for call in queued])
    polls.ask_due(NOW)

    assert asked_in_vain == poll.AT_FIRST  # it has answered nothing yet
    assert dispatcher.polling - asked_in_vain == poll.TURNS_AHEAD * poll.AT_FIRST  # and now it has
    assert polls.is_more_due


def test_the_pace_lets_no_job_wait_longer_than_the_shortest_interval():
    for running in (1, 40, 500, 2000):
        a_turn = poll_schedule.polls_in_a_turn(running, turn_seconds=0.4)
        assert a_turn * (poll_schedule.SHORTEST / 0.4) >= running
    assert poll_schedule.polls_in_a_turn(2000, turn_seconds=0.4) < 2000  # nor all at once


def test_first_looks_are_spread():
    found = {poll_schedule.spread(10.0) for _ in range(50)}

    assert 9.0 <= min(found) < max(found) <= 11.0 and len(found) > 10


@pytest.mark.django_db
def test_a_claim_takes_no_more_than_it_may_and_nothing_twice():
    make_running(6)

    first, second, third = looks(most=4), looks(most=4), looks(most=4)

    assert (len(first), len(second), third) == (4, 2, [])
    assert not {look.pk for look in first} & {look.pk for look in second}
    assert {look.submitted_at for look in first} == {NOW - timedelta(seconds=30)}
    assert claims.claim_polls([], most=4, due_by=NOW, skip=()) == []


@pytest.mark.django_db
def test_ids_that_came_together_are_all_kept_even_where_one_is_taken_already():
    member = make_member()
    attempts = [
        make_reserved(member, state=State.SUBMITTING, parent=None).attempts.get() for _ in range(3)
    ]
    post_outcomes.accepted([Accepted(attempts[0], Job("job-1", JobState.QUEUED), 5)], now=NOW)
    carrier = Dispatcher(registry.get("luma-agents"))
    posts = submit.Posts(carrier, Accounts("luma-agents"), lambda: NOW)
    sent = [
        submit.Post(attempt, Access(1, "luma-agents", "", ""), {}, "/generations")
        for attempt in attempts[1:]
    ]
    jobs = [Job("job-1", JobState.QUEUED), Job("job-2", JobState.QUEUED)]

    try:
        posts.write(
            [CallResult(one, job, None) for one, job in zip(sent, jobs, strict=True)],
            now=NOW,
        )
    finally:
        carrier.close()

    kept = dict(Attempt.objects.values_list("pk", "state"))
    assert kept == {
        attempts[0].pk: State.RUNNING,
        attempts[1].pk: State.UNKNOWN,
        attempts[2].pk: State.RUNNING,
    }
    assert Attempt.objects.get(pk=attempts[2].pk).provider_job_id == "job-2"
    assert ProviderAccount.objects.filter(provider="luma-agents").exists()
