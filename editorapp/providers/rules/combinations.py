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

Said = Mapping[str, Any]  # attributes of a request
Refused = set[tuple[str, str]]  # a rule's id and the field that it hits
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


def _options(model: Model) -> Iterator[tuple[str, Said]]:
    """Yield what can be chosen, each with what it says in a request."""
    for words, said in _switches(is_edit=model.task == Task.EDIT).items():
        if model.knows(next(iter(said))):  # positions come with their keyframes
            yield words, said
    if control := next(filter(None, (switched_on(model, name) for name in CONTROLS)), None):
        yield "the controls", control
    for name, values in (
        ("resolution", model.limits.resolutions),
        ("duration", model.limits.durations),
    ):
        if model.knows(name):
            yield from ((value, {name: value}) for value in values)


def _switches(*, is_edit: bool) -> dict[str, Said]:
    first = "a guide frame" if is_edit else "a first frame"
    return {
        "Auto": {"auto_controls": True},
        "a strength": {"strength": "flex_2"},
        "HDR": {"hdr": True},
        "EXR": {"exr": True},
        "loop": {"loop": True},
        first: {"start_frame": A_FILE},
        "a last frame": {"end_frame": A_FILE},
        "keyframes": {"keyframes": (A_FILE,), "keyframe_indexes": (0,)},
    }


def _refused(spec: Spec, wanted: GenerationRequest) -> Refused:
    broken = table.check(spec, wanted, None)
    return {(one.rule_id, one.field) for one in broken if one.is_refusal}


@lru_cache(maxsize=256)
def together(spec: Spec, model: Model) -> Together:
    """Return what excludes and what needs what, and what must be said."""
    plain = plain_request(model)
    before = _refused(spec, plain)

    def new(said: Said) -> Refused:
        """Return what is refused only since this is said, too."""
        return _refused(spec, replace(plain, **said)) - before

    options = list(_options(model))
    alone = {words: new(said) for words, said in options}
    excludes, needs = [], []
    for (one, says), (other, adds) in combinations(options, 2):
        if says.keys() & adds.keys():
            continue  # one takes the other's place
        both = new({**says, **adds})
        if both - alone[one] - alone[other]:
            excludes.append((one, other))
        for needy, giver in ((one, other), (other, one)):
            if alone[needy] and not both - alone[giver]:
                needs.append((needy, giver))
    required = frozenset(name for name in NEEDED if new({name: None}))
    return Together(tuple(excludes), tuple(needs), required)
