"""The short form of the kill test: a dozen takes and a dozen kills.

`python -m tests.kill` is the whole of it.

On servers it has a PostgreSQL and a Redis of its own, which are restarted and killed as well.
"""

import os
import subprocess
import sys

import pytest

from tests.environment import POSTGRESQL, ROOT
from tests.kill.sabotages import SABOTAGES, SHORT


@pytest.mark.timeout(600)
def test_a_dozen_takes_survive_a_dozen_kills_of_which_some_strike_where_money_changes_hands() -> (
    None
):
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("RUSHES_", "DATABASE_"))
    }
    database = "postgresql" if POSTGRESQL else "sqlite"
    command = [sys.executable, "-m", "tests.kill", *SHORT, "--database", database]

    ran = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=580
    )

    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
    assert "all is as it must be" in ran.stdout


def test_what_the_test_is_tested_with_still_fits_the_code() -> None:
    assert {name: one.change.problem() for name, one in SABOTAGES.items()} == dict.fromkeys(
        SABOTAGES, ""
    )
