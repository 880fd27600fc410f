"""Backup and restore, tried: made while the engine runs, brought back elsewhere, and nothing is
ever sent twice.
"""

import json
import os
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, connections
from django.utils import timezone

from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.media import intake, store
from editorapp.ops.backup.manifest import Manifest
from editorapp.teams.sign_in import make_link
from tests.environment import ROOT, installation
from tests.factories import make_member
from tests.generations.drive import Clock, ask, run
from tests.generations.small_clip import draw
from tests.patience import PATIENCE_SECONDS

# What runs in the restored installation: it follows what it finds to the end, and says how
# everything stands.
FOLLOW = """
import json
from django.utils import timezone
from editorapp.costs.models import Entry
from editorapp.generations.checks import books
from editorapp.generations.models import Generation
from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.alerts.models import Alert
from editorapp.teams.models import SignInLink
from tests.generations.drive import Clock, run
run(Clock(), rounds=40)
print(json.dumps({
    "states": {str(one.pk): one.state for one in Generation.objects.all()},
    "codes": {str(one.pk): one.failure_code for one in Generation.objects.all()},
    "says": {str(one.pk): one.failure_message for one in Generation.objects.all()},
    "differences": books.differences(),
    "entries": list(Entry.objects.order_by("pk").values_list("kind", flat=True)),
    "alerts": sorted(Alert.objects.still_open().values_list("kind", "subject")),
    "links": SignInLink.objects.filter(expires_at__gt=timezone.now()).count(),
    "wrong": [a.name for a in Asset.objects.all() if store.hash_file(store.path(a.sha256, store.ORIGINAL)) != a.sha256],
    "assets": Asset.objects.count(),
}))
"""


@dataclass
class Elsewhere:
    """Another installation, with an empty database and data folder."""

    folder: Path
    environment: dict[str, str]

    def manage(self, *words: str, fails: bool = False) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert bool(done.returncode) == fails, done.stdout + done.stderr
        return done.stdout + (done.stderr if fails else "")

    def follow(self) -> dict:
        said = self.manage("shell", "-c", FOLLOW).splitlines()
        return json.loads(next(line for line in said if line.startswith("{")))


@pytest.fixture
def elsewhere(tmp_path, quick) -> Elsewhere:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    environment = installation(folder, RUSHES_SIMULATOR_URL=quick.url)
    environment.pop(
        "RUSHES_SECRET_KEY", None
    )  # a machine of its own makes its own, and gets the old one back
    return Elsewhere(folder, environment)


def at_work(clock: Clock, stop: threading.Event) -> threading.Thread:
    """Keep the engine going beside the test, as a worker does."""

    def work() -> None:
        while not stop.is_set():
            sweep.work("luma-agents", seconds=0.05, clock=clock)
            transfer.transfer(0, clock=clock)
        connections.close_all()

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def test_a_backup_made_while_the_engine_runs_comes_back_whole_and_nothing_is_sent_twice(
    quick, clock, tmp_path, elsewhere, monkeypatch
):
    monkeypatch.delenv("RUSHES_SECRET_KEY")
    member, backup = make_member(), tmp_path / "backups" / "monday"
    clip = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    done = ask(member, clip=clip)
    run(clock)
    running = ask(member, prompt="It is running [[slow:3]]")
    run(clock, until=State.RUNNING)
    link = make_link(member.user, now=timezone.now())
    queued, being_sent = ask(member, prompt="It is queued"), ask(member, prompt="It is being sent")
    Attempt.objects.filter(generation=queued).update(
        next_action_at=timezone.now() + timedelta(hours=1)
    )
    Attempt.objects.filter(generation=being_sent).update(
        state=State.SUBMITTING,
        submit_started_at=timezone.now(),
        request_body={"prompt": "It is being sent"},
        next_action_at=timezone.now() + timedelta(hours=1),
    )
    stop = threading.Event()
    worker = at_work(clock, stop)

    call_command("backup", str(backup))

    stop.set()
    worker.join()
    # The installation goes on for a while, sends what was queued, and is lost.
    Attempt.objects.filter(generation=queued).update(next_action_at=timezone.now())
    run(clock, until=State.FETCHING)
    assert quick.submits_received == 3, "done, running and, after the backup, queued"

    told = elsewhere.manage("restore", str(backup))
    found = elsewhere.follow()

    assert quick.submits_received == 3, "nothing was sent again"
    assert found["states"] == {
        str(done.pk): State.SUCCEEDED,
        str(running.pk): State.SUCCEEDED,
        str(queued.pk): State.UNKNOWN,
        str(being_sent.pk): State.UNKNOWN,
    }
    assert found["codes"][str(queued.pk)] == found["codes"][str(being_sent.pk)] == "restored"
    assert "give its id" in found["says"][str(queued.pk)]
    assert f"#{queued.pk}, #{being_sent.pk}" in told and "settles them" in told
    assert [kind for kind, _subject in found["alerts"]] == ["unknown_outcome", "unknown_outcome"]
    assert found["differences"] == []
    assert sorted(found["entries"]) == ["charge"] * 2 + ["reserve"] * 4
    assert found["wrong"] == [] and found["assets"] == 3
    assert link and found["links"] == 0, "what let somebody in before lets nobody in now"
    assert (elsewhere.folder / "secret.key").read_text() == settings.SECRET_KEY
    assert (elsewhere.folder / "secret.key").stat().st_mode & 0o777 == 0o600


def test_after_a_planned_move_what_was_queued_is_sent(quick, clock, tmp_path, elsewhere):
    generation = ask()
    call_command("backup", str(tmp_path / "b"))

    told = elsewhere.manage("restore", str(tmp_path / "b"), "--nothing-ran-since")
    found = elsewhere.follow()

    assert "settles" not in told
    assert found["states"] == {str(generation.pk): State.SUCCEEDED}
    assert quick.submits_received == 1 and found["differences"] == []


def test_nothing_is_ever_written_over(db, tmp_path, elsewhere):
    make_member()
    call_command("backup", str(tmp_path / "b"))
    elsewhere.manage("restore", str(tmp_path / "b"))

    assert "not empty" in elsewhere.manage("restore", str(tmp_path / "b"), fails=True)
    with pytest.raises(CommandError, match="not empty"):
        call_command("backup", str(tmp_path / "b"))


@pytest.mark.parametrize("how", ["missing", "damaged", "half"])
def test_a_backup_that_is_not_whole_is_refused(transactional_db, tmp_path, elsewhere, how):
    member, backup = make_member(), tmp_path / "b"
    intake.take_in(draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user)
    call_command("backup", str(backup))
    original = next(backup.glob("media/blobs/*/*/original"))
    if how == "missing":
        original.unlink()
    elif how == "damaged":
        original.write_bytes(b"x" + original.read_bytes()[1:])
    else:
        (backup / "backup.json").unlink()

    told = elsewhere.manage("restore", str(backup), fails=True)

    assert {"missing": "is missing", "damaged": "is damaged", "half": "no whole backup"}[
        how
    ] in told
    assert not (elsewhere.folder / "rushes.sqlite3").exists()


def test_media_may_be_linked_to_the_store_or_to_an_earlier_backup(transactional_db, tmp_path):
    member = make_member()
    asset = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    name = store.path(asset.sha256, store.ORIGINAL).relative_to(settings.MEDIA_ROOT)
    copied, later, linked = tmp_path / "copied", tmp_path / "later", tmp_path / "linked"

    call_command("backup", str(copied))
    call_command("backup", str(later), earlier=copied)
    call_command("backup", str(linked), links=True)

    inode = os.stat(copied / "media" / name).st_ino
    assert inode != os.stat(store.path(asset.sha256, store.ORIGINAL)).st_ino
    assert os.stat(later / "media" / name).st_ino == inode
    assert (
        os.stat(linked / "media" / name).st_ino
        == os.stat(store.path(asset.sha256, store.ORIGINAL)).st_ino
    )
    checked = subprocess.run(
        ["sha256sum", "--check", "--quiet", "media.sha256"], cwd=later, capture_output=True
    )
    assert checked.returncode == 0, "by hand too, without Rushes"
    assert Manifest.read(later).media_files == Manifest.read(copied).media_files > 1


def test_a_file_that_has_rotted_in_an_earlier_backup_is_copied_anew(transactional_db, tmp_path):
    member = make_member()
    asset = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    original = store.path(asset.sha256, store.ORIGINAL)
    name = original.relative_to(settings.MEDIA_ROOT)
    earlier, later = tmp_path / "earlier", tmp_path / "later"
    call_command("backup", str(earlier))
    (earlier / "media" / name).write_bytes(original.read_bytes()[:-1] + b"x")

    call_command("backup", str(later), earlier=earlier)

    assert (later / "media" / name).read_bytes() == original.read_bytes()


def test_a_damaged_store_is_said_and_no_half_backup_stays(transactional_db, tmp_path):
    member = make_member()
    asset = intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )
    original = store.path(asset.sha256, store.ORIGINAL)
    whole = original.read_bytes()
    original.write_bytes(whole[:-1] + b"x")

    try:
        with pytest.raises(CommandError, match="is damaged"):
            call_command("backup", str(tmp_path / "b"))
    finally:
        original.write_bytes(whole)

    assert list(tmp_path.glob("b*")) == []


def test_a_file_that_the_store_has_lost_is_named(transactional_db, tmp_path, capsys):
    member = make_member()
    asset = intake.take_in(
        draw(tmp_path / "c.mp4", shade=9), name="lost.mp4", team=member.team, user=member.user
    )
    store.remove(asset.sha256)

    call_command("backup", str(tmp_path / "b"))

    assert "lost.mp4" in capsys.readouterr().err


def test_a_backup_of_another_kind_of_database_is_refused(db, tmp_path, elsewhere):
    make_member()
    call_command("backup", str(tmp_path / "b"))
    said = json.loads((tmp_path / "b" / "backup.json").read_text())
    (tmp_path / "b" / "backup.json").write_text(json.dumps({**said, "database": "oracle"}))

    assert f"DATABASE_URL names {connection.vendor}" in elsewhere.manage(
        "restore", str(tmp_path / "b"), fails=True
    )


def test_with_a_bucket_the_media_stay_where_they_are(db, tmp_path, settings, capsys):
    settings.S3_BUCKET = "takes"
    make_member()

    call_command("backup", str(tmp_path / "b"))

    assert Manifest.read(tmp_path / "b").media == "bucket takes"
    assert "bucket takes" in capsys.readouterr().out
    assert not (tmp_path / "b" / "media").exists()


def test_another_signing_key_is_told(db, tmp_path, elsewhere):
    make_member()
    call_command(
        "backup", str(tmp_path / "b")
    )  # the tests' key is in the environment: it is not in the backup

    assert not (tmp_path / "b" / "secret.key").exists()
    assert "enter the keys of provider accounts again" in elsewhere.manage(
        "restore", str(tmp_path / "b")
    )
