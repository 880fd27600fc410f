"""Luma Agents: Ray 3.2 over Luma's own API. Facts are from contracts/luma-agents.md."""

from typing import Any

from editorapp.providers import wire
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.luma_parameters import MODELS, PARAMETERS, TYPES
from editorapp.providers.luma_rules import LIMITS, RULES
from editorapp.providers.spec import Broken, Spec

SPEC = Spec(
    slug="luma-agents",
    name="Luma Agents",
    models=MODELS,
    tasks=tuple(Task),
    parameters=PARAMETERS,
    rules=RULES,
    limits=LIMITS,
    wire_types=TYPES,
)


def encode(wanted: GenerationRequest) -> dict[str, Any]:
    """Return the exact body of `POST /generations`. Pure; what the page shows is what is sent."""
    return wire.encode(SPEC, wanted)


def decode(body: Any) -> tuple[GenerationRequest, list[Broken]]:
    """Read such a body back, as the simulator does."""
    return wire.decode(SPEC, body)
