"""The roles of an installation of several machines: who prepares, who waits, who may run beside
whom.
"""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, connections
from django.utils import timezone

from editorapp.ops import preparing
from editorapp.ops.management.commands import work
from editorapp.ops.supervisor import EngineLock
from editorapp.teams import people
from editorapp.teams.models import Member, Team
from tests.environment import ROOT, installation
from tests.factories import make_member
from tests.patience import PATIENCE_SECONDS


def start(environment: dict[str, str], *words: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "manage.py", *words],
        cwd=ROOT,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def test_machines_that_start_at_once_prepare_one_installation(tmp_path: Path) -> None:
    shared = installation(tmp_path / "one")
    # On PostgreSQL each is a machine of its own, with a data folder of its own.
    folders = ["one", "two", "three"] if "DATABASE_URL" in shared else ["one"] * 3
    shared["RUSHES_MEDIA_DIR"] = str(tmp_path / "media")
    machines = [
        start({**shared, "RUSHES_DATA_DIR": str(tmp_path / folder)}, "prepare")
        for folder in folders
    ]

    said = [machine.communicate(timeout=PATIENCE_SECONDS)[0] for machine in machines]
    count = "from editorapp.teams.models import Member; from editorapp.media.models import Asset;"
    count += "print(Member.objects.count(), Asset.objects.count())"
    counted = start(shared, "shell", "-v0", "-c", count).communicate(timeout=PATIENCE_SECONDS)[0]

    assert [machine.returncode for machine in machines] == [0, 0, 0], said
    assert counted.split()[-2:] == ["1", "1"]


def test_on_one_machine_a_folder_has_one_engine(settings, tmp_path: Path, db, own_signals) -> None:
    settings.RUN_DIR, settings.IS_SHARED = tmp_path, False

    with (
        EngineLock() as lock,
        pytest.raises(CommandError, match="in use by a studio.*DATABASE_URL"),
    ):
        lock.take("a studio")
        call_command("work")


def test_on_several_machines_engines_run_side_by_side(
    settings, tmp_path: Path, monkeypatch, db
) -> None:
    settings.RUN_DIR, settings.IS_SHARED = tmp_path, True
    started = []
    monkeypatch.setattr(work.Command, "_run", lambda self, **options: started.append(options))

    with EngineLock() as lock:
        lock.take("another")
        call_command("work", "--grace", "3")

    assert started == [{"simulator": False, "grace": 3.0}]


def test_a_database_that_starts_together_with_us_is_waited_for(monkeypatch) -> None:
    refusals, said = [OperationalError("starting up")] * 2, []
    monkeypatch.setattr(time, "sleep", lambda seconds: None)

    def ensure() -> None:
        if refusals:
            raise refusals.pop()

    server = SimpleNamespace(vendor="postgresql", ensure_connection=ensure)
    monkeypatch.setattr(preparing, "connection", server)
    preparing.wait_for_database(said.append)

    assert said == ["Waiting for the database ..."]
    refusals.append(OperationalError("gone"))
    with pytest.raises(OperationalError):
        preparing.wait_for_database(said.append, seconds=-1)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite locks a file for this, proven above"
)
def test_who_prepares_second_says_that_it_waits(transactional_db) -> None:
    said: list[str] = []

    def second() -> None:
        try:
            preparing.prepare_database(said.append)
        finally:
            connections.close_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [preparing.ADVISORY_LOCK])
        other = threading.Thread(target=second)
        other.start()
        while not said:
            time.sleep(0.02)
        cursor.execute("SELECT pg_advisory_unlock(%s)", [preparing.ADVISORY_LOCK])
    other.join(PATIENCE_SECONDS)

    assert said == ["Another process prepares the database; waiting for it ..."]


def test_a_link_signs_the_owner_in_or_the_person_named(db, client, capsys) -> None:
    owner = make_member(name="Olga", role="admin")
    creator = make_member(name="Cleo", team=owner.team)
    for words in ([], [creator.user.username]):
        call_command("link", "--port", "8123", *words)
    links = capsys.readouterr().out.split()

    assert all(link.startswith("http://127.0.0.1:8123/in/") for link in links)
    for link, who in zip(links, (owner, creator), strict=True):
        address = link.partition(":8123")[2]
        assert f"as <strong>{who.user}</strong>" in client.get(address).content.decode()
        assert client.post(address).status_code == 302
        assert client.session["_auth_user_id"] == str(who.user.pk)
    with pytest.raises(CommandError, match='Nobody is called "nobody"'):
        call_command("link", "nobody")
    people.disable(creator, by=owner.user, now=timezone.now())
    with pytest.raises(CommandError, match="Cleo is disabled .* bring them back"):
        call_command("link", creator.user.username)
    assert Team.objects.count() == 1 and Member.objects.count() == 2


def test_a_machine_with_a_signing_key_of_its_own_is_told_so(
    settings, tmp_path: Path, monkeypatch
) -> None:
    settings.DATA_DIR, settings.IS_SHARED, said = tmp_path, True, []
    monkeypatch.delitem(os.environ, "RUSHES_SECRET_KEY")

    preparing.warn(said.append)
    assert said == []
    (tmp_path / "secret.key").write_text("made here")
    preparing.warn(said.append)

    assert "RUSHES_SECRET_KEY" in said[0] and "made here" not in said[0]
