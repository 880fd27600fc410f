"""Mapping of requests to Luma's bodies and back. Pure."""

from collections.abc import Mapping
from typing import Any

from editorapp.providers import field_mapping
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.spec import Broken, Spec
from editorapp.providers.vendors.luma_agents.models import SPEC
from editorapp.providers.vendors.luma_agents.parameters import MODELS, PARAMETERS, TYPES

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
