"""What the simulated Scenario says of its models, prices and plan.

The schemas are written from the provider's own rows. The names of a keyframe's fields are
stand-ins, since nothing documents them, and the prices in CU are this simulator's own: Scenario
publishes none.
"""

from math import ceil
from typing import Any

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.spec import Model, Parameter, ParameterKind

KEYFRAME_KEYS = ("image", "index")
NOT_REFUNDED = frozenset(
    {"model_luma-reframe-video"}
)  # a failure of this model is charged, to be met once
RESTRICTED_PLAN = "pro"
_SINCE, _UNTIL = "2026-01-01T00:00:00.000Z", "2026-12-31T23:59:59.000Z"
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
PACKS = [
    {"creativeUnits": 1000, "currency": "usd", "unitAmount": 20, "expires": 365},
    {"creativeUnits": 10000, "currency": "usd", "unitAmount": 150, "expires": 365},
    {"creativeUnits": 1000, "currency": "eur", "unitAmount": 30, "expires": 365},
]
_TYPES = {
    ParameterKind.TEXT: "string",
    ParameterKind.CHOICE: "string",
    ParameterKind.CHOICES: "string_array",
    ParameterKind.FLAG: "boolean",
    ParameterKind.NUMBER: "number",
    ParameterKind.REF: "file",
    ParameterKind.PINNED: "inputs_array",
}
_DEFAULTS: dict[str, Any] = {
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
        seconds = {"9s": 9, "10s": 10}.get(str(wanted.duration), 5)
    return round(rate * max(1, ceil(seconds)) * (2 if wanted.hdr is True else 1), 2)


def schema_of(model: Model) -> dict[str, Any]:
    """Return a model as `GET /models/{id}` describes it."""
    rates = _PER_SECOND[str(model.task), model.name].values()
    return {
        "id": model.model_id,
        "name": f"Luma {model.label} (simulated)",
        "shortDescription": model.summary,
        "custom": True,
        "type": "custom",
        "status": "trained",
        "source": "other",
        "privacy": "public",
        "capabilities": _able(model),
        "tags": ["luma"],
        "collectionIds": [],
        "exampleAssetIds": [],
        "trainingImagesNumber": 0,
        "createdAt": _SINCE,
        "updatedAt": _SINCE,
        "accessRestrictions": 25,
        "disableRefund": model.model_id in NOT_REFUNDED,
        "inputs": [_input(model, row) for row in model.parameters],
        "performanceStats": {
            "default": "simulated",
            "variants": [
                {
                    "capability": _able(model)[0],
                    "computedAt": _SINCE,
                    "variantKey": "simulated",
                    "costPerAssetMinCU": min(rates),
                    "costPerAssetP50CU": 5 * min(rates),
                    "costPerAssetMaxCU": 30 * max(rates),
                    "inferenceLatencyP50Sec": 8,
                    "totalLatencyP50Sec": 10,
                }
            ],
        },
    }


def _able(model: Model) -> list[str]:
    return ["video2video"] if model.knows("source") else ["txt2video", "img2video"]


def _input(model: Model, row: Parameter) -> dict[str, Any]:
    """Describe one parameter; lengths and sizes only where Scenario's own pages state them."""
    wire = row.path
    found: dict[str, Any] = {
        "name": wire,
        "label": row.label,
        "description": row.help,
        "type": _TYPES[row.kind],
    }
    if row.values:
        found |= {"type": "number", "allowedValues": list(row.values.values())}
    elif row.choices:
        found["allowedValues"] = list(row.choices)
    if wire in _DEFAULTS:
        found["default"] = row.values.get(_DEFAULTS[wire], _DEFAULTS[wire])
    if row.kind is ParameterKind.NUMBER:
        found |= {"min": row.low, "max": row.high, "step": 0.01}
    if row.kind is ParameterKind.PINNED:
        picture, frame = KEYFRAME_KEYS
        entry = [
            {"name": picture, "type": "file", "kind": "image"},
            {"name": frame, "type": "number", "min": 0},
        ]
        found |= {"maxLength": model.limits.max_keyframes, "inputs": entry}
    if row.kind is ParameterKind.REF:
        found["kind"] = "video" if row.field == "source" else "image"
    if row.field == "source":
        found |= {"costImpact": True} | _caps(model)
    if row.is_required:
        found["required"] = {"always": True}
    if row.field in ("resolution", "duration", "hdr"):
        found["costImpact"] = True
    return found


def _caps(model: Model) -> dict[str, Any]:
    said = {"maxDuration": model.limits.max_source_seconds, "maxSize": model.limits.max_file_bytes}
    return {name: value for name, value in said.items() if value is not None}


def limits_of_team(*, parallel_jobs: int) -> dict[str, Any]:
    """Return a plan's limits; 0 parallel jobs means that there is no limit."""
    names = (
        "apiKeys",
        "canvasAssetLayers",
        "canvasAssets",
        "collections",
        "defaultSeats",
        "downloadAssets",
        "downloadModel",
        "inferenceBatchSize",
        "maxCooldown",
        "maxTrainingDatasets",
        "minCooldown",
        "models",
        "OTPSessions",
        "parallelInferences",
        "parallelTraining",
        "parallelWorkflowRuns",
        "premiumGenerationSamples",
        "projects",
        "scalingFactor",
        "seats",
        "snapshotsRetention",
        "upload",
    )
    limits = dict.fromkeys(names, 10) | {
        "parallelCustomJobs": parallel_jobs or 1000,
        "creativeUnits": 100_000,
    }
    used = dict.fromkeys(("apiKeys", "canvasAssets", "collections", "projects", "seats"), 1) | {
        "creativeUnits": 0
    }
    period = {"start": _SINCE, "end": _UNTIL}
    return {
        "plan": "cu-team",
        "limits": limits,
        "values": used,
        "period": period,
        "oneShotCreativeUnits": [],
    }
