"""The rule table at work: what a request breaks, and which options could not be added to it.

Pure and quick: no query, no clock, no network. The page asks on every keystroke.
"""

from collections.abc import Iterator
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import CONTROLS, RESOLUTIONS, GenerationRequest, Task
from editorapp.providers.mends import PLACEHOLDER, applied
from editorapp.providers.spec import OFFER, REFUSE, WARN, Broken, Hit, Mend, Rule, Spec, Unavailable
from editorapp.providers.trials import Refused, Standing, hits_of

__all__ = ["OFFER", "REFUSE", "WARN", "Broken", "Mend", "Rule", "Unavailable", "check", "refusals", "unavailable"]


def check(
    spec: Spec, wanted: GenerationRequest, source: MediaFacts | None, *, only_documented: bool = False
) -> list[Broken]:
    """Return every rule that the request breaks, refusals and warnings, in the order of the table.

    `source` is None where nothing is known of the clip (a URL, a foreign id). `only_documented` leaves out our own
    cautions: what the provider itself would say.
    """
    whole, each = spec.rules_for(wanted.task)
    broken = [
        _broken(spec, rule, hit, wanted, source)
        for rule in whole
        if rule.level != OFFER and not (only_documented and rule.is_ours)
        for hit in hits_of(rule, wanted, source, spec)
    ]
    refs = wanted.refs()
    for rule in each:
        if not (only_documented and rule.is_ours):
            assert rule.each_ref is not None
            for path, ref in refs:
                found = rule.each_ref(path, ref, spec.limits)
                if found:
                    hits = [Hit(path)] if found is True else [Hit(hit.field or path, **hit.words) for hit in found]
                    broken += [_broken(spec, rule, hit, wanted, source) for hit in hits]
    return broken


def refusals(broken: list[Broken]) -> list[Broken]:
    """Return what must be mended before anything is sent."""
    return [one for one in broken if one.level == REFUSE]


def _words(spec: Spec, wanted: GenerationRequest, source: MediaFacts | None, hit: Hit, field: str) -> dict[str, Any]:
    return {
        "name": spec.name,
        "wanted": wanted,
        "source": source,
        "limits": spec.limits,
        "path": spec.wire_path(field, wanted.task),
        "type": spec.wire_types.get(wanted.task, wanted.task),
        "label": _label(spec, field, wanted.task),
    } | hit.words


def _label(spec: Spec, field: str, task: str) -> str:
    """Name a field for people: its label, and for one of several its number, counted from 1."""
    head, _, at = field.partition(".")
    row = spec.parameter(head, task) or next((row for row in spec.parameters if row.field == head), None)
    label = row.label if row else head.replace("_", " ")
    if not at:
        return label
    return f"{'Keyframe' if head.startswith('keyframe') else label} {int(at) + 1}"


def _broken(spec: Spec, rule: Rule, hit: Hit, wanted: GenerationRequest, source: MediaFacts | None) -> Broken:
    field = hit.field or rule.field
    words = _words(spec, wanted, source, hit, field)
    return Broken(
        rule_id=rule.id,
        field=field,
        level=rule.level,
        message=rule.message.format(**words),
        mends=_mends(spec, rule, hit, wanted, source),
        status=rule.status,
        detail=rule.detail.format(**words) if rule.detail else "",
    )


def _mends(
    spec: Spec, rule: Rule, hit: Hit, wanted: GenerationRequest, source: MediaFacts | None
) -> tuple[Mend, ...]:  # fmt: skip
    if rule.mends is None:
        return ()
    standing = Standing(spec, wanted, source)
    allowed = standing.without(rule, hit)
    whole = (
        standing.carried_through(wanted, mend, allowed=allowed)
        for mend in rule.mends(wanted, source, spec.limits, hit.words)
    )
    return tuple(mend for mend in whole if mend is not None)


def _options(spec: Spec, wanted: GenerationRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what could be chosen and is not: the option's name, its words, and the form changes that choose it.

    One of a group (a resolution, single or keyframes) takes its sibling's place; a switch is added to what is there.
    """
    for name, words in (("hdr", "HDR"), ("exr", "EXR")):
        if not getattr(wanted, name):
            yield name, words, {name: True}
    for value in RESOLUTIONS:
        if value != wanted.resolution:
            yield f"resolution={value}", value, {"resolution": value}
    if wanted.task == Task.EDIT:
        yield from _conditioning_options(wanted)
    if wanted.task == Task.GENERATE:
        yield from _generate_options(spec, wanted)
    if wanted.task == Task.REFRAME:
        for value in spec.limits.aspect_ratios:
            if value != wanted.aspect_ratio:
                yield f"aspect_ratio={value}", value, {"aspect_ratio": value}


def _conditioning_options(wanted: GenerationRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if not wanted.auto_controls:
        yield "auto", "Auto", {"conditioning": "auto"}
    if wanted.strength is None:
        yield "strength", "a strength", {"strength": "flex_2"}
    in_use = wanted.controls_in_use()
    if not in_use:
        yield "controls", "controls", {"face_enabled": True}
    for name in CONTROLS:
        if name not in in_use:
            yield name, name, {f"{name}_enabled": True}
    if wanted.start_frame is None:
        yield "single", "a single guide frame", {"guides": "single"}
    if not wanted.keyframes:
        yield "keyframes", "keyframes", {"guides": "keyframes"}


def _generate_options(spec: Spec, wanted: GenerationRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for value in spec.limits.durations:
        if value != wanted.duration:
            yield f"duration={value}", value, {"duration": value}
    if not wanted.loop:
        yield "loop", "loop", {"loop": True}
    for name, words in (("start_frame", "a first frame"), ("end_frame", "a last frame")):
        if getattr(wanted, name) is None:
            yield name, words, {name: PLACEHOLDER}
    if not wanted.keyframes:
        yield "keyframes", "keyframes", {"keyframes": (PLACEHOLDER,), "keyframe_indexes": (0,)}


def unavailable(spec: Spec, wanted: GenerationRequest, source: MediaFacts | None) -> dict[str, Unavailable]:
    """Return the options that are not chosen and could not be added to the present choice, each with its reason.

    Each is tried against the same table that `check` reads; a refusal that the request has anyway does not count.
    The mend is the change that would make the option possible, as small as the table knows.
    """
    standing = Standing(spec, wanted, source)
    before = standing.refused()
    found: dict[str, Unavailable] = {}
    for option, words, changes in _options(spec, wanted):
        tried, facts = applied(wanted, source, changes)
        new = standing.first_new(tried, facts, allowed=before, with_offers=True)
        if new is not None:
            rule, hit = new
            said = _words(spec, tried, facts, hit, hit.field or rule.field) | {"option": words}
            mend = _mend_of_option(standing, tried, rule, hit, before=before, chosen=frozenset(changes))
            found[option] = Unavailable((rule.why or rule.message).format(**said), mend)
    return found


def _mend_of_option(
    standing: Standing, tried: GenerationRequest, rule: Rule, hit: Hit, *, before: Refused, chosen: frozenset[str]
) -> Mend | None:
    """Return the first way out that does not take the option itself back."""
    for mend in rule.mends(tried, standing.source, standing.spec.limits, hit.words) if rule.mends else ():
        if not set(mend.changes) & chosen:
            whole = standing.carried_through(tried, mend, allowed=before, kept=chosen)
            if whole is not None:
                return whole
    return None
