"""Fill an empty installation: python -m tests.seed 100000

It goes where the settings say: RUSHES_DATA_DIR, DATABASE_URL.
"""

import argparse
import os
import sys
import time


def main(words: list[str] | None = None) -> int:
    """Make the tables where there are none, and the rows."""
    parser = argparse.ArgumentParser(prog="python -m tests.seed", description=__doc__)
    parser.add_argument("count", type=int, help="how many takes")
    count = parser.parse_args(words).count
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "editorapp.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from editorapp.generations.checks.alert_checks import check_books
    from tests.seed.installation import InUse, seed

    call_command("migrate", verbosity=0)
    started = time.monotonic()
    try:
        seed(count, say=print)
    except InUse as why:
        print(why)
        return 1
    wrong = check_books(timezone.now()).differences  # noted, as the worker's first check would be
    print(
        "\n".join(wrong) or f"{count} takes in {time.monotonic() - started:.0f} s. Books balance."
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
