"""A private PostgreSQL and a private Redis for one run: found on this machine or installed, started
in a temporary folder on free ports of loopback, and stopped whatever happens.

    python -m tests.services -- COMMAND ...           run a command with both, and end as it ended
    python -m tests.services --or-tell -- COMMAND ... likewise; where they cannot be had say so, and
    end well

The command finds them as DATABASE_URL and REDIS_URL (an empty database, nothing in Redis), and the
tests as RUSHES_TEST_DATABASE_URL and RUSHES_TEST_REDIS_URL. Who sets these two (both) beforehand
has these servers used.
"""

import argparse
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from tests.patience import PATIENCE_SECONDS

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("postgresql", "redis-server")
READERS = ("libimage-exiftool-perl",)  # read what we write; a test without its reader is skipped
# For speed, where nobody pulls the plug: the rows of a test need not survive a power cut.
QUICK = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class Unavailable(Exception):
    """PostgreSQL or Redis is not here and cannot be installed. The message says which and why."""


def find_postgresql() -> Path | None:
    """Return the folder of PostgreSQL's programs: Debian keeps them off the PATH."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3])
    )
    program = found[-1] if found else shutil.which("initdb")
    return Path(program).parent if program else None


def find_redis() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def find_exiftool() -> str | None:
    return shutil.which("exiftool")


def install() -> None:
    """Install what is missing with apt, where we may.

    Raises: Unavailable, where a server is missing.
    """
    if find_postgresql() and find_redis() and find_exiftool():
        return
    if os.geteuid() == 0 and shutil.which("apt-get"):
        # Run level 1: a package that is installed now shall not start a server of its own.
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
        for words in (
            ["update", "-qq"],
            ["install", "-y", "-qq", "--no-install-recommends", *PACKAGES, *READERS],
        ):
            subprocess.run(["apt-get", *words], check=False, env=quiet, stdout=subprocess.DEVNULL)
    missing = [
        name
        for name, found in (("PostgreSQL", find_postgresql()), ("Redis", find_redis()))
        if not found
    ]
    if missing:
        how = "apt-get could not install it" if os.geteuid() == 0 else "only root could install it"
        raise Unavailable(f"{' and '.join(missing)} is not on this machine, and {how}.")


@dataclass
class Server:
    """One server process, in a process group of its own.

    It can be killed and started again, on the same port.
    """

    command: list[str]
    folder: Path
    port: int
    is_up: Callable[[], bool]
    user: str | None = None
    polite: signal.Signals = signal.SIGTERM
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start it and wait until it answers. Raises: RuntimeError, with its last words."""
        log = self.folder / "log"
        given: dict[str, Any] = {}
        if self.user:
            account = pwd.getpwnam(self.user)
            given = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        with log.open("ab") as file:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                **given,
            )
        until = time.monotonic() + PATIENCE_SECONDS
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(
                    f"{self.command[0]} did not start:\n{log.read_text(errors='replace')[-2000:]}"
                )
            time.sleep(0.05)

    def stop(self, how: signal.Signals | None = None) -> None:
        """End it: politely, or with the signal that is given (SIGKILL: as when the plug is pulled)."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how or self.polite)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        finally:
            _signal_group(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def restart(self, how: signal.Signals | None = None) -> None:
        """End it and start it again with what it has kept."""
        self.stop(how)
        self.start()


class Services:
    """Both servers, for as long as the `with` lasts.

    `is_durable` is for tests that pull the plug: PostgreSQL writes through and Redis keeps a log.
    """

    def __init__(self, *, is_durable: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="rushes-services-"))
        self.folder.chmod(0o755)  # the database's server may be somebody else
        self._reaper: subprocess.Popen[bytes] | None = None
        self.postgresql = _postgresql(self.folder / "postgresql", is_durable=is_durable)
        self.redis = _redis(self.folder / "redis", is_durable=is_durable)

    @property
    def database_url(self) -> str:
        return f"postgresql://rushes@127.0.0.1:{self.postgresql.port}/rushes"

    @property
    def redis_url(self) -> str:
        return f"redis://127.0.0.1:{self.redis.port}/0"

    @property
    def environment(self) -> dict[str, str]:
        """What a process must be given to use them."""
        ours = {"DATABASE_URL": self.database_url, "REDIS_URL": self.redis_url}
        return {**ours, **{f"RUSHES_TEST_{name}": value for name, value in ours.items()}}

    def __enter__(self) -> Self:
        try:
            for server in (self.postgresql, self.redis):
                server.start()
            self._guard()
            make_database(self.database_url)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        for server in (self.redis, self.postgresql):
            server.stop()
        if self._reaper is not None and self._reaper.stdin is not None:
            self._reaper.kill()
            self._reaper.wait()
            self._reaper.stdin.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _guard(self) -> None:
        """Have the servers ended by a process that notices when we are killed outright."""
        self._reaper = subprocess.Popen(
            [sys.executable, "-m", "editorapp.ops.orphan_reaper"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._reaper.stdin is not None
        for server in (self.postgresql, self.redis):
            assert server.process is not None
            self._reaper.stdin.write(f"{server.process.pid}\n".encode())
        self._reaper.stdin.flush()


def make_database(url: str, name: str = "", *, template: str = "template1") -> str:
    """Make a database on a server, where there is none of that name; return its address.

    It is empty, or has what the database `template` has.
    """
    base, _, given = url.partition("?")[0].rpartition("/")
    options = url.partition("?")[2]
    name = name or given
    with _maintenance(url) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
        if found.fetchone() is None:
            _on_databases(connection, "CREATE DATABASE {} TEMPLATE {}", name, template)
    return f"{base}/{name}" + (f"?{options}" if options else "")


def drop_database(url: str, name: str) -> None:
    """Take a database off a server, whoever is connected."""
    with _maintenance(url) as connection:
        _on_databases(connection, "DROP DATABASE IF EXISTS {} WITH (FORCE)", name)


def _maintenance(url: str) -> Any:
    import psycopg

    base = url.partition("?")[0].rpartition("/")[0]
    return psycopg.connect(f"{base}/postgres", autocommit=True, connect_timeout=10)


def _on_databases(connection: Any, statement: str, *names: str) -> None:
    from psycopg import sql

    connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _postgresql(folder: Path, *, is_durable: bool) -> Server:
    programs, port = find_postgresql(), _free_port()
    assert programs is not None, "install() comes first"
    folder.mkdir()
    user = None
    if os.geteuid() == 0:  # it refuses to run as root
        user = "postgres" if _is_user("postgres") else "nobody"
        shutil.chown(folder, user)
    data = folder / "data"
    made = subprocess.run(
        [
            str(programs / "initdb"),
            "-D",
            str(data),
            "-U",
            "rushes",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--no-sync",
        ],
        cwd=folder,
        user=user,
        capture_output=True,
        text=True,
    )
    if made.returncode:
        raise RuntimeError(f"initdb failed:\n{made.stdout}{made.stderr}")
    chosen = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "300",
        **({} if is_durable else QUICK),
    }
    words = [word for name, value in chosen.items() for word in ("-c", f"{name}={value}")]
    command = [str(programs / "postgres"), "-D", str(data), *words]
    # SIGINT: it ends its clients' connections; after SIGTERM it would wait for them.
    return Server(
        command, folder, port, lambda: _answers_as_postgresql(port), user, polite=signal.SIGINT
    )


def _redis(folder: Path, *, is_durable: bool) -> Server:
    program, port = find_redis(), _free_port()
    assert program is not None, "install() comes first"
    folder.mkdir()
    words = [
        program,
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--dir",
        str(folder),
        "--databases",
        "1024",
        "--save",
        "",
        "--appendonly",
        "yes" if is_durable else "no",
    ]
    return Server(words, folder, port, lambda: _answers_as_redis(port))


def _answers_as_postgresql(port: int) -> bool:
    import psycopg

    try:
        psycopg.connect(
            host="127.0.0.1", port=port, user="rushes", dbname="postgres", connect_timeout=5
        ).close()
    except psycopg.OperationalError:
        return False
    return True


def _answers_as_redis(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as talk:
            talk.sendall(b"PING\r\n")
            return talk.recv(16).startswith(b"+PONG")
    except OSError:
        return False


def _is_user(name: str) -> bool:
    try:
        pwd.getpwnam(name)
    except KeyError:
        return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _signal_group(group: int, how: signal.Signals) -> None:
    try:
        os.killpg(group, how)
    except ProcessLookupError:
        return


def _run(command: list[str], environment: dict[str, str]) -> int:
    """Run a command to its end. Ctrl-C reaches it too, so we wait; a SIGTERM we pass on."""
    process = subprocess.Popen(command, env={**os.environ, **environment})
    signal.signal(signal.SIGTERM, lambda number, frame: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            continue


def _end(number: int, frame: object) -> None:
    raise SystemExit(128 + number)


def main(words: list[str] | None = None) -> int:
    """Run a command with both servers; see the head of this file."""
    parser = argparse.ArgumentParser(prog="python -m tests.services")
    parser.add_argument(
        "--or-tell", action="store_true", help="end well where the servers cannot be had"
    )
    parser.add_argument("command", nargs="+", help="after --")
    options = parser.parse_args(words)
    if os.environ.get("RUSHES_TEST_DATABASE_URL") and os.environ.get("RUSHES_TEST_REDIS_URL"):
        print(
            "PostgreSQL and Redis: those of RUSHES_TEST_DATABASE_URL and RUSHES_TEST_REDIS_URL.",
            flush=True,
        )
        return _run(options.command, {})
    try:
        install()
    except Unavailable as why:
        print(f"PostgreSQL and Redis were NOT tested: {why}", flush=True)
        return 0 if options.or_tell else 1
    signal.signal(signal.SIGTERM, _end)
    with Services() as services:
        return _run(options.command, services.environment)


if __name__ == "__main__":
    raise SystemExit(main())
