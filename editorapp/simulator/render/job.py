"""Render job: one task of the worker process, from the request to its files."""

import os
from pathlib import Path

import av

from editorapp.media.refusals import Refusal
from editorapp.media.sample import draw
from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.inspection import inspect
from editorapp.simulator.render.plan import RenderPlan
from editorapp.simulator.render.result import Alive, CannotRender
from editorapp.simulator.tables import JsonObject

NOT_DECODED = CannotRender("corrupt_input", "The source could not be decoded.")


UNREADABLE = (av.InvalidDataError, av.EOFError, av.PatchWelcomeError, Refusal)


def render(task: JsonObject, alive: Alive) -> JsonObject:
    """Render a job into its folder; return its outputs and the clip's facts, or a failure."""
    try:
        return _rendered(task, alive)
    except CannotRender as cannot:
        failure = cannot
    except UNREADABLE:
        failure = NOT_DECODED
    return {"failure_code": failure.code, "failure_reason": failure.reason}


def _rendered(task: JsonObject, alive: Alive) -> JsonObject:
    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    inputs = dict(task["inputs"])
    for name, path in inputs.items():
        if path == "sample":
            inputs[name] = _sample(Path(task["sample"]))
    wanted = GenerationRequest.from_json(task["request"])
    if wanted.source is not None and (problem := inspect(inputs["source"])["problem"]):
        raise CannotRender(problem, NOT_DECODED.reason)
    outputs = RenderPlan(wanted, inputs, folder, task["seed"], alive).carry_out()
    video = folder / outputs[0]["file"]
    facts = inspect(str(video)) | {"size_bytes": video.stat().st_size}
    return {"outputs": outputs, "facts": facts}


def _sample(path: Path) -> str:
    """Return the sample clip, drawn if nobody has."""
    if not path.exists():
        part = path.with_name(f"sample.{os.getpid()}.part")
        draw(part)
        part.replace(path)
    return str(path)
