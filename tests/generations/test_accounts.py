"""Several accounts at once: one sweep serves them all, and what is wrong with one is its own
affair.
"""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.generations.coordination import leases, wake
from editorapp.generations.engine import dispatcher as dispatching
from editorapp.generations.engine import requeue, sweep, transfer
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import Dispatcher
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.contract import Access, GenerationRequest, Ref, Task
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_generation, make_member
from tests.generations.drive import run
from tests.generations.small_clip import draw
from tests.queued import waiting


@pytest.fixture
def first(db) -> ProviderAccount:
    return default_account("luma-agents")


@pytest.fixture
def second(db) -> ProviderAccount:
    return ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)


def ask_of(
    account: ProviderAccount, *, prompt: str = "A quiet harbor", source: Ref | None = None
) -> Generation:
    member = make_member()
    wanted = GenerationRequest(task=Task.GENERATE, prompt=prompt, resolution="360p", duration="5s")
    if source is not None:
        wanted = GenerationRequest(prompt=prompt, resolution="360p", source=source)
    return enqueue(Draft(wanted, account), member=member)


def states() -> dict[str, str]:
    return dict(Generation.objects.values_list("account__name", "state"))


def test_one_sweep_serves_every_account_of_its_provider(quick, clock, first, second):
    for account in (first, second):
        ask_of(account)

    sweep.work("luma-agents", seconds=0.5, clock=clock)

    assert quick.submits_received == 2
    run(clock)
    assert set(states().values()) == {State.SUCCEEDED}


def test_an_account_that_is_told_to_wait_keeps_no_other_waiting(quick, clock, first, second):
    requeue.pause_account(first.pk, now=clock(), seconds=40, reason="Too many requests.")
    ask_of(first)
    ask_of(second)

    sweep.work("luma-agents", seconds=0.5, clock=clock)

    assert states()[first.name] == State.QUEUED
    assert states()["Second"] != State.QUEUED
    assert quick.submits_received == 1


def test_each_account_has_its_own_limit_of_running_jobs(quick, clock, first, second):
    ProviderAccount.objects.filter(pk=first.pk).update(max_concurrent=1)
    ProviderAccount.objects.filter(pk=second.pk).update(max_concurrent=2)
    for _ in range(3):
        for account in (first, second):
            ask_of(account, prompt="[[slow:30]]")

    sweep.work("luma-agents", seconds=1.0, clock=clock)

    sent = Attempt.objects.filter(submitted_at__isnull=False).values_list(
        "account__name", flat=True
    )
    assert sorted(sent) == sorted([first.name, "Second", "Second"])


def test_no_account_takes_the_room_of_another(db, clock, first, second):
    for account in (first, first, first, second):
        make_generation(make_member(), account=account)

    taken = [attempt.account_id for attempt in Accounts("luma-agents").turns(now=clock(), room=4)]

    assert sorted(taken) == [first.pk, first.pk, second.pk]


def test_a_wrong_key_of_one_account_stops_no_other(quick, clock, first, second, monkeypatch):
    access = ProviderAccount.access

    def with_a_wrong_key(account: ProviderAccount) -> Access:
        found = access(account)
        return (
            Access(
                found.account_id, found.provider, found.base_url, "nonsense é", is_simulated=True
            )
            if account.pk == first.pk
            else found
        )

    monkeypatch.setattr(ProviderAccount, "access", with_a_wrong_key)
    ask_of(first)
    ask_of(second)

    run(clock)

    assert states() == {first.name: State.FAILED, "Second": State.SUCCEEDED}
    assert "key" in Generation.objects.get(account=first).failure_message


def test_an_account_that_cannot_even_be_read_stops_no_other(
    quick, clock, first, second, monkeypatch
):
    access = ProviderAccount.access

    def broken_for_one(account: ProviderAccount) -> Access:
        if account.pk == first.pk:
            raise RuntimeError("its options are nonsense")
        return access(account)

    monkeypatch.setattr(ProviderAccount, "access", broken_for_one)
    ask_of(first)
    ask_of(second)

    run(clock)

    assert states()["Second"] == State.SUCCEEDED


def test_what_waits_at_an_account_that_is_switched_off_is_not_sent_until_it_is_on_again(
    quick, clock, first, second
):
    ask_of(first)
    ask_of(second)
    ProviderAccount.objects.filter(pk=first.pk).update(is_enabled=False)

    run(clock, rounds=4)

    assert states()[first.name] == State.QUEUED
    assert "switched off" in Attempt.objects.get(account=first).last_error
    assert "switched off" in Pause.objects.get(account=first).reason
    assert states()["Second"] == State.SUCCEEDED
    ProviderAccount.objects.filter(pk=first.pk).update(is_enabled=True)
    run(clock)
    assert states()[first.name] == State.SUCCEEDED


def test_nothing_is_uploaded_to_an_account_that_is_switched_off(quick, clock, first, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    wanted = GenerationRequest(prompt="At night", resolution="360p", source=Ref(asset_id=clip.pk))
    enqueue(Draft(wanted, first, clip), member=member)
    sweep.work("luma-agents", seconds=0.1, clock=clock)
    ProviderAccount.objects.update(is_enabled=False)

    transfer.transfer(0, clock=clock)

    attempt = Attempt.objects.get()
    assert attempt.state == State.STAGING and "switched off" in attempt.last_error
    assert attempt.next_action_at > clock() + timedelta(seconds=10)


def test_another_key_is_used_by_the_sweep_that_is_at_work(quick, clock, first):
    accounts = Accounts("luma-agents")
    before = accounts.access[first.pk]
    ProviderAccount.objects.filter(pk=first.pk).update(
        is_simulated=False, base_url="https://luma.example.org/v1"
    )

    accounts._read_at -= 10
    accounts.refresh()

    assert accounts.access[first.pk] != before
    assert accounts.access[first.pk].base_url == "https://luma.example.org/v1"


def test_a_dispatcher_goes_another_way_once_an_account_is_reached_another_way(monkeypatch):
    opened = []

    class Seen(ProviderSession):
        def __init__(self, access: Access) -> None:
            super().__init__(access)
            opened.append(access.secret)

    monkeypatch.setattr(dispatching, "ProviderSession", Seen)
    dispatcher = Dispatcher(registry.get("luma-agents"))
    ways = [Access(1, "luma-agents", "http://127.0.0.1:9", key) for key in ("old", "old", "new")]
    try:
        sessions = [dispatcher._session(access) for access in ways]
    finally:
        dispatcher.close()

    assert opened == ["old", "new"]
    assert sessions[0] is sessions[1] is not sessions[2]


def test_the_ticker_wakes_the_sweep_of_each_provider_with_due_rows(transactional_db):
    ticker = Ticker()
    ticker.ticks = 1
    for provider in ("luma-agents", "gmi-cloud", "scenario"):
        make_generation(make_member(), account=default_account(provider), provider=provider)

    ticker.tick(timezone.now())

    woken = [args for _task, args in waiting()]
    assert sorted(woken) == [("gmi-cloud",), ("luma-agents",), ("scenario",)]


def test_a_sweep_of_one_provider_holds_up_no_other(quick, clock, first):
    ask_of(first)
    leases.take(wake.lease_of("work", "gmi-cloud"), uuid.uuid4(), now=clock(), seconds=60)

    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
