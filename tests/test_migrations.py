"""No model is ahead of its migrations."""

import subprocess
import sys
from pathlib import Path

from tests.environment import ROOT, installation


def test_no_change_of_a_model_lacks_its_migration(tmp_path: Path) -> None:
    command = [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"]

    done = subprocess.run(
        command, cwd=ROOT, env=installation(tmp_path), capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr
