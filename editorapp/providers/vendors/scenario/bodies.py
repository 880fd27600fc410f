"""Mapping of requests to Scenario's bodies and back: flat JSON below `POST /generate/custom/{model}`. Pure."""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from editorapp.providers import field_mapping
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest
from editorapp.providers.spec import Broken, Model, Spec
from editorapp.providers.vendors.scenario.models import SPEC

PATH = "/generate/custom/"
FRAMES = ("source", "start_frame", "end_frame")
# The rule about a parameter's values, by the request's attribute.
MISREAD = {"keyframes": "SE8.shape", "duration": "SF2", "concepts": "SF3"}


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body for a request; the model stands in the path.

    Pure; what the page shows is what is sent.

    A control's value without its switch has no effect here (SE11), so the switch is sent along with
    it.
    """
    changed = _switches_of(wanted)
    prompt = spec.model_for(wanted).parameter("prompt")
    if wanted.prompt == "" and prompt is not None and not prompt.is_required:
        changed["prompt"] = None
    return field_mapping.encode(spec, replace(wanted, **changed))


def _switches_of(wanted: GenerationRequest) -> dict[str, Any]:
    return {
        f"{name}_enabled": True
        for name, value in CONTROL_VALUES.items()
        if getattr(wanted, f"{name}_enabled") is None and getattr(wanted, value) is not None
    }


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to."""
    model_id = SPEC.model_for(wanted).model_id or str(wanted.model)
    return PATH + quote(model_id, safe="")


def decode(
    body: Any,
    *,
    path: str,
    spec: Spec = SPEC,
) -> tuple[GenerationRequest, list[Broken]]:
    """Read a body that was posted to a path back, as the simulator does.

    An unknown parameter breaks a rule: Scenario documents nothing about them, and they would be
    money for nothing.
    """
    word = path.removeprefix(PATH)
    model = next((one for one in spec.models if one.model_id == word), spec.fallback)
    wanted, broken = field_mapping.decode(
        model,
        body,
        task=model.task,
        name=model.name or word,
        unknown=lambda key: _unknown(model, key),
    )
    return wanted, [_numbered(model, one) if model.name else one for one in broken]


def _unknown(model: Model, key: str) -> str:
    if model.name == "modify-video" and key == "editStrength":
        return "SM2"
    return model.rules[-1].id if model.name else "S.unknown"


def _numbered(model: Model, broken: Broken) -> Broken:
    """Give what has the wrong type the number of the rule about its values."""
    if broken.rule_id != field_mapping.MISTYPED:
        return broken
    family = model.rules[-1].id[:2]
    assets = "SE2" if family == "SE" else f"{family}.asset"
    numbers = MISREAD | dict.fromkeys(FRAMES, assets)
    return replace(broken, rule_id=numbers.get(broken.field, broken.rule_id))
