"""Ray 3.2 on Luma Agents as data: one model for each task; and requests as its
bodies, and back. Pure.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import Broken, Model, Spec, of_task
from editorapp.providers.vendors.luma_agents.parameters import (
    LIMITS,
    MAX_SOURCE_SECONDS,
    MODELS,
    PARAMETERS,
    TYPES,
)
from editorapp.providers.vendors.luma_agents.rules import COMMON_RULES, RULES


def _model(task: Task, summary: str) -> Model:
    parameters, rules = of_task(PARAMETERS, task), RULES[task]
    others = takes_no("ours.unknown", "ours: no such parameter (2)", parameters, rules)
    return Model(
        name=MODELS[0],
        task=task,
        model_id=MODELS[0],
        type_word=TYPES[task],
        label="Ray 3.2",
        summary=summary,
        parameters=parameters,
        rules=(*rules, others),
        limits=replace(LIMITS, max_source_seconds=MAX_SOURCE_SECONDS.get(task)),
        source="2, 3 S, K, D",
    )


SPEC = Spec(
    slug="luma-agents",
    name="Luma Agents",
    base_url="https://agents.lumalabs.ai/v1",
    base_url_name="LUMA_AGENTS_BASE_URL",
    credentials=("LUMA_AGENTS_API_KEY",),
    simulated_key="luma-api-simulated-0000000000000000",
    key_start="luma-api-",
    # 4.1: each poll mints a link for an hour; how long the job itself stays is not stated
    result_kept_seconds=86_400,
    models=(
        _model(
            Task.EDIT,
            "Change what a clip shows, and keep its motion as closely as you choose.",
        ),
        _model(
            Task.GENERATE,
            "Make a clip from words, from pictures, or from where an earlier one ends.",
        ),
        _model(
            Task.REFRAME,
            "Fit a clip to another shape: what lay outside the frame is drawn.",
        ),
    ),
    fallback=Model(
        name="",
        task="",
        model_id="",
        label="model",
        parameters=PARAMETERS,
        limits=LIMITS,
        rules=COMMON_RULES,
    ),
)


_TASKS = {kind: task for task, kind in TYPES.items()}


def encode(wanted: GenerationRequest, spec: Spec = SPEC) -> dict[str, Any]:
    """Return the exact body of `POST /generations`. Pure; what the page shows is what is sent."""
    return field_mapping.encode(spec, wanted)


def endpoint(wanted: GenerationRequest) -> str:
    """Return the path, below the base URL, that the body is posted to."""
    return "/generations"


def decode(body: Any, *, path: str = "/generations") -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does.

    Unknown keys are ignored: nothing is documented about them.
    """
    said = body if isinstance(body, Mapping) else {"type": ""}
    word = str(said.get("type", "image"))
    task = _TASKS.get(word, word)
    model = SPEC.find(task, MODELS[0]) or SPEC.fallback
    return field_mapping.decode(model, body, task=task, name=said.get("model"), rows=PARAMETERS)
