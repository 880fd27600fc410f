"""The models of Ray 3.2 on GMI Cloud, one for each task, as data."""

from dataclasses import replace

from editorapp.providers.contract import Task
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import ALL_TASKS, Model, Spec, of_task
from editorapp.providers.vendors.gmi_cloud.parameters import (
    LIMITS,
    MAX_INLINE_NAME,
    MAX_SOURCE_SECONDS,
    MODEL_IDS,
    NAME,
    PARAMETERS,
)
from editorapp.providers.vendors.gmi_cloud.rules import NO_MODEL, RULES


def _model(
    task: Task,
    summary: str,
    source: str,
    *,
    is_priced_by_asking: bool = False,
) -> Model:
    parameters, rules = of_task(PARAMETERS, task), RULES[task]
    others = takes_no("ours.unknown", f"ours: no such parameter ({source})", parameters, rules)
    return Model(
        name=NAME,
        task=task,
        model_id=MODEL_IDS[task],
        label="Ray 3.2",
        summary=summary,
        parameters=parameters,
        rules=(*rules, others),
        limits=replace(LIMITS, max_source_seconds=MAX_SOURCE_SECONDS.get(task)),
        source=source,
        is_priced_by_asking=is_priced_by_asking,
    )


SPEC = Spec(
    slug="gmi-cloud",
    name="GMI Cloud",
    base_url="https://console.gmicloud.ai/api/v1/ie/requestqueue/apikey",
    base_url_name="GMI_BASE_URL",
    credentials=("GMI_API_KEY",),
    headers={"X-Organization-ID": "GMI_ORG_ID"},
    also_read=(MAX_INLINE_NAME,),
    simulated_key="gmi-simulated-0000000000000000",
    # 2.6: expiry not stated; links seen in the wild stayed valid for a session
    result_kept_seconds=86_400,
    models=(
        _model(
            Task.EDIT,
            "Change what a clip shows, and keep its motion as closely as you choose.",
            "3.1 S2",
        ),
        _model(
            Task.GENERATE,
            "Make a clip from words, from pictures, or from where an earlier one ends.",
            "3.2 PG",
            is_priced_by_asking=True,
        ),
        _model(
            Task.REFRAME,
            "Fit a clip to another shape: what lay outside the frame is drawn.",
            "3.3 PR",
            is_priced_by_asking=True,
        ),
    ),
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        limits=LIMITS,
        rules=(NO_MODEL,),
        parameters=tuple(row for row in PARAMETERS if row.tasks == ALL_TASKS),
    ),
)
