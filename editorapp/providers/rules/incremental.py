"""Incremental check: try changes against the rule table without walking all of it each time.

A rule is a pure function of the request's attributes and the source's facts. While the present
request is judged, the attributes that each rule looks at are written down; a change to others
cannot change its answer, because it would read the same values and take the same path. So a try
asks again only the few rules that it touches.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules.apply_fixes import ATTRIBUTES, applied
from editorapp.providers.spec import OFFER, WARN, Case, Fix, Fixes, Found, Hit, Model, Rule

# How often each rule hits each field. One of several counts as its list, since a fix may renumber
# them.
Refused = Counter[tuple[str, str]]
Row = tuple[Rule, set[str], list[Hit]]  # a rule, what it reads, and what it finds
MOST_STEPS = 4  # changes that one click carries out


def hits_of(rule: Rule, case: Case) -> Iterable[Hit]:
    """Return what a rule about the request as a whole finds."""
    assert rule.broken is not None
    return hits_in(rule.broken(case))


def hits_in(found: Found) -> Iterable[Hit]:
    """Return what a condition has found; a plain yes is a hit of the rule's own field."""
    if isinstance(found, bool):
        return (Hit(),) if found else ()
    return found


def fixes_of(rule: Rule, case: Case, hit: Hit) -> Fixes:
    """Return the fixes that a hit brought along, or else those of its rule."""
    brought: Fixes | None = hit.words.get("fixes")
    if brought is not None:
        return brought
    return rule.fixes(case, hit.words) if callable(rule.fixes) else rule.fixes


def leaving_alone(kept: Collection[str], fixes: Iterable[Fix]) -> Iterator[Fix]:
    """Yield the fixes that touch none of these form fields."""
    return (fix for fix in fixes if fix.changes.keys().isdisjoint(kept))


def _key(rule: Rule, hit: Hit) -> tuple[str, str]:
    field = hit.field or rule.field
    return rule.id, field.partition(".")[0]


class _Recorder:
    """Stands in for a request and remembers which attributes were read."""

    __slots__ = ("_reads", "_values")

    def __init__(self, wanted: GenerationRequest, reads: set[str]) -> None:
        self._values = wanted.__dict__
        self._reads = reads

    def __getattr__(self, name: str) -> Any:
        if name in ATTRIBUTES:
            self._reads.add(name)
            return self._values[name]
        return getattr(GenerationRequest, name).__get__(self)


@dataclass(frozen=True)
class CheckedRequest:
    """A request and what the rules about it as a whole say; warnings and pictures left out."""

    model: Model
    case: Case

    @cached_property
    def rows(self) -> list[Row]:
        return [self._row(rule) for rule in self.model.whole_rules if rule.level != WARN]

    def _row(self, rule: Rule) -> Row:
        reads: set[str] = set()
        recorder = cast(GenerationRequest, _Recorder(self.case.wanted, reads))
        hits = hits_of(rule, self.case._replace(wanted=recorder))
        return rule, reads, list(hits)

    @cached_property
    def refused(self) -> Refused:
        return Counter(_key(rule, hit) for rule, _reads, hits in self.rows for hit in hits)

    def without(self, rule: Rule, hit: Hit) -> Refused:
        """Return what may remain when this one finding is fixed."""
        left = self.refused.copy()
        left[_key(rule, hit)] -= 1
        return left

    def changed(self, start: GenerationRequest, changes: Mapping[str, Any]) -> Case:
        """Return the case that these form changes make of a request."""
        return Case(*applied(start, self.case.source, changes), self.case.limits)

    def first_new(
        self,
        tried: Case,
        *,
        allowed: Refused,
        with_offers: bool = False,
    ) -> tuple[Rule, Hit] | None:
        """Return the first refusal of a changed request that goes beyond the allowed ones.

        A rule may hit a field as often as it did.
        """
        changed = self._changed_by(tried)
        is_recut = tried.source is not self.case.source
        seen: Refused = Counter()
        for rule, reads, hits in self.rows:
            if rule.level == OFFER and not with_offers:
                continue
            is_touched = is_recut or not reads.isdisjoint(changed)
            for hit in hits_of(rule, tried) if is_touched else hits:
                key = _key(rule, hit)
                seen[key] += 1
                if seen[key] > allowed[key]:
                    return rule, hit
        return None

    def _changed_by(self, tried: Case) -> set[str]:
        now = self.case.wanted.__dict__
        return {name for name, value in tried.wanted.__dict__.items() if value is not now[name]}

    def carried_through(
        self,
        start: GenerationRequest,
        fix: Fix,
        *,
        allowed: Refused,
        kept: frozenset[str] = frozenset(),
    ) -> Fix | None:
        """Return the fix with whatever else it takes, so that one click breaks nothing new; None
        where that fails.

        `start` is the request to fix: this one, or this one with an option added. `kept` are form
        fields that no fix may touch.
        """
        labels, changes = [fix.label], dict(fix.changes)
        for _ in range(MOST_STEPS):
            tried = self.changed(start, changes)
            new = self.first_new(tried, allowed=allowed)
            if new is None:
                return Fix(_sentence(labels), changes)
            rule, hit = new
            offered = leaving_alone(changes.keys() | kept, fixes_of(rule, tried, hit))
            follow = next(offered, None)
            if follow is None:
                return None
            labels.append(follow.label)
            changes |= follow.changes
        return None


def _sentence(labels: list[str]) -> str:
    first, *others = labels
    return " and ".join([first, *map(_uncapitalised, others)])


def _uncapitalised(label: str) -> str:
    return label[:1].lower() + label[1:]
