"""Every fault of every provider ends in the documented state, with the right lines in the ledger.

One table.
"""

import uuid
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from PIL import Image

from editorapp.alerts.models import Alert
from editorapp.core import retry
from editorapp.costs import ledger
from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.checks import books, overdue, unsendable
from editorapp.generations.engine import dispatcher
from editorapp.generations.files import download
from editorapp.generations.models import Generation, Search
from editorapp.generations.reconcile import matching, search
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.http import session
from editorapp.providers.models import StagedFile
from editorapp.simulator.faults import CALLS, FAILURES, KINDS, fault_of
from editorapp.teams.models import Member
from tests import taken_in
from tests.factories import default_account, make_member
from tests.generations.drive import Clock, ask, priced, run
from tests.generations.faults_table import (
    CALLS_OF,
    CASES,
    CHARGED,
    GMI,
    KEPT,
    LUMA,
    NOT_REFUNDED,
    SCENARIO,
    Case,
)
from tests.generations.small_clip import draw
from tests.simulator_process import SimulatorProcess

PATIENCE_SECONDS = 0.8  # for an answer that never comes


def draft(case: Case, member: Member, tmp_path: Path) -> tuple[GenerationRequest, Asset | None]:
    """Return the request that a case is about, and the clip that it edits."""
    size, prompt = "360p" if case.slug == LUMA else "540p", f"A quiet harbor at dawn {uuid.uuid4()}"
    wanted = GenerationRequest(task=Task.GENERATE, prompt=prompt, duration="5s", resolution=size)
    clip = None
    if case.needs == "clip":
        clip = taken_in.take_in(
            draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
        )
        wanted = replace(
            wanted, task=Task.EDIT, duration=None, source=Ref(asset_id=clip.pk), auto_controls=True
        )
    if case.model == NOT_REFUNDED:
        wanted = GenerationRequest(
            Task.REFRAME, case.model, source=wanted.source, aspect_ratio="1:1"
        )
    if case.needs == "picture":
        Image.new("RGB", (320, 180), "teal").save(tmp_path / "guide.png")
        guide = taken_in.take_in(
            tmp_path / "guide.png", name="guide.png", team=member.team, user=member.user
        )
        wanted = replace(wanted, start_frame=Ref(asset_id=guide.pk))
    return wanted, clip


def ask_for(case: Case, tmp_path: Path) -> Generation:
    """Queue what a case is about, with its price known and nothing of it uploaded yet."""
    member, account = make_member(), default_account(case.slug)
    wanted, clip = draft(case, member, tmp_path)
    priced(wanted, account, member, source=clip)
    StagedFile.objects.all().delete()
    return enqueue(Draft(wanted, account, clip), member=member)


def set_faults(simulator: SimulatorProcess, case: Case, patch: pytest.MonkeyPatch) -> None:
    """Set the faults of a case. What never comes is not waited for from here on: what was asked
    before, such as the price, may take its time, and so may a paid call that is not the one that
    hangs, for nobody repeats it.
    """
    for kind in case.kinds:
        simulator.fail(case.call, kind, times=case.times, **case.options)
    if not any("hang" in kind for kind in case.kinds):
        return
    for room, names in {
        dispatcher: ("POST_SECONDS", "POLL_SECONDS")[case.call != "submit" :],
        session: ("FREE_DEADLINE_SECONDS",),
        matching: ("LIST_SECONDS",),
    }.items():
        for name in names:
            patch.setattr(room, name, PATIENCE_SECONDS)
    patch.setattr(download, "TIMEOUT", PATIENCE_SECONDS)
    rows = {"price.unavailable": replace(retry.policy("price.unavailable"), tries=1)}
    patch.setattr(retry, "POLICIES", retry.POLICIES | rows)


def run_to_its_end(case: Case, clock: Clock) -> None:
    """Run the engine, and for what is unknown the search in the provider's list, until nothing more
    is due.
    """
    run(clock)
    for _ in range(40):
        if not Generation.objects.filter(state=State.UNKNOWN).exists():
            break
        search.search(case.slug, clock=clock)
        due = (
            Search.objects.filter(at__isnull=False)
            .order_by("at")
            .values_list("at", flat=True)
            .first()
        )
        if due is None:
            break
        clock.jump_to(due)
    run(clock)
    overdue.look(clock())
    unsendable.look(clock())


def id_of(case: Case) -> str:
    return case.id


@pytest.mark.parametrize("case", [case for case in CASES if case.call != "price"], ids=id_of)
def test_a_fault_ends_as_documented(quick, clock, case, tmp_path, expired, monkeypatch):
    generation = ask_for(case, tmp_path)
    if case.call == "list":
        quick.fail("submit", "accept_then_reset")
    set_faults(quick, case, monkeypatch)

    run_to_its_end(case, clock)

    generation.refresh_from_db()
    assert generation.state == case.state, generation.failure_message
    assert quick.submits_received == case.paid
    assert_money(generation, case)
    assert_told(generation, case)
    assert (generation.result is not None) == (case.state == State.SUCCEEDED)


def assert_money(generation: Generation, case: Case) -> None:
    """The ledger has these lines, each of the whole estimate, and all books balance."""
    lines = Entry.objects.exclude(kind="adjust", amount_usd=0)  # which only remark who decided
    estimate = generation.estimate_high_usd
    assert list(lines.order_by("pk").values_list("kind", "amount_usd")) == [
        (kind, estimate) for kind in case.lines
    ]
    assert ledger.held_usd(generation.pk) == (estimate if case.lines == KEPT else Decimal(0))
    assert generation.cost_usd == (estimate if case.lines == CHARGED else None)
    assert generation.cost_is_estimated == (
        case.lines == CHARGED and case.slug != SCENARIO
    )  # Scenario says its price
    assert books.differences() == []


def assert_told(generation: Generation, case: Case) -> None:
    """A person is told what happened and has a way on; an alert is open exactly where nothing goes
    on without one.
    """
    message = generation.failure_message
    assert case.says in message
    assert (message == "") == (case.state == State.SUCCEEDED)
    alerts = {
        kind: said for kind, said in Alert.objects.still_open().values_list("kind", "message")
    }
    assert set(alerts) == ({case.alert} if case.alert else set())
    ways_on = {
        State.SUCCEEDED: generation.can_be_source,
        State.UNKNOWN: generation.can_settle,
        State.LOST: generation.can_settle,
        State.FETCH_FAILED: generation.can_fetch_again,
        # to be changed and sent anew, or where that may help tried again
        State.FAILED: generation.is_final,
    }
    assert ways_on[State(case.state)]


@pytest.mark.parametrize("case", [case for case in CASES if case.call == "price"], ids=id_of)
def test_a_price_that_cannot_be_asked_holds_nothing(quick, case, tmp_path, monkeypatch):
    quick_rows = {
        "price.unavailable": replace(
            retry.policy("price.unavailable"), first_seconds=0.1, longest_seconds=0.1
        )
    }
    monkeypatch.setattr(retry, "POLICIES", retry.POLICIES | quick_rows)
    member, account = make_member(), default_account(case.slug)
    wanted, _clip = draft(case, member, tmp_path)
    set_faults(quick, case, monkeypatch)

    quotes.fetch(quotes.ask(Draft(wanted, account), member=member).pk)

    asked = PriceQuote.objects.get()
    assert asked.state == case.state, asked.note
    assert case.says in asked.note
    assert bool(asked.note) or asked.state == "known"
    assert Entry.objects.count() == quick.submits_received == Generation.objects.count() == 0


def test_every_call_of_the_simulator_belongs_to_a_provider():
    assert set(CALLS) == set().union(*CALLS_OF.values())


@pytest.mark.parametrize("slug", [LUMA, GMI, SCENARIO])
def test_the_table_has_a_row_for_every_fault_that_the_simulator_knows(slug):
    rows = {(case.call, kind) for case in CASES if case.slug == slug for kind in case.kinds}
    names = {(call, kind.partition(":")[0]) for call, kind in rows}
    # What is asked of a job at its submit, the simulator plays as it plays it at the job.
    names |= {("submit", name) for call, name in names if call == "job"}
    known = {
        (call, kind.name)
        for kind in KINDS.values()
        for call in kind.calls
        if call in CALLS_OF[slug]
    }

    assert known - names == set(), (
        "a fault without a row: add what must come of it to faults_table.py"
    )
    assert {("job", f"fail:{code}") for code in FAILURES} <= rows


def test_every_row_is_a_fault_that_the_simulator_can_play():
    for case in CASES:
        assert all(fault_of(case.call, kind).call in CALLS_OF[case.slug] for kind in case.kinds)
    assert len({case.id for case in CASES}) == len(CASES)


def test_every_row_says_what_a_person_is_told():
    """Why a job failed is told in the provider's own words; all other words are ours, and are held
    here.
    """
    silent = {
        case.id for case in CASES if not case.says and case.state not in (State.SUCCEEDED, "known")
    }

    assert silent == {
        case.id for case in CASES if case.id in silent and case.kinds[0].startswith("fail:")
    }


def test_while_nobody_answers_nothing_is_sent_and_the_money_stays_held(quick, clock, settings):
    settings.SIMULATOR_URL = "http://127.0.0.1:9"
    ask()
    run(clock, rounds=4)

    generation = Generation.objects.get()
    assert generation.state == State.QUEUED
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd

    settings.SIMULATOR_URL = quick.url
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert quick.submits_received == 1
