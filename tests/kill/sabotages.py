"""A test of the test: three faults that cost money, put into a copy of the tree.

A run there must show each.

python -m tests.kill --sabotage resend_on_timeout [further options of a run]

By hand, for each takes as long as a run. It ends with 0 where the run failed as it must.
"""

import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.sabotage.change import Change, copy_of_the_tree

# A dozen takes, as tests/kill/test_short_run.py has them.
SHORT = (
    "--generations",
    "11",
    "--kills",
    "12",
    "--every",
    "0.7",
    "--by-hand",
    "--minutes",
    "5",
    "--seed",
    "6",
    "--first",
    "submit,ledger,done",
)
SENT_TWICE = (
    r"was posted \d+ times|one body came \d+ times|no attempt of ours has it|taken \d+ times"
)


@dataclass(frozen=True)
class Sabotage:
    """`change` in the code; one of the faults that a run then names must match `shows`."""

    change: Change
    shows: str


def _change(says: str, file: str, old: str, new: str) -> Change:
    return Change(says, file, old, new, tests=("tests/kill",))


SABOTAGES = {
    "resend_on_timeout": Sabotage(
        _change(
            "a living worker sends a paid call once more when nobody answered the first",
            "editorapp/providers/http/session.py",
            "            response = await self._pay(path, content, idempotency_key=idempotency_key)\n",
            """            try:
                response = await self._pay(path, content, idempotency_key=idempotency_key)
            except TimeoutError:
                response = await self._pay(path, content, idempotency_key=idempotency_key)
""",
        ),
        SENT_TWICE,
    ),
    "lapsed_to_the_queue": Sabotage(
        _change(
            "what was being sent when its worker died goes back into the queue",
            "editorapp/generations/engine/post_outcomes.py",
            'code="interrupted")\n    unknown(attempt',
            'code="interrupted")\n    requeue.not_accepted(attempt',
        ),
        SENT_TWICE,
    ),
    "release_on_unknown": Sabotage(
        _change(
            "the money of an unknown outcome is given back",
            "editorapp/generations/engine/post_outcomes.py",
            """        shown=failure(error.code or "outcome_unknown", says),
    )
""",
            """        shown=failure(error.code or "outcome_unknown", says),
    )
    from editorapp.costs import ledger

    ledger.release(attempt.pk, now=now)
""",
        ),
        r"is unknown and should hold its reservation|still held|should be charged",
    ),
}


def shown(sabotage: Sabotage, words: Sequence[str]) -> int:
    """Run in a copy with the fault in it, and say whether the run shows it: 0 where it does."""
    at = words.index("--sabotage") if "--sabotage" in words else len(words)
    others = [*words[:at], *words[at + 2 :]] or list(SHORT)
    with tempfile.TemporaryDirectory(prefix="rushes-sabotage-") as folder:
        tree = copy_of_the_tree(Path(folder))
        sabotage.change.make(tree)
        command = [sys.executable, "-m", "tests.kill", *others]
        ran = subprocess.run(
            command, cwd=tree, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
    print(ran.stdout)
    faults = [line for line in ran.stdout.splitlines() if "FAULT" in line]
    is_shown = ran.returncode == 1 and any(re.search(sabotage.shows, line) for line in faults)
    print(f"{'Shown' if is_shown else 'NOT SHOWN'}: {sabotage.change.says}.", flush=True)
    return 0 if is_shown else 1
