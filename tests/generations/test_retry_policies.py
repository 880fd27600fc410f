"""Every repeated step ends: the whole table of retry policies, as arithmetic, and each row through
the code it is for.

Time is injected and jumps; nothing here waits.
"""

import ast
import re
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DataError
from django.test import TestCase
from django.utils import timezone

from editorapp.alerts import alerts, channels, delivery
from editorapp.alerts.models import Alert, AlertKind
from editorapp.core import retry
from editorapp.core.retry import POLICIES, Action
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.checks import alert_checks, books, overdue, unsendable
from editorapp.generations.coordination import wake
from editorapp.generations.engine import (
    account_snapshot,
    claims,
    poll_outcomes,
    poll_schedule,
    post_outcomes,
    recording,
    requeue,
    sweep,
    transfer,
)
from editorapp.generations.engine.dispatcher import CallResult, Poll
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.files import ingest, staging
from editorapp.generations.models import Attempt, Generation, Pause, Search
from editorapp.generations.queue import parking
from editorapp.generations.reconcile import matching, search, settle
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.retry import fetch_again
from editorapp.generations.request.retry import retry as try_again
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.inbox import mail, webhooks
from editorapp.inbox.models import Delivery, Notice, NoticeKind
from editorapp.inbox.notify import Event, notify
from editorapp.media import sandbox, source_copies
from editorapp.media import tasks as media_tasks
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers import capability_discovery, registry
from editorapp.providers.contract import (
    Job,
    JobState,
    Listing,
    NotFound,
    OutcomeUnknown,
    Output,
    ProviderError,
    Rejected,
    Throttled,
    Unavailable,
    Unreadable,
    UploadRefused,
)
from editorapp.providers.models import StagedFile
from tests.environment import ROOT
from tests.factories import default_account, make_asset, make_member, make_post, make_reserved
from tests.generations.drive import Clock
from tests.generations.retry_bounds import bound_seconds

LUMA, SCENARIO = "luma-agents", "scenario"
KEPT_SECONDS = 86_400.0  # as long as Luma keeps a result


# The table


@pytest.mark.parametrize("name", POLICIES)
def test_every_row_grows_its_pauses_and_ends_within_its_bound(name):
    row = POLICIES[name]
    pauses = [row.pause_seconds(failures) for failures in range(1, 200)]
    assert pauses == sorted(pauses) and pauses[-1] <= row.longest_seconds
    if row.action is Action.AGAIN and row.longest_seconds > row.first_seconds:
        assert pauses[1] > pauses[0] and pauses[-1] == row.longest_seconds

    for asked in (0.0, 600.0):
        failures, elapsed = 1, 0.0
        while not row.is_over(failures, elapsed, lasts_seconds=KEPT_SECONDS):
            elapsed += row.pause_seconds(failures, least=asked)
            failures += 1
            assert elapsed <= bound_seconds(
                row, lasts_seconds=KEPT_SECONDS, longest_asked_seconds=asked
            )


@pytest.mark.parametrize("name", [name for name, row in POLICIES.items() if row.lasts_seconds != 0])
def test_neither_a_burst_of_failures_nor_a_sleep_between_two_of_them_ends_a_step(name):
    row = POLICIES[name]

    assert not row.is_over(1000, 1.0, lasts_seconds=KEPT_SECONDS)
    if row.tries > 1:
        assert not row.is_over(1, 10**9, lasts_seconds=KEPT_SECONDS)
    assert row.is_over(
        row.tries, max(row.lasts_seconds or 0.0, KEPT_SECONDS), lasts_seconds=KEPT_SECONDS
    )


@pytest.mark.parametrize("name", POLICIES)
def test_every_row_says_what_becomes_of_its_take_and_who_is_told(name):
    row = POLICIES[name]

    assert row.alert == "" or row.alert in AlertKind.values
    if row.state:
        assert row.state in State.values and row.money in {"released", "held", "charged"}
    if row.action is Action.PERSON or row.money == "held":
        assert row.alert, "money is held, or a person is needed: somebody must be told"
    if (
        row.action is Action.AGAIN
        and row.state
        and name != "post.file_refused"
        and row.money != "released"
    ):
        assert row.alert
    if row.action is Action.GIVE_UP:
        assert row.tries == 1 and row.pause_seconds(1) == 0.0


def sources() -> Iterator[tuple[str, str]]:
    for file in sorted((ROOT / "editorapp").rglob("*.py")):
        name = str(file.relative_to(ROOT / "editorapp"))
        if (
            "migrations" not in name
            and not name.startswith("simulator/")
            and name != "core/retry.py"
        ):
            yield name, file.read_text()


def test_the_numbers_of_every_row_are_read_and_no_row_is_asked_for_that_is_not_there():
    steps = "|".join({name.partition(".")[0] for name in POLICIES})
    text = "\n".join(text for _name, text in sources())
    read = set(re.findall(rf'"((?:{steps})\.[a-z_]+)"', text))
    has_numbers = {name for name, row in POLICIES.items() if row.first_seconds or row.tries > 1}

    assert has_numbers <= read
    assert read & set(re.findall(r'policy\(\s*"([a-z._]+)"', text)) <= set(POLICIES)


# Who writes when something is tried again, and by which rule. `policy`: by a row of the table.
SCHEDULERS = {
    "alerts/alerts.py:open": "it is new",
    "alerts/alerts.py:close": "its end is new",
    "alerts/delivery.py:_claim": "a claim",
    "alerts/delivery.py:_hold_back": "somebody was told a moment ago",
    "alerts/delivery.py:_note": "policy",
    "generations/engine/account_snapshot.py:_claimed": "a claim",
    "generations/engine/account_snapshot.py:_put_off": "its turn has not come",
    "generations/engine/account_snapshot.py:_take": "its turn has not come",
    "generations/engine/requeue.py:_queue_again": "policy",
    "generations/engine/claims.py:claim": "a claim",
    "generations/engine/claims.py:hold_polls": "the provider's own pause",
    "generations/engine/poll_outcomes.py:_as_done": "its result is due",
    "generations/engine/poll_outcomes.py:poll_failed": "policy",
    "generations/engine/poll_outcomes.py:still_running": "the next poll of a job that answers",
    "generations/engine/post_outcomes.py:_as_accepted": "the first poll of a job",
    "generations/engine/post_outcomes.py:_as_posting": "a claim",
    "generations/engine/reclaim.py:from_the_dead": "a dead claim",
    "generations/engine/reclaim.py:from_the_future": "the clock was set back",
    "generations/engine/submit.py:_stage_first": "it is due",
    "generations/engine/transfer.py:_carrier": "a claim",
    "generations/engine/transfer.py:hold": "a claim",
    "generations/engine/recording.py:unknown_state": "the next poll of a job that answers",
    "generations/engine/transfer.py:_upload_later": "policy",
    "generations/engine/transfer.py:_stage": "it is due",
    "generations/files/refetch.py:_run_again": "policy",
    "generations/files/refetch.py:try_later": "policy",
    "generations/models/attempt.py:_changes": "it is over",
    "generations/queue/parking.py:park": "a person",
    "generations/queue/parking.py:unpark": "a person",
    "generations/reconcile/settle.py:follow": "it was found",
    "generations/request/enqueue.py:add_attempt": "it is new",
    "generations/request/retry.py:fetch_again": "a person",
}
SCHEDULES = {"next_action_at", "tell_at"}
WRITES = {"update", "move", "create", "take", "Alert", "Attempt"}


def writers(text: str) -> Iterator[str]:
    """Yield the functions that set a schedule: as a keyword, a key, an attribute, or in SQL."""
    if not any(name in text for name in SCHEDULES):
        return
    for function in ast.walk(ast.parse(text)):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        for node in ast.walk(function):
            named: set[str] = set()
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "attr", getattr(node.func, "id", "")) in WRITES
            ):
                named = {keyword.arg or "" for keyword in node.keywords}
            elif isinstance(node, ast.Dict):
                named = {key.value for key in node.keys if isinstance(key, ast.Constant)}
            elif isinstance(node, ast.Assign):
                targets = [part for target in node.targets for part in ast.walk(target)]
                named = {part.attr for part in targets if isinstance(part, ast.Attribute)}
                named |= {
                    part.slice.value
                    for part in targets
                    if isinstance(part, ast.Subscript) and isinstance(part.slice, ast.Constant)
                }
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                named = {
                    one
                    for one in SCHEDULES
                    if f"SET {one}" in node.value or f"{one} = %s" in node.value
                }
            if named & SCHEDULES:
                yield function.name
                break


def test_whoever_schedules_another_try_does_it_by_a_policy():
    found = {f"{name}:{function}" for name, text in sources() for function in writers(text)}
    known = set(SCHEDULERS)

    assert found - known - READERS == set(), (
        "a new schedule: give it a row in core/retry.py, and say so here"
    )
    assert known - found <= {"generations/engine/poll_outcomes.py:still_running"}, (
        "gone: take it from the list"
    )
    for place in [place for place, rule in SCHEDULERS.items() if rule == "policy"]:
        assert "retry.policy(" in dict(sources())[place.partition(":")[0]], place


READERS = {
    "generations/engine/claims.py:_claim_statement",  # a claim, in plain statements
}


# Each row through the code that it is for


class StillClock(Clock):
    """A clock that moves by jumps alone."""

    def __init__(self) -> None:
        super().__init__()
        self.start = timezone.now()

    def __call__(self) -> datetime:
        return self.start + self.ahead


class Step:
    """What a scenario needs: a take in some state, its clock, and a way to fail until the end."""

    def __init__(self, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
        self.clock, self.patch = clock, monkeypatch
        self.pauses: list[float] = []
        self.failures = 0

    def take(self, state: str, *, provider: str = LUMA, **fields: Any) -> Attempt:
        self.member = make_member()
        self.generation = make_reserved(
            self.member, state=state, account=default_account(provider), provider=provider, **fields
        )
        Attempt.objects.update(next_action_at=self.clock())
        return self.attempt()

    def attempt(self) -> Attempt:
        return Attempt.objects.select_related("generation", "account").get(
            generation=self.generation
        )

    def until_the_end(
        self, fail: Callable[[Attempt], None], *, hours: float = 0.0, most: int = 120
    ) -> None:
        """Fail, and jump to the next try or further, until the take is over."""
        while True:
            attempt = self.attempt()
            if attempt.next_action_at is None:
                return
            self.clock.jump_to(max(attempt.next_action_at, self.clock() + timedelta(hours=hours)))
            now = self.clock()
            fail(attempt)
            self.failures += 1
            after = self.attempt()
            if after.next_action_at is not None and after.next_action_at > now:
                self.pauses.append((after.next_action_at - now).total_seconds())
            assert self.failures < most, f"it has not ended after {most} tries"


@pytest.fixture
def step(db, monkeypatch) -> Step:
    async def at_once(_seconds: float) -> None:
        return None

    monkeypatch.setattr(staging.asyncio, "sleep", at_once)
    return Step(StillClock(), monkeypatch)


def raising(error: Exception) -> Callable[..., Any]:
    async def raises(*_args: Any, **_more: Any) -> Any:
        raise error

    return raises


def staging_fails(step: Step, error: Exception, *, hours: float = 0.0) -> None:
    step.take(State.STAGING)
    step.patch.setattr(staging, "stage", raising(error))
    step.until_the_end(
        lambda _attempt: transfer.transfer(0, seconds=5, clock=step.clock), hours=hours
    )


def address_refused(step: Step) -> None:
    tries = []

    async def refuse(*_args: Any, **_more: Any) -> Any:
        tries.append(1)
        raise UploadRefused(
            "Luma's storage does not take a file of 9 bytes (HTTP 413).", code="upload_refused"
        )

    step.take(State.STAGING)
    step.patch.setattr(registry.get(LUMA), "stage", refuse)
    step.patch.setattr(staging, "_held", raising_path)
    step.until_the_end(lambda _attempt: transfer.transfer(0, seconds=5, clock=step.clock))
    assert len(tries) == POLICIES["stage.address_refused"].tries and step.failures == 1


async def raising_path(*_args: Any) -> Any:
    return ROOT / "README.md"


def account_is_closed(step: Step, state: str) -> None:
    attempt = step.take(state)
    type(attempt.account).objects.update(is_enabled=False)

    def fail(_attempt: Attempt) -> None:
        if state == State.STAGING:
            transfer.transfer(0, seconds=5, clock=step.clock)
        else:
            list(account_snapshot.Accounts(LUMA).turns(now=step.clock(), room=5))

    step.until_the_end(fail, hours=0.9)


def post_fails(step: Step, error: ProviderError) -> None:
    step.take(State.QUEUED)

    def fail(attempt: Attempt) -> None:
        post_outcomes.posting([make_post(attempt, {"prompt": "x"})], now=step.clock())
        requeue.not_accepted(attempt, error, now=step.clock())

    step.until_the_end(fail, hours=0.9)


def file_is_refused(step: Step) -> None:
    step.take(State.QUEUED)
    error = Rejected("source: file not found", code="404")
    account, asset = step.generation.account, step.generation.source_asset
    before = step.attempt().created_at - timedelta(days=1)
    StagedFile.objects.create(account=account, asset=asset, ref={"file_id": "f1"}, staged_at=before)

    def fail(attempt: Attempt) -> None:
        post_outcomes.posting([make_post(attempt, {"prompt": "x"})], now=step.clock())
        if staging.forget_refused(attempt, error):
            requeue.file_refused(attempt, error, now=step.clock())
        else:
            post_outcomes.refused(attempt, error, now=step.clock())

    step.until_the_end(fail)
    assert step.failures == POLICIES["post.file_refused"].tries


def refused_at_once(step: Step) -> None:
    attempt = step.take(State.QUEUED)
    post_outcomes.posting([make_post(attempt, {})], now=step.clock())
    post_outcomes.refused(attempt, Rejected("Luma Agents refused this."), now=step.clock())


def cannot_be_prepared(step: Step) -> None:
    post_outcomes.unsendable(step.take(State.QUEUED), KeyError("no such field"), now=step.clock())


def unknown_outcome(step: Step) -> None:
    attempt = step.take(State.QUEUED)
    post_outcomes.posting([make_post(attempt, {"prompt": "x"})], now=step.clock())
    post_outcomes.unknown(attempt, OutcomeUnknown("Luma Agents did not answer."), now=step.clock())
    search.search(LUMA, clock=step.clock)


def running(step: Step, **fields: Any) -> Attempt:
    step.take(State.RUNNING)
    Attempt.objects.update(
        submitted_at=step.clock(), provider_job_id="job_1", lease_token=uuid.uuid4(), **fields
    )
    return step.attempt()


def polls_fail(step: Step) -> None:
    running(step)
    began = step.clock()
    while not overdue_flagged(step):
        attempt = step.attempt()
        step.clock.jump_to(max(attempt.next_action_at, step.clock() + timedelta(minutes=20)))
        poll_outcomes.poll_failed(
            attempt, Unavailable("Luma Agents has a problem."), now=step.clock()
        )
        step.pauses.append((step.attempt().next_action_at - step.clock()).total_seconds())
        assert step.clock() - began < timedelta(hours=4)


def overdue_flagged(step: Step) -> bool:
    overdue.look(step.clock())
    return step.attempt().flagged_at is not None


def job_is_not_known(step: Step) -> None:
    running(step)
    step.until_the_end(
        lambda attempt: poll_outcomes.missing(attempt, NotFound("No such job."), now=step.clock())
    )
    overdue.look(step.clock())


def answers_make_no_sense(step: Step) -> None:
    running(step)
    error = Unreadable("It is no JSON.", came="<html>")
    step.until_the_end(lambda attempt: recording.unreadable(attempt, error, now=step.clock()))
    overdue.look(step.clock())


def answers_cannot_be_kept(step: Step) -> None:
    running(step)
    sent = Poll(
        claims.DuePoll(1, 1, 1, "job_1", None, uuid.uuid4()), step.attempt().account.access()
    )
    answer = CallResult(sent, Job("job_1", JobState.DONE), None)
    error = DataError("a value that no column takes")
    step.until_the_end(
        lambda attempt: recording.unwritable(attempt, answer, error, now=step.clock())
    )
    overdue.look(step.clock())


def fresh_links_fail(step: Step) -> None:
    attempt = charged(step, State.RUNNING)
    Attempt.objects.update(provider_job_id="job_1", submitted_at=attempt.provider_done_at)
    error = Unavailable("Luma Agents has a problem.")
    step.until_the_end(
        lambda attempt: poll_outcomes.poll_failed(attempt, error, now=step.clock()), hours=0.9
    )


def charged(step: Step, state: str) -> Attempt:
    attempt = step.take(state)
    ledger.charge([Charge(attempt.pk, None, is_estimated=True, note="")], now=step.clock())
    cost = step.generation.estimate_high_usd
    Generation.objects.update(cost_usd=cost, cost_is_estimated=True)
    links = [{"kind": "video", "url": "https://media.example.org/1.mp4"}]
    Attempt.objects.update(
        provider_done_at=step.clock(), result_urls=links, provider_job_id="job_1"
    )
    return step.attempt()


def fetching_fails(step: Step, error: Exception | None, *, hours: float = 0.9) -> None:
    """Fail to fetch until the end.

    Whenever fresh links are asked for, the provider has them at once.
    """
    charged(step, State.FETCHING)
    if error is not None:
        step.patch.setattr(ingest.links, "download", raising(error))

    def fail(attempt: Attempt) -> None:
        if attempt.state == State.RUNNING:
            fresh = Output("video", "https://media.example.org/2.mp4")
            poll_outcomes.done(
                [(attempt, Job("job_1", JobState.DONE, outputs=(fresh,)))], now=step.clock()
            )
        transfer.transfer(0, seconds=5, clock=step.clock)

    step.until_the_end(fail, hours=hours)


def the_same_whole_video_is_unusable(step: Step) -> None:
    def came(attempt: Attempt, *_more: Any) -> Any:
        raise ingest.UnusableResult("This file cannot be read.", clip, code="result_unreadable")

    step.patch.setattr(ingest, "_take_all", came)
    clip = make_asset(make_member(), kind=Asset.Kind.UNREADABLE)
    fetching_fails(step, None, hours=0.0)
    assert step.failures == POLICIES["fetch.unusable"].tries


def searched(step: Step, found: Any, *, until: str = "") -> None:
    attempt = step.take(State.QUEUED, provider=SCENARIO)
    post_outcomes.posting([make_post(attempt, {"prompt": "x"})], now=step.clock())
    post_outcomes.unknown(attempt, OutcomeUnknown("Scenario did not answer."), now=step.clock())

    def read(*_args: Any, **_more: Any) -> Listing:
        if isinstance(found, Exception):
            raise found
        return found

    step.patch.setattr(matching, "read", read)
    for looks in range(150):
        search.search(SCENARIO, clock=step.clock)
        row = Search.objects.get()
        if row.at is None or row.verdict == until:
            return
        if looks:
            step.pauses.append((row.at - step.clock()).total_seconds())
        step.clock.jump_to(max(row.at, step.clock() + timedelta(minutes=45)))
    raise AssertionError("It is looked for without an end.")


NO_ANSWER = Unavailable("Luma Agents has a problem (HTTP 503).", code="503")
TOO_MANY = Throttled("Luma Agents takes no more requests just now.", retry_after_seconds=3.0)
NOT_LISTED = Listing((), True)

OF_A_TAKE: dict[str, Callable[[Step], None]] = {
    "stage.address_refused": address_refused,
    "stage.refused": lambda step: staging_fails(
        step, Rejected("Luma Agents does not take this file.")
    ),
    "stage.unavailable": lambda step: staging_fails(step, NO_ANSWER, hours=0.9),
    "stage.fault": lambda step: staging_fails(step, MemoryError()),
    "stage.closed": lambda step: account_is_closed(step, State.STAGING),
    "post.unreachable": lambda step: post_fails(step, NO_ANSWER),
    "post.throttled": lambda step: post_fails(step, TOO_MANY),
    "post.file_refused": file_is_refused,
    "post.refused": refused_at_once,
    "post.fault": cannot_be_prepared,
    "post.closed": lambda step: account_is_closed(step, State.QUEUED),
    "post.unknown": unknown_outcome,
    "poll.error": polls_fail,
    "poll.unknown_job": job_is_not_known,
    "poll.unreadable": answers_make_no_sense,
    "poll.unwritable": answers_cannot_be_kept,
    "poll.fresh_links": fresh_links_fail,
    "fetch.expired": lambda step: fetching_fails(
        step, ingest.links.LinkExpired("The link answered 403.")
    ),
    "fetch.cut": lambda step: fetching_fails(step, ingest.links.CutOff("The link answered 503.")),
    "fetch.not_allowed": lambda step: fetching_fails(
        step, ingest.links.LinkNotAllowed("It leads elsewhere.")
    ),
    "fetch.unusable": the_same_whole_video_is_unusable,
    "fetch.bad_link": lambda step: fetching_fails(
        step, ingest.links.BadLink("The link cannot be read."), hours=0.0
    ),
    "fetch.fault": lambda step: fetching_fails(step, MemoryError()),
    "search.not_listed": lambda step: searched(step, NOT_LISTED),
    "search.unreadable": lambda step: searched(step, NO_ANSWER, until=Search.Verdict.PERSON),
    "search.watched": lambda step: searched(step, NO_ANSWER),
}


def lines() -> list[str]:
    return list(
        Entry.objects.exclude(kind="adjust", amount_usd=0)
        .order_by("pk")
        .values_list("kind", flat=True)
    )


MONEY = {"released": ["reserve", "release"], "held": ["reserve"], "charged": ["reserve", "charge"]}


@pytest.mark.parametrize("name", OF_A_TAKE)
def test_a_step_that_fails_for_ever_ends_as_its_row_says(name, step):
    row = POLICIES[name]
    began = step.clock()

    OF_A_TAKE[name](step)

    take = step.attempt().generation
    assert take.state == step.attempt().state == row.state
    assert lines() == MONEY[row.money] and books.differences() == []
    assert row.says in take.failure_message
    assert step.pauses == sorted(step.pauses) or name in {"fetch.expired", "fetch.cut"}
    lasted = (step.clock() - began).total_seconds()
    assert (
        lasted
        <= bound_seconds(row, lasts_seconds=KEPT_SECONDS, longest_asked_seconds=3600.0) + 3600.0
    )
    unsendable.look(step.clock())
    assert open_kinds() == ({row.alert} if row.alert else set()), take.failure_message
    if row.alert in MENDED:
        step.patch.undo()
        MENDED[row.alert](step)
        assert open_kinds() == set(), "a person has mended it"
        assert books.differences() == []


def sent_again(step: Step) -> None:
    """The creator tries it again, and it is taken."""
    type(step.generation.account).objects.update(is_enabled=True)
    step.generation.refresh_from_db()
    again = try_again(step.generation, member=step.member, now=step.clock())
    step.clock.jump(seconds=1)
    post_outcomes.posting([make_post(again, {})], now=step.clock())
    post_outcomes.accepted([Accepted(again, Job("job_2", JobState.QUEUED), 5.0)], now=step.clock())
    unsendable.look(step.clock())
    assert lines() == ["reserve", "release", "reserve"]


def fetched_again(step: Step) -> None:
    step.generation.refresh_from_db()
    fetch_again(step.generation, member=step.member, now=step.clock())
    assert lines() == ["reserve", "charge"]


def settled(step: Step) -> None:
    note = "The console does not show it."
    settle.never_arrived(step.attempt().generation, member=step.member, now=step.clock(), note=note)
    overdue.look(step.clock())
    assert lines() == ["reserve", "release"]


MENDED = {
    "not_sent": sent_again,
    "fetch_failed": fetched_again,
    "unknown_outcome": settled,
    "lost": settled,
}


def open_kinds() -> set[str]:
    return set(Alert.objects.still_open().values_list("kind", flat=True))


def test_every_row_is_tried():
    assert set(OF_A_TAKE) | set(OTHERS) == set(POLICIES)


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in OF_A_TAKE
        if POLICIES[name].alert_after_seconds and not name.endswith("fault")
    ],
)
def test_somebody_is_told_while_it_is_still_tried_and_told_when_it_is_over(name, step):
    after = timedelta(seconds=retry.ALERT_AFTER)
    step.until_the_end = lambda fail, **_more: [fail(step.attempt()) for _ in range(2) if due(step)]  # type: ignore

    OF_A_TAKE[name](step)
    unsendable.look(step.clock() + after - timedelta(seconds=60))
    assert open_kinds() == set(), "not for a hiccup"
    unsendable.look(step.clock() + after)

    alert = Alert.objects.still_open().get()
    assert alert.kind == "not_sent" and "One take for the account" in alert.message
    assert step.attempt().last_error in alert.message and "unsent and uncharged" in alert.message
    Attempt.objects.update(
        state=State.RUNNING, failing_since=None, submitted_at=step.clock() + after
    )
    unsendable.look(step.clock() + after + timedelta(seconds=1))
    assert open_kinds() == set()


def due(step: Step) -> bool:
    at = step.attempt().next_action_at
    step.clock.jump_to(at)
    return at is not None


def test_a_whole_line_behind_a_provider_that_takes_nothing_is_given_up_with_it(
    step, django_capture_on_commit_callbacks
):
    """Only the first of a line is ever tried: the others wait for the same account, and hold money
    as long.
    """
    step.take(State.QUEUED)
    behind = [make_reserved(step.member, account=step.generation.account) for _ in range(3)]
    fresh = make_reserved(step.member, account=step.generation.account)
    Attempt.objects.filter(generation=fresh).update(created_at=step.clock() + timedelta(hours=20))
    held = make_reserved(step.member, account=step.generation.account)
    Attempt.objects.filter(generation=held).update(next_action_at=None)  # paused by a person

    post_fails_now = OF_A_TAKE["post.unreachable"]
    step.take = lambda _state: step.attempt()  # type: ignore[method-assign]
    with django_capture_on_commit_callbacks(execute=True):
        post_fails_now(step)

    states = dict(Generation.objects.values_list("pk", "state"))
    assert {states[one.pk] for one in (step.generation, *behind)} == {State.FAILED}
    assert states[fresh.pk] == states[held.pk] == State.QUEUED
    assert all(ledger.held_usd(one.pk) == Decimal(0) for one in behind)
    assert books.differences() == []


def refused_now(step: Step, attempt: Attempt) -> None:
    post_outcomes.posting([make_post(attempt, {})], now=step.clock())
    with TestCase.captureOnCommitCallbacks(
        execute=True
    ):  # the line behind it is looked at by itself
        requeue.not_accepted(attempt, NO_ANSWER, now=step.clock())


def waiting_for_days(step: Step) -> Generation:
    take = make_reserved(step.member, account=step.generation.account)
    Attempt.objects.filter(generation=take).update(created_at=step.clock() - timedelta(days=9))
    return take


def test_an_outage_ends_with_the_first_post_that_is_taken(step):
    """Days of failures before a success say nothing of what waits after it."""
    step.take(State.QUEUED)
    for _ in range(24):
        refused_now(step, step.attempt())
        step.clock.jump(hours=0.9)
    Attempt.objects.update(
        submit_started_at=step.clock(), submitted_at=step.clock(), state=State.RUNNING
    )
    Generation.objects.update(state=State.RUNNING)
    waiting, first = waiting_for_days(step), waiting_for_days(step)

    for _ in range(10):
        refused_now(step, Attempt.objects.get(generation=first))
        step.clock.jump(hours=0.9)

    assert (
        Generation.objects.get(pk=waiting.pk).state
        == Generation.objects.get(pk=first.pk).state
        == State.QUEUED
    )


def test_an_outage_that_nobody_has_seen_for_days_is_another_one(step):
    step.take(State.QUEUED)
    refused_now(step, step.attempt())
    Pause.objects.update(tries=500)
    waiting = waiting_for_days(step)
    step.clock.jump(days=8)

    refused_now(step, step.attempt())

    assert Generation.objects.get(pk=waiting.pk).state == State.QUEUED


def test_what_a_sweep_has_just_taken_is_not_given_up_with_the_line(step):
    """It is about to be posted: whoever took it decides."""
    step.take(State.QUEUED)
    taken = waiting_for_days(step)
    Attempt.objects.filter(generation=taken).update(lease_token=uuid.uuid4())
    row = retry.policy("post.unreachable")
    long_ago = step.clock() - timedelta(days=2)
    paused = Pause(
        account=step.generation.account,
        until=step.clock(),
        since=long_ago,
        tries=500,
        reason="Away.",
    )

    requeue.end_line(paused, row, now=step.clock())

    assert Generation.objects.get(pk=taken.pk).state == State.QUEUED


def test_a_job_that_was_not_known_once_before_a_machine_slept_is_asked_for_again(step):
    running(step)
    poll_outcomes.missing(step.attempt(), NotFound("No such job."), now=step.clock())
    step.clock.jump(days=1)

    poll_outcomes.missing(step.attempt(), NotFound("No such job."), now=step.clock())

    assert step.attempt().state == State.RUNNING


def test_an_old_job_is_asked_about_no_more_often_because_it_does_not_answer(step):
    attempt = running(step)
    step.clock.jump(hours=5)

    poll_outcomes.poll_failed(attempt, Unavailable("Luma Agents has a problem."), now=step.clock())

    assert step.attempt().next_action_at >= step.clock() + timedelta(seconds=poll_schedule.SLOWEST)


def test_what_a_person_paused_for_days_is_not_given_up_for_what_failed_before(step):

    step.take(State.QUEUED)
    attempt = step.attempt()
    post_outcomes.posting([make_post(attempt, {})], now=step.clock())
    requeue.not_accepted(attempt, NO_ANSWER, now=step.clock())
    rows = Generation.objects.filter(pk=step.generation.pk)
    parking.park(rows, now=step.clock())
    step.clock.jump(days=5)

    parking.unpark(rows, now=step.clock())

    assert (step.attempt().failing_since, step.attempt().error_count) == (None, 0)


# What holds no money


def not_ready(step: Step, _request: pytest.FixtureRequest) -> None:
    """Both providers that look at an upload: their own waiting ends, and is one try of the upload."""
    from editorapp.providers import shared_calls
    from editorapp.providers.vendors.luma_agents import staging as luma_agents
    from editorapp.providers.vendors.scenario import staging as scenario

    waited: list[float] = []

    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def call(*_args: Any, **_more: Any) -> dict[str, Any]:
        return {"state": "pending", "upload": {"status": "pending"}}

    session: Any = SimpleNamespace(call=call, name="Luma")
    for module in (luma_agents, scenario):
        first = {"state": "pending", "upload": {"status": "pending"}}
        looking = shared_calls.until_ready(session, "/files/f1", first, module._file_state)
        waited.clear()
        step.patch.setattr(shared_calls.asyncio, "sleep", sleep)
        step.patch.setattr(shared_calls.time, "monotonic", lambda: sum(waited))
        with pytest.raises(Unavailable) as raised:
            looking.send(None)
        step.patch.undo()
        assert raised.value.code == "file_pending"
        assert waited == sorted(waited) and max(waited) == POLICIES["stage.ready"].longest_seconds
        assert sum(waited) <= bound_seconds(POLICIES["stage.ready"])


def price(step: Step, request: pytest.FixtureRequest) -> None:
    told, tries = request.getfixturevalue("told"), POLICIES["price.unavailable"].tries
    told.says[:] = [NO_ANSWER] * (tries + 1)
    member = make_member()
    from editorapp.providers.contract import GenerationRequest, Task

    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A boat", resolution="360p", duration="5s"
    )
    quotes.fetch(quotes.ask(Draft(wanted, default_account("told")), member=member).pk)
    assert PriceQuote.objects.get().state == "failed" and len(told.says) == 1
    told.says.clear()


def price_refused(step: Step, request: pytest.FixtureRequest) -> None:
    told = request.getfixturevalue("told")
    told.says[:] = [Rejected("No."), Rejected("Not asked again.")]
    from editorapp.providers.contract import GenerationRequest, Task

    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A boat", resolution="360p", duration="5s"
    )
    quotes.fetch(quotes.ask(Draft(wanted, default_account("told")), member=make_member()).pk)
    assert PriceQuote.objects.get().state == "failed" and len(told.says) == 1
    told.says.clear()


def learn(step: Step, _request: pytest.FixtureRequest) -> None:
    """An error of ours is noted as a failed test: else the hourly sweep would test it anew each
    time.
    """
    account = default_account(LUMA)
    make_reserved(make_member(), account=account)  # it is in use
    step.patch.setattr(registry.get(LUMA), "ping", raising(AttributeError("no such thing")))

    capability_discovery.sweep(step.clock())
    capability_discovery.test(account)

    assert (
        not account.test_ok
        and "AttributeError" in account.test_message
        and account.tested_at is not None
    )
    alert_checks.accounts(step.clock())
    assert open_kinds() == {"account"}
    step.patch.undo()
    type(account).objects.update(test_ok=True, tested_at=step.clock() + timedelta(seconds=1))
    alert_checks.accounts(step.clock())
    assert open_kinds() == set()


def telling_fails(step: Step, *, is_end: bool) -> int:
    from django.conf import settings

    tries = []

    def not_taken(*_args: Any, **_more: Any) -> None:
        tries.append(step.clock())
        raise channels.NotDelivered("The webhook answered 500.")

    step.patch.setattr(settings, "ALERT_WEBHOOK", "http://127.0.0.1:9/")
    step.patch.setattr(channels, "send", not_taken)
    alerts.open(AlertKind.LOST, "generation:1", message="Lost.", team_id=None, now=step.clock())
    if is_end:
        Alert.objects.update(told_at=step.clock(), told_to=["webhook"])
        alerts.close(AlertKind.LOST, "generation:1", now=step.clock())
    while (at := Alert.objects.get().tell_at) is not None:
        step.clock.jump_to(max(at, step.clock() + timedelta(hours=0 if is_end else 20)))
        delivery.tell(step.clock())
        assert len(tries) < 100
    assert Alert.objects.get().problem == "The webhook answered 500."
    return len(tries)


def notice_mail(step: Step, _request: pytest.FixtureRequest) -> None:
    from django.conf import settings

    member = make_member()
    member.user.email = "ada@example.org"
    member.user.save()
    step.patch.setattr(settings, "EMAIL_IS_SET", True)
    step.patch.setattr(mail, "_send", lambda notices: "The mail server did not take the mail.")
    told = Event(NoticeKind.COMMENT, "comment:1", "/takes/1", "Too dark")
    notify(told, [member], team_id=member.team_id, now=step.clock())
    while (at := Notice.objects.get().mail_at) is not None:
        step.clock.jump_to(at)
        mail.send_due(step.clock())
        assert Notice.objects.get().mail_tries < 100
    assert Notice.objects.get().mail_tries >= POLICIES["notice.mail"].tries
    assert Notice.objects.get().read_at is None, "their page tells them all the same"


def webhook_delivery(step: Step, _request: pytest.FixtureRequest) -> None:
    from django.conf import settings

    admin = make_member(role="admin")
    step.patch.setattr(settings, "WEBHOOK_HOSTS", {"127.0.0.1:1"})
    wanted = webhooks.Wanted("Chat", "http://127.0.0.1:1/", ["comment"])
    webhooks.make(wanted, by=admin, now=step.clock())
    told = Event(NoticeKind.COMMENT, "comment:1", "/takes/1", "Too dark")
    notify(told, [admin], team_id=admin.team_id, now=step.clock())
    while (at := Delivery.objects.get().next_at) is not None:
        step.clock.jump_to(at)
        webhooks.deliver_due(step.clock())
        assert Delivery.objects.get().tries < 100
    assert Delivery.objects.get().tries >= POLICIES["webhook.delivery"].tries
    assert Delivery.objects.get().problem, "the log says why"


def opening(step: Step, _request: pytest.FixtureRequest) -> None:
    assert telling_fails(step, is_end=False) >= POLICIES["tell.opening"].tries
    assert open_kinds() == {"lost"}, "it stays open: the page of alerts shows it"


def end(step: Step, _request: pytest.FixtureRequest) -> None:
    assert telling_fails(step, is_end=True) == POLICIES["tell.end"].tries


def copy_lost(step: Step, _request: pytest.FixtureRequest) -> None:
    """A copy that kills its worker is begun so often and no more; the pauses between grow."""
    asset = make_asset(make_member(), proxy=Asset.Proxy.PENDING)
    begun: list[datetime] = []

    def killed(_asset: Asset) -> None:
        begun.append(step.clock())
        raise RuntimeError("The worker is gone.")

    step.patch.setattr(media_tasks, "_make", killed)
    step.patch.setattr(media_tasks.store, "exists", lambda *_args: False)
    step.patch.setattr(media_tasks.store, "sweep", lambda **_more: 0)
    step.patch.setattr(media_tasks.queueing, "send_proxy", lambda one: tried(one))

    def tried(one: Asset) -> None:
        with pytest.raises(RuntimeError):
            media_tasks.make_proxy(one.pk)

    for _ in range(24 * 14):
        step.clock.jump(hours=1)
        media_tasks.sweep(step.clock())
    waits = [(later - one).total_seconds() for one, later in zip(begun, begun[1:], strict=False)]
    assert len(begun) == POLICIES["copy.lost"].tries and waits == sorted(waits)
    asset.refresh_from_db()
    assert asset.proxy == Asset.Proxy.FAILED


def cut_lost(step: Step, _request: pytest.FixtureRequest) -> None:
    """A copy whose worker dies is begun so often and no more, and then it is said."""
    member = make_member()
    asset, begun = make_asset(member), []

    def killed(*_args: Any, **_more: Any) -> None:
        begun.append(step.clock())
        raise RuntimeError("The worker is gone.")

    step.patch.setattr(source_copies, "trim", killed)
    asked = {"user": member.user, "now": step.clock()}
    copy = source_copies.ask(asset, (0, 9), source_copies.Conversion(), **asked)
    for _ in range(20):
        if source_copies.waiting().exists():
            with pytest.raises(RuntimeError):
                media_tasks.make_source_copies()
        step.clock.jump(seconds=20)
        copy = source_copies.looked_after(copy, now=step.clock())
    assert len(begun) == POLICIES["cut.lost"].tries
    assert copy.is_failed and "several times" in copy.reason


def copy_failed(step: Step, _request: pytest.FixtureRequest) -> None:
    def refuse(*_args: Any, **_more: Any) -> None:
        raise Refusal("timed_out")

    asset = make_asset(make_member(), proxy=Asset.Proxy.PENDING)
    step.patch.setattr(media_tasks.store, "exists", lambda *_args: False)
    step.patch.setattr(media_tasks, "_make", refuse)

    media_tasks.make_proxy(asset.pk)

    asset.refresh_from_db()
    assert asset.proxy == Asset.Proxy.FAILED


def bucket_call(step: Step, _request: pytest.FixtureRequest) -> None:
    from editorapp.media.backends.s3 import MediaStorage

    kept = MediaStorage(
        bucket_name="x", endpoint_url="http://127.0.0.1:9", access_key="a", secret_key="b"
    )
    assert kept.client_config.retries["total_max_attempts"] == POLICIES["bucket.call"].tries


def bucket_copy(step: Step, request: pytest.FixtureRequest) -> None:
    from editorapp.media.backends.bucket import Bucket

    fetched: list[str] = []
    cache = SimpleNamespace(folder=request.getfixturevalue("tmp_path"))
    crowded = SimpleNamespace(_compared=lambda _name: None, _cache=cache, _fetch=fetched.append)
    with pytest.raises(Refusal):
        Bucket._copy(crowded, "ab/x/original")  # type: ignore[arg-type]
    assert len(fetched) == POLICIES["bucket.copy"].tries


def decoder_killed(step: Step, _request: pytest.FixtureRequest) -> None:
    asked: list[str] = []

    def killed(question: dict[str, Any], *_more: object) -> dict[str, Any]:
        asked.append(question["job"])
        raise Refusal("interrupted")

    step.patch.setattr(sandbox, "_ask", killed)
    step.patch.setattr(sandbox.time, "sleep", lambda _seconds: None)
    with pytest.raises(Refusal):
        sandbox.run("take")
    assert len(asked) == POLICIES["decode.killed"].tries


def wake_up(step: Step, _request: pytest.FixtureRequest) -> None:
    now = step.clock()
    sent = [wake.work(LUMA, now=now + timedelta(seconds=second)) for second in range(21)]
    assert [second for second, was_sent in enumerate(sent) if was_sent] == [0, 10, 20]
    from editorapp.generations.coordination import heartbeat

    heartbeat.beat("ticker", now=now)
    heartbeat.beat("cluster", now=now)
    alert_checks.engine(now + timedelta(seconds=2 * POLICIES["wake.unanswered"].lasts_seconds))
    assert open_kinds() == {"engine"}


def answer_not_written(step: Step, _request: pytest.FixtureRequest) -> None:
    session = sweep.Session(LUMA, clock=step.clock)
    waits = []
    step.patch.setattr(sweep.time, "monotonic", lambda: 1000.0)
    try:
        for _ in range(12):
            session._write_later(sweep.Error("disk full"))
            waits.append(session.write_again_at - 1000.0)
    finally:
        step.patch.undo()
        session.dispatcher.close()
    assert waits == sorted(waits) and waits[-1] == POLICIES["write.answer"].longest_seconds


def chore(step: Step, _request: pytest.FixtureRequest) -> None:
    """A look that fails for itself each time is raised, keeps no other from its turn, and is over
    once it works.
    """
    ticker, seen = Ticker(), []
    broken = True

    def other(now: datetime) -> None:
        seen.append(now)

    def look(now: datetime) -> None:
        if broken:
            raise AttributeError("no such thing")

    for tries in range(1, POLICIES["chore.fault"].tries + 1):
        assert open_kinds() == set()
        ticker._do_each(step.clock(), look, other)
        assert len(seen) == tries
    assert open_kinds() == {"fault"} and "AttributeError" in Alert.objects.get().message
    broken = False
    ticker._do_each(step.clock(), look, other)
    assert open_kinds() == set()


OTHERS: dict[str, Callable[[Step, pytest.FixtureRequest], None]] = {
    "stage.ready": not_ready,
    "price.unavailable": price,
    "price.refused": price_refused,
    "learn.failed": learn,
    "tell.opening": opening,
    "tell.end": end,
    "notice.mail": notice_mail,
    "webhook.delivery": webhook_delivery,
    "copy.lost": copy_lost,
    "copy.failed": copy_failed,
    "cut.lost": cut_lost,
    "decode.killed": decoder_killed,
    "bucket.call": bucket_call,
    "bucket.copy": bucket_copy,
    "wake.unanswered": wake_up,
    "write.answer": answer_not_written,
    "chore.fault": chore,
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_holds_no_money_ends_too(name, step, request):
    OTHERS[name](step, request)
