"""Variants: one form that asks for several takes in one go, and what they cost together."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from editorapp.core.money import ZERO, show_range
from editorapp.core.request_values import as_whole
from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations.request import quotes
from editorapp.generations.request.enqueue import MOST_AT_ONCE
from editorapp.generations.request.offers import ASK, ASKING
from editorapp.generations.request.verdict import Verdict, too_dear, weigh
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.spec import REFUSE, Broken, Fix
from editorapp.web.studio.desk import Desk

MOST = MOST_AT_ONCE


@dataclass(frozen=True)
class Total:
    """All that one form asks for.

    `count` 1: no variants; the bounds are None while one of them has no price.

    `asked` says how far that is where a price must be asked for: "ask" or "asking"; "" where
    nothing has to be.
    """

    count: int
    low_usd: Decimal | None
    high_usd: Decimal | None
    is_same: bool = True  # each costs the same
    asked: str = ""

    @property
    def price(self) -> str:
        """Write "$3.24" or "$3.24 to $4.10"; "" where there is no price."""
        if self.low_usd is None or self.high_usd is None:
            return ""
        return show_range(self.low_usd, self.high_usd)


def takes_of(desk: Desk) -> int:
    """Return how many takes of each are asked for; 0 where what is typed is no number."""
    takes = as_whole(desk.form.takes) or 0
    return takes if takes < 10_000 else 0


def kinds(desk: Desk) -> tuple[GenerationRequest, ...]:
    """Return each different request that the form makes, the one as shown first: prompts by
    strengths.
    """
    wanted, form = desk.wanted, desk.form
    prompts = [
        wanted.prompt,
        *(line.strip() for line in form.more_prompts.split("\n") if line.strip()),
    ]
    strengths = [wanted.strength, *(form.more_strengths if wanted.strength is not None else ())]
    made = (
        replace(wanted, prompt=prompt, strength=strength)
        for prompt in prompts
        for strength in strengths
    )
    return tuple(dict.fromkeys(made))


def count_of(desk: Desk) -> int:
    """Return how many takes the form asks for; 1 where that is none, or cannot be sent in one go."""
    count = takes_of(desk) * len(kinds(desk))
    return count if 0 < count <= MOST else 1


def all_of(desk: Desk) -> list[GenerationRequest]:
    """Return every request that is sent, in the order in which they stand in line."""
    return [one for one in kinds(desk) for _ in range(takes_of(desk))]


def judged(desk: Desk, verdict: Verdict, budget: MonthTotals | None) -> tuple[Verdict, Total]:
    """Add to the verdict on the form's own request whatever keeps its variants from being sent, and
    price them all.
    """
    others = kinds(desk)[1:]
    takes, found = takes_of(desk), _limits(desk, len(others) + 1)
    if found:
        return _with(verdict, found), Total(0, None, None)
    verdicts, states, answers = [verdict], set(), dict[str, PriceQuote | None]()
    for one in others:
        asked = _asked(desk, one, answers)
        said = weigh(one, desk.source.asset, desk.account, with_options=False, asked=asked)
        if any(row.rule_id == "price.asking" for row in said.refusals):
            states.add(ASK if asked is None or asked.state == PriceQuote.State.FAILED else ASKING)
        found += _of_another(said, verdict, one)
        verdicts.append(said)
    total = _total(verdicts, takes, asked=ASKING if ASKING in states else ASK if states else "")
    return _within(_with(verdict, found), total, budget), total


def _asked(
    desk: Desk, wanted: GenerationRequest, answers: dict[str, PriceQuote | None]
) -> PriceQuote | None:
    """Return what was asked for a variant: one look for all that must cost the same, as those by
    prompt do.
    """
    if not quotes.is_asked(desk.account, wanted):
        return None
    key = quotes.key_of(desk.account, wanted, desk.source.asset)
    if key not in answers:
        answers[key] = quotes.known(desk.account, wanted, desk.source.asset)
    return answers[key]


def _within(verdict: Verdict, total: Total, budget: MonthTotals | None) -> Verdict:
    """Hold all of them together against the month's budget, instead of one."""
    if (
        total.count < 2
        or verdict.estimate is None
        or total.low_usd is None
        or total.high_usd is None
    ):
        return verdict
    dear = too_dear(
        replace(verdict.estimate, low_usd=total.low_usd, high_usd=total.high_usd), budget
    )
    if not dear:
        return verdict
    kept = {
        name: tuple(one for one in rows if one.rule_id != dear[0].rule_id)
        for name, rows in verdict.broken.items()
    }
    return _with(replace(verdict, broken=kept), dear)


def _with(verdict: Verdict, found: Sequence[Broken]) -> Verdict:
    broken = dict(verdict.broken)
    for one in found:
        if one not in broken.get(one.field, ()):
            broken[one.field] = (*broken.get(one.field, ()), one)
    return replace(verdict, broken=broken)


def _limits(desk: Desk, different: int) -> list[Broken]:
    takes = takes_of(desk)
    if takes < 1:
        return [
            Broken(
                "variants.takes",
                "takes",
                REFUSE,
                "Say how many takes of each: 1 or more.",
                (ONE_OF_EACH,),
            )
        ]
    if takes * different > MOST:
        says = f"This makes {takes * different} takes; at most {MOST} can be sent in one go."
        return [Broken("variants.many", "takes", REFUSE, says, (ONE_OF_EACH,))]
    return []


ONE_OF_EACH = Fix("One of each", {"takes": "1"})


def _of_another(said: Verdict, shown: Verdict, wanted: GenerationRequest) -> list[Broken]:
    """Return what is wrong with a variant and not with what is shown, named by its prompt."""
    known = {(one.rule_id, one.field) for one in shown.refusals}
    new = [one for one in said.refusals if (one.rule_id, one.field) not in known]
    start = (wanted.prompt or "")[:30]
    return [
        replace(one, field="takes", fixes=(), message=f"Of the variant “{start}”: {one.message}")
        if one.rule_id != "price.asking"
        else one
        for one in new
    ]


def _total(verdicts: Sequence[Verdict], takes: int, *, asked: str) -> Total:
    prices = [one.estimate for one in verdicts if one.estimate is not None]
    count = takes * len(verdicts)
    if len(prices) < len(verdicts):
        return Total(count, None, None, asked=asked if verdicts[0].estimate is not None else "")
    low, high = (
        sum((getattr(one, name) for one in prices), ZERO) * takes
        for name in ("low_usd", "high_usd")
    )
    return Total(count, low, high, len({(one.low_usd, one.high_usd) for one in prices}) == 1)
