"""Variants: one form that asks for several takes in one go, and what they cost together; and ladders,
which set a form up for that by one press.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from editorapp.core.money import ZERO, show_range
from editorapp.core.request_values import as_whole
from editorapp.costs.estimate import estimate
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.request import quotes
from editorapp.generations.request.check import (
    NOT_QUOTED,
    Verdict,
    check,
    too_dear,
)
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import MOST_AT_ONCE
from editorapp.generations.request.offers import ASK, ASKING
from editorapp.providers.contract import Task
from editorapp.providers.spec import REFUSE, Broken, Fix
from editorapp.providers.strengths import BANDS, STRENGTHS
from editorapp.web.presenters.differences import among
from editorapp.web.studio.control_variants import MOST_VALUES, too_many_of
from editorapp.web.studio.draft_form import MORE_VALUES, encode_changes
from editorapp.web.studio.resolved_form import MOST_KINDS, ResolvedForm

MOST = MOST_AT_ONCE
ONE_OF_EACH = Fix("One of each", {"takes": "1"})


@dataclass(frozen=True)
class Total:
    """All that one form asks for.

    `count` 1: no variants; the bounds are None while one of them has no price.

    `asked` says how far that is where a price must be asked for: "ask" or "asking"; "" where
    nothing has to be.
    """

    count: int
    low_usd: Decimal | None = None
    high_usd: Decimal | None = None
    is_same: bool = True  # each costs the same
    asked: str = ""

    @property
    def price(self) -> str:
        """Write "$3.24" or "$3.24 to $4.10"; "" where there is no price."""
        if self.low_usd is None or self.high_usd is None:
            return ""
        return show_range(self.low_usd, self.high_usd)


def takes_of(resolved: ResolvedForm) -> int:
    """Return how many takes of each are asked for; 0 where what is typed is no number."""
    takes = as_whole(resolved.form.takes) or 0
    return takes if takes < 10_000 else 0


def count_of(resolved: ResolvedForm) -> int:
    """Return how many takes the form asks for; 1 where that is none, or cannot be sent in one go."""
    count = takes_of(resolved) * len(resolved.kinds)
    return count if 0 < count <= MOST else 1


def all_of(resolved: ResolvedForm) -> list[Draft]:
    """Return every draft that is sent, in the order in which they stand in line."""
    return [one for one in resolved.kinds for _ in range(takes_of(resolved))]


def limits_broken(resolved: ResolvedForm) -> list[Broken]:
    """Refuse what cannot be sent in one go."""
    takes = takes_of(resolved)
    count = takes * len(resolved.kinds)
    if resolved.draft.wanted.auto_controls is None and (many := too_many_of(resolved.form)):
        says = f"At most {MOST_VALUES} further values of {' and '.join(many)} in one go."
        return [Broken("variants.values", "takes", REFUSE, says)]
    if takes < 1:
        rule, says = "variants.takes", "Say how many takes of each: 1 or more."
    elif count > MOST:
        made = f"{count} takes" if len(resolved.kinds) < MOST_KINDS else "too many takes"
        says = f"This makes {made}; at most {MOST} can be sent in one go."
        rule = "variants.many"
    else:
        return []
    return [Broken(rule, "takes", REFUSE, says, (ONE_OF_EACH,))]


def with_variants(
    verdict: Verdict,
    resolved: ResolvedForm,
    budget: MonthTotals | None,
) -> tuple[Verdict, Total]:
    """Add to the verdict on the form's own draft whatever keeps its variants from being sent, and
    price them all.
    """
    if found := limits_broken(resolved):
        return _with(verdict, found), Total(0)
    quoted = quotes.find_all(resolved.kinds[1:])
    others = [check(one, with_options=False, quote=quoted.get(one)) for one in resolved.kinds[1:]]
    for other in others:
        found += _of_another(other, verdict)
    total = _total([verdict, *others], takes_of(resolved))
    return _within(_with(verdict, found), total, budget), total


def _within(verdict: Verdict, total: Total, budget: MonthTotals | None) -> Verdict:
    """Hold all of them together against the month's budget, instead of one."""
    price, low, high = verdict.estimate, total.low_usd, total.high_usd
    if total.count < 2 or price is None or low is None or high is None:
        return verdict
    dear = too_dear(replace(price, low_usd=low, high_usd=high), budget)
    if not dear:
        return verdict
    kept = [one for one in verdict.broken if one.rule_id != dear[0].rule_id]
    return replace(verdict, broken=(*kept, *dear))


def _with(verdict: Verdict, found: Sequence[Broken]) -> Verdict:
    known = list(verdict.broken)
    for one in found:
        if one not in known:
            known.append(one)
    return replace(verdict, broken=tuple(known))


def _of_another(other: Verdict, shown: Verdict) -> list[Broken]:
    """Return what is wrong with a variant and not with what is shown, named by what differs."""
    known = {(one.rule_id, one.field) for one in shown.refusals}
    found = [one for one in other.refusals if (one.rule_id, one.field) not in known]
    if not found:
        return []
    name = among([shown.draft.wanted, other.draft.wanted]).of(1)
    return [_named(one, name) for one in found]


def _named(one: Broken, name: str) -> Broken:
    if one.rule_id == NOT_QUOTED:
        return one
    message = f"Of the variant {name}: {one.message}"
    return replace(one, field="takes", fixes=(), message=message)


def _total(verdicts: Sequence[Verdict], takes: int) -> Total:
    prices = [one.estimate for one in verdicts if one.estimate is not None]
    count = takes * len(verdicts)
    if len(prices) < len(verdicts):
        asked = _asked(verdicts[1:]) if verdicts[0].estimate is not None else ""
        return Total(count, asked=asked)
    low = sum((one.low_usd for one in prices), ZERO) * takes
    high = sum((one.high_usd for one in prices), ZERO) * takes
    return Total(count, low, high, len({(one.low_usd, one.high_usd) for one in prices}) == 1)


def _asked(others: Sequence[Verdict]) -> str:
    """Return how far it is with the prices of variants that must be asked for."""
    rows = [one.quote for one in others if one.must_quote]
    states = {ASKING if row and row.state != PriceQuote.State.FAILED else ASK for row in rows}
    return ASKING if ASKING in states else ASK if states else ""


@dataclass(frozen=True)
class Ladder:
    """Takes from a light change to a strong one, at draft quality, by one press.

    `changes` is what the press changes in the form; `price` "" where none is published.
    """

    label: str
    says: str
    changes: str
    price: str


STEPS = {
    "Low, middle, high": tuple(band.strengths[1] for band in BANDS),
    "All nine": STRENGTHS,
}


def ladders(resolved: ResolvedForm) -> list[Ladder]:
    """Return the ladders that the form's model can make of its source."""
    model, task = resolved.model, resolved.form.task
    if task not in (Task.EDIT, Task.MODIFY) or not model.knows("strength"):
        return []
    return [_ladder(resolved, label, steps) for label, steps in STEPS.items()]


def _ladder(resolved: ResolvedForm, label: str, steps: tuple[str, ...]) -> Ladder:
    first, *others = steps
    changes = {
        "conditioning": "manual",
        "strength": first,
        "more_strengths": others,
        "more_controls": "",
        **dict.fromkeys(MORE_VALUES.values(), ""),
        "more_prompts": "",
        "takes": "1",
        "hdr": False,
        "exr": False,
    }
    size = next(iter(resolved.model.limits.resolutions), "")
    if size:
        changes["resolution"] = size
    says = f"{len(steps)} drafts{f' at {size}' if size else ''}"
    price = _price_of(resolved, steps, size)
    return Ladder(label, says, encode_changes(changes), price)


def _price_of(resolved: ResolvedForm, steps: Sequence[str], size: str) -> str:
    """Return what the steps cost together; "" where nothing is known of the source yet, or no price
    is published.
    """
    draft = resolved.draft
    if draft.facts is None or draft.is_quoted:
        return ""
    wanted = replace(draft.wanted, hdr=None, exr=None, auto_controls=None, resolution=size or None)
    asked = [replace(wanted, strength=one) for one in steps]
    found = [estimate(one, draft.facts, provider=draft.account.provider) for one in asked]
    prices = [one for one in found if one is not None]
    if len(prices) < len(steps):
        return ""
    low = sum((one.low_usd for one in prices), ZERO)
    return show_range(low, sum((one.high_usd for one in prices), ZERO))
