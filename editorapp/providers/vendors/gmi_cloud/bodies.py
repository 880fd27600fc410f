"""Mapping of requests to GMI Cloud's bodies and back. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.spec import REFUSE, Broken, Spec
from editorapp.providers.vendors.gmi_cloud.models import SPEC
from editorapp.providers.vendors.gmi_cloud.parameters import NAME, TASKS
from editorapp.providers.vendors.gmi_cloud.rules import INVALID


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body of `POST /requests`. Pure; what the page shows is what is sent."""
    return field_mapping.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to; the same for every model."""
    return "/requests"


def decode(body: Any, *, path: str = "/requests") -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does.

    What has no place in it is refused by name (GE15).
    """
    said = body if isinstance(body, Mapping) else {}
    word = said.get("model")
    task = TASKS.get(word, "") if isinstance(word, str) else ""
    wanted, broken = field_mapping.decode(
        SPEC.find(task, NAME) or SPEC.fallback,
        body,
        task=task,
        name=NAME if task else word,
        unknown=lambda place: _rule_of_unknown(task, place),
    )
    if task and not isinstance(said.get("payload"), Mapping):
        missing = "There is no payload.", "payload is required"
        broken.append(Broken(_FIELD_RULES[task], "prompt", REFUSE, missing[0], detail=missing[1]))
    return wanted, [replace(one, detail=f"{INVALID}: {one.detail}") for one in broken]


_FIELD_RULES: dict[str, str] = {Task.EDIT: "GE15", Task.GENERATE: "GG7", Task.REFRAME: "GR1"}
_URL_RULES: dict[str, str] = {Task.EDIT: "GE5", Task.REFRAME: "GR3"}


def _rule_of_unknown(task: str, place: str) -> str | None:
    """Return the rule that a place breaks where no row reads; nothing is said of bodies for unknown
    models.
    """
    field = place.removeprefix("payload.")
    if not task:
        return None
    if field in ("source_url", "video_url"):
        return _URL_RULES.get(task, _FIELD_RULES[task])
    if task == Task.EDIT and field in ("keyframes", "keyframe_indexes", "end_frame_url"):
        return "GE17"
    if task == Task.REFRAME and field in ("hdr", "exr_export"):
        return "GR4"
    return _FIELD_RULES[task]
