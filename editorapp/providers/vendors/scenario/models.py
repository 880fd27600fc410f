"""Luma's seven models on Scenario, as data; and requests as their bodies, and back: flat JSON below
`POST /generate/custom/{model}`. Pure.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import quote

from editorapp.providers import field_mapping
from editorapp.providers.contract import CONTROL_VALUES, GenerationRequest, Task
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.shared_models import LABEL, RAY, SUMMARIES, no_model
from editorapp.providers.shared_parameters import MAX_KEYFRAMES, PROMPT_MAX, RATIOS
from editorapp.providers.spec import (
    Auth,
    Broken,
    Case,
    Fixes,
    Limits,
    Model,
    Rule,
    Spec,
    Words,
)
from editorapp.providers.vendors.scenario import parameters as rows
from editorapp.providers.vendors.scenario.edit_rules import EDIT_RULES
from editorapp.providers.vendors.scenario.rules import (
    FLASH_RULES,
    GENERATE_RULES,
    MODIFY_RULES,
    REFRAME_RULES,
    REFRAME_VIDEO_RULES,
)

# Results lie at Scenario until they are deleted; a link to one is good for a day at the least
# (2.8).
PLAIN = Limits(output_url_seconds=24 * 3600, prompt_max=PROMPT_MAX)
TALL = replace(PLAIN, aspect_ratios=rows.TALL_RATIOS)
SIZED = replace(PLAIN, resolutions=("540p", "720p", "1080p"))
SIZED_HDR = replace(SIZED, hdr_resolutions=("720p", "1080p"))


def _model(
    family: str, task: Task, name: str, model_id: str, label: str, summary: str, **rows: Any
) -> Model:
    """Return a model; `rows` are its parameters, rules, limits and the section that tells of it."""
    unknown, said = f"{family}.unknown", f"{rows['source']}: no such parameter"
    if family == "SE":
        unknown, said = "SE14", "3.9 S0: not in the model's schema"
    rows["rules"] += (takes_no(unknown, said, rows["parameters"]),)
    return Model(
        name=name,
        task=task,
        model_id=f"model_luma-{model_id}",
        label=label,
        summary=summary,
        is_priced_by_asking=True,
        **rows,
    )


def _flash(size: str) -> Model:
    return _model(
        "SF",
        Task.GENERATE,
        f"ray-flash-2-{size}",
        f"ray-flash-2-{size}",
        f"Ray 2 Flash {size}",
        f"A quick clip at {size} from words or pictures, with camera moves by name.",
        parameters=rows.FLASH,
        rules=FLASH_RULES,
        source="3.8 S3",
        limits=replace(TALL, durations=tuple(rows.SECONDS)),
    )


MODELS = (
    _model(
        "SE",
        Task.EDIT,
        RAY,
        "ray-3-2-edit",
        LABEL,
        SUMMARIES[Task.EDIT],
        parameters=rows.EDIT,
        rules=EDIT_RULES,
        source="3.2 S0, S3",
        limits=replace(SIZED_HDR, warn_source_seconds=18, max_keyframes=MAX_KEYFRAMES),
    ),
    _model(
        "SG",
        Task.GENERATE,
        RAY,
        "ray-3-2",
        LABEL,
        "Make a clip from words or from pictures.",
        parameters=rows.GENERATE,
        rules=GENERATE_RULES,
        source="3.4 S1, S3",
        limits=replace(SIZED_HDR, aspect_ratios=RATIOS),
    ),
    _flash("540p"),
    _flash("720p"),
    _model(
        "SR",
        Task.REFRAME,
        RAY,
        "ray-3-2-reframe",
        LABEL,
        SUMMARIES[Task.REFRAME],
        parameters=rows.REFRAME,
        rules=REFRAME_RULES,
        source="3.5 S3",
        limits=replace(SIZED, warn_source_seconds=30, aspect_ratios=RATIOS),
    ),
    _model(
        "SV",
        Task.REFRAME,
        "reframe-video",
        "reframe-video",
        "Reframe Video",
        "The older reframe, for clips up to 10 s; it knows 9:21 as well.",
        parameters=rows.REFRAME_VIDEO,
        rules=REFRAME_VIDEO_RULES,
        source="3.7 S3",
        limits=replace(TALL, max_source_seconds=10),
    ),
    _model(
        "SM",
        Task.MODIFY,
        "modify-video",
        "modify-video",
        "Modify Video",
        "An older edit by prompt and strength alone: far cheaper, for clips up to 30 s.",
        parameters=rows.MODIFY,
        rules=MODIFY_RULES,
        source="3.6 S3",
        # Megabytes are decimal: Scenario does not define them.
        limits=replace(PLAIN, max_source_seconds=30, max_file_bytes=100_000_000),
    ),
)


def _others(case: Case, words: Words) -> Fixes:
    of_task = (model for model in MODELS if model.task == case.wanted.task)
    return tuple(to(f"Use {model.label}", model=model.name) for model in of_task)


def _no_model(case: Case) -> bool:
    named = (case.wanted.task, case.wanted.model)
    return all((model.task, model.name) != named for model in MODELS)


NO_MODEL = Rule(
    "S.model",
    "model",
    "3.1 S0, S1, S3",
    status=404,
    broken=_no_model,
    summary="The model is one of the seven of section 3.1, and does this task.",
    message="{name} has no model {wanted.model} for this task.",
    detail="Model not found",
    fixes=_others,
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
    # 2.8 D, K: outputs stay in the project until deleted; a week is ours.
    result_kept_seconds=7 * 86_400,
    unit="CU",
    unit_price_name="SCENARIO_CU_PRICE_USD",
    models=MODELS,
    fallback=no_model(
        limits=PLAIN,
        rules=(NO_MODEL,),
        parameters=tuple({row.field: row for model in MODELS for row in model.parameters}.values()),
    ),
)


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
    if wanted.prompt == "" and _can_lack_prompt(spec.model_for(wanted)):
        changed["prompt"] = None
    return field_mapping.encode(spec, replace(wanted, **changed))


def _can_lack_prompt(model: Model) -> bool:
    prompt = model.parameter("prompt")
    return prompt is not None and not prompt.is_required


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
    numbers = MISREAD | dict.fromkeys(FRAMES, _number_about_assets(model))
    return replace(broken, rule_id=numbers.get(broken.field, broken.rule_id))


def _number_about_assets(model: Model) -> str:
    family = model.rules[-1].id[:2]
    return "SE2" if family == "SE" else f"{family}.asset"
