"""A paid call whose answer was lost is looked for in the provider's own list, and settled only
where it is plain.
"""

import base64
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from editorapp.alerts.models import Alert
from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks import books
from editorapp.generations.engine import post_outcomes
from editorapp.generations.models import Attempt, Generation, Search, Settlement
from editorapp.generations.reconcile import decide, matching, search, settle
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media.intake import take_in
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref, Task, Unavailable
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_asset, make_member
from tests.generations.drive import Clock, ask, priced, run
from tests.generations.small_clip import draw
from tests.simulator_process import SimulatorProcess, http

PATIENCE = timedelta(seconds=decide.NOT_LISTED.lasts_seconds or 0)
LISTING = ("gmi-cloud", "scenario")
both = pytest.mark.parametrize("provider", LISTING)
Send = Callable[..., Generation]


@pytest.fixture
def send(quick: SimulatorProcess, clock: Clock) -> Send:
    """Send a request whose paid call ends badly, until its outcome is unknown."""

    def send(
        provider: str, *, how: str = "accept_then_reset", prompt: str = "", wait: bool = True
    ) -> Generation:
        member, account = make_member(), default_account(provider)
        wanted = GenerationRequest(
            task=Task.GENERATE,
            prompt=prompt or f"A harbor {uuid.uuid4()}",
            resolution="540p",
            duration="5s",
        )
        generation = enqueue(Draft(priced(wanted, account, member), account), member=member)
        if wait:
            quick.fail("submit", how)
            run(clock, until=State.UNKNOWN)
            generation.refresh_from_db()
            assert generation.state == State.UNKNOWN
        return generation

    return send


def look(provider: str, clock: Clock, *, times: int = 1) -> None:
    """Let the search do what is due, each time jumping to when the list is asked next."""
    for _ in range(times):
        search.search(provider, clock=clock)
        if (
            at := Search.objects.filter(at__isnull=False)
            .order_by("at")
            .values_list("at", flat=True)
            .first()
        ) is None:
            return
        clock.jump_to(at)
        search.search(provider, clock=clock)


def post_by_hand(quick: SimulatorProcess, generation: Generation) -> str:
    """Send the same body from elsewhere, with the same key. Return the job's id."""
    body = generation.attempts.get().request_body
    key = registry.get(generation.provider).SPEC.simulated_key
    if generation.provider == "scenario":
        url = f"{quick.url}/scenario/v1/generate/custom/model_luma-ray-3-2"
        word = "Basic " + base64.b64encode(key.encode()).decode()
        return (
            http.post(url, json=body, headers={"Authorization": word})
            .raise_for_status()
            .json()["job"]["jobId"]
        )
    url = f"{quick.url}/gmi-cloud/api/v1/ie/requestqueue/apikey/requests"
    return (
        http.post(url, json=body, headers={"Authorization": f"Bearer {key}"})
        .raise_for_status()
        .json()["request_id"]
    )


@both
def test_a_call_that_was_accepted_is_found_followed_and_finished(quick, clock, send, provider):
    generation = send(provider)

    look(provider, clock)

    attempt = generation.attempts.get()
    assert attempt.state == State.RUNNING and attempt.provider_job_id
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd
    decision = Settlement.objects.get()
    assert decision.person is None and decision.outcome == "adopted"
    assert attempt.provider_job_id in decision.note and "the only job of that time" in decision.note
    remark = Entry.objects.get(kind="adjust")
    assert remark.amount_usd == 0 and remark.note.startswith(
        f"Rushes: followed as job {attempt.provider_job_id}."
    )
    run(clock)
    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert quick.submits_received == 1
    assert books.differences() == [] and not Alert.objects.exists()


@both
def test_nothing_is_looked_for_before_the_post_surely_has_ended(clock, send, provider):
    generation = send(provider)

    search.search(provider, clock=clock)

    row = Search.objects.get()
    started = generation.attempts.get().submit_started_at
    assert (
        row.looked_at is None
        and row.at == started + post_outcomes.POST_LEASE + matching.SETTLED_AFTER
    )
    assert Generation.objects.get().state == State.UNKNOWN


def test_what_never_arrived_is_released_where_the_list_is_whole(quick, clock, send):
    generation = send("scenario", how="reset")

    look("scenario", clock, times=30)

    generation.refresh_from_db()
    assert (generation.state, generation.failure_code, generation.can_try_again) == (
        State.FAILED,
        "never_arrived",
        True,
    )
    assert ledger.held_usd(generation.pk) == 0 and quick.submits_received == 0
    row, decision = Search.objects.get(), Settlement.objects.get()
    assert (
        row.looks >= decide.NOT_LISTED.tries
        and row.looked_at >= matching.first_look_at(row.attempt) + PATIENCE
    )
    assert "does not show it" in decision.note and decision.by == "Rushes, by itself"
    assert "Rushes: never arrived." in Entry.objects.get(kind="release").note
    assert books.differences() == [] and not Alert.objects.exists()


def test_what_never_arrived_is_for_a_person_where_the_list_proves_nothing(quick, clock, send):
    generation = send("gmi-cloud", how="reset")

    look("gmi-cloud", clock, times=30)

    generation.refresh_from_db()
    assert generation.state == State.UNKNOWN and quick.submits_received == 0
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject) == ("unknown_outcome", f"generation:{generation.pk}")
    assert (
        "does not say that its list leaves nothing out" in alert.message and alert.closed_at is None
    )
    settle.never_arrived(
        generation, member=generation.team.members.get(), now=clock(), note="Seen in the console"
    )
    assert Alert.objects.get().closed_at is not None


@both
def test_a_list_that_lags_is_asked_again(quick, clock, send, provider):
    generation = send(provider)
    quick.fail("list", "lag:3600", times=2)

    look(provider, clock)
    assert Generation.objects.get().state == State.UNKNOWN and Search.objects.get().is_looking
    look(provider, clock, times=2)

    assert generation.attempts.get().state == State.RUNNING


@both
@pytest.mark.parametrize("fault", ["status:500", "status:429:20", "reset"])
def test_a_list_that_fails_decides_nothing_and_is_asked_again(quick, clock, send, provider, fault):
    generation = send(provider)
    quick.fail("list", fault)

    look(provider, clock)
    row = Search.objects.get()
    assert (row.failures, row.looks, row.looked_at) == (
        1,
        0,
        None,
    ) and "could not be read" in row.says
    look(provider, clock)

    assert generation.attempts.get().state == State.RUNNING


@both
def test_a_list_that_fails_for_an_hour_calls_a_person_and_is_asked_on(quick, clock, send, provider):
    generation = send(provider)
    quick.fail("list", "status:503", times=1000)

    look(provider, clock, times=20)
    assert Generation.objects.get().state == State.UNKNOWN
    assert "could not be read" in Alert.objects.get(closed_at=None).message
    quick.reset()
    look(provider, clock)

    assert generation.attempts.get().state == State.RUNNING
    assert not Alert.objects.filter(closed_at=None).exists()


@both
def test_of_two_equal_jobs_a_person_chooses(quick, clock, send, provider):
    generation = send(provider)
    other = post_by_hand(quick, generation)

    look(provider, clock, times=3)

    assert Generation.objects.get().state == State.UNKNOWN
    row = Search.objects.get()
    assert row.verdict == "person" and {one["likeness"] for one in row.candidates} == {"same"}
    assert other in {one["job_id"] for one in row.candidates} and len(row.candidates) == 2
    assert "which is it?" in Alert.objects.get().message


@both
def test_a_job_that_is_on_one_of_our_rows_is_no_candidate(quick, clock, send, provider):
    generation, other = send(provider, how="reset"), send(provider, how="reset")
    job_id = post_by_hand(quick, generation)
    Attempt.objects.filter(generation=other).update(provider_job_id=job_id)

    look(provider, clock)

    row = Search.objects.get(attempt__generation=generation)
    assert row.attempt.state == State.UNKNOWN
    assert row.candidates == [] and "does not show it" in row.says


@both
def test_two_of_our_own_with_the_same_body_are_not_told_apart(quick, clock, send, provider):
    first, second = send(provider), None
    second = send(provider, how="reset", prompt=first.prompt)

    look(provider, clock, times=3)

    assert set(Attempt.objects.values_list("state", flat=True)) == {State.UNKNOWN}
    assert "sent several times from here" in Search.objects.get(attempt__generation=second).says
    assert len(Search.objects.get(attempt__generation=first).candidates) == 1


@both
def test_nothing_is_decided_while_the_same_request_is_on_its_way(clock, send, provider):
    generation = send(provider)
    other = send(provider, prompt=generation.prompt, wait=False)
    mine = generation.attempts.get()
    Attempt.objects.filter(generation=other).update(
        state=State.SUBMITTING, request_body=mine.request_body, submit_started_at=clock()
    )

    look(provider, clock)

    assert generation.attempts.get().state == State.UNKNOWN
    assert "being sent once more" in Search.objects.get(attempt=mine).says


@both
def test_a_list_that_hides_the_request_is_for_a_person_until_it_shows_it(
    quick, clock, send, provider
):
    generation = send(provider)
    quick.fail("list", "bare", times=2)

    look(provider, clock)
    row = Search.objects.get()
    assert (row.verdict, [one["likeness"] for one in row.candidates][:1]) == ("person", ["unclear"])
    assert "does not show the whole request" in row.says
    look(provider, clock, times=2)

    assert generation.attempts.get().state == State.RUNNING


@both
def test_defaults_written_out_and_another_order_make_no_other_request(quick, clock, send, provider):
    generation = send(provider)
    quick.fail("list", "filled", times=5)

    look(provider, clock)

    assert generation.attempts.get().state == State.RUNNING


@both
def test_one_match_in_a_list_that_shows_not_all_is_for_a_person(clock, send, provider, monkeypatch):
    generation = send(provider)
    read = matching.read
    monkeypatch.setattr(
        matching, "read", lambda *args, **kw: replace(read(*args, **kw), is_whole=False)
    )

    look(provider, clock, times=2)

    row = Search.objects.get()
    assert generation.attempts.get().state == State.UNKNOWN and row.verdict == "person"
    assert [one["likeness"] for one in row.candidates] == [
        "same"
    ] and "does not show all jobs" in row.says


def test_nothing_is_released_while_the_list_shows_the_same_words_at_another_time(
    clock, send, monkeypatch
):
    """The provider's clock, or ours, is hours off: the job is there, and lies outside the time of
    the post.
    """
    generation = send("scenario")
    read = matching.read

    def hours_off(*args, **kw):
        listing = read(*args, **kw)
        jobs = [
            replace(one, created_at=one.created_at - timedelta(hours=5)) for one in listing.jobs
        ]
        return replace(listing, jobs=tuple(jobs))

    monkeypatch.setattr(matching, "read", hours_off)
    look("scenario", clock, times=30)

    assert generation.attempts.get().state == State.UNKNOWN
    row = Search.objects.get()
    assert row.verdict == "person" and "with the same words" in row.says
    assert [one["likeness"] for one in row.candidates] == ["same"]


def test_nothing_is_released_while_the_list_shows_the_same_words_with_other_settings(
    quick, clock, send
):
    generation = send("scenario", how="reset")
    body = generation.attempts.get().request_body
    Attempt.objects.update(request_body=body | {"loop": True})
    post_by_hand(quick, generation)
    Attempt.objects.update(request_body=body)

    look("scenario", clock, times=30)

    assert generation.attempts.get().state == State.UNKNOWN
    assert [one["likeness"] for one in Search.objects.get().candidates] == ["other"]


def test_a_last_look_before_a_release_reaches_a_day_further(quick, clock, send, monkeypatch):
    send("scenario", how="reset")
    read, asked = matching.read, []
    monkeypatch.setattr(
        matching, "read", lambda *args, wide: (asked.append(wide), read(*args, wide=wide))[1]
    )

    look("scenario", clock, times=30)

    assert Generation.objects.get().state == State.FAILED
    assert asked[0] is False and asked[-1] is True


def test_a_provider_without_a_list_goes_to_a_person_at_once(quick, clock):
    quick.fail("submit", "accept_then_reset")
    generation = ask()
    run(clock, until=State.UNKNOWN)

    assert search.due_providers(clock()) == {"luma-agents"}
    search.search("luma-agents", clock=clock)

    row = Search.objects.get()
    assert (row.verdict, row.at) == ("person", None) and "has no list of jobs" in row.says
    assert Alert.objects.get().subject == f"generation:{generation.pk}"
    assert search.due_providers(clock()) == set()


@both
def test_a_person_who_was_first_is_not_overruled(clock, send, provider, monkeypatch):
    generation = send(provider)
    look_at = matching.found

    def settled_meanwhile(attempt, listing):
        settle.never_arrived(
            Generation.objects.get(),
            member=generation.team.members.get(),
            now=clock(),
            note="Seen in the console",
        )
        return look_at(attempt, listing)

    monkeypatch.setattr(matching, "found", settled_meanwhile)
    look(provider, clock)

    assert Generation.objects.get().state == State.FAILED
    assert [one.outcome for one in Settlement.objects.all()] == ["never_arrived"]
    assert Search.objects.get().verdict == "settled" and books.differences() == []


@both
def test_a_job_of_the_same_key_under_another_account_is_taken_too(clock, send, provider):
    generation = send(provider)
    look(provider, clock)
    job_id = generation.attempts.get().provider_job_id
    other = ProviderAccount.objects.create(
        provider=provider, name="The same key again", is_simulated=True
    )
    second = send(provider, how="reset", prompt=generation.prompt)
    Attempt.objects.filter(generation=second).update(account=other)

    with pytest.raises(settle.JobIsTaken):
        settle.adopt(
            second,
            job_id,
            member=second.team.members.get(),
            now=clock(),
            note="Seen in the console",
        )


def test_an_edit_whose_clip_travels_in_the_call_is_shown_to_a_person_who_follows_it(
    quick, clock, tmp_path
):
    """GMI's list does not show the bytes of a clip, so nobody can be sure that it is the same one."""
    member, account = make_member(), default_account("gmi-cloud")
    clip = take_in(draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user)
    wanted = GenerationRequest(
        prompt=f"Rain {uuid.uuid4()}", source=Ref(asset_id=clip.pk), resolution="540p"
    )
    generation = enqueue(Draft(wanted, account, clip), member=member)
    quick.fail("submit", "accept_then_reset")
    run(clock, until=State.UNKNOWN)

    look("gmi-cloud", clock)

    (candidate,) = Search.objects.get().candidates
    assert candidate["likeness"] == "unclear" and generation.attempts.get().state == State.UNKNOWN
    generation.refresh_from_db()
    settle.adopt(
        generation, candidate["job_id"], member=member, now=clock(), note="Seen in the console"
    )
    run(clock)
    generation.refresh_from_db()
    assert (
        generation.state == State.SUCCEEDED
        and quick.submits_received == 1
        and books.differences() == []
    )


def test_an_answer_that_comes_late_ends_the_search(clock, send):
    generation = send("scenario")
    search.search("scenario", clock=clock)
    attempt = generation.attempts.get()
    attempt.move(
        State.RUNNING,
        now=clock(),
        provider_job_id="job_late",
        next_action_at=clock() + timedelta(hours=1),
    )

    assert search.due_providers(clock()) == {"scenario"}
    search.search("scenario", clock=clock)

    assert Search.objects.get().verdict == "settled"
    assert search.due_providers(clock()) == set()


def test_a_clip_inside_the_call_gives_it_longer_to_end(clock, send):
    generation = send("gmi-cloud", how="reset")
    attempt = generation.attempts.get()
    before = matching.first_look_at(attempt)
    clip = make_asset(make_member(), size_bytes=96 * 1024 * 1024)
    attempt.request_body["payload"]["source_data"] = f"stored-file:{clip.sha256}"

    assert matching.first_look_at(attempt) - before == timedelta(seconds=1024)


@both
@pytest.mark.parametrize("how", ["listed", "failed"])
def test_who_settles_while_the_list_is_read_is_told_nothing_more_of_it(
    clock, send, provider, monkeypatch, how
):
    """After the hour in which a list may lag, whatever comes of a look is for a person: who has
    been there by then.
    """
    generation = send(provider, how="reset")
    search.search(provider, clock=clock)
    clock.jump(hours=2)
    read = matching.read

    def settled_meanwhile(*args, **kw):
        settle.never_arrived(
            Generation.objects.get(),
            member=generation.team.members.get(),
            now=clock(),
            note="Seen in the console",
        )
        if how == "failed":
            raise Unavailable("The list is not there.")
        return replace(read(*args, **kw), is_whole=False)

    monkeypatch.setattr(matching, "read", settled_meanwhile)
    search.search(provider, clock=clock)

    assert Search.objects.get().verdict == "settled"
    assert not Alert.objects.filter(closed_at=None).exists()


@both
def test_a_fault_of_ours_in_reading_a_list_is_noted_and_waited_out(
    clock, send, provider, monkeypatch, caplog
):
    generation = send(provider)
    search.search(provider, clock=clock)
    clock.jump_to(Search.objects.get().at)
    with monkeypatch.context() as patch:
        patch.setattr(registry.get(provider), "recent", faulty)
        search.search(provider, clock=clock)

    row = Search.objects.get()
    assert (row.failures, row.at >= clock() + search.LATEST - timedelta(seconds=5)) == (1, True)
    assert (
        "could not make sense of it (KeyError)" in row.says and "could not be read" in caplog.text
    )
    assert search.due_providers(clock()) == set()
    look(provider, clock)
    assert generation.attempts.get().state == State.RUNNING


async def faulty(**options: object) -> None:
    raise KeyError("jobs")


@both
def test_a_fault_of_ours_with_one_of_them_keeps_no_other_from_being_found(
    clock, send, provider, monkeypatch
):
    odd, other = send(provider), send(provider)
    search.search(provider, clock=clock)
    clock.jump_to(max(Search.objects.values_list("at", flat=True)))
    found = matching.found

    def one_is_odd(attempt, listing):
        if attempt.generation_id == odd.pk:
            raise TypeError("a list, not a number")
        return found(attempt, listing)

    with monkeypatch.context() as patch:
        patch.setattr(matching, "found", one_is_odd)
        search.search(provider, clock=clock)

    assert other.attempts.get().state == State.RUNNING
    row = Search.objects.get(attempt__generation=odd)
    assert (
        row.failures == 1 and "(TypeError)" in row.says and row.at > clock() + timedelta(minutes=14)
    )
    look(provider, clock)
    assert odd.attempts.get().state == State.RUNNING


def test_a_clip_that_two_teams_have_and_the_call_carries_twice_counts_as_often_as_it_is_carried(
    clock, send
):
    attempt = send("gmi-cloud", how="reset").attempts.get()
    before = matching.first_look_at(attempt)
    clip = make_asset(make_member(), size_bytes=96 * 1024 * 1024)
    make_asset(make_member(), size_bytes=clip.size_bytes, sha256=clip.sha256)
    mark = f"stored-file:{clip.sha256}"
    attempt.request_body["payload"] |= {"source_data": mark, "frames": [{"data": mark}]}

    assert matching.first_look_at(attempt) - before == timedelta(seconds=2048)
