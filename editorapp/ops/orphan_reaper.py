"""Orphan reaper: ends the studio's processes when the studio itself was killed.

Run it as `python -m editorapp.ops.orphan_reaper`.

It reads process group ids, one a line ("-" before one that has ended), and waits. A studio that
stops in good order has ended its children before it closes the pipe; one that was killed has not,
and this does it. It imports nothing of Rushes, so that it starts at once and nothing can break it.
"""

import os
import signal
import sys
import time

GRACE_SECONDS = 5.0


def main() -> None:
    """Wait for the end of the input, then end every group that is still named."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    _end(_still_named())


def _still_named() -> set[int]:
    """Read the input to its end, and return the groups that have not ended."""
    groups: set[int] = set()
    for line in sys.stdin:
        word = line.strip()
        if word.startswith("-"):
            groups.discard(int(word[1:]))
        else:
            groups.add(int(word))
    return groups


def _end(groups: set[int]) -> None:
    """End the groups, politely first."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        if not _send(groups, how):
            return
        _wait_for_end(groups)


def _wait_for_end(groups: set[int]) -> None:
    until = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < until and _send(groups, 0):
        time.sleep(0.1)


def _send(groups: set[int], how: int) -> bool:
    """Signal the groups, with 0 not at all, and say whether any is still there."""
    alive = False
    for group in groups:
        try:
            os.killpg(group, how)
            alive = True
        except (ProcessLookupError, PermissionError):
            continue
    return alive


if __name__ == "__main__":
    main()
