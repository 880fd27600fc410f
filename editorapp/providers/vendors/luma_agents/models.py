"""Ray 3.2 on Luma Agents as data: one model for each task; and requests as its
bodies, and back. Pure.
"""

from collections.abc import Mapping
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.shared_models import RAY, no_model, ray
from editorapp.providers.spec import Broken, Spec
from editorapp.providers.vendors.luma_agents.parameters import (
    LIMITS,
    MAX_SOURCE_SECONDS,
    PARAMETERS,
    TYPES,
)
from editorapp.providers.vendors.luma_agents.rules import COMMON_RULES, RULES

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
    models=tuple(
        ray(
            task,
            parameters=PARAMETERS,
            rules=RULES,
            limits=LIMITS,
            longest=MAX_SOURCE_SECONDS,
            schema="2",
            model_id=RAY,
            type_word=TYPES[task],
            source="2, 3 S, K, D",
        )
        for task in (Task.EDIT, Task.GENERATE, Task.REFRAME)
    ),
    fallback=no_model(parameters=PARAMETERS, limits=LIMITS, rules=COMMON_RULES),
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
    model = SPEC.find(task, RAY) or SPEC.fallback
    return field_mapping.decode(
        model,
        body,
        task=task,
        name=said.get("model"),
        rows=PARAMETERS,
    )
