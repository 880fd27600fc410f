"""Worker process: reads tasks as JSON lines, answers each with one. Ends when its parent does.

Run as: python -m editorapp.simulator.worker NICENESS
"""

import json
import os
import sys
from typing import TextIO

from editorapp.simulator.render.result import Alive
from editorapp.simulator.tables import JsonObject


def _do(task: JsonObject, alive: Alive) -> JsonObject:
    """Do a task; what only some need is imported by those."""
    if task["task"] == "inspect":
        from editorapp.simulator.inspection import inspect

        return {"all": [inspect(path) for path in task["paths"]]}
    from editorapp.simulator.render.job import render

    return render(task, alive)


def main() -> None:
    """Serve tasks until standard input ends."""
    import av

    av.logging.set_level(None)  # what is wrong with a clip is an answer, not a line on the console
    os.nice(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    # Libraries that print must not garble the answers: they get standard error.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            answer = _do(task, lambda: _say(answers, {"alive": True}))
        except Exception as error:
            answer = {
                "failure_code": "generation_failed",
                "failure_reason": "Generation failed",
                "bug": repr(error),
            }
        _say(answers, {"answer": answer})


def _say(answers: TextIO, value: JsonObject) -> None:
    try:
        answers.write(json.dumps(value) + "\n")
    except BrokenPipeError:
        os._exit(0)  # the server is gone: stop in the middle of whatever it was


if __name__ == "__main__":
    main()
