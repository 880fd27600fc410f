"""Run the kill test: see the head of this package."""

import argparse
import os
import random
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from tests.kill.sabotages import SABOTAGES, shown


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.kill", description=__doc__)
    parser.add_argument("--generations", type=int, default=100)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="postgresql: with Redis",
    )
    parser.add_argument(
        "--every", type=float, default=1.2, help="seconds between two kills, on average"
    )
    parser.add_argument("--people", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=15.0, help="give up after so long")
    parser.add_argument("--seed", type=int, default=None, help="the order of kills and wishes")
    parser.add_argument(
        "--every-point", action="store_true", help="kill on until each named point was reached"
    )
    parser.add_argument(
        "--first", default="", help="groups of points that come first and must be met"
    )
    parser.add_argument(
        "--by-hand", action="store_true", help="a person settles all unknown outcomes, at once"
    )
    parser.add_argument(
        "--sabotage",
        choices=sorted(SABOTAGES),
        help="run a copy with this fault put in: it must show",
    )
    parser.add_argument("--keep", action="store_true", help="leave the folder, with all logs")
    return parser.parse_args()


def main() -> int:
    """Start an installation, kill it, and say what came of it: 0 where all is as it must be."""
    options = arguments()
    if options.sabotage:
        return shown(SABOTAGES[options.sabotage], sys.argv[1:])
    options.seed = random.randrange(10**6) if options.seed is None else options.seed
    # A SIGTERM (a test's time limit) must not leave the installation behind.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="rushes-kill-"))
    from tests.kill.installation import Installation

    installation = Installation(folder, database=options.database)
    is_well = False
    try:
        installation.prepare()
        os.environ.setdefault("RUSHES_LOG_LEVEL", "INFO")
        import django

        django.setup()
        from tests.kill.run import Run

        is_well = Run(installation, options).to_its_end()
    finally:
        installation.close()
        if is_well and not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            print(f"Everything lies in {folder}", flush=True)
    return 0 if is_well else 1


if __name__ == "__main__":
    raise SystemExit(main())
