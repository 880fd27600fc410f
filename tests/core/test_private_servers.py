"""The test run on PostgreSQL and Redis says plainly when it could not take place, and leaves
nothing behind.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from tests import services
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS


@pytest.fixture
def without_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RUSHES_TEST_DATABASE_URL", "RUSHES_TEST_REDIS_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(services, "find_redis", lambda: None)
    monkeypatch.setattr(services.os, "geteuid", lambda: 1000)


@pytest.mark.parametrize(("words", "code"), [(["--or-tell"], 0), ([], 1)])
def test_where_a_server_cannot_be_had_it_is_said_and_nothing_is_run(
    without_servers, capsys, tmp_path, words, code
):
    note = tmp_path / "ran"

    ended = services.main([*words, "--", "touch", str(note)])

    assert ended == code
    assert "PostgreSQL and Redis were NOT tested: " in capsys.readouterr().out
    assert not note.exists()


@pytest.mark.skipif(
    not (services.find_postgresql() and services.find_redis()),
    reason="PostgreSQL and Redis are not on this machine",
)
def test_the_servers_end_with_the_command_and_so_does_their_folder(
    without_servers_set: dict[str, str],
) -> None:
    script = (
        "import os, psycopg, redis, sys;"
        "print(psycopg.connect(os.environ['DATABASE_URL']).execute('SHOW data_directory').fetchone()[0]);"
        "assert redis.Redis.from_url(os.environ['REDIS_URL']).ping(); sys.exit(7)"
    )
    command = [sys.executable, "-m", "tests.services", "--", sys.executable, "-c", script]

    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=without_servers_set,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert ended.returncode == 7, ended.stderr
    assert not Path(ended.stdout.strip()).parent.parent.exists()


@pytest.fixture
def without_servers_set() -> dict[str, str]:
    return {
        name: value
        for name, value in services.os.environ.items()
        if not name.startswith("RUSHES_TEST_")
    }
