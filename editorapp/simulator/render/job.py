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
    except CannotRender as failure:
        return _failed(failure)
    except UNREADABLE:
        return _failed(NOT_DECODED)


def _rendered(task: JsonObject, alive: Alive) -> JsonObject:
    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    inputs = dict(task["inputs"])
    for name, path in inputs.items():
        if path == "sample":
            inputs[name] = _sample(Path(task["sample"]))
    wanted = GenerationRequest.from_json(task["request"])
    if wanted.source is not None:
        _check(inputs["source"])
    outputs = RenderPlan(wanted, inputs, folder, task["seed"], alive).carry_out()
    return {"outputs": outputs, "facts": _facts(folder / outputs[0]["file"])}


def _check(source: str) -> None:
    if problem := inspect(source)["problem"]:
        raise CannotRender(problem, NOT_DECODED.reason)


def _facts(video: Path) -> JsonObject:
    return inspect(str(video)) | {"size_bytes": video.stat().st_size}


def _failed(failure: CannotRender) -> JsonObject:
    return {"failure_code": failure.code, "failure_reason": failure.reason}


def _sample(path: Path) -> str:
    """Return the sample clip, drawn if nobody has."""
    if not path.exists():
        part = path.with_name(f"sample.{os.getpid()}.part")
        draw(part)
        os.replace(part, path)
    return str(path)
