"""Drawing results: the actual source, re-rendered so that a person sees what was asked for.

Works on 8-bit YUV 4:2:0 planes, as decoders give them and encoders take them: a colour grade is
then table look-ups and the chroma planes are a quarter of the picture. That is what makes it faster
than the clip plays.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from editorapp.media.refusals import Refusal
from editorapp.providers.contract import GenerationRequest

SECONDS = {"9s": 9, "10s": 10}  # of a new clip, by what was asked for; all others: 5
POSTER = "poster.jpg"  # the first frame of a result, beside it


class CannotRender(Exception):
    """The job fails with one of the provider's failure codes."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


def render(task: dict[str, Any], alive: Callable[[], None]) -> dict[str, Any]:
    """Render a job into its folder; return its outputs and the clip's facts, or a failure."""
    import av

    from editorapp.simulator.inspection import inspect
    from editorapp.simulator.render.plan import RenderPlan

    folder = Path(task["folder"])
    folder.mkdir(parents=True, exist_ok=True)
    if "sample" in task["inputs"].values():
        _sample(Path(task["sample"]))
    wanted = GenerationRequest.from_json(task["request"])
    inputs = {
        name: task["sample"] if path == "sample" else path for name, path in task["inputs"].items()
    }
    if wanted.source is not None and (problem := inspect(inputs["source"])["problem"]):
        return {"failure_code": problem, "failure_reason": "The source could not be decoded."}
    try:
        outputs = RenderPlan(wanted, inputs, folder, task["seed"], alive).carry_out()
    except CannotRender as failure:
        return {"failure_code": failure.code, "failure_reason": failure.reason}
    except (av.InvalidDataError, av.EOFError, av.PatchWelcomeError, Refusal):
        return {
            "failure_code": "corrupt_input",
            "failure_reason": "The source could not be decoded.",
        }
    video = folder / outputs[0]["file"]
    return {"outputs": outputs, "facts": inspect(str(video)) | {"size_bytes": video.stat().st_size}}


def _sample(path: Path) -> None:
    """Draw the sample clip, if nobody has."""
    import os

    from editorapp.media.sample import draw

    if not path.exists():
        part = path.with_name(f"sample.{os.getpid()}.part")
        draw(part)
        os.replace(part, path)
