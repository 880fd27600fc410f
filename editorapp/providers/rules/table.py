"""The rule table at work: what a request breaks, and which options could not be added to it.

Pure and quick: no query, no clock, no network. The page asks on every keystroke.
"""

from collections.abc import Iterator
from typing import Any

from editorapp.core.typed_text import without, wrong_in
from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    DEFAULT_VALUES,
    GenerationRequest,
    Task,
)
from editorapp.providers.rules.fixes import PLACEHOLDER, applied
from editorapp.providers.rules.incremental import CheckedRequest, Refused, hits_of
from editorapp.providers.spec import (
    OFFER,
    REFUSE,
    WARN,
    Broken,
    Fix,
    Hit,
    Model,
    Rule,
    Spec,
    UnavailableOption,
)

__all__ = [
    "OFFER",
    "REFUSE",
    "WARN",
    "Broken",
    "Fix",
    "Rule",
    "UnavailableOption",
    "check",
    "refusals",
    "unavailable",
]

NOT_TYPED = "text.control"  # the rule that every text of a request keeps
# What people call a field for which the provider has no row at all.
UNLABELLED = {
    "hdr": "HDR",
    "exr": "EXR",
    "user_id": "end-user tag",
    "concepts": "camera concepts",
} | dict.fromkeys(("x_norm", "y_norm", "w_norm", "h_norm"), "position on the canvas")


def check(
    spec: Spec,
    wanted: GenerationRequest,
    source: MediaFacts | None,
    *,
    only_documented: bool = False,
) -> list[Broken]:
    """Return every rule that the request breaks, refusals and warnings, in the order of the table.

    `source` is None where nothing is known of the clip (a URL, a foreign id). `only_documented`
    leaves out our own
    cautions: what the provider itself would say.
    """
    model = spec.model_for(wanted)
    broken = [
        _broken(spec, rule, hit, wanted, source)
        for rule in model.whole_rules
        if rule.level != OFFER and not (only_documented and rule.is_ours)
        for hit in hits_of(rule, wanted, source, model)
    ]
    refs = wanted.refs()
    for rule in model.ref_rules:
        if not (only_documented and rule.is_ours):
            assert rule.each_ref is not None
            for path, ref in refs:
                found = rule.each_ref(path, ref, model.limits)
                if found:
                    hits = (
                        [Hit(path)]
                        if found is True
                        else [Hit(hit.field or path, **hit.words) for hit in found]
                    )
                    broken += [_broken(spec, rule, hit, wanted, source) for hit in hits]
    return broken if only_documented else [*broken, *_not_typed(spec, model, wanted)]


def _not_typed(spec: Spec, model: Model, wanted: GenerationRequest) -> Iterator[Broken]:
    """Yield each text that holds what nobody can see: it would be paid for, and not every database
    keeps it.

    The same for every model and each of its texts, those of clips and pictures too; so it is no row
    of a table.
    """
    for field, text in _texts(wanted):
        if wrong := wrong_in(text):
            label = _label(spec, model, field)
            mends = (Fix("Take it out", {"prompt": without(text)}),) if field == "prompt" else ()
            yield Broken(
                NOT_TYPED,
                field,
                REFUSE,
                f"{label}: {wrong}",
                mends,
                detail=f"{field}: control character",
            )


def _texts(wanted: GenerationRequest) -> Iterator[tuple[str, str]]:
    """Yield every text of a request with its field."""
    for name, value in vars(wanted).items():
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, str):
                yield name, one
    for name, ref in wanted.refs():
        for said in vars(ref).values():
            if isinstance(said, str):
                yield name, said


def refusals(broken: list[Broken]) -> list[Broken]:
    """Return what must be mended before anything is sent."""
    return [one for one in broken if one.level == REFUSE]


def _words(
    spec: Spec, wanted: GenerationRequest, source: MediaFacts | None, hit: Hit, field: str
) -> dict[str, Any]:
    model = spec.model_for(wanted)
    return {
        "name": spec.name,
        "model": model.label,
        "wanted": wanted,
        "source": source,
        "limits": model.limits,
        "path": model.wire_path(field),
        "type": model.wire_type or wanted.task,
        "label": (label := _label(spec, model, field)),
        "noun": inside(label),
    } | hit.words


def _label(spec: Spec, model: Model, field: str) -> str:
    """Name a field for people: its label, and for one of several its number, counted from 1."""
    head, _, at = field.partition(".")
    row = model.parameter(head) or next((row for row in spec.parameters if row.field == head), None)
    label = row.label if row else UNLABELLED.get(head) or head.replace("_", " ")
    if not at:
        return label
    return f"{'Keyframe' if head.startswith('keyframe') else label} {int(at) + 1}"


def inside(label: str) -> str:
    """Write a label inside a sentence: "Keyframes" as "keyframes"; "HDR" stays as it is."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


def _broken(
    spec: Spec, rule: Rule, hit: Hit, wanted: GenerationRequest, source: MediaFacts | None
) -> Broken:
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
) -> tuple[Fix, ...]:
    if rule.mends is None:
        return ()
    standing = CheckedRequest(spec, wanted, source)
    allowed = standing.without(rule, hit)
    whole = (
        standing.carried_through(wanted, mend, allowed=allowed)
        for mend in rule.mends(wanted, source, spec.model_for(wanted).limits, hit.words)
    )
    return tuple(mend for mend in whole if mend is not None)


def _options(model: Model, wanted: GenerationRequest) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield what the model knows, could be chosen and is not: the option's name, its words, and
    what chooses it.

    One of a group (a resolution, single or keyframes) takes its sibling's place; a switch is added
    to what is there.
    """
    for name, words in (("hdr", "HDR"), ("exr", "EXR"), ("loop", "loop")):
        if model.knows(name) and not getattr(wanted, name):
            yield name, words, {name: True}
    for name, values in (
        ("resolution", model.limits.resolutions),
        ("aspect_ratio", model.limits.aspect_ratios if wanted.task == Task.REFRAME else ()),
        ("duration", model.limits.durations),
    ):
        if model.knows(name):
            for value in values:
                if value != getattr(wanted, name):
                    yield f"{name}={value}", value, {name: value}
    if wanted.task == Task.EDIT:
        yield from _conditioning_options(model, wanted)
    else:
        yield from _frame_options(model, wanted)


def _conditioning_options(
    model: Model, wanted: GenerationRequest
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    if model.knows("auto_controls") and not wanted.auto_controls:
        yield "auto", "Auto", {"conditioning": "auto"}
    if model.knows("strength") and wanted.strength is None:
        yield "strength", "a strength", {"strength": "flex_2"}
    in_use = wanted.controls_in_use()
    if not in_use and model.knows("face_enabled"):
        yield "controls", "controls", {"face_enabled": True}
    for name in CONTROLS:
        if name not in in_use and (changes := _switched_on(model, name)):
            yield name, name, changes
    if model.knows("start_frame") and wanted.start_frame is None:
        yield "single", "a single guide frame", {"guides": "single"}
    if model.knows("keyframes") and not wanted.keyframes:
        yield "keyframes", "keyframes", {"guides": "keyframes"}


def _switched_on(model: Model, control: str) -> dict[str, Any]:
    """Return what switches a control on: its flag, or where there is none, its value."""
    value = CONTROL_VALUES.get(control, "")
    if model.knows(f"{control}_enabled"):
        return {f"{control}_enabled": True}
    return {f"{control}_enabled": True, value: DEFAULT_VALUES[value]} if model.knows(value) else {}


def _frame_options(
    model: Model, wanted: GenerationRequest
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for name, words in (("start_frame", "a first frame"), ("end_frame", "a last frame")):
        if model.knows(name) and getattr(wanted, name) is None:
            yield name, words, {name: PLACEHOLDER}
    if model.knows("keyframes") and not wanted.keyframes:
        yield "keyframes", "keyframes", {"keyframes": (PLACEHOLDER,), "keyframe_indexes": (0,)}


def unavailable(
    spec: Spec, wanted: GenerationRequest, source: MediaFacts | None
) -> dict[str, UnavailableOption]:
    """Return the options that are not chosen and could not be added to the present choice, each
    with its reason.

    Each is tried against the same table that `check` reads; a refusal that the request has anyway
    does not count. The mend is the change that would make the option possible, as small as the
    table knows.
    """
    standing = CheckedRequest(spec, wanted, source)
    before = standing.refused()
    found: dict[str, UnavailableOption] = {}
    for option, words, changes in _options(standing.model, wanted):
        tried, facts = applied(wanted, source, changes)
        new = standing.first_new(tried, facts, allowed=before, with_offers=True)
        if new is not None:
            rule, hit = new
            said = _words(spec, tried, facts, hit, hit.field or rule.field) | {"option": words}
            mend = _mend_of_option(
                standing, tried, rule, hit, before=before, chosen=frozenset(changes)
            )
            found[option] = UnavailableOption((rule.why or rule.message).format(**said), mend)
    return found


def _mend_of_option(
    standing: CheckedRequest,
    tried: GenerationRequest,
    rule: Rule,
    hit: Hit,
    *,
    before: Refused,
    chosen: frozenset[str],
) -> Fix | None:
    """Return the first way out that does not take the option itself back."""
    for mend in (
        rule.mends(tried, standing.source, standing.model.limits, hit.words) if rule.mends else ()
    ):
        if not set(mend.changes) & chosen:
            whole = standing.carried_through(tried, mend, allowed=before, kept=chosen)
            if whole is not None:
                return whole
    return None
