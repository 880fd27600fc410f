"""Luma's seven models on Scenario, as data."""

from collections.abc import Mapping
from typing import Any

from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import Auth, Fix, Limits, Model, Parameter, Rule, Spec
from editorapp.providers.vendors.scenario import parameters as rows
from editorapp.providers.vendors.scenario.edit_rules import EDIT_RULES
from editorapp.providers.vendors.scenario.other_rules import (
    FLASH_RULES,
    GENERATE_RULES,
    MODIFY_RULES,
    REFRAME_RULES,
    REFRAME_VIDEO_RULES,
)

# Results lie at Scenario until they are deleted; a link to one is good for a day at the least
# (2.8).
_LINK_SECONDS = 24 * 3600
_PLAIN = Limits(output_url_seconds=_LINK_SECONDS, prompt_max=rows.PROMPT_MAX)
_RAY: dict[str, Any] = {
    "output_url_seconds": _LINK_SECONDS,
    "prompt_max": rows.PROMPT_MAX,
    "resolutions": rows.RESOLUTIONS,
}
_HDR = ("720p", "1080p")


def _model(
    task: Task,
    name: str,
    wire: str,
    label: str,
    summary: str,
    *,
    parameters: tuple[Parameter, ...],
    rules: tuple[Rule, ...],
    limits: Limits,
    family: str,
    source: str,
) -> Model:
    unknown = "SE14" if family == "SE" else f"{family}.unknown"
    others = takes_no(
        unknown,
        "3.9 S0: not in the model's schema" if family == "SE" else f"{source}: no such parameter",
        parameters,
    )
    return Model(
        name=name,
        task=task,
        wire=wire,
        label=label,
        summary=summary,
        parameters=parameters,
        rules=(*rules, others),
        limits=limits,
        source=source,
        is_priced_by_asking=True,
    )


def _flash(size: str) -> Model:
    return _model(
        Task.GENERATE,
        f"ray-flash-2-{size}",
        f"model_luma-ray-flash-2-{size}",
        f"Ray 2 Flash {size}",
        f"A quick clip at {size} from words or pictures, with camera moves by name.",
        parameters=rows.FLASH,
        rules=FLASH_RULES,
        family="SF",
        source="3.8 S3",
        limits=Limits(
            output_url_seconds=_LINK_SECONDS,
            prompt_max=rows.PROMPT_MAX,
            aspect_ratios=rows.TALL_RATIOS,
            durations=tuple(rows.SECONDS),
        ),
    )


MODELS = (
    _model(
        Task.EDIT,
        "ray-3.2",
        "model_luma-ray-3-2-edit",
        "Ray 3.2",
        "Change what a clip shows, and keep its motion as closely as you choose.",
        parameters=rows.EDIT,
        rules=EDIT_RULES,
        family="SE",
        source="3.2 S0, S3",
        limits=Limits(
            **_RAY, hdr_resolutions=_HDR, warn_source_seconds=18, max_keyframes=rows.MAX_KEYFRAMES
        ),
    ),
    _model(
        Task.GENERATE,
        "ray-3.2",
        "model_luma-ray-3-2",
        "Ray 3.2",
        "Make a clip from words or from pictures.",
        parameters=rows.GENERATE,
        rules=GENERATE_RULES,
        family="SG",
        source="3.4 S1, S3",
        limits=Limits(
            **_RAY, hdr_resolutions=_HDR, aspect_ratios=rows.RATIOS, durations=rows.DURATIONS
        ),
    ),
    _flash("540p"),
    _flash("720p"),
    _model(
        Task.REFRAME,
        "ray-3.2",
        "model_luma-ray-3-2-reframe",
        "Ray 3.2",
        "Fit a clip to another shape: what lay outside the frame is drawn.",
        parameters=rows.REFRAME,
        rules=REFRAME_RULES,
        family="SR",
        source="3.5 S3",
        limits=Limits(**_RAY, warn_source_seconds=30, aspect_ratios=rows.RATIOS),
    ),
    _model(
        Task.REFRAME,
        "reframe-video",
        "model_luma-reframe-video",
        "Reframe Video",
        "The older reframe, for clips up to 10 s; it knows 9:21 as well.",
        parameters=rows.REFRAME_VIDEO,
        rules=REFRAME_VIDEO_RULES,
        family="SV",
        source="3.7 S3",
        limits=Limits(
            output_url_seconds=_LINK_SECONDS,
            prompt_max=rows.PROMPT_MAX,
            max_source_seconds=10,
            aspect_ratios=rows.TALL_RATIOS,
        ),
    ),
    _model(
        Task.MODIFY,
        "modify-video",
        "model_luma-modify-video",
        "Modify Video",
        "An older edit by prompt and strength alone: far cheaper, for clips up to 30 s.",
        parameters=rows.MODIFY,
        rules=MODIFY_RULES,
        family="SM",
        source="3.6 S3",
        # Megabytes are decimal: Scenario does not define them.
        limits=Limits(
            output_url_seconds=_LINK_SECONDS,
            prompt_max=rows.PROMPT_MAX,
            max_source_seconds=30,
            max_file_bytes=100_000_000,
        ),
    ),
)


def _others(
    wanted: GenerationRequest, source: object, limits: Limits, words: Mapping[str, Any]
) -> tuple[Fix, ...]:
    return tuple(
        Fix(f"Use {model.label}", {"model": model.name})
        for model in MODELS
        if model.task == wanted.task
    )


def _no_model(wanted: GenerationRequest, source: object, limits: Limits) -> bool:
    return all((model.task, model.name) != (wanted.task, wanted.model) for model in MODELS)


NO_MODEL = Rule(
    id="S.model",
    field="model",
    source="3.1 S0, S1, S3",
    status=404,
    broken=_no_model,
    summary="The model is one of the seven of section 3.1, and does this task.",
    message="{name} has no model {wanted.model} for this task.",
    detail="Model not found",
    mends=_others,
)

SPEC = Spec(
    lists_all=True,  # 2.3: every job of the project, page by page
    slug="scenario",
    name="Scenario",
    base_url="https://api.cloud.scenario.com/v1",
    base_url_name="SCENARIO_BASE_URL",
    credentials=("SCENARIO_SDK_API_KEY", "SCENARIO_SDK_API_SECRET"),
    auth=Auth.BASIC,
    params={"projectId": "SCENARIO_PROJECT_ID"},
    simulated_key="api_simulated0000000000:simulated-secret",
    result_kept_seconds=7
    * 86_400,  # 2.8 D, K: outputs stay in the project until deleted; a week is ours
    unit="CU",
    unit_price_name="SCENARIO_CU_PRICE_USD",
    models=MODELS,
    fallback=Model(
        name="",
        task="",
        wire="",
        label="model",
        limits=_PLAIN,
        rules=(NO_MODEL,),
        parameters=tuple({row.field: row for model in MODELS for row in model.parameters}.values()),
    ),
)

_FRAMES = ("source", "start_frame", "end_frame")
# Which rule a parameter breaks that the model does not know, by its name; "" for all others.
UNKNOWN: dict[str, dict[str, str]] = {
    "model_luma-ray-3-2-edit": {"": "SE14"},
    "model_luma-ray-3-2": {"": "SG.unknown"},
    "model_luma-ray-3-2-reframe": {"": "SR.unknown"},
    "model_luma-modify-video": {"": "SM.unknown", "editStrength": "SM2"},
    "model_luma-reframe-video": {"": "SV.unknown"},
    "model_luma-ray-flash-2-540p": {"": "SF.unknown"},
    "model_luma-ray-flash-2-720p": {"": "SF.unknown"},
}
_FLASH_MISREAD = dict.fromkeys(_FRAMES, "SF.asset") | {"duration": "SF2", "concepts": "SF3"}
# Which rule a value of the wrong type breaks, by the request's attribute.
MISREAD: dict[str, dict[str, str]] = {
    "model_luma-ray-3-2-edit": dict.fromkeys(_FRAMES, "SE2") | {"keyframes": "SE8.shape"},
    "model_luma-ray-3-2": dict.fromkeys(_FRAMES, "SG.asset"),
    "model_luma-ray-3-2-reframe": dict.fromkeys(_FRAMES, "SR.asset"),
    "model_luma-modify-video": dict.fromkeys(_FRAMES, "SM.asset"),
    "model_luma-reframe-video": dict.fromkeys(_FRAMES, "SV.asset"),
    "model_luma-ray-flash-2-540p": _FLASH_MISREAD,
    "model_luma-ray-flash-2-720p": _FLASH_MISREAD,
}
