"""What a provider answers that nobody can use, what it asks for with a refusal, and states that
stand in no table.

Each ends in a state, with its money accounted for and a sentence, within a bounded number of
answers.
"""

import json
import logging
import uuid
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.core import retry
from editorapp.costs import ledger
from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.checks import books, overdue
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.engine import claims, submit, transfer
from editorapp.generations.engine import poll as polling
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import CallResult, Dispatcher, Poll, Post
from editorapp.generations.files import ingest, staging
from editorapp.generations.files.download import CutOff, LinkExpired
from editorapp.generations.models import Attempt, Generation, Pause, Search
from editorapp.generations.queue import position, slots
from editorapp.generations.reconcile import search, settle
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import (
    Access,
    BadCredentials,
    Failure,
    Job,
    JobState,
    NotFound,
    OutcomeUnknown,
    Output,
    ProviderError,
    Quote,
    Rejected,
    Throttled,
    Unavailable,
    Unreadable,
)
from editorapp.providers.http import error_mapping
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from tests.factories import default_account, make_generation, make_member, make_reserved
from tests.providers.talk import answering
from tests.providers.talk import run as run_call

NOW = timezone.now()
ESTIMATE = Decimal("1.08")
pytestmark = pytest.mark.django_db


def make_running(count: int = 1, *, slug: str = "luma-agents", ago: float = 60.0) -> list[Attempt]:
    member, account = make_member(), default_account(slug)
    made = []
    for _ in range(count):
        attempt = make_reserved(
            member, state=State.RUNNING, parent=None, account=account, provider=slug
        ).attempts.get()
        attempt.provider_job_id, attempt.submitted_at = (
            f"job-{attempt.pk}",
            NOW - timedelta(seconds=ago),
        )
        attempt.next_action_at = NOW
        attempt.save()
        made.append(attempt)
    return made


def make_submitting() -> Attempt:
    attempt = make_reserved(make_member(), state=State.SUBMITTING, parent=None).attempts.get()
    attempt.lease_token, attempt.submit_started_at = uuid.uuid4(), NOW
    attempt.save()
    return attempt


def poll(result: Job | ProviderError, *, at: datetime = NOW, only: Attempt | None = None) -> None:
    """Let every job that is due be asked for, and answered with the same thing."""
    accounts = list(ProviderAccount.objects.values_list("pk", flat=True))
    Attempt.objects.filter(state=State.RUNNING).exclude(next_action_at=None).update(
        next_action_at=at
    )
    looks = claims.claim_polls(accounts, most=100, due_by=at, skip=())
    said = [
        CallResult(
            Poll(look, Access(look.account_id, "luma-agents", "", "")),
            result if isinstance(result, Job) else None,
            None if isinstance(result, Job) else result,
        )
        for look in looks
        if only is None or look.pk == only.pk
    ]
    polling.write(said, now=at)


def posted(attempt: Attempt, result: Job | ProviderError, *, at: datetime = NOW) -> None:
    """Let the paid post of an attempt be answered with this."""
    carrier = Dispatcher(registry.get("luma-agents"))
    try:
        posts = submit.Posts(carrier, Accounts("luma-agents"), lambda: at)
        post = Post(attempt, Access(attempt.account_id, "luma-agents", "", ""), {}, "/generations")
        is_job = isinstance(result, Job)
        answer = CallResult(post, result if is_job else None, None if is_job else result)  # type: ignore[arg-type]
        posts.write([answer], now=at)
    finally:
        carrier.close()


def refusal(status: int, wait: str = "120", *, is_paid: bool = False) -> ProviderError:
    """Return what an answer of this status and Retry-After is read as."""
    with pytest.raises(ProviderError) as raised:
        response = httpx.Response(status, json={"detail": "Busy"}, headers={"Retry-After": wait})
        error_mapping.raise_for(response, name="Luma Agents", secret="", is_paid=is_paid)
    return raised.value


def take_of(attempt: Attempt) -> Generation:
    attempt.refresh_from_db()
    return Generation.objects.get(pk=attempt.generation_id)


def assert_held(take: Generation) -> None:
    assert ledger.held_usd(take.pk) == ESTIMATE and ledger.spent_usd(take.pk) == 0
    assert books.differences() == []


# Retry-After: on every refusal, of paid and of free calls.

EVERY_REFUSAL = (400, 401, 402, 403, 404, 408, 413, 422, 425, 429, 500, 502, 503, 504)


@pytest.mark.parametrize("status", EVERY_REFUSAL)
def test_a_poll_that_is_refused_with_a_pause_is_not_asked_again_before(status):
    (attempt,) = make_running()

    poll(refusal(status))

    attempt.refresh_from_db()
    assert attempt.state == State.RUNNING and attempt.next_action_at >= NOW + timedelta(seconds=120)


@pytest.mark.parametrize(
    ("status", "is_all"), [(503, True), (429, True), (500, True), (403, True), (404, False)]
)
def test_the_whole_account_is_asked_about_nothing_until_then_unless_it_is_about_that_job(
    status, is_all
):
    asked, other = make_running(2)

    poll(refusal(status), only=asked)

    other.refresh_from_db()
    assert (other.next_action_at >= NOW + timedelta(seconds=119)) == is_all


@pytest.mark.parametrize(
    ("status", "state"),
    [
        (503, State.UNKNOWN),
        (500, State.UNKNOWN),
        (502, State.UNKNOWN),
        (504, State.UNKNOWN),
        (409, State.UNKNOWN),
        (403, State.FAILED),
        (400, State.FAILED),
        (402, State.FAILED),
        (429, State.QUEUED),
    ],
)
def test_a_paid_call_keeps_its_meaning_and_the_account_rests_as_told(status, state):
    attempt = make_submitting()

    posted(attempt, refusal(status, is_paid=True))

    take = take_of(attempt)
    assert (take.state, attempt.state) == (state, state)
    assert Pause.objects.get().until == NOW + timedelta(seconds=120)
    assert slots.free_slots(attempt.account, now=NOW + timedelta(seconds=119)) == 0
    assert slots.free_slots(attempt.account, now=NOW + timedelta(seconds=121)) > 0
    assert ledger.held_usd(take.pk) == (Decimal(0) if state == State.FAILED else ESTIMATE)


def test_a_paid_call_that_is_refused_without_a_pause_pauses_nothing():
    posted(make_submitting(), OutcomeUnknown("It had a problem.", code="503"))

    assert not Pause.objects.exists()


def test_an_upload_that_is_refused_with_a_pause_waits_for_it(monkeypatch):
    attempt = make_reserved(make_member(), state=State.STAGING).attempts.get()

    async def refused(asset, account):
        raise Unavailable("The storage is busy.", code="503", retry_after_seconds=120)

    monkeypatch.setattr(staging, "stage", refused)
    began = timezone.now()
    transfer.transfer(0, seconds=0.2)

    attempt.refresh_from_db()
    assert attempt.state == State.STAGING and attempt.next_action_at >= began + timedelta(
        seconds=119
    )


@pytest.mark.parametrize(
    "error", [CutOff("Busy.", retry_after_seconds=120), LinkExpired("No.", retry_after_seconds=120)]
)
def test_a_link_that_is_refused_with_a_pause_waits_for_it(monkeypatch, error):
    attempt = make_reserved(make_member(), state=State.FETCHING).attempts.get()

    def refuse(*_args):
        raise error

    monkeypatch.setattr(ingest, "_take_all", refuse)
    ingest.fetch(attempt, Carrier(lambda work: 0, lambda: NOW))

    attempt.refresh_from_db()
    assert attempt.next_action_at >= NOW + timedelta(seconds=120)


def test_a_price_that_is_refused_for_longer_than_a_task_waits_says_so(told):
    told.says[:] = [
        Unavailable("Told has a problem.", retry_after_seconds=300),
        Quote(ESTIMATE, ESTIMATE, "x"),
    ]
    member, account = make_member(), default_account("told")
    wanted = make_generation(member, parent=None).wanted

    quotes.fetch(quotes.ask(Draft(wanted, account), member=member).pk)

    row = PriceQuote.objects.get()
    assert row.state == "failed" and "left alone for 300 s" in row.note
    assert len(told.says) == 1  # it was not asked again at once
    told.says.clear()


def test_a_list_that_is_refused_with_a_pause_is_not_read_again_before(monkeypatch):
    account = default_account("scenario")
    take = make_reserved(
        make_member(), state=State.UNKNOWN, account=account, provider="scenario", parent=None
    )
    Attempt.objects.update(submit_started_at=NOW - timedelta(hours=3), request_body={"prompt": "x"})

    def refuse(*_args, **_options):
        raise Unavailable("Scenario has a problem.", code="503", retry_after_seconds=600)

    monkeypatch.setattr(search.matching, "read", refuse)
    monkeypatch.setattr(search, "pause", lambda row, now: timedelta(seconds=1))
    for _ in range(2):  # to see that it is unknown, and to look
        search.search("scenario", clock=lambda: NOW)

    row = Search.objects.get()
    assert row.attempt.generation_id == take.pk and row.at == NOW + timedelta(seconds=600)


# Prices beyond all sense.


def done(**said: Any) -> Job:
    outputs = (Output("video", "https://results.example.org/a.mp4"),)
    return Job("job", JobState.DONE, chain_id="chain", outputs=outputs, **said)


ODD_PRICES = ["1e13", "1e400", "NaN", "sNaN", "Infinity", "-Infinity", "-1", "9223372036855"]


@pytest.mark.parametrize("together", [False, True], ids=["alone", "together"])
@pytest.mark.parametrize("price", ODD_PRICES)
def test_a_price_that_makes_no_sense_finishes_the_take_at_its_estimate_and_a_person_sees_it(
    price, together
):
    attempts = make_running(2 if together else 1)

    poll(done(cost_usd=Decimal(price)))

    for attempt in attempts:
        take = take_of(attempt)
        assert (take.state, take.cost_usd, take.cost_is_estimated) == (
            State.FETCHING,
            ESTIMATE,
            True,
        )
        assert f"a price that makes no sense (${Decimal(price)})" in take.warning
        assert ledger.held_usd(take.pk) == 0 and ledger.spent_usd(take.pk) == ESTIMATE
        alert = Alert.objects.get(subject=f"generation:{take.pk}")
        assert (alert.kind, alert.path) == (
            "price",
            f"/takes/{take.pk}",
        ) and "makes no sense" in alert.message
    assert "makes no sense" in Entry.objects.filter(kind="charge").first().note
    assert books.differences() == []


@pytest.mark.parametrize("cost", [1e13, "free", {"usd": 1}, [1], True, -5])
def test_a_price_of_any_type_comes_through_from_the_answer_to_the_take(cost):
    (attempt,) = make_running(slug="scenario")
    job = {
        "jobId": "job-1",
        "status": "success",
        "metadata": {"assetIds": ["a"]},
        "billing": {"cuCost": cost},
    }
    asset = {
        "asset": {"id": "a", "status": "success", "kind": "video", "url": "https://x.example/a.mp4"}
    }
    access = Access(
        1, "scenario", "https://x.example/v1", "key:secret", unit_price_usd=Decimal("0.01")
    )
    session, _seen = answering(
        httpx.Response(200, json={"job": job}), httpx.Response(200, json=asset), to=access
    )

    poll(run_call(registry.get("scenario").poll("job-1", session=session)))

    take = take_of(attempt)
    assert take.state == State.FETCHING and take.cost_usd == ESTIMATE and take.cost_is_estimated
    assert f"{str(cost)[:40]} CU" in take.warning and Alert.objects.get().kind == "price"


def test_an_odd_price_of_a_charged_failure_is_counted_as_the_estimate_and_told():
    (attempt,) = make_running()
    failure = Failure("broken", "It broke.", can_retry=True, is_charged=True)

    poll(Job("job", JobState.FAILED, failure=failure, cost_usd=Decimal("1e13")))

    take = take_of(attempt)
    assert (take.state, take.cost_usd) == (
        State.FAILED,
        ESTIMATE,
    ) and "makes no sense" in take.warning
    assert Alert.objects.get().kind == "price" and books.differences() == []


def test_the_alert_of_an_odd_price_is_closed_by_who_sets_what_it_cost():
    (attempt,) = make_running()
    poll(done(cost_usd=Decimal("1e13")))
    attempt.refresh_from_db()
    attempt.move(State.SUCCEEDED, now=NOW)
    admin = make_member(role=Role.ADMIN, team=take_of(attempt).team)

    settle.correct_cost(
        take_of(attempt), Decimal("0.54"), member=admin, now=NOW, note="Their console"
    )

    assert Alert.objects.get().closed_at is not None
    assert ledger.spent_usd(attempt.generation_id) == Decimal("0.54")


@pytest.mark.parametrize(
    ("low", "high"), [("NaN", "1"), ("1", "1e13"), ("-1", "1"), ("1", "Infinity"), ("2", "1")]
)
def test_a_quote_that_makes_no_sense_is_no_price(told, low, high):
    told.says[:] = [Quote(Decimal(low), Decimal(high), "x")]
    member, account = make_member(), default_account("told")

    quotes.fetch(
        quotes.ask(Draft(make_generation(member, parent=None).wanted, account), member=member).pk
    )

    row = PriceQuote.objects.get()
    assert (row.state, row.note, row.low_usd) == (
        "failed",
        "The price that it named makes no sense.",
        None,
    )


# Answers that cannot be read or kept.


def ask_on(result: Job | ProviderError, *, minutes: int, step: int = 1) -> int:
    """Ask each minute for so long; return how often until it was over."""
    for count in range(0, minutes, step):
        poll(result, at=NOW + timedelta(minutes=count))
        if not Attempt.objects.filter(state=State.RUNNING).exists():
            return count // step + 1
    return -1


def test_what_cannot_be_read_is_asked_again_and_then_a_persons_with_what_came():
    (attempt,) = make_running()
    senseless = Unreadable(
        "Luma Agents gave an answer that cannot be read.", code="unreadable", came="<h1>Hello</h1>"
    )

    tries = ask_on(senseless, minutes=60)

    take = take_of(attempt)
    assert take.state == State.LOST and retry.policy("poll.unreadable").tries <= tries <= 20
    assert attempt.next_action_at is None and attempt.odd_answer == "<h1>Hello</h1>"
    assert (
        "cannot be read" in take.failure_message and "Its price stays held" in take.failure_message
    )
    assert_held(take)
    overdue.look(NOW)
    alert = Alert.objects.get()
    assert (
        alert.kind == "lost"
        and "cannot be read" in alert.message
        and "does not know" not in alert.message
    )


def test_a_few_odd_answers_in_between_give_nothing_up():
    (attempt,) = make_running()
    for minute in range(40):
        odd = Unreadable("No.", code="unreadable")
        poll(
            Job("job", JobState.RUNNING) if minute % 6 == 5 else odd,
            at=NOW + timedelta(minutes=minute),
        )

    assert take_of(attempt).state == State.RUNNING
    assert attempt.odd_count <= retry.policy("poll.unreadable").tries


def test_silence_and_errors_of_the_provider_give_nothing_up_however_long():
    (attempt,) = make_running()

    assert ask_on(Unavailable("It has a problem.", code="503"), minutes=600, step=10) == -1
    assert take_of(attempt).state == State.RUNNING and attempt.odd_count == 0


HALF = "half a clip \ud83d"
POISONED = {
    "a surrogate": Job(
        "job", JobState.FAILED, failure=Failure("x", HALF, can_retry=True, is_charged=False)
    ),
    "an endless id": Job("job", JobState.DONE, chain_id="c\ud83d" * 500),
    "a link": Job(
        "job",
        JobState.DONE,
        outputs=(Output("video\ud800", "https://x.example/\ud800"),),
        chain_id="\ud800",
    ),
}
if connection.vendor == "postgresql":
    nul = Failure("x\0", "zero \0", can_retry=True, is_charged=False)
    POISONED["a NUL"] = Job("job", JobState.FAILED, failure=nul)


@pytest.mark.parametrize("job", POISONED.values(), ids=POISONED)
def test_what_cannot_be_written_is_asked_again_and_then_a_persons_with_what_came(job, caplog):
    """Whatever an adapter lets through: the net below the cleaning."""
    attempt, good = make_running(2)
    fine = Job("job", JobState.RUNNING)

    for minute in range(20):
        at = NOW + timedelta(minutes=minute)
        poll(job, at=at, only=attempt)
        poll(fine, at=at, only=good)
        if take_of(attempt).state != State.RUNNING:
            break

    take = take_of(attempt)
    assert take.state == State.LOST and minute < 10
    assert "cannot be written down" in take.failure_message and "Job(id='job'" in attempt.odd_answer
    assert_held(take)
    assert take_of(good).state == State.RUNNING and good.odd_count == 0


@pytest.mark.parametrize("job_id", ["job \ud83d", "x" * 5000 + "\ud83d"])
def test_a_paid_answer_that_cannot_be_written_is_unknown_at_once_with_what_came(job_id):
    attempt = make_submitting()

    posted(attempt, Job(job_id, JobState.QUEUED))

    take = take_of(attempt)
    assert take.state == State.UNKNOWN and take.failure_code == "not_written"
    assert (
        "could not be written down" in take.failure_message
        and "It names the job" in take.failure_message
    )
    assert "Job(id=" in attempt.odd_answer and len(attempt.odd_answer) <= 2000
    assert_held(take)


def test_what_came_with_a_paid_answer_that_makes_no_sense_is_kept_and_shown(client):
    attempt = make_submitting()

    posted(
        attempt,
        OutcomeUnknown(
            "Luma Agents accepted the request, but gave no id.", code="no_id", came='{"id": 7}'
        ),
    )

    take = take_of(attempt)
    assert (take.state, attempt.odd_answer) == (State.UNKNOWN, '{"id": 7}')
    client.force_login(take.created_by)
    assert "{&quot;id&quot;: 7}" in client.get(f"/takes/{take.pk}").content.decode()


HOSTILE = [
    {"state": "failed", "failure_code": "x\ud83d\0", "failure_reason": "cut off here \ud83d"},
    {"state": "failed", "failure_code": {"a": 1}, "failure_reason": ["\0"]},
    {"state": "completed", "output": 7},
    {"state": "completed", "output": [{"type": "video", "url": "https://x.example/\0a"}], "id": 9},
    {"state": {"a": "\0"}, "output": "none"},
]


@pytest.mark.parametrize("answer", HOSTILE, ids=range(len(HOSTILE)))
def test_every_text_of_an_answer_can_be_written_on_either_database(answer):
    (attempt,) = make_running()
    session, _seen = answering(httpx.Response(200, content=json.dumps(answer)))

    poll(run_call(registry.get("luma-agents").poll("job-1", session=session)))

    take = take_of(attempt)
    assert attempt.odd_count == 0
    assert take.state == {"failed": State.FAILED, "completed": State.FETCHING}.get(
        str(answer["state"]), State.RUNNING
    )


def test_an_adapter_that_stumbles_over_an_answer_is_no_outage_and_no_end():
    (attempt,) = make_running()
    adapter = type("Stumbling", (), {"SPEC": registry.get("luma-agents").SPEC})

    async def stumble(job_id, *, session):
        raise RecursionError("deep \ud83d")

    adapter.poll = staticmethod(stumble)
    carrier = Dispatcher(adapter)  # type: ignore[arg-type]
    look = claims.claim_polls([attempt.account_id], most=1, due_by=NOW, skip=())[0]
    try:
        carrier.send(Poll(look, Access(1, "luma-agents", "http://127.0.0.1:9/v1", "luma-api-x")))
        (answer,) = carrier.gather(2)
    finally:
        carrier.close()

    assert isinstance(answer.error, Unreadable) and answer.error.message.encode()


# States that stand in no table.


def unknown(word: str = "paused-by-moderator") -> Job:
    return Job("job", JobState.RUNNING, unknown_state=word)


def test_an_unknown_state_is_logged_once_and_after_a_while_shown(caplog, client):
    (attempt,) = make_running()
    caplog.set_level(logging.WARNING)

    for minute in range(8):
        poll(unknown(), at=NOW + timedelta(minutes=minute))
        overdue.look(NOW + timedelta(minutes=minute))
        if minute == 2:
            assert not Alert.objects.exists() and take_of(attempt).failure_message == ""

    assert caplog.text.count("an unknown state: paused-by-moderator") == 1
    take = take_of(attempt)
    says = "Luma Agents says 'paused-by-moderator', a state that Rushes does not know."
    assert take.state == State.RUNNING and take.is_in_unknown_state and says in take.failure_message
    assert attempt.next_action_at is not None and attempt.last_error == says
    alert = Alert.objects.get()
    assert alert.kind == "overdue" and says in alert.message
    assert_held(take)
    client.force_login(take.created_by)
    assert "paused-by-moderator" in client.get(f"/takes/{take.pk}").content.decode()
    assert "Unknown state" in client.get("/queue/").content.decode()


def test_what_is_late_and_in_an_unknown_state_is_shown_as_the_latter():
    """Whichever came first: one look may find both, after a machine has slept."""
    (attempt,) = make_running()
    poll(unknown(), at=NOW)

    overdue.look(NOW + timedelta(hours=5))

    assert "paused-by-moderator" in take_of(attempt).failure_message


def test_a_state_that_is_known_again_takes_the_flag_away():
    (attempt,) = make_running()
    for minute in (0, 6):
        poll(unknown(), at=NOW + timedelta(minutes=minute))
    overdue.look(NOW + timedelta(minutes=6))
    assert take_of(attempt).is_in_unknown_state and slots.taking_slots().count() == 0

    poll(Job("job", JobState.RUNNING), at=NOW + timedelta(minutes=7))
    overdue.look(NOW + timedelta(minutes=7))

    take = take_of(attempt)
    assert (take.failure_code, take.failure_message, attempt.flagged_at) == ("", "", None)
    assert Alert.objects.get().closed_at is not None and slots.taking_slots().count() == 1


def test_a_long_unknown_state_is_not_taken_for_odd_answers_in_a_row():
    (attempt,) = make_running()
    for minute in range(30):
        poll(unknown(), at=NOW + timedelta(minutes=minute))

    poll(Unreadable("No.", code="unreadable"), at=NOW + timedelta(minutes=31))

    assert take_of(attempt).state == State.RUNNING and attempt.odd_count == 1


# Slots.


def test_what_never_ends_keeps_nothing_good_waiting():
    """Ten that never ended kept nineteen good ones queued."""
    stuck = make_running(10)
    account = stuck[0].account
    ProviderAccount.objects.filter(pk=account.pk).update(max_concurrent=10)
    account.refresh_from_db()
    assert slots.free_slots(account, now=NOW) == 0

    for minute in (0, 6):
        poll(unknown(), at=NOW + timedelta(minutes=minute))
    overdue.look(NOW + timedelta(minutes=6))

    at = NOW + timedelta(minutes=6)
    assert slots.free_slots(account, now=at) == 10
    stands = position.of_account(account, now=at)
    assert (stands.in_flight, stands.why, stands.is_full) == (0, "", False)


@pytest.mark.parametrize(
    "changes", [{"flagged_at": NOW}, {"provider_done_at": NOW}], ids=["overdue", "done"]
)
def test_what_is_overdue_or_done_at_the_provider_takes_no_slot_anywhere(changes):
    over, under_way = make_running(2)
    Attempt.objects.filter(pk=over.pk).update(**changes)
    account = over.account

    assert list(slots.taking_slots()) == [under_way]
    assert position.of_account(account, now=NOW).in_flight == 1
    assert slots.free_slots(account, now=NOW) == account.max_concurrent - 1


@pytest.mark.skipif(
    connection.vendor != "sqlite", reason="PostgreSQL plans by what the tables hold"
)
def test_the_slots_are_counted_in_the_index_of_what_is_due():
    """Not over all attempts that an account ever had."""
    with CaptureQueriesContext(connection) as asked:
        slots.taking_slots().filter(account_id=1).count()
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {asked[0]['sql']}")
        assert "COVERING INDEX attempt_due" in str(cursor.fetchall())


# Other errors keep their meaning.


@pytest.mark.parametrize(
    "error", [NotFound("No."), BadCredentials("No."), Rejected("No."), Throttled("Wait.")]
)
def test_a_refused_poll_is_no_odd_answer(error):
    (attempt,) = make_running()

    poll(error)

    assert take_of(attempt).state == State.RUNNING and attempt.odd_count == 0
