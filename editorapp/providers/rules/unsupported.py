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
    Fixes,
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
    rule_id: str,
    source: str,
    parameters: Iterable[Parameter],
    rules: Iterable[Rule] = (),
) -> Rule:
    """Return the rule that refuses every attribute for which there is no parameter; some are the
    business of other `rules` of the model.
    """
    known = {"task", "model"}.union(*map(_fields_of, parameters), *map(_mentioned_by, rules))
    names = tuple(one.name for one in fields(GenerationRequest) if one.name not in known)
    return Rule(
        rule_id,
        names[0] if names else "model",
        source,
        broken=_said_once(Mentions(names)),
        summary="What the model has no parameter for is not sent.",
        message="{model} at {name} takes no {noun}: do without, or choose a provider that does.",
        why="{model} at {name} takes no {noun}.",
        detail="unknown parameter: {path}",
        fixes=_left_out,
    )


def _fields_of(row: Parameter) -> set[str]:
    pinned = {"keyframe_indexes"} if row.kind is ParameterKind.PINNED else set()
    return {row.field, row.switch} | pinned


def _mentioned_by(rule: Rule) -> tuple[str, ...]:
    return rule.broken.fields if isinstance(rule.broken, Mentions) else ()


def _said_once(mentions: Mentions) -> Condition:
    """Hit what is said; of a position and of keyframes, which are several fields, the first."""

    def condition(case: Case) -> list[Hit]:
        return _first_of_each(mentions(case))

    return condition


def _first_of_each(hits: Iterable[Hit]) -> list[Hit]:
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(_whole_of(str(hit.field)), hit)
    return list(first.values())


def _whole_of(field: str) -> str:
    return _WHOLES.get(field, field)


def _left_out(case: Case, words: Words) -> Fixes:
    return (to("Leave it out", **_without(words["option"])),)


def _without(name: str) -> dict[str, Any]:
    if name in POSITION:
        return dict.fromkeys(POSITION, "")
    return {"guides": "none"} if name in WITH_GUIDES else {name: ""}
