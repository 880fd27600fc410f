"""The rule that is the same at every provider: what a model has no parameter for is refused by
name, never dropped.
"""

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules import conditions as ask
from editorapp.providers.spec import Fix, Hit, Limits, Parameter, ParameterKind, Rule

ATTRIBUTES = tuple(field.name for field in fields(GenerationRequest))
POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")
# Fields that are one thing to a person, which is said once, at the first of them.
_WHOLES = dict.fromkeys(POSITION, "position") | {"keyframe_indexes": "keyframes"}
# What a person chose where a model has none of it; the others are left out one by one.
WITH_GUIDES = frozenset({"start_frame", "end_frame", "keyframes", "keyframe_indexes"})


def takes_no(
    rule_id: str, source: str, parameters: Iterable[Parameter], *, handled: Iterable[str] = ()
) -> Rule:
    """Return the rule that refuses every attribute for which there is no row; `handled` have rules
    of their own.
    """
    rows = tuple(parameters)
    known = {row.field for row in rows} | {row.switch for row in rows} | set(handled)
    known |= (
        {"keyframe_indexes"} if any(row.kind is ParameterKind.PINNED for row in rows) else set()
    )
    strays = tuple(name for name in ATTRIBUTES if name not in known | {"task", "model"})
    return Rule(
        id=rule_id,
        field=strays[0] if strays else "model",
        source=source,
        broken=_said_once(strays),
        summary="What the model has no parameter for is not sent.",
        message="{model} at {name} takes no {noun}: do without, or choose a provider that does.",
        why="{model} at {name} takes no {noun}.",
        detail="unknown parameter: {path}",
        mends=_left_out,
    )


def _said_once(strays: tuple[str, ...]) -> ask.HitList:
    """Hit each stray that is said; of a position and of keyframes, which are several fields, the
    first.
    """
    find = ask.said(*strays)

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        found = find(wanted, source, limits)
        hits, wholes = [], set()
        for hit in found if not isinstance(found, bool) else ():
            whole = _WHOLES.get(str(hit.field), str(hit.field))
            if whole not in wholes:
                wholes.add(whole)
                hits.append(hit)
        return hits

    return condition


def _left_out(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits, words: Mapping[str, Any]
) -> tuple[Fix, ...]:
    name = words["option"]
    changes: dict[str, Any] = {"guides": "none"} if name in WITH_GUIDES else {name: ""}
    if name in POSITION:
        changes = dict.fromkeys(POSITION, "")
    return (Fix("Leave it out", changes),)
