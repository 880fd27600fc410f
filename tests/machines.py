"""Machines of one installation, started as an operator starts them: `serve` and `work`, each with a
data folder of its own, on the PostgreSQL and the Redis of the test run.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx
import psycopg

from tests import migrated
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS, awaited
from tests.simulator_process import SimulatorProcess
from tests.studio_process import free_port


@dataclass
class Machine:
    """One machine: its web server's address and its two processes."""

    name: str
    environment: dict[str, str]
    port: int
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> Path:
        return Path(self.environment["RUSHES_DATA_DIR"]) / "said.log"

    def start(self) -> None:
        """Start `serve` and `work` and go on at once: machines that start together must get along."""
        self.log.parent.mkdir(parents=True)
        for words in (["serve", "--port", str(self.port)], ["work", "--grace", "20"]):
            with self.log.open("ab") as file:
                self.processes.append(
                    subprocess.Popen(
                        [sys.executable, "manage.py", *words],
                        cwd=ROOT,
                        env=self.environment,
                        stdout=file,
                        stderr=subprocess.STDOUT,
                        start_new_session=True,
                    )
                )

    def answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/healthz", timeout=2).status_code == 200
        except httpx.TransportError:
            return False

    def stop(self, how: signal.Signals = signal.SIGTERM) -> list[int]:
        """End it and return how its processes ended.

        What a killed one leaves of its group goes with it: a web server's workers, as with a
        machine that is gone.
        """
        for process in self.processes:
            if process.poll() is None:
                os.killpg(process.pid, how) if how == signal.SIGKILL else process.send_signal(how)
        return [process.wait(PATIENCE_SECONDS) for process in self.processes]


class Machines:
    """Several machines, one database, one queue, one folder of media, and a simulator that all of
    them reach.
    """

    def __init__(self, folder: Path, simulator: SimulatorProcess, count: int) -> None:
        shared = migrated.prepared(
            folder,
            RUSHES_MEDIA_DIR=str(folder / "media"),
            RUSHES_SIMULATOR_URL=simulator.url,
            RUSHES_WORKERS="6",
        )
        self.shared = shared
        self.machines = [
            Machine(
                f"machine {number}",
                {**shared, "RUSHES_DATA_DIR": str(folder / f"machine-{number}")},
                free_port(),
            )
            for number in range(count)
        ]

    def __enter__(self) -> Self:
        try:
            for machine in self.machines:
                machine.start()
            wait_until(
                lambda: all(machine.answers() for machine in self.machines),
                "a web server answers",
                self,
            )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        for machine in self.machines:
            machine.stop()

    def manage(self, *words: str, at: int = 0) -> str:
        """Run a management command on one machine and return what it printed."""
        ended = subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=self.machines[at].environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )
        assert ended.returncode == 0, f"{words}: {ended.returncode}\n{ended.stdout}\n{ended.stderr}"
        return ended.stdout

    def ask(self, question: str, *, at: int = 0) -> str:
        """Evaluate Python on one machine, with the models at hand, and return what it printed."""
        return self.manage("shell", "-v0", "-c", question, at=at).strip()

    def rows(self, query: str) -> list[tuple]:
        """Read rows from the database that they share."""
        with psycopg.connect(self.shared["DATABASE_URL"]) as connection:
            return connection.execute(query).fetchall()

    def said(self) -> str:
        return "\n".join(f"{one.name}:\n{one.log.read_text()[-3000:]}" for one in self.machines)


def wait_until(is_so: Callable[[], bool], what: str, machines: Machines) -> None:
    """Wait until it is so. Fails with what the machines said."""
    try:
        awaited(is_so, what)
    except AssertionError as error:
        error.add_note(machines.said())
        raise
