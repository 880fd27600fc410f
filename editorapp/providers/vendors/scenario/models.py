"""Luma's seven models on Scenario, as data."""

from dataclasses import replace
from typing import Any

from editorapp.providers.contract import Task
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.shared_parameters import MAX_KEYFRAMES, PROMPT_MAX, RATIOS
from editorapp.providers.spec import Auth, Case, Fix, Limits, Model, Rule, Spec, Words
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
PLAIN = Limits(output_url_seconds=24 * 3600, prompt_max=PROMPT_MAX)
TALL = replace(PLAIN, aspect_ratios=rows.TALL_RATIOS)
RAY = replace(PLAIN, resolutions=("540p", "720p", "1080p"))
RAY_HDR = replace(RAY, hdr_resolutions=("720p", "1080p"))


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
        "ray-3.2",
        "ray-3-2-edit",
        "Ray 3.2",
        "Change what a clip shows, and keep its motion as closely as you choose.",
        parameters=rows.EDIT,
        rules=EDIT_RULES,
        source="3.2 S0, S3",
        limits=replace(RAY_HDR, warn_source_seconds=18, max_keyframes=MAX_KEYFRAMES),
    ),
    _model(
        "SG",
        Task.GENERATE,
        "ray-3.2",
        "ray-3-2",
        "Ray 3.2",
        "Make a clip from words or from pictures.",
        parameters=rows.GENERATE,
        rules=GENERATE_RULES,
        source="3.4 S1, S3",
        limits=replace(RAY_HDR, aspect_ratios=RATIOS),
    ),
    _flash("540p"),
    _flash("720p"),
    _model(
        "SR",
        Task.REFRAME,
        "ray-3.2",
        "ray-3-2-reframe",
        "Ray 3.2",
        "Fit a clip to another shape: what lay outside the frame is drawn.",
        parameters=rows.REFRAME,
        rules=REFRAME_RULES,
        source="3.5 S3",
        limits=replace(RAY, warn_source_seconds=30, aspect_ratios=RATIOS),
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


def _others(case: Case, words: Words) -> tuple[Fix, ...]:
    of_task = (model for model in MODELS if model.task == case.wanted.task)
    return tuple(to(f"Use {model.label}", model=model.name) for model in of_task)


def _no_model(case: Case) -> bool:
    named = (case.wanted.task, case.wanted.model)
    return all((model.task, model.name) != named for model in MODELS)


NO_MODEL = Rule(
    id="S.model",
    field="model",
    source="3.1 S0, S1, S3",
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
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        limits=PLAIN,
        rules=(NO_MODEL,),
        parameters=tuple({row.field: row for model in MODELS for row in model.parameters}.values()),
    ),
)
