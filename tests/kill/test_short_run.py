"""The short form of the kill test: a dozen takes and fifteen kills. `python -m tests.kill` is the whole of it.

On servers it has a PostgreSQL and a Redis of its own, which are restarted and killed as well.
"""

import os
import subprocess
import sys

import pytest

from tests.environment import POSTGRESQL, ROOT


@pytest.mark.timeout(400)
def test_a_dozen_takes_survive_fifteen_kills() -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("RUSHES_", "DATABASE_"))}
    command = [
        sys.executable, "-m", "tests.kill", "--generations", "12", "--kills", "15", "--every", "0.7", "--by-hand",
        "--minutes", "5", "--seed", "6", "--database", "postgresql" if POSTGRESQL else "sqlite",
    ]  # fmt: skip

    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=380)

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "all is as it must be" in ran.stdout
