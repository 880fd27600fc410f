"""What came and is not what was paid for: fetched again, then said, with every byte kept."""

from decimal import Decimal
from pathlib import Path

import pytest

from editorapp.alerts.models import Alert
from editorapp.costs.models import Entry
from editorapp.generations.files import conformance, ingest
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request import retry
from editorapp.generations.states import State
from editorapp.media import intake, store
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from tests.factories import make_asset, make_generation, make_member
from tests.generations.drive import ask, run
from tests.generations.small_clip import draw, draw_undecodable


def sends(monkeypatch, make) -> list[bytes]:
    """Let every download bring what `make(path, number)` draws; return what came."""
    came: list[bytes] = []

    async def download(url, part, **_more):
        file = make(part.path.with_suffix(".drawn.mp4"), len(came))
        came.append(file.read_bytes())
        file.unlink()
        part.write(came[-1])
        part.progress.total = len(came[-1])  # announced, and come to the last byte
        part.file.flush()
        return len(came[-1])

    monkeypatch.setattr(ingest.links, "download", download)
    return came


def short(path: Path, number: int) -> Path:
    return draw(path, frames=24, shade=0)


def broken(path: Path, number: int) -> Path:
    return draw_undecodable(path)


def noise(path: Path, number: int) -> Path:
    path.write_bytes(b"\xffthis is no video at all" * 100)
    return path


def test_the_same_undecodable_video_twice_is_the_providers_and_is_kept(quick, clock, monkeypatch):
    came = sends(monkeypatch, broken)
    generation = ask()
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.FETCH_FAILED and generation.failure_code == "result_unreadable"
    assert (
        "came twice" in generation.failure_message
        and "Ask the provider" in generation.failure_message
    )
    assert len(came) == 2, "once more, over a fresh link"
    kept = generation.came
    assert (
        kept is not None
        and kept.kind == Asset.Kind.UNREADABLE
        and kept.mime_type == "application/octet-stream"
    )
    assert store.path(kept.sha256, store.ORIGINAL).read_bytes() == came[0]
    assert store.hash_file(store.path(kept.sha256, store.ORIGINAL)) == kept.sha256
    assert not generation.can_be_taken_as_it_is
    assert list(Entry.objects.values_list("kind", flat=True)) == ["reserve", "charge"]
    assert Alert.objects.still_open().get().kind == "fetch_failed"
    assert list(store.incoming().glob("attempt-*")) == []


def test_noise_is_no_judgement_on_the_result_however_often_it_comes(quick, clock, monkeypatch):
    came = sends(
        monkeypatch, lambda path, number: noise(path, 0) if number < 5 else draw(path, frames=120)
    )
    generation = ask()
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED and len(came) == 6


def test_noise_until_the_end_is_kept_for_a_person(quick, clock, monkeypatch, expired):
    came = sends(monkeypatch, noise)
    generation = ask()
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.FETCH_FAILED and len(came) == 8
    assert store.path(generation.came.sha256, store.ORIGINAL).read_bytes() == came[0]
    assert (
        "twice" not in generation.failure_message
        and "What came is kept" in generation.failure_message
    )


def test_other_bytes_each_time_are_fetched_again_until_they_are_whole(quick, clock, monkeypatch):
    def at_last_whole(path: Path, number: int) -> Path:
        if number < 3:
            path.write_bytes(b"noise %d " % number * 200)
            return path
        return draw(path, frames=120)

    came = sends(monkeypatch, at_last_whole)
    generation = ask()
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED and len(came) == 4
    assert generation.came is None


def test_a_result_far_too_short_is_not_silently_kept_as_done(quick, clock, monkeypatch):
    came = sends(monkeypatch, short)
    generation = ask()  # of 5 s
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.FETCH_FAILED and generation.failure_code == "result_length"
    assert "lasts 1.00 s and should last about 5.00 s" in generation.failure_message
    assert "take it as it is" in generation.failure_message
    assert len(came) == 2 and generation.result is None and generation.came.is_video


def test_a_person_may_take_it_as_it_is_and_it_says_so(quick, clock, monkeypatch):
    sends(monkeypatch, short)
    generation = ask()
    run(clock)
    generation.refresh_from_db()
    member = generation.team.members.get()

    retry.take_as_it_is(generation, member=member, now=clock())

    assert (
        generation.state == State.SUCCEEDED
        and generation.result.is_video
        and generation.came is None
    )
    assert "far too short" in generation.warning and str(member.user) in generation.warning
    assert Attempt.objects.get().state == State.SUCCEEDED
    assert not Alert.objects.still_open().exists()
    with pytest.raises(retry.NotRetryable):
        retry.take_as_it_is(generation, member=member, now=clock())


@pytest.mark.parametrize("code", ["storage_away", "storage_full", "disk_full"])
def test_what_is_wrong_with_our_own_store_is_no_word_on_the_file(quick, clock, monkeypatch, code):
    taken, refusals = intake.take_in, iter([ingest.Refusal(code)] * 3)

    def take_in(path, **about):
        if refusal := next(refusals, None):
            path.unlink()
            raise refusal
        return taken(path, **about)

    monkeypatch.setattr(intake, "take_in", take_in)
    generation = ask()
    run(clock)

    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED and generation.came is None
    assert not Asset.objects.filter(kind=Asset.Kind.UNREADABLE).exists()


def test_a_take_that_once_failed_over_its_frames_can_still_be_taken_with_its_video(db, clock):
    member = make_member()
    video, archive = make_asset(member), make_asset(member, kind="unreadable")
    generation = make_generation(member, state=State.FETCH_FAILED, result=video, came=archive)

    retry.take_as_it_is(generation, member=member, now=clock())

    assert (
        generation.state == State.SUCCEEDED
        and generation.result == video
        and generation.came == archive
    )


@pytest.mark.parametrize(
    ("task", "seconds", "says"),
    [
        ("edit", "5.0", ""),
        ("edit", "4.4", ""),
        ("edit", "2.6", ""),
        ("edit", "2.4", "too short"),
        ("edit", "7.4", ""),
        ("edit", "7.6", "too long"),
        ("reframe", "2.4", "too short"),
        ("modify", "7.6", "too long"),
        ("generate", "2.4", "too short"),
        ("generate", "9.9", ""),
        ("generate", "10.1", "too long"),
        ("edit", "0", "too short"),
    ],
)
def test_the_line_for_each_task(db, task, seconds, says):
    member = make_member()
    generation = make_generation(member, task=task, source=make_asset(member))

    found = conformance.far_off(generation, make_asset(member, duration_seconds=Decimal(seconds)))

    assert (says in found) if says else found == ""


def wanting(**said) -> Generation:
    generation = make_generation(make_member(), task="generate")
    generation.request = GenerationRequest(task="generate", **said).to_json()
    return generation


@pytest.mark.parametrize(
    ("duration", "seconds"), [(None, 5.0), ("5s", 5.0), ("10s", 10.0), ("9s", 9.0), ("long", None)]
)
def test_a_new_clip_is_to_last_as_long_as_was_asked_for(db, duration, seconds):
    assert conformance.expected_seconds(wanting(duration=duration)) == seconds


def test_what_goes_on_from_an_earlier_clip_may_come_with_it(db):
    generation = wanting(start_frame=Ref(generation_id="before"))
    video = make_asset(make_member(), duration_seconds=Decimal(40))

    assert conformance.far_off(generation, video) == ""


def test_of_a_clip_that_is_not_kept_here_no_length_is_expected(db):
    generation = make_generation(make_member())
    generation.source_asset = None

    assert (
        conformance.far_off(generation, make_asset(make_member(), duration_seconds=Decimal(1)))
        == ""
    )


def test_half_a_second_is_never_far_off(db):
    member = make_member()
    generation = make_generation(member, source=make_asset(member, duration_seconds=Decimal("0.3")))

    assert (
        conformance.far_off(generation, make_asset(member, duration_seconds=Decimal("0.75"))) == ""
    )
