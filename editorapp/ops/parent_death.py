"""Parent-death signal: runs a command that ends when its parent does.

Run it as `python -m editorapp.ops.parent_death PARENT COMMAND ...`.

The reaper ends what a killed studio leaves behind, but may be killed in the same second. On Linux
the kernel itself then sends SIGTERM to each child; elsewhere there is the reaper alone. It
imports nothing of Rushes, and the command takes its place: same process, same number.
"""

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1  # linux/prctl.h


def main() -> None:
    """Ask the kernel for the signal, then become the command."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        _end_with(parent)
    os.execv(command[0], command)


def _end_with(parent: int) -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit("Whoever was to look after this is gone already.")


if __name__ == "__main__":
    main()
