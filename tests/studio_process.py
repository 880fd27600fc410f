"""Start a whole studio as a person does, in a data folder of its own, and read the link that it
prints.
"""

import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path

from tests import migrated
from tests.environment import ROOT, installation
from tests.patience import PATIENCE_SECONDS


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@dataclass
class StudioProcess:
    """A running studio: `url` of its pages, `link` that signs the owner in once."""

    folder: Path
    port: int
    process: subprocess.Popen[str]
    environment: dict[str, str]
    link: str = ""
    said: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @classmethod
    def start(cls, folder: Path, **environment: str) -> "StudioProcess":
        """Start a studio and wait for its link; an installation that is there stays as it is."""
        port = free_port()
        command = [sys.executable, "manage.py", "studio", "--port", str(port)]
        is_there = (folder / migrated.DATABASE).exists()
        given = (installation if is_there else migrated.prepared)(folder, **environment)
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        studio = cls(folder, port, process, given)
        assert process.stdout is not None
        for line in process.stdout:
            studio.said.append(line.rstrip())
            if f"{studio.url}/in/" in line:
                studio.link = line.strip()
                # Go on reading, so that the studio never waits for a full pipe.
                threading.Thread(target=studio._read_on, daemon=True).start()
                return studio
        raise RuntimeError("The studio ended before it printed a link:\n" + "\n".join(studio.said))

    def _read_on(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.append(line.rstrip())

    def manage(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run another management command on the same data folder."""
        environment = {**self.environment, "RUSHES_PORT": str(self.port)}
        return subprocess.run(
            [sys.executable, "manage.py", *words],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
        )

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.interrupt()
