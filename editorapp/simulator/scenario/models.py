"""Models, prices and plan, as the simulated Scenario tells them.

The schemas are written from the provider's own rows. The names of a keyframe's fields are
stand-ins, since nothing documents them, and the prices in CU are this simulator's own: Scenario
publishes none.
"""

import json
from math import ceil
from pathlib import Path

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.spec import Model, Parameter, ParameterKind
from editorapp.simulator.render.result import seconds_of
from editorapp.simulator.tables import JsonObject

KEYFRAME_KEYS = ("image", "index")
# A failure of this model is charged, to be met once.
NOT_REFUNDED = frozenset({"model_luma-reframe-video"})
RESTRICTED_PLAN = "pro"
# What is the same in every answer: of a model, of a plan, of the prices.
_ANSWERS = json.loads(Path(__file__).with_name("answers.json").read_text())
PACKS = _ANSWERS["packs"]
# CU of one started second of the source, or of the result, by size.
_PER_SECOND: dict[tuple[str, str], dict[str, float]] = {
    (Task.EDIT, "ray-3.2"): {"540p": 8, "720p": 14, "1080p": 56},
    (Task.GENERATE, "ray-3.2"): {"540p": 2, "720p": 4, "1080p": 16},
    (Task.REFRAME, "ray-3.2"): {"540p": 4, "720p": 6, "1080p": 24},
    (Task.MODIFY, "modify-video"): {"720p": 0.2},
    (Task.REFRAME, "reframe-video"): {"720p": 1},
    (Task.GENERATE, "ray-flash-2-540p"): {"720p": 0.8},
    (Task.GENERATE, "ray-flash-2-720p"): {"720p": 1.4},
}
_TYPES = {
    ParameterKind.TEXT: "string",
    ParameterKind.CHOICE: "string",
    ParameterKind.CHOICES: "string_array",
    ParameterKind.FLAG: "boolean",
    ParameterKind.NUMBER: "number",
    ParameterKind.REF: "file",
    ParameterKind.PINNED: "inputs_array",
}
_DEFAULTS: JsonObject = {
    "resolution": "720p",
    "editStrength": "adhere_1",
    "mode": "adhere_1",
    "poseControlStrength": "precise",
    "aspectRatio": "16:9",
    "hdr": False,
    "loop": False,
    "duration": "5s",
}


def units_of(wanted: GenerationRequest, seconds: float) -> float:
    """Return what a request costs here, in CU. `seconds` is the source's length."""
    sizes = _PER_SECOND.get((str(wanted.task), str(wanted.model)), {"720p": 1})
    rate = sizes.get(str(wanted.resolution or "720p"), sizes["720p"])
    if wanted.task == Task.GENERATE:
        seconds = seconds_of(str(wanted.duration))
    return round(rate * max(1, ceil(seconds)) * (2 if wanted.hdr is True else 1), 2)


def schema_of(model: Model) -> JsonObject:
    """Return a model as `GET /models/{id}` describes it."""
    rates = _PER_SECOND[str(model.task), model.name].values()
    variant = _ANSWERS["speed"] | {
        "capability": _able(model)[0],
        "costPerAssetMinCU": min(rates),
        "costPerAssetP50CU": 5 * min(rates),
        "costPerAssetMaxCU": 30 * max(rates),
    }
    return _ANSWERS["model"] | {
        "id": model.model_id,
        "name": f"Luma {model.label} (simulated)",
        "shortDescription": model.summary,
        "capabilities": _able(model),
        "disableRefund": model.model_id in NOT_REFUNDED,
        "inputs": [_input(model, row) for row in model.parameters],
        "performanceStats": {"default": "simulated", "variants": [variant]},
    }


def _able(model: Model) -> list[str]:
    return ["video2video"] if model.knows("source") else ["txt2video", "img2video"]


def _input(model: Model, row: Parameter) -> JsonObject:
    """Describe one parameter; lengths and sizes only where Scenario's own pages state them."""
    name = row.path
    found: JsonObject = {"name": name, "label": row.label, "description": row.help}
    found |= {"type": _TYPES[row.kind]} | _values(row) | _of_kind(model, row)
    if name in _DEFAULTS:
        found["default"] = row.values.get(_DEFAULTS[name], _DEFAULTS[name])
    if row.field == "source":
        found |= _caps(model)
    if row.is_required:
        found["required"] = {"always": True}
    if row.field in ("source", "resolution", "duration", "hdr"):
        found["costImpact"] = True
    return found


def _values(row: Parameter) -> JsonObject:
    if row.values:
        return {"type": "number", "allowedValues": list(row.values.values())}
    return {"allowedValues": list(row.choices)} if row.choices else {}


def _of_kind(model: Model, row: Parameter) -> JsonObject:
    match row.kind:
        case ParameterKind.NUMBER:
            return {"min": row.low, "max": row.high, "step": 0.01}
        case ParameterKind.REF:
            return {"kind": "video" if row.field == "source" else "image"}
        case ParameterKind.PINNED:
            return {"maxLength": model.limits.max_keyframes, "inputs": _keyframe()}
    return {}


def _keyframe() -> list[JsonObject]:
    picture, frame = KEYFRAME_KEYS
    return [
        {"name": picture, "type": "file", "kind": "image"},
        {"name": frame, "type": "number", "min": 0},
    ]


def _caps(model: Model) -> JsonObject:
    said = {"maxDuration": model.limits.max_source_seconds, "maxSize": model.limits.max_file_bytes}
    return {name: value for name, value in said.items() if value is not None}


def limits_of_team(parallel_jobs: int) -> JsonObject:
    """Return a plan's limits; 0 parallel jobs means that there is no limit."""
    plan = _ANSWERS["plan"]
    return plan | {"limits": plan["limits"] | {"parallelCustomJobs": parallel_jobs or 1000}}
