"""Combinations: which options of a model exclude or need each other, found by trying its rules.

So the page, the documents and the guard before the paid call can never say different things. Pure;
asked once a model.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations
from typing import Any

from editorapp.providers.contract import CONTROLS, GenerationRequest, Ref, Task
from editorapp.providers.rules import table
from editorapp.providers.rules.unavailable import switched_on
from editorapp.providers.spec import Model, Spec

A_FILE = Ref(asset_id=1)
NEEDED = ("prompt", "source", "aspect_ratio")  # what some model does nothing without


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
    if control := next(filter(None, (switched_on(model, name) for name in CONTROLS)), None):
        yield "the controls", control
    if model.knows("resolution"):
        yield from ((size, {"resolution": size}) for size in model.limits.resolutions)
    if model.knows("duration"):
        yield from ((length, {"duration": length}) for length in model.limits.durations)


def _is_pinned(model: Model, said: Mapping[str, Any]) -> bool:
    """Do keyframes bring their positions along, without a parameter of their own?"""
    return "keyframes" in said and model.knows("keyframes")


@lru_cache(maxsize=256)
def together(spec: Spec, model: Model) -> Together:
    """Return what excludes and what needs what, and what must be said."""
    plain = plain_request(model)

    def refused(said: Mapping[str, Any]) -> set[tuple[str, str]]:
        found = table.refusals(table.check(spec, replace(plain, **said), None))
        return {(one.rule_id, one.field) for one in found}

    before = refused({})
    options = list(_options(model))
    alone = {words: refused(said) - before for words, said in options}
    excludes, needs = [], []
    for (one, says), (other, adds) in combinations(options, 2):
        if says.keys() & adds.keys():
            continue  # one takes the other's place
        both = refused({**says, **adds}) - before
        if both - alone[one] - alone[other]:
            excludes.append((one, other))
        needs += [
            (needy, giver)
            for needy, giver in ((one, other), (other, one))
            if alone[needy] and not both - alone[giver]
        ]
    said = [name for name in NEEDED if getattr(plain, name) is not None]
    required = frozenset(name for name in said if refused({name: None}) - before)
    return Together(tuple(excludes), tuple(needs), required)
