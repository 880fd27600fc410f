"""Take over a rule of Luma's own API that GMI Cloud has too, under its own number, tag and answer."""

from dataclasses import replace
from typing import Any

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import Limits, Parameter, RefCondition, Rule
from editorapp.providers.vendors.luma_agents.rules import RULES

_LUMA = {rule.id: rule for rule in RULES}
INVALID = "invalid payload parameters"  # 5, OBS: how a 400 begins


def adopt(
    luma: str, *, id: str, tasks: frozenset[str], source: str, detail: str = "", **changes: Any
) -> Rule:
    """Return Luma's rule as a row of this provider. Every refusal of a payload is a 400 here (5).

    Where Luma's documents contradict themselves is Luma's, unless the row takes it over.
    """
    changes = {"conflict": ""} | changes
    answer = f"{INVALID}: {detail}" if detail else ""
    return replace(
        _LUMA[luma], id=id, tasks=tasks, source=source, detail=answer, status=400, **changes
    )


def comes_otherwise(*rows: Parameter) -> RefCondition:
    """Hit a clip or picture that comes in a way for which its row has no place in the body."""
    taken = {row.field: frozenset(row.carriers) | {"asset_id"} for row in rows if row.carriers}

    def condition(path: str, ref: Ref, limits: Limits) -> bool:
        ways = taken.get(path.partition(".")[0])
        return ways is not None and any(carrier not in ways for carrier in ref.carriers)

    return condition


def image_frames(wanted: GenerationRequest) -> tuple[str, ...]:
    """Return the first and last frame where they are pictures, and no earlier results."""
    return tuple(
        name
        for name in ("start_frame", "end_frame")
        if (ref := getattr(wanted, name)) is not None and ref.generation_id is None
    )


def chained_frames(wanted: GenerationRequest) -> tuple[str, ...]:
    """Return the first and last frame where they are earlier results."""
    return tuple(
        name
        for name in ("start_frame", "end_frame")
        if (ref := getattr(wanted, name)) is not None and ref.generation_id is not None
    )
