"""Mapping of requests to GMI Cloud's bodies and back. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.http.typed_readers import mapping
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
    said = mapping(body)
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
        broken.append(_no_payload(task))
    return wanted, [replace(one, detail=f"{INVALID}: {one.detail}") for one in broken]


def _no_payload(task: str) -> Broken:
    says, detail = "There is no payload.", "payload is required"
    return Broken(_FIELD_RULES[task], "prompt", REFUSE, says, detail=detail)


_FIELD_RULES: dict[str, str] = {Task.EDIT: "GE15", Task.GENERATE: "GG7", Task.REFRAME: "GR1"}
# Of fields that other models of GMI's or of Luma's have.
_UNKNOWN_RULES: dict[str, dict[str, str]] = {
    Task.EDIT: {
        **dict.fromkeys(("source_url", "video_url"), "GE5"),
        **dict.fromkeys(("keyframes", "keyframe_indexes", "end_frame_url"), "GE17"),
    },
    Task.REFRAME: {
        **dict.fromkeys(("source_url", "video_url"), "GR3"),
        **dict.fromkeys(("hdr", "exr_export"), "GR4"),
    },
}


def _rule_of_unknown(task: str, place: str) -> str | None:
    """Return the rule that a place breaks where no row reads; nothing is said of bodies for unknown
    models.
    """
    if not task:
        return None
    own = _UNKNOWN_RULES.get(task, {})
    return own.get(place.removeprefix("payload."), _FIELD_RULES[task])
