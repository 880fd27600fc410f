"""Unsupported parameters: what a model has no parameter for is refused by name, never dropped.

The rule is the same at every provider.
"""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

from editorapp.providers.contract import POSITION, GenerationRequest
from editorapp.providers.rules.conditions import Mentions
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import (
    Case,
    Condition,
    Fix,
    Hit,
    Parameter,
    ParameterKind,
    Rule,
    Words,
)

# Fields that are one thing to a person, which is said once, at the first of them.
_WHOLES = dict.fromkeys(POSITION, "position") | {"keyframe_indexes": "keyframes"}
# What a person chose where a model has none of it; the others are left out one by one.
WITH_GUIDES = frozenset({"start_frame", "end_frame", "keyframes", "keyframe_indexes"})


def takes_no(
    rule_id: str, source: str, parameters: Iterable[Parameter], rules: Iterable[Rule] = ()
) -> Rule:
    """Return the rule that refuses every attribute for which there is no parameter; some are the
    business of other `rules` of the model.
    """
    known = {"task", "model"}
    for row in parameters:
        known |= {row.field, row.switch}
        known |= {"keyframe_indexes"} if row.kind is ParameterKind.PINNED else set()
    for rule in rules:
        known |= {*rule.broken.fields} if isinstance(rule.broken, Mentions) else set()
    names = tuple(one.name for one in fields(GenerationRequest) if one.name not in known)
    return Rule(
        id=rule_id,
        field=names[0] if names else "model",
        source=source,
        broken=_said_once(Mentions(names)),
        summary="What the model has no parameter for is not sent.",
        message="{model} at {name} takes no {noun}: do without, or choose a provider that does.",
        why="{model} at {name} takes no {noun}.",
        detail="unknown parameter: {path}",
        fixes=_left_out,
    )


def _said_once(mentions: Mentions) -> Condition:
    """Hit what is said; of a position and of keyframes, which are several fields, the first."""

    def condition(case: Case) -> list[Hit]:
        first: dict[str, Hit] = {}
        for hit in mentions(case):
            first.setdefault(_WHOLES.get(str(hit.field), str(hit.field)), hit)
        return list(first.values())

    return condition


def _left_out(case: Case, words: Words) -> tuple[Fix, ...]:
    name = words["option"]
    changes: dict[str, Any] = {"guides": "none"} if name in WITH_GUIDES else {name: ""}
    if name in POSITION:
        changes = dict.fromkeys(POSITION, "")
    return (to("Leave it out", **changes),)
