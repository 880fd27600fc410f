"""Fault points: named places at which a test can kill the process. Every step where money or a file
changes hands has one.

Nothing happens there unless `RUSHES_KILL_AT` was set when the process started, and no installation
sets it:

    submit.answered:3       the third time that this process comes there
    fetch.*~0.05            each time with that probability, at every point that the pattern names
    a:1,b~0.1               several
    @/some/folder           where the folder holds a file of the point's name: whichever process
                            comes there first takes the file, writes down who it was, and dies. So
                            a test can arm points while all runs, and sees exactly where which
                            process was killed.

A kill is SIGKILL: no `finally`, no handler, no flush, as when the kernel is out of memory or the
power goes.
"""

import fnmatch
import os
import random
import signal
import sys
import time
from collections import Counter
from pathlib import Path

POINTS = {
    "enqueue.reserved": "the reservation is written, its transaction is not committed",
    "enqueue.committed": "the generation is in the queue, and nobody has been told",
    "wake.leased": "a wake-up is noted as sent, and is not in the queue yet",
    "wake.enqueued": "a wake-up is in the queue",
    "stage.claimed": "a lane holds the attempt, its files are not with the provider",
    "stage.sent": "a file lies with the provider, and no row says so",
    "stage.noted": "a row says so, and the attempt waits for its other files or its turn",
    "stage.queued": "all files lie there, the attempt waits for its post",
    "submit.writing_ahead": "the intent to post is written, its transaction is not committed",
    "submit.written_ahead": "the intent to post is committed",
    "submit.first_byte": "the paid call is about to leave",
    "submit.on_the_wire": "the whole body has left, no answer has come",
    "submit.answered": "the provider's answer has come, nothing is written",
    "submit.recording": "the job's id is written, its transaction is not committed",
    "submit.recorded": "the job's id is committed",
    "poll.claimed": "rows are claimed for their polls",
    "poll.answered": "a poll's answer has come, nothing is written",
    "poll.written": "the answers of polls are committed",
    "done.recording": "the provider is done, the charge and the links are written, their transaction is not committed",
    "done.recorded": "the charge and the links are committed, and no lane has been told",
    "ledger.reserving": "a reservation's line is written, the month's sums are not",
    "ledger.charging": "a charge's line is written, the budget is not moved",
    "ledger.releasing": "a release's line is written, the budget is not moved",
    "fetch.claimed": "a lane holds the attempt, nothing is fetched",
    "fetch.part_half": "the first bytes of a result lie in its part",
    "fetch.part_whole": "a result lies whole in its part, and is not looked at",
    "fetch.kept": "a result is stored with its row, the attempt does not know it",
    "fetch.recorded": "the attempt has its result",
    "intake.hashed": "a file's hash is known, nothing is kept",
    "intake.measured": "a file's previews are made, nothing is kept",
    "keep.fsynced": "a file is on the disk under its passing name",
    "keep.renamed": "a file has its lasting name, no row speaks of it",
    "intake.row_written": "a file's row is written",
    "upload.begun": "an upload has its row",
    "upload.piece_half": "a part of a piece is written",
    "upload.piece_written": "a piece is written, the browser has no answer",
    "upload.taking": "an upload is whole and is being taken in",
    "upload.taken": "an upload is an asset, its own row does not say so",
    "copy.made": "a playable copy is made and not kept",
    "copy.kept": "a playable copy is kept, its asset does not say so",
    "ticker.leased": "the ticker has its lease, and nobody is woken",
    "ticker.woken": "the ticker has woken the queue",
    "search.listed": "the provider's own list was read for unknown outcomes, nothing is decided",
    "settle.closing": "the end of an unknown outcome is written, not committed",
    "settle.adopting": "a job's id is adopted for an unknown outcome, not committed",
    "simulator.received": "the simulated provider has a paid call, and has not taken it",
    "simulator.accepted": "the simulated provider has taken and kept a job, and has not answered",
}


class KillPlan:
    """What `RUSHES_KILL_AT` asks for."""

    def __init__(self, words: str) -> None:
        self.folder = Path(words[1:]) if words.startswith("@") else None
        self.times: dict[str, int] = {}
        self.chances: list[tuple[str, float]] = []
        self.seen: Counter[str] = Counter()
        if self.folder is None:
            for word in words.split(","):
                self._add(word.strip())

    def _add(self, word: str) -> None:
        name, _, chance = word.partition("~")
        if chance:
            self.chances.append((name, float(chance)))
        else:
            name, _, nth = name.partition(":")
            self.times[name] = int(nth or 1)

    def strikes(self, name: str) -> bool:
        """Is this the time to die? A file that arms the point is taken by this very question."""
        self.seen[name] += 1
        if self.folder is not None:
            return _taken(self.folder, name)
        if self.times.get(name) == self.seen[name]:
            return True
        return any(
            fnmatch.fnmatch(name, pattern) and random.random() < chance
            for pattern, chance in self.chances
        )


def _taken(folder: Path, name: str) -> bool:
    """Take the file that arms a point: a rename has one winner.

    What is left says who died, and when.
    """
    killed = _trace_of(folder, name)
    try:
        os.rename(folder / name, killed)
    except OSError:
        return False
    killed.write_text(" ".join(sys.argv[:3]))
    return True


def _trace_of(folder: Path, name: str) -> Path:
    """Return where it is said that this process died at a point."""
    return folder / f"{name}.killed.{os.getpid()}.{time.time_ns()}"


_plan = KillPlan(os.environ["RUSHES_KILL_AT"]) if os.environ.get("RUSHES_KILL_AT") else None


def reached(name: str) -> None:
    """Come past a named point. This function will do nothing at all, or not return."""
    if _plan is not None and _plan.strikes(name):
        os.kill(os.getpid(), signal.SIGKILL)
