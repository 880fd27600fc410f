"""Start the simulator as what it is, a server in a process of its own, and talk to its admin
endpoints.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.environment import ROOT, SHARED_BY_ALL
from tests.patience import PATIENCE_SECONDS

# One client for all: making one loads certificates, which is slower than all that the simulator
# does.
http = httpx.Client(trust_env=False, verify=False)
UNLIMITED = ("--rpm", "0", "--concurrent", "0")
CANNED = "simulator/canned"  # the clips of --no-render, below the data folder: one for each length


@dataclass(eq=False)
class SimulatorProcess:
    """A running simulator: `url` without a trailing slash."""

    url: str
    process: subprocess.Popen[str]
    folder: Path

    @classmethod
    def start(cls, folder: Path, *options: str) -> "SimulatorProcess":
        """Start one on a free port with its state under `folder`; wait until it answers.

        Canned clips that others have drawn in this run are there already.
        """
        if "--no-render" in options and (SHARED_BY_ALL / CANNED).exists():
            shutil.copytree(SHARED_BY_ALL / CANNED, folder / CANNED, dirs_exist_ok=True)
        environment = {**os.environ, "RUSHES_DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        command = [
            sys.executable,
            "manage.py",
            "simulator",
            "--port",
            "0",
            "--queue-seconds",
            "0",
            *UNLIMITED,
            *options,
        ]
        process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            if "http://" in line:
                return cls(line[line.index("http://") :].split()[0].rstrip("/"), process, folder)
        raise RuntimeError("The simulator ended before it answered.")

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(timeout=PATIENCE_SECONDS)
        for drawn in (self.folder / CANNED).glob("*[0-9]"):
            _share(drawn, SHARED_BY_ALL / CANNED / drawn.name)

    def reset(self) -> None:
        """Forget all faults and set the counters to zero; results stay."""
        http.delete(f"{self.url}/_simulator/faults").raise_for_status()

    def fail(self, call: str, kind: str, *, times: int = 1, **options: Any) -> None:
        """Make the next `times` calls of a kind fail: see /_simulator/faults."""
        body = {"call": call, "kind": kind, "times": times, **options}
        http.post(f"{self.url}/_simulator/faults", json=body).raise_for_status()

    @property
    def submits_received(self) -> int:
        """How many generations were accepted, that is: would have been paid."""
        return http.get(f"{self.url}/_simulator/requests").raise_for_status().json()["accepted"]


def _share(drawn: Path, shared: Path) -> None:
    """Copy a canned clip to where all processes of the tests look for it, whole or not at all."""
    if shared.exists():
        return
    shared.parent.mkdir(parents=True, exist_ok=True)
    part = shutil.copytree(drawn, SHARED_BY_ALL / f"{drawn.name}.{os.getpid()}.part")
    try:
        part.rename(shared)
    except OSError:  # another process was first
        shutil.rmtree(part)
