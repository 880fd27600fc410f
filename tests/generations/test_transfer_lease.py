"""A result on its way home: what a full disk says, and that no two lanes ever work on one file."""

import errno
from pathlib import Path

from editorapp.generations.engine import transfer as transfers
from editorapp.generations.files import ingest
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media import intake, store
from tests.generations.drive import ask, run


def parts() -> list[Path]:
    return list(store.incoming().glob("attempt-*"))


def test_a_full_disk_is_said_and_what_was_written_is_given_back(quick, clock, monkeypatch, expired):
    async def full(url, part, **_more):
        part.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ingest.links, "download", full)
    ask()
    run(clock)

    generation = Generation.objects.get()
    assert generation.state == State.FETCH_FAILED
    assert "disk" in generation.failure_message and "fetch it again" in generation.failure_message
    assert parts() == []


def test_a_result_that_came_damaged_is_not_told_to_be_uploaded(quick, clock, monkeypatch):
    def damaged(path, **_more):
        path.unlink()
        raise ingest.Refusal("damaged", detail="half of it is noise")

    monkeypatch.setattr(intake, "take_in", damaged)
    ask()
    run(clock)

    message = Generation.objects.get().failure_message
    assert message.startswith(
        "This file cannot be read (half of it is noise). The same file came twice."
    )
    assert "upload" not in message and "fetch it again" in message
    assert Attempt.objects.get().result_urls is None, (
        "a signed link is kept no longer than it is used"
    )


def test_a_row_is_held_for_as_long_as_its_result_is_stored(quick, clock, monkeypatch):
    ask()
    take_in, held = intake.take_in, []

    def slow(path, **kwargs):
        held.append((Attempt.objects.get().next_action_at - clock()).total_seconds())
        return take_in(path, **kwargs)

    monkeypatch.setattr(intake, "take_in", slow)
    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert held[0] > transfers.LEASE.total_seconds()
