"""Which options of a model exclude or need each other: found by trying them against its rule table.

So the page, the documents and the guard before the paid call can never say different things. Pure;
asked once a model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Any

from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    DEFAULT_VALUES,
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.rules import table
from editorapp.providers.spec import Model, Spec

A_FILE = Ref(asset_id=1)


@dataclass(frozen=True)
class Together:
    """What cannot be said together, and what cannot be said alone; in the words of a sentence."""

    excludes: tuple[tuple[str, str], ...]
    needs: tuple[tuple[str, str], ...]
    required: frozenset[str]  # attributes without which nothing is sent


def plain_request(model: Model) -> GenerationRequest:
    """Return the least that a person says to a model."""
    said: dict[str, Any] = {"prompt": "Rain", "source": A_FILE}
    if model.task == Task.REFRAME and model.limits.aspect_ratios:
        said["aspect_ratio"] = model.limits.aspect_ratios[0]
    known = {name: value for name, value in said.items() if model.knows(name)}
    return GenerationRequest(task=model.task, model=model.name, **known)


def _options(model: Model) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield what can be chosen, each with what it says in a request."""
    edits = model.task == Task.EDIT
    everything: tuple[tuple[str, dict[str, Any]], ...] = (
        ("Auto", {"auto_controls": True}),
        ("a strength", {"strength": "flex_2"}),
        ("HDR", {"hdr": True}),
        ("EXR", {"exr": True}),
        ("loop", {"loop": True}),
        ("a guide frame" if edits else "a first frame", {"start_frame": A_FILE}),
        ("a last frame", {"end_frame": A_FILE}),
        ("keyframes", {"keyframes": (A_FILE,), "keyframe_indexes": (0,)}),
    )
    yield from (
        (words, said)
        for words, said in everything
        if all(map(model.knows, said)) or _is_pinned(model, said)
    )
    if control := _a_control(model):
        yield "the controls", control
    if model.knows("resolution"):
        yield from ((size, {"resolution": size}) for size in model.limits.resolutions)
    if model.knows("duration"):
        yield from ((length, {"duration": length}) for length in model.limits.durations)


def _is_pinned(model: Model, said: Mapping[str, Any]) -> bool:
    """Do keyframes bring their positions along, without a parameter of their own?"""
    return "keyframes" in said and model.knows("keyframes")


def _a_control(model: Model) -> dict[str, Any]:
    for name in CONTROLS:
        value = CONTROL_VALUES.get(name, "")
        if model.knows(f"{name}_enabled"):
            return {f"{name}_enabled": True}
        if model.knows(value):
            return {f"{name}_enabled": True, value: DEFAULT_VALUES[value]}
    return {}


@lru_cache(maxsize=256)
def together(spec: Spec, model: Model) -> Together:
    """Return what excludes and what needs what, and what must be said."""
    plain = plain_request(model)
    before = _refused(spec, plain)
    options = list(_options(model))
    alone = {words: _refused(spec, replace(plain, **said)) - before for words, said in options}
    excludes, needs = [], []
    for (one, says), (other, adds) in combinations(options, 2):
        if set(says) & set(adds):
            continue  # one takes the other's place
        both = _refused(spec, replace(plain, **says, **adds)) - before
        if both - alone[one] - alone[other]:
            excludes.append((one, other))
        needs += [
            (needy, giver)
            for needy, giver in ((one, other), (other, one))
            if alone[needy] and not both - alone[giver]
        ]
    required = frozenset(
        name
        for name in ("prompt", "source", "aspect_ratio")
        if getattr(plain, name) is not None and _refused(spec, _without(plain, name)) - before
    )
    return Together(tuple(excludes), tuple(needs), required)


def _without(wanted: GenerationRequest, name: str) -> GenerationRequest:
    nothing: dict[str, Any] = {name: None}
    return replace(wanted, **nothing)


def _refused(spec: Spec, wanted: GenerationRequest) -> frozenset[tuple[str, str]]:
    found = table.refusals(table.check(spec, wanted, None))
    return frozenset((one.rule_id, one.field) for one in found)
