"""The rule that is the same at every provider: what a model has no parameter for is refused by name, never dropped."""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers import conditions as ask
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.spec import Kind, Limits, Mend, Parameter, Rule

ATTRIBUTES = tuple(field.name for field in fields(GenerationRequest))
# What a person chose where a model has none of it; the others are left out one by one.
WITH_GUIDES = frozenset({"start_frame", "end_frame", "keyframes", "keyframe_indexes"})


def takes_no(rule_id: str, source: str, parameters: Iterable[Parameter], *, handled: Iterable[str] = ()) -> Rule:
    """Return the rule that refuses every attribute for which there is no row; `handled` have rules of their own."""
    rows = tuple(parameters)
    known = {row.field for row in rows} | {row.switch for row in rows} | set(handled)
    known |= {"keyframe_indexes"} if any(row.kind is Kind.PINNED for row in rows) else set()
    strays = tuple(name for name in ATTRIBUTES if name not in known | {"task", "model"})
    return Rule(
        id=rule_id, field=strays[0] if strays else "model", source=source, broken=ask.said(*strays),
        summary="What the model has no parameter for is not sent.",
        message="{model} at {name} takes no {label}: leave it out, or choose a provider that does.",
        why="{model} at {name} takes no {label}.", detail="unknown parameter: {path}", mends=_left_out,
    )  # fmt: skip


def _left_out(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits, words: Mapping[str, Any]
) -> tuple[Mend, ...]:  # fmt: skip
    name = words["option"]
    changes = {"guides": "none"} if name in WITH_GUIDES else {name: ""}
    return (Mend("Leave it out", changes),)
