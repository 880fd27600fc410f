"""The sweep: what it sends, when it does not, and what is left of it when it is killed, doubled or
overtaken.
"""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.coordination import heartbeat, leases, wake
from editorapp.generations.engine import claims, poll_outcomes, post_outcomes, sweep, transfer
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.reconcile import settle
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.providers import registry
from editorapp.providers.contract import Access, GenerationRequest, Job, JobState, Ref
from editorapp.providers.models import ProviderAccount, StagedFile
from tests.environment import ROOT
from tests.factories import default_account, make_member, make_post
from tests.generations.drive import ask, elsewhere, run
from tests.generations.small_clip import draw
from tests.patience import PATIENCE_SECONDS, awaited


def kinds() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("kind", flat=True))


def test_a_generation_goes_all_the_way(quick, clock):
    generation = ask()

    run(clock)

    generation.refresh_from_db()
    attempt = generation.attempts.get()
    assert (generation.state, attempt.state) == (State.SUCCEEDED, State.SUCCEEDED)
    assert generation.chain_id == attempt.provider_job_id
    assert generation.result is not None and generation.result.is_simulated
    assert generation.cost_usd == generation.estimate_high_usd and generation.cost_is_estimated
    assert attempt.request_body["prompt"] == generation.prompt and len(attempt.request_sha256) == 64
    assert attempt.result_urls is None and attempt.next_action_at is None
    assert kinds() == ["reserve", "charge"]
    assert differences() == []


def test_a_stored_source_is_uploaded_once_and_named_by_its_file_id(quick, clock, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    ask(member, clip=clip)
    run(clock)

    ask(member, clip=clip)
    run(clock)

    staged = StagedFile.objects.get()
    bodies = [attempt.request_body for attempt in Attempt.objects.all()]
    assert [body["source"] for body in bodies] == [staged.ref] * 2
    assert Generation.objects.filter(state=State.SUCCEEDED).count() == 2


def test_a_file_that_the_provider_forgot_is_uploaded_anew(quick, clock, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    account = default_account("luma-agents")
    gone = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
    before = timezone.now() - timedelta(days=1)
    StagedFile.objects.create(account=account, asset=clip, ref={"file_id": gone}, staged_at=before)

    ask(member, clip=clip)
    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert StagedFile.objects.get().ref["file_id"] != gone
    assert quick.submits_received == 1
    assert kinds() == ["reserve", "charge"]


def test_an_edit_of_a_take_sends_the_providers_own_id(quick, clock):
    member = make_member()
    parent = ask(member)
    run(clock)
    parent.refresh_from_db()

    wanted = GenerationRequest(
        prompt="At night", resolution="360p", source=Ref(generation_id=parent.chain_id)
    )
    child = enqueue(Draft(wanted, parent.account, parent=parent), member=member)
    run(clock)

    child.refresh_from_db()
    assert child.state == State.SUCCEEDED
    assert child.attempts.get().request_body["source"] == {"generation_id": parent.chain_id}
    assert child.lineage == parent.lineage


# Crashes: what is left when a worker dies at each point, and what comes of it.


def test_killed_before_the_write_ahead_it_is_sent_later_once(quick, clock):
    ask()
    claims.claim(
        claims.due([default_account("luma-agents").pk], State.QUEUED, now=clock()),
        now=clock(),
        until=clock() + timedelta(seconds=15),
    )

    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert quick.submits_received == 1


def test_killed_after_the_write_ahead_it_is_unknown_and_never_sent_again(quick, clock):
    generation = ask()
    post_outcomes.posting([make_post(generation.attempts.get(), {"prompt": "?"})], now=clock())
    sweep.work("luma-agents", seconds=0.2, clock=clock)
    assert Generation.objects.get().state == State.SUBMITTING  # it may still be on the wire

    clock.jump(seconds=100)
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.UNKNOWN
    assert "may have been accepted" in generation.failure_message
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd
    assert quick.submits_received == 0


def test_killed_after_the_charge_the_result_is_fetched_and_charged_once(quick, clock):
    generation = ask()
    run(clock, until=State.RUNNING)
    clock.jump(seconds=10)
    while Attempt.objects.get().state == State.RUNNING:
        sweep.work("luma-agents", seconds=0.1, clock=clock)
        clock.jump(seconds=3)
    assert Attempt.objects.get().state == State.FETCHING
    rows = Attempt.objects.filter(state=State.FETCHING)
    assert claims.claim(rows, now=clock(), until=clock() + timedelta(seconds=30))

    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert kinds() == ["reserve", "charge"]


_WORKER = """
import sys
import django
django.setup()
from django.conf import settings
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
settings.SIMULATOR_URL = sys.argv[2]
from editorapp.generations.engine import sweep
sweep.work("luma-agents", seconds=60)
"""


def test_a_worker_killed_while_the_post_is_on_the_wire_leaves_an_unknown(quick, clock):
    quick.fail("submit", "hang")
    generation = ask()
    worker = subprocess.Popen(
        [sys.executable, "-c", _WORKER, str(connection.settings_dict["NAME"]), quick.url],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "editorapp.settings"},
    )
    try:
        awaited(lambda: quick.submits_received, "the paid post")
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    assert Attempt.objects.get().state == State.SUBMITTING

    clock.jump(seconds=120)  # both leases end
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.UNKNOWN
    assert quick.submits_received == 1
    assert kinds() == ["reserve"]


def test_an_unknown_that_was_accepted_is_adopted_and_brought_home(quick, quick_folder, clock):
    quick.fail("submit", "accept_then_reset")
    member = make_member()
    generation = ask(member)
    run(clock)
    generation.refresh_from_db()
    job_id = _newest_job(quick_folder)

    settle.adopt(generation, job_id, member=member, now=clock(), note="Seen in the console")
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert generation.failure_message == ""
    assert quick.submits_received == 1
    assert kinds() == [
        "reserve",
        "adjust",
        "charge",
    ]  # the adjustment is a remark: who followed it, and why


def _newest_job(quick_folder: Path) -> str:
    """Return the id of the newest job, as a person would read it off the provider's console."""
    with sqlite3.connect(quick_folder / "simulator" / "state.sqlite3") as kept:
        (body,) = kept.execute("SELECT body FROM job ORDER BY rowid DESC LIMIT 1").fetchone()
    return json.loads(body)["id"]


# Doubles: two of anything are as good as one.


def test_a_second_sweep_of_a_provider_does_nothing_while_the_first_runs(quick, clock):
    ask()
    leases.take(wake.lease_of("work", "luma-agents"), uuid.uuid4(), now=clock(), seconds=30)

    sweep.work("luma-agents", seconds=0.2, clock=clock)

    assert Attempt.objects.get().state == State.QUEUED
    assert quick.submits_received == 0
    assert not leases.is_live(
        "wake:work:luma-agents", now=clock()
    )  # so that the first one's end can wake the next


def test_sweeps_that_run_at_once_in_spite_of_the_lease_send_once(quick, clock, monkeypatch):
    monkeypatch.setattr(leases, "take", lambda *args, **kwargs: True)
    ProviderAccount.objects.filter(pk=default_account("luma-agents").pk).update(max_concurrent=100)
    for _ in range(12):
        ask()
    start = threading.Barrier(3)

    def one() -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            sweep.work("luma-agents", seconds=1.5, clock=clock)
        finally:
            connection.close()

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert quick.submits_received == 12
    assert Attempt.objects.exclude(provider_job_id=None).count() == 12
    assert Attempt.objects.values("provider_job_id").distinct().count() == 12


def test_a_late_answer_after_the_lease_ran_out_is_not_lost(db, clock):
    generation = ask()
    attempt = generation.attempts.get()
    post_outcomes.posting([make_post(attempt, {"prompt": "?"})], now=clock())
    post_outcomes.lapsed(Attempt.objects.get(), now=clock())
    assert Attempt.objects.get().state == State.UNKNOWN

    post_outcomes.accepted([Accepted(attempt, Job("job-1", JobState.QUEUED), 5)], now=clock())

    assert (Attempt.objects.get().state, Attempt.objects.get().provider_job_id) == (
        State.RUNNING,
        "job-1",
    )


def test_an_answer_after_a_person_said_that_it_never_arrived_is_raised_with_the_jobs_id(db, clock):
    member = make_member()
    generation = ask(member)
    attempt = generation.attempts.get()
    post_outcomes.posting([make_post(attempt, {"prompt": "?"})], now=clock())
    post_outcomes.lapsed(Attempt.objects.get(), now=clock())
    settle.never_arrived(generation, member=member, now=clock(), note="Seen in the console")

    post_outcomes.accepted([Accepted(attempt, Job("job-1", JobState.QUEUED), 5)], now=clock())

    assert Attempt.objects.get().state == State.FAILED
    alert = Alert.objects.still_open().get(kind="unknown_outcome")
    assert "job-1" in alert.message and alert.path == f"/takes/{generation.pk}"


def test_an_id_that_another_job_has_leaves_an_unknown(db, clock):
    first, second = ask().attempts.get(), ask().attempts.get()
    for attempt in (first, second):
        post_outcomes.posting([make_post(attempt, {})], now=clock())
    post_outcomes.accepted([Accepted(first, Job("job-1", JobState.QUEUED), 5)], now=clock())

    post_outcomes.accepted([Accepted(second, Job("job-1", JobState.QUEUED), 5)], now=clock())

    assert Attempt.objects.get(pk=second.pk).state == State.UNKNOWN


def test_an_answer_that_the_database_does_not_take_is_written_later(quick, clock, monkeypatch):
    ask()
    written, failures = post_outcomes.accepted, [DatabaseError("database or disk is full")] * 2

    def full_disk(*args, **kwargs):
        if failures:
            raise failures.pop()
        return written(*args, **kwargs)

    monkeypatch.setattr(post_outcomes, "accepted", full_disk)
    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert quick.submits_received == 1


def test_nothing_leaves_when_the_write_ahead_cannot_be_committed(quick, clock, monkeypatch):
    ask()
    commit, failures = connection.commit, ["disk full"]

    def failing_commit() -> None:
        if failures and Attempt.objects.filter(state=State.SUBMITTING).exists():
            raise DatabaseError(failures[0])
        commit()

    monkeypatch.setattr(connection, "commit", failing_commit)
    sweep.work("luma-agents", seconds=0.5, clock=clock)
    assert quick.submits_received == 0
    assert Attempt.objects.get().state == State.QUEUED

    failures.clear()
    run(clock)
    assert Generation.objects.get().state == State.SUCCEEDED
    assert quick.submits_received == 1


@pytest.mark.skipif(connection.vendor != "sqlite", reason="a setting of SQLite")
def test_the_write_ahead_is_on_the_disk_before_the_post(quick, clock, monkeypatch):
    ask()
    posting, levels = post_outcomes.posting, []

    def posting_seen(*args, **kwargs):
        with connection.cursor() as cursor:
            levels.append(cursor.execute("PRAGMA synchronous").fetchone()[0])
        posting(*args, **kwargs)

    monkeypatch.setattr(post_outcomes, "posting", posting_seen)
    connection.close()  # a worker's connection may be fresh: its first setting is NORMAL
    sweep.work("luma-agents", seconds=0.3, clock=clock)

    assert levels == [2]  # FULL


def test_an_answer_that_can_never_be_written_holds_up_no_other(quick, clock, monkeypatch):
    bad, good = ask(prompt="bad"), ask(prompt="good")
    charge = ledger.charge

    def broken_for_one(charges, *args, **kwargs):
        if bad.attempts.get().pk in {one.attempt_id for one in charges}:
            raise ledger.NothingHeld("its books are closed")
        return charge(charges, *args, **kwargs)

    monkeypatch.setattr(ledger, "charge", broken_for_one)
    run(clock, rounds=12)

    good.refresh_from_db()
    bad.refresh_from_db()
    assert (good.state, bad.state) == (
        State.SUCCEEDED,
        State.LOST,
    )  # after a while it is a person's
    assert ledger.held_usd(bad.pk) == bad.estimate_high_usd and quick.submits_received == 2


def test_a_sweep_at_work_is_a_sign_of_life(quick, clock, monkeypatch):
    monkeypatch.setattr(sweep, "RENEW_SECONDS", 0.1)
    quick.fail("submit", "slow:0.5")
    ask()

    sweep.work("luma-agents", seconds=0.3, clock=clock)

    assert heartbeat.signs(clock()).cluster_is_alive


def test_what_cannot_be_written_as_a_body_fails_alone_and_costs_nothing(quick, clock, monkeypatch):
    adapter = registry.get("luma-agents")
    encode = adapter.encode
    monkeypatch.setattr(
        adapter,
        "encode",
        lambda wanted, spec: encode(wanted) if "fine" in wanted.prompt else {}["no"],
    )
    broken, sound = ask(prompt="broken"), ask(prompt="fine")

    run(clock)

    broken.refresh_from_db()
    sound.refresh_from_db()
    assert (broken.state, broken.failure_code, sound.state) == (
        State.FAILED,
        "not_prepared",
        State.SUCCEEDED,
    )
    assert ledger.held_usd(broken.pk) == 0
    assert quick.submits_received == 1


def test_a_body_is_encoded_once_and_kept_before_it_leaves(quick, clock, monkeypatch):
    adapter, encoded = registry.get("luma-agents"), []
    encode = adapter.encode

    def counting(wanted, spec):
        encoded.append(encode(wanted, spec))
        return encoded[-1]

    monkeypatch.setattr(adapter, "encode", counting)
    generation = ask()

    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert encoded == [generation.attempts.get().request_body]


# Limits and pauses.


def test_no_more_jobs_run_than_the_account_allows(quick, clock):
    account = default_account("luma-agents")
    ProviderAccount.objects.filter(pk=account.pk).update(max_concurrent=3)
    for _ in range(8):
        ask(prompt="[[slow:30]]")

    sweep.work("luma-agents", seconds=1.0, clock=clock)

    assert quick.submits_received == 3
    assert Attempt.objects.filter(state=State.QUEUED).count() == 5
    clock.jump(seconds=1)
    run(clock, rounds=3)
    assert quick.submits_received == 3


def test_no_more_posts_leave_in_a_minute_than_the_account_allows(quick, clock):
    account = default_account("luma-agents")
    ProviderAccount.objects.filter(pk=account.pk).update(requests_per_minute=2)
    for _ in range(3):
        ask()

    sweep.work("luma-agents", seconds=0.6, clock=clock)
    assert quick.submits_received == 2

    clock.jump(seconds=61)
    run(clock)
    assert quick.submits_received == 3


def test_too_many_requests_hold_the_whole_account_back_for_as_long_as_it_says(quick, clock):
    quick.fail("submit", "status:429", times=1, retry_after=40)
    first = ask()
    sweep.work("luma-agents", seconds=0.3, clock=clock)
    second = ask()

    sweep.work("luma-agents", seconds=0.5, clock=clock)

    assert quick.submits_received == 0
    pause = Pause.objects.get()
    assert 30 < (pause.until - clock()).total_seconds() <= 40
    run(clock)
    assert {Generation.objects.get(pk=one.pk).state for one in (first, second)} == {State.SUCCEEDED}


def test_a_post_that_hangs_delays_no_poll(quick, clock, monkeypatch):
    running = ask()
    run(clock, until=State.RUNNING)
    quick.fail("submit", "hang_before")
    monkeypatch.setattr("editorapp.generations.engine.dispatcher.POST_SECONDS", 3.0)
    ask()
    clock.jump(seconds=10)

    began = time.monotonic()
    worker = threading.Thread(target=_sweep, args=[clock])
    worker.start()
    while (
        Attempt.objects.get(generation=running).state == State.RUNNING
        and time.monotonic() - began < 20
    ):
        time.sleep(0.05)
    hanging = Attempt.objects.exclude(generation=running).get().state
    worker.join(PATIENCE_SECONDS)

    assert hanging == State.SUBMITTING  # the other was done while this one still hung


def _sweep(clock) -> None:
    try:
        sweep.work("luma-agents", seconds=0.5, clock=clock)
    finally:
        connection.close()


def test_a_cancel_before_the_post_wins_and_nothing_is_sent(quick, clock):
    generation = ask()

    cancel(generation, now=clock())
    run(clock)

    assert Generation.objects.get().state == State.CANCELED
    assert quick.submits_received == 0
    assert kinds() == ["reserve", "release"]


def test_a_cancel_that_races_the_post_either_wins_or_comes_too_late(quick, clock):
    takes = [ask() for _ in range(10)]
    start, canceled = threading.Barrier(2), []

    def cancel_all() -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            for take in takes:
                with contextlib.suppress(TooLate):
                    cancel(take, now=clock())
                    canceled.append(take.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=cancel_all)
    thread.start()
    start.wait(PATIENCE_SECONDS)
    sweep.work("luma-agents", seconds=1.0, clock=clock)
    thread.join(PATIENCE_SECONDS)
    run(clock)

    ended = dict(Generation.objects.values_list("pk", "state"))
    assert {pk for pk, state in ended.items() if state == State.CANCELED} == set(canceled)
    assert quick.submits_received == len(takes) - len(canceled)
    assert differences() == []


def test_a_cancel_during_the_upload_wins_and_nothing_is_sent(quick, clock, tmp_path):
    member = make_member()
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    generation = ask(member, clip=clip)
    sweep.work("luma-agents", seconds=0.1, clock=clock)
    assert Attempt.objects.get().state == State.STAGING

    attempt = transfer._next(clock())
    cancel(generation, now=clock())
    transfer._carry(attempt, transfer._carrier(attempt, lambda _seconds: True, clock))
    run(clock)

    assert Generation.objects.get().state == State.CANCELED
    assert quick.submits_received == 0


def test_a_job_of_more_than_a_day_is_followed_on_and_its_money_stays_held(quick, clock):
    generation = ask(prompt="[[slow:500000]]")
    run(clock, until=State.RUNNING)
    clock.jump(hours=25)

    run(clock, rounds=3)

    generation.refresh_from_db()
    attempt = generation.attempts.get()
    assert generation.state == State.RUNNING and attempt.poll_count >= 2
    assert attempt.next_action_at > clock() - timedelta(seconds=1)
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd


def test_a_real_key_is_never_sent_to_the_simulator(db, settings):
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real-1234"}
    simulated = ProviderAccount.objects.create(
        provider="luma-agents", name="Simulated", is_simulated=True
    )

    access = simulated.access()

    assert isinstance(access, Access)
    assert "real" not in access.secret


def test_while_the_simulator_moves_to_another_port_nothing_is_lost(quick, clock, settings):
    generation = ask()
    run(clock, until=State.RUNNING)
    clock.jump(seconds=6)

    with elsewhere(settings, "http://127.0.0.1:9"):
        sweep.work("luma-agents", seconds=0.3, clock=clock)
        assert "did not answer" in Attempt.objects.get().last_error
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED


def test_money_and_state_change_together_or_not_at_all(db, clock, monkeypatch):
    attempt = ask().attempts.get()
    post_outcomes.posting([make_post(attempt, {})], now=clock())
    post_outcomes.accepted([Accepted(attempt, Job("job-1", JobState.QUEUED), 5)], now=clock())

    def broken(*args, **kwargs):
        raise DatabaseError("disk I/O error")

    monkeypatch.setattr(ledger, "charge", broken)
    with pytest.raises(DatabaseError), transaction.atomic():
        poll_outcomes.done([(attempt, Job("job-1", JobState.DONE))], now=clock())

    assert Attempt.objects.get().state == State.RUNNING
    assert kinds() == ["reserve"]


def test_what_is_queued_with_an_account_that_is_switched_off_waits_and_goes_out_once_it_is_on(
    quick, clock
):
    generation = ask()
    ProviderAccount.objects.update(is_enabled=False)

    sweep.work("luma-agents", seconds=0.5, clock=clock)

    generation.refresh_from_db()
    assert generation.state == State.QUEUED
    assert quick.submits_received == 0
    ProviderAccount.objects.update(is_enabled=True)
    run(clock)
    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
