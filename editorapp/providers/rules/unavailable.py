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

SWITCHES = {"hdr": "HDR", "exr": "EXR", "loop": "loop"}
Option = tuple[str, str, dict[str, Any]]  # its name, its words, and what chooses it


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
    yield from _switches(model, wanted)
    yield from _choices(model, wanted)
    if wanted.task == Task.EDIT:
        yield from _conditioning_options(model, wanted)
        yield from _guide_options(model, wanted)
    else:
        yield from _frame_options(model, wanted)


def _switches(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    for name, words in SWITCHES.items():
        if model.knows(name) and not getattr(wanted, name):
            yield name, words, {name: True}


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


def _conditioning_options(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    if model.knows("auto_controls") and not wanted.auto_controls:
        yield "auto", "Auto", {"conditioning": "auto"}
    if model.knows("strength") and wanted.strength is None:
        yield "strength", "a strength", {"strength": "flex_2"}
    yield from _control_options(model, wanted.controls_in_use())


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


def _guide_options(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    if model.knows("start_frame") and wanted.start_frame is None:
        yield "single", "a single guide frame", {"guides": "single"}
    if model.knows("keyframes") and not wanted.keyframes:
        yield "keyframes", "keyframes", {"guides": "keyframes"}


def _frame_options(model: Model, wanted: GenerationRequest) -> Iterator[Option]:
    for name, words in (("start_frame", "a first frame"), ("end_frame", "a last frame")):
        if model.knows(name) and getattr(wanted, name) is None:
            yield name, words, {name: PLACEHOLDER}
    if model.knows("keyframes") and not wanted.keyframes:
        yield "keyframes", "keyframes", {"keyframes": (PLACEHOLDER,), "keyframe_indexes": (0,)}
