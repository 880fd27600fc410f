"""Try changes against the rule table without walking all of it each time.

A rule is a pure function of the request's attributes and the source's facts. While the present
request is judged, the attributes that each rule looks at are written down; a change to others
cannot change its answer, because it would read the same values and take the same path. So a trial
asks again only the few rules that it touches.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules.fixes import ATTRIBUTES, applied
from editorapp.providers.spec import OFFER, WARN, Fix, Hit, Model, Rule, Spec

# How often each rule hits each field. One of several counts as its list, since a mend may renumber
# them.
Refused = Counter[tuple[str, str]]


def hits_of(
    rule: Rule, wanted: GenerationRequest, source: MediaFacts | None, model: Model
) -> Iterable[Hit]:
    """Return what a rule about the request as a whole finds."""
    assert rule.broken is not None
    found = rule.broken(wanted, source, model.limits)
    if isinstance(found, bool):
        return (Hit(),) if found else ()
    return found


def _key(rule: Rule, hit: Hit) -> tuple[str, str]:
    return rule.id, (hit.field or rule.field).partition(".")[0]


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
    """A request, its source's facts, and what the rules about it as a whole say; warnings and
    pictures left out.
    """

    spec: Spec
    wanted: GenerationRequest
    source: MediaFacts | None

    @cached_property
    def model(self) -> Model:
        return self.spec.model_for(self.wanted)

    @cached_property
    def rows(self) -> list[tuple[Rule, set[str], list[Hit]]]:
        rows = []
        for rule in self.model.whole_rules:
            if rule.level != WARN:
                reads: set[str] = set()
                recorder = cast(GenerationRequest, _Recorder(self.wanted, reads))
                rows.append((rule, reads, list(hits_of(rule, recorder, self.source, self.model))))
        return rows

    def refused(self) -> Refused:
        return Counter(_key(rule, hit) for rule, _reads, hits in self.rows for hit in hits)

    def without(self, rule: Rule, hit: Hit) -> Refused:
        """Return what may remain when this one finding is mended."""
        left = self.refused()
        left[_key(rule, hit)] -= 1
        return left

    def first_new(
        self,
        tried: GenerationRequest,
        facts: MediaFacts | None,
        *,
        allowed: Refused,
        with_offers: bool = False,
    ) -> tuple[Rule, Hit] | None:
        """Return the first refusal of a changed request that goes beyond the allowed ones.

        A rule may hit a field as often as it did.
        """
        now = self.wanted.__dict__
        changed = {name for name, value in tried.__dict__.items() if value is not now[name]}
        seen: dict[tuple[str, str], int] = {}
        for rule, reads, hits in self.rows:
            if rule.level == OFFER and not with_offers:
                continue
            touched = facts is not self.source or not reads.isdisjoint(changed)
            for hit in hits_of(rule, tried, facts, self.model) if touched else hits:
                key = _key(rule, hit)
                seen[key] = seen.get(key, 0) + 1
                if seen[key] > allowed[key]:
                    return rule, hit
        return None

    def carried_through(
        self,
        start: GenerationRequest,
        mend: Fix,
        *,
        allowed: Refused,
        kept: frozenset[str] = frozenset(),
    ) -> Fix | None:
        """Return the mend with whatever else it takes, so that one click breaks nothing new; None
        where that fails.

        `start` is the request to mend: this one, or this one with an option added. `kept` are form
        fields that no mend may touch.
        """
        labels, changes = [mend.label], dict(mend.changes)
        for _ in range(4):
            tried, facts = applied(start, self.source, changes)
            new = self.first_new(tried, facts, allowed=allowed)
            if new is None:
                return Fix(_sentence(labels), changes)
            rule, hit = new
            options = rule.mends(tried, facts, self.model.limits, hit.words) if rule.mends else ()
            follow = next(
                (one for one in options if not (set(one.changes) & (set(changes) | kept))), None
            )
            if follow is None:
                return None
            labels.append(follow.label)
            changes |= follow.changes
        return None


def _sentence(labels: list[str]) -> str:
    first, *others = labels
    return " and ".join([first, *(label[:1].lower() + label[1:] for label in others)])
