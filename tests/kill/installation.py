"""The installation that is killed: its services, and which process of it is what."""

import os
import signal
import socket
import sys
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

from tests.kill.keeper import Keeper, below, children, of_folder, words_of

LEAVING_SECONDS = 10.0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Installation:
    """Web server, engine and simulated providers in a folder of their own, each kept running by a
    keeper.
    """

    def __init__(self, folder: Path, *, database: str) -> None:
        self.folder, self.database = folder, database
        self.port, self.simulator_port = free_port(), free_port()
        self.armed = folder / "armed"
        self.armed.mkdir(parents=True)
        self.keepers: dict[str, Keeper] = {}
        self.services: Any = None
        self._stack = ExitStack()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Start the servers that the installation leans on, and set the environment that it and we
        are to have.
        """
        ours = {
            "RUSHES_DATA_DIR": str(self.folder),
            "RUSHES_PORT": str(self.port),
            "RUSHES_SECRET_KEY": "of a kill test",
            "RUSHES_SIMULATOR_URL": f"http://127.0.0.1:{self.simulator_port}",
            "PYTHONUNBUFFERED": "1",
            "DJANGO_SETTINGS_MODULE": "tests.kill.settings",
        }
        for name in ("DATABASE_URL", "REDIS_URL", "RUSHES_KILL_AT"):
            os.environ.pop(name, None)
        if self.database == "postgresql":
            from tests import services

            services.install()
            self.services = self._stack.enter_context(services.Services(is_durable=True))
            ours |= {
                "DATABASE_URL": self.services.database_url,
                "REDIS_URL": self.services.redis_url,
            }
        os.environ.update(ours)

    def start(self) -> None:
        """Start everything. Call it once the database has its tables."""
        armed = {**os.environ, "RUSHES_KILL_AT": f"@{self.armed}"}
        self._keep(
            "simulator",
            [
                "simulator",
                "--port",
                str(self.simulator_port),
                "--queue-seconds",
                "0",
                "--rpm",
                "0",
                "--concurrent",
                "0",
                "--no-render",
            ],
            armed,
        )
        self._keep("engine", ["work"], armed)
        self._keep("web", ["serve", "--host", "127.0.0.1", "--port", str(self.port)], armed)

    def stop(self) -> dict[str, float]:
        """End everything in good order; return how many seconds each service took."""
        return {name: keeper.stop() for name, keeper in self.keepers.items()}

    def left_behind(self) -> list[str]:
        """Return what still runs after all services were stopped."""
        until = (
            time.monotonic() + LEAVING_SECONDS
        )  # who was orphaned looks now and then whether it is
        while (found := set(of_folder(self.folder)) - self._servers()) and time.monotonic() < until:
            time.sleep(0.1)
        return [words_of(pid) for pid in found]

    def _servers(self) -> set[int]:
        """Return the processes of PostgreSQL and Redis, which run on until we close."""
        kept = (self.services.postgresql, self.services.redis) if self.services else ()
        return {
            pid
            for server in kept
            if server.process is not None
            for pid in below(server.process.pid)
        }

    def close(self) -> None:
        """Leave nothing running, however the run went."""
        for keeper in self.keepers.values():
            keeper.stop(seconds=5.0)
        for pid in set(of_folder(self.folder)) - self._servers():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._stack.close()

    def roles(self) -> dict[int, str]:
        """Return what each living process of ours is."""
        tree, found = children(), {}
        for keeper in self.keepers.values():
            for pid in below(keeper.pid):
                if words := words_of(pid):
                    found[pid] = _role(keeper, pid, words, tree)
        return found

    def _keep(self, name: str, words: list[str], environment: dict[str, str]) -> None:
        command = [sys.executable, "manage.py", *words]
        self.keepers[name] = Keeper(name, command, environment, self.folder / f"{name}.log")
        self.keepers[name].start()


def _role(keeper: Keeper, pid: int, words: str, tree: dict[int, list[int]]) -> str:
    if "orphan_reaper" in words:
        return "reaper"
    if keeper.name == "simulator":
        return "simulator" if pid == keeper.pid else "simulator's renderer"
    if keeper.name == "web":
        return "web master" if pid == keeper.pid else "web worker"
    if "ticker" in words:
        return "ticker"
    if pid == keeper.pid:
        return "supervisor"
    if " sandbox" in words or "media.decoding.fork_server" in words:
        return "media child"
    # The queue's main process has a sentinel, and that has the workers, the pusher and the monitor.
    return (
        "queue"
        if pid in tree.get(keeper.pid, [])
        else "sentinel"
        if tree.get(pid)
        else "queue worker"
    )
