"""Make each change in a copy, run the tests that must notice it, and print who did: see the head of
this package.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests import services
from tests.environment import SHARED
from tests.sabotage.change import Change, copy_of_the_tree
from tests.sabotage.changes import CHANGES

PASSED, FAILED = 0, 1  # what pytest returns; everything else means that it did not come so far


@dataclass(frozen=True)
class Outcome:
    change: Change
    is_caught: bool
    says: str  # by which tests, or why not
    seconds: float


def main() -> int:
    """Try all changes whose name has the words given; return 0 where each was caught."""
    parser = argparse.ArgumentParser(prog="python -m tests.sabotage", description=__doc__)
    parser.add_argument(
        "words", nargs="?", default="", help="only the changes whose name or file has these words"
    )
    parser.add_argument(
        "--list", action="store_true", help="print the changes and their tests, and try none"
    )
    options = parser.parse_args()
    chosen = [one for one in CHANGES if options.words.lower() in f"{one.says} {one.file}".lower()]
    if options.list:
        for one in chosen:
            print(f"{one.file}: {one.says}\n    {' '.join(one.tests)}")
        return 0
    with tempfile.TemporaryDirectory(prefix="rushes-sabotage-") as folder:
        tree = copy_of_the_tree(Path(folder))
        outcomes: list[Outcome] = []
        if rows := [one for one in chosen if not one.on_servers]:
            print(f"{len(rows)} changes on SQLite", flush=True)
            outcomes += _tried(rows, tree, {})
        if rows := [one for one in chosen if one.on_servers]:
            print(f"{len(rows)} changes on PostgreSQL and Redis", flush=True)
            services.install()
            with services.Services() as servers:
                # A folder of their own: what the first runs made ready there is SQLite's.
                shared = {"RUSHES_TEST_SHARED_FOLDER": str(Path(folder) / "on-servers")}
                outcomes += _tried(rows, tree, servers.environment | shared)
    missed = [one for one in outcomes if not one.is_caught]
    print(f"{len(outcomes) - len(missed)} of {len(outcomes)} changes were caught.")
    return 1 if missed or not outcomes else 0


def _tried(rows: Sequence[Change], tree: Path, servers: Mapping[str, str]) -> list[Outcome]:
    """Try these changes, once it is known that their tests pass without them."""
    named = list(dict.fromkeys(test for one in rows if not one.problem(tree) for test in one.tests))
    status, words = _run(named, tree, servers)
    if status != PASSED:
        print(f"The tests do not pass as the tree is:\n{words[-3000:]}")
        return [Outcome(one, False, "its tests fail anyhow", 0.0) for one in rows]
    found = []
    for one in rows:
        found.append(_try(one, tree, servers))
        verdict = "caught    " if found[-1].is_caught else "NOT CAUGHT"
        print(
            f"  {verdict} {found[-1].seconds:5.1f} s  {one.file}: {one.says}\n      {found[-1].says}",
            flush=True,
        )
    return found


def _try(change: Change, tree: Path, servers: Mapping[str, str]) -> Outcome:
    began = time.monotonic()
    if problem := change.problem(tree):
        return Outcome(change, False, f"It fits no longer: {problem}.", 0.0)
    change.make(tree)
    try:
        status, words = _run(change.tests, tree, servers)
    finally:
        change.undo(tree)
    failed = sorted(
        {
            line.partition(" ")[2].partition(" - ")[0]
            for line in words.splitlines()
            if line.startswith(("FAILED ", "ERROR "))
        }
    )
    says = (
        ", ".join(failed[:3])
        if status == FAILED
        else f"pytest returned {status}: {' '.join(words.split())[-200:]}"
    )
    return Outcome(change, status == FAILED, says, time.monotonic() - began)


def _run(tests: Sequence[str], tree: Path, servers: Mapping[str, str]) -> tuple[int, str]:
    """Run tests in the copy; return what pytest returned, and what it said."""
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--no-header",
        "--tb=short",
        "-p",
        "no:cacheprovider",
        *tests,
    ]
    # A byte-compiled file is taken for the source by its second: two changes within one would be
    # mixed up.
    environment = {
        **os.environ,
        **servers,
        "RUSHES_SHARED": str(SHARED),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    ran = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True)
    return ran.returncode, ran.stdout + ran.stderr


if __name__ == "__main__":
    raise SystemExit(main())
