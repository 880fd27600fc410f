"""Unavailable options: which could not be added to the present choice, and why."""

from collections.abc import Iterator
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    DEFAULT_VALUES,
    GenerationRequest,
    Task,
)
from editorapp.providers.rules.apply_fixes import PLACEHOLDER
from editorapp.providers.rules.incremental import CheckedRequest, fixes_of, leaving_alone
from editorapp.providers.rules.sentences import words_of
from editorapp.providers.spec import Case, Fix, Hit, Model, Rule, Spec, UnavailableOption

Option = tuple[str, str, dict[str, Any]]  # its name, its words, and what chooses it
Switch = tuple[str, str, str, dict[str, Any]]  # a request's attribute, and its option
_LOOK = (
    ("hdr", "hdr", "HDR", {"hdr": True}),
    ("exr", "exr", "EXR", {"exr": True}),
    ("loop", "loop", "loop", {"loop": True}),
)
SWITCHES: tuple[Switch, ...] = (
    *_LOOK,
    ("start_frame", "start_frame", "a first frame", {"start_frame": PLACEHOLDER}),
    ("end_frame", "end_frame", "a last frame", {"end_frame": PLACEHOLDER}),
    (
        "keyframes",
        "keyframes",
        "keyframes",
        {"keyframes": (PLACEHOLDER,), "keyframe_indexes": (0,)},
    ),
)
EDIT_SWITCHES: tuple[Switch, ...] = (
    *_LOOK,
    ("auto_controls", "auto", "Auto", {"conditioning": "auto"}),
    ("strength", "strength", "a strength", {"strength": "flex_2"}),
    ("start_frame", "single", "a single guide frame", {"guides": "single"}),
    ("keyframes", "keyframes", "keyframes", {"guides": "keyframes"}),
)


def unavailable(
    spec: Spec, wanted: GenerationRequest, source: MediaFacts | None
) -> dict[str, UnavailableOption]:
    """Return the options that are not chosen and could not be added to the present choice, each
    with its reason.

    Each is tried against the same table that `check` reads; a refusal that the request has anyway
    does not count. The fix is the change that would make the option possible, as small as the
    table knows.
    """
    model = spec.model_for(wanted)
    standing = CheckedRequest(model, Case(wanted, source, model.limits))
    found: dict[str, UnavailableOption] = {}
    for option, words, changes in _options(model, wanted):
        tried = standing.changed(wanted, changes)
        new = standing.first_new(tried, allowed=standing.refused, with_offers=True)
        if new is not None:
            reason = _reason(spec, tried, *new, option=words)
            fix = _fix_of_option(standing, tried, *new, chosen=frozenset(changes))
            found[option] = UnavailableOption(reason, fix)
    return found


def _reason(spec: Spec, tried: Case, rule: Rule, hit: Hit, *, option: str) -> str:
    words = words_of(spec, tried, rule, hit) | {"option": option}
    return (rule.why or rule.message).format(**words)


def _fix_of_option(
    standing: CheckedRequest,
    tried: Case,
    rule: Rule,
    hit: Hit,
    *,
    chosen: frozenset[str],
) -> Fix | None:
    """Return the first fix that does not take the option itself back."""
    case = tried._replace(source=standing.case.source)
    for fix in leaving_alone(chosen, fixes_of(rule, case, hit)):
        whole = standing.carried_through(
            tried.wanted,
            fix,
            allowed=standing.refused,
            kept=chosen,
        )
        if whole is not None:
            return whole
    return None


def _options(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    """Yield what the model knows, could be chosen and is not.

    One of a group (a resolution, single or keyframes) takes its sibling's place; a switch is added
    to what is there.
    """
    switches = EDIT_SWITCHES if wanted.task == Task.EDIT else SWITCHES
    for attribute, option, words, changes in switches:
        if model.knows(attribute) and not getattr(wanted, attribute):
            yield option, words, changes
    yield from _choices(model, wanted)
    if wanted.task == Task.EDIT:
        yield from _control_options(model, wanted.controls_in_use())


def _choices(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    limits = model.limits
    for name, values in (
        ("resolution", limits.resolutions),
        ("aspect_ratio", limits.aspect_ratios if wanted.task == Task.REFRAME else ()),
        ("duration", limits.durations),
    ):
        for value in values if model.knows(name) else ():
            if value != getattr(wanted, name):
                yield f"{name}={value}", value, {name: value}


def _control_options(model: Model, in_use: tuple[str, ...]) -> Iterator[Option]:
    if not in_use and model.knows("face_enabled"):
        yield "controls", "controls", {"face_enabled": True}
    for name in CONTROLS:
        if name not in in_use and (changes := switched_on(model, name)):
            yield name, name, changes


def switched_on(model: Model, control: str) -> dict[str, Any]:
    """Return what switches a control on: its flag, or where there is none, its value."""
    flag, value = f"{control}_enabled", CONTROL_VALUES.get(control, "")
    if model.knows(flag):
        return {flag: True}
    return {flag: True, value: DEFAULT_VALUES[value]} if model.knows(value) else {}
