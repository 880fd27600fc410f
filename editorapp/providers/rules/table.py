"""Rule table: what a request breaks.

Pure and quick: no query, no clock, no network. The page asks on every keystroke.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from editorapp.core.typed_text import without, wrong_in
from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules.incremental import CheckedRequest, fixes_of, hits_in, hits_of
from editorapp.providers.rules.sentences import label_of, words_of
from editorapp.providers.spec import (
    OFFER,
    REFUSE,
    Broken,
    Case,
    Fix,
    Fixes,
    Hit,
    Model,
    NamedRef,
    Rule,
    Spec,
)

NOT_TYPED = "text.control"  # the rule that every text of a request keeps


def check(
    spec: Spec,
    wanted: GenerationRequest,
    source: MediaFacts | None,
    *,
    only_documented: bool = False,
) -> list[Broken]:
    """Return every rule that the request breaks, refusals and warnings, in the order of the table.

    `source` is None where nothing is known of the clip (a URL, a foreign id). `only_documented`
    leaves out our own cautions: what the provider itself would say.
    """
    model = spec.model_for(wanted)
    case = Case(wanted, source, model.limits)
    broken = [
        _broken(spec, model, case, rule, hit)
        for rule, hit in (*_whole_hits(model, case), *_ref_hits(model, case))
        if not (only_documented and rule.is_ours)
    ]
    return broken if only_documented else [*broken, *_not_typed(spec, model, wanted)]


def _whole_hits(model: Model, case: Case) -> Iterator[tuple[Rule, Hit]]:
    for rule in model.whole_rules:
        if rule.level != OFFER:
            yield from ((rule, hit) for hit in hits_of(rule, case))


def _ref_hits(model: Model, case: Case) -> Iterator[tuple[Rule, Hit]]:
    """Yield what the rules about each clip and picture find."""
    refs = case.wanted.refs()
    for rule in model.ref_rules:
        assert rule.each_ref is not None
        for path, ref in refs:
            for hit in hits_in(rule.each_ref(NamedRef(path, ref, case.limits))):
                yield rule, Hit(hit.field or path, **hit.words)


def _broken(spec: Spec, model: Model, case: Case, rule: Rule, hit: Hit) -> Broken:
    words = words_of(spec, case, rule, hit)
    return Broken(
        rule_id=rule.id,
        field=hit.field or rule.field,
        level=rule.level,
        message=rule.message.format(**words),
        fixes=_whole_fixes(model, case, rule, hit),
        status=rule.status,
        detail=rule.detail.format(**words),
    )


def _whole_fixes(model: Model, case: Case, rule: Rule, hit: Hit) -> Fixes:
    """Return the fixes of a hit, each with whatever else it takes."""
    fixes = fixes_of(rule, case, hit)
    if not fixes:
        return ()
    standing = CheckedRequest(model, case)
    allowed = standing.without(rule, hit)
    whole = (standing.carried_through(case.wanted, fix, allowed=allowed) for fix in fixes)
    return tuple(filter(None, whole))


def _not_typed(spec: Spec, model: Model, wanted: GenerationRequest) -> Iterator[Broken]:
    """Yield each text that holds what nobody can see: it would be paid for, and not every database
    keeps it.

    The same for every model and each of its texts, those of clips and pictures too; so it is no row
    of a table.
    """
    for field, text in _texts(wanted):
        if wrong := wrong_in(text):
            says = f"{label_of(spec, model, field)}: {wrong}"
            detail = f"{field}: control character"
            yield Broken(NOT_TYPED, field, REFUSE, says, _taken_out(field, text), detail=detail)


def _taken_out(field: str, text: str) -> Fixes:
    return (Fix("Take it out", {"prompt": without(text)}),) if field == "prompt" else ()


def _texts(wanted: GenerationRequest) -> Iterator[tuple[str, str]]:
    """Yield every text of a request with its field."""
    for name, value in vars(wanted).items():
        yield from _texts_in(name, value if isinstance(value, tuple) else (value,))
    for name, ref in wanted.refs():
        yield from _texts_in(name, vars(ref).values())


def _texts_in(field: str, values: Iterable[Any]) -> Iterator[tuple[str, str]]:
    return ((field, one) for one in values if isinstance(one, str))


def refusals(broken: list[Broken]) -> list[Broken]:
    """Return what must be fixed before anything is sent."""
    return [one for one in broken if one.is_refusal]
