"""Branch plan: what running a branch once more would send, and cost, step by step. Spends nothing."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from editorapp.core.money import ZERO, show_usd
from editorapp.costs import ledger
from editorapp.generations.lineage import chain
from editorapp.generations.models import Fields, Generation
from editorapp.generations.request import quotes, references
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.draft import Draft
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import Member

MOST_STEPS = 20
RAISE = "Ask an admin to raise it, or run fewer steps."
NAMED = ("source", *references.FRAMES)  # where a request names the take that it is made from


class NotABranch(Exception):
    """These takes are no branch that could be run again. The message says why."""


@dataclass(frozen=True)
class PlannedStep:
    """One take that would be made once more.

    `verdict` is that of its request with the source that it had; the new source is held against the
    rules again before the step is sent. `problem`: why it cannot be sent at all; "" for nothing.
    """

    take: Generation
    verdict: Verdict
    problem: str = ""

    @property
    def why_not(self) -> str:
        return self.problem or ("" if self.verdict.can_send else self.verdict.reasons)

    @property
    def high_usd(self) -> Decimal:
        price = self.verdict.estimate
        return price.high_usd if price else ZERO

    @property
    def low_usd(self) -> Decimal:
        price = self.verdict.estimate
        return price.low_usd if price else ZERO

    @property
    def can_ask(self) -> bool:
        """Is only its price still to be asked for?"""
        verdict = self.verdict
        return not self.problem and verdict.must_quote and len(verdict.refusals) == 1


@dataclass(frozen=True)
class BranchPlan:
    """The steps of a branch, from the first one down, and what the budget says of all together.

    `onto`: the take that the first is made from; None for the source that it had. `line`: all takes
    at which it could begin.
    """

    steps: Sequence[PlannedStep]
    onto: Generation | None
    line: Sequence[Generation]
    budget: str  # why the budget has no room for it; "" where it has
    budget_says: str  # what is free of it; "" where there is no limit

    @property
    def can_run(self) -> bool:
        return not self.budget and not any(step.why_not for step in self.steps)

    @cached_property
    def low_usd(self) -> Decimal:
        return sum((step.low_usd for step in self.steps), ZERO)

    @cached_property
    def high_usd(self) -> Decimal:
        """What all steps reserve at most, one after the other."""
        return sum((step.high_usd for step in self.steps), ZERO)

    @property
    def can_ask(self) -> bool:
        """Are there steps of which only the price is still to be asked for?"""
        return any(step.can_ask for step in self.steps)

    @property
    def is_simulated(self) -> bool:
        return all(step.take.account.is_simulated for step in self.steps)


def plan(
    end: Generation,
    member: Member,
    *,
    start: int | None = None,
    onto: Generation | None = None,
    now: datetime,
) -> BranchPlan:
    """Return what making a branch once more would send, from the take `start` (None: the first one)
    down to `end`. Asks no provider; a number of queries that does not depend on the steps.

    Raises: NotABranch.
    """
    line = line_to(end, member)
    takes = _from(line, start, end)
    if onto is not None:
        _may_begin(takes[0], onto)
    drafts = [step_draft(take, onto if place == 0 else None) for place, take in enumerate(takes)]
    quoted = quotes.find_all(drafts, now=now)
    steps = []
    for place, (take, draft) in enumerate(zip(takes, drafts, strict=True)):
        verdict = check(draft, with_options=False, quote=quoted.get(draft), now=now)
        above = takes[place - 1] if place else None
        steps.append(PlannedStep(take, verdict, _problem(take, above, onto)))
    return BranchPlan(steps, onto, line, *_budget(steps, member, now=now))


def line_to(end: Generation, member: Member) -> list[Generation]:
    """Return what a take came from, as far as somebody sees it, and itself: at most MOST_STEPS, the
    first one first.
    """
    line = chain(end, most=MOST_STEPS)
    if not member.sees_all:
        seen = Generation.objects.filter(pk__in=[one.pk for one in line]).seen_by(member)
        visible = set(seen.values_list("pk", flat=True))
        line = [one for one in line if one.pk in visible]
    for above, take in zip(line, line[1:], strict=False):
        if take.parent_id == above.pk:
            take.parent = above  # read already
    return line


def _from(line: list[Generation], start: int | None, end: Generation) -> list[Generation]:
    ids = [one.pk for one in line]
    if end.pk not in ids:
        raise NotABranch(f"#{end.pk} is not yours to run again.")
    if start is not None and start not in ids:
        raise NotABranch(
            f"#{end.pk} was not made from #{start}, or more than {MOST_STEPS} steps on."
        )
    return line[ids.index(start) if start else 0 :]


def rebased(wanted: GenerationRequest, old: Generation, new: Generation) -> GenerationRequest:
    """Return a request that names another take wherever it named the one that it was made from."""
    changes: Fields = {}
    for name in NAMED:
        ref = getattr(wanted, name)
        if ref is not None and _is_named(ref, old):
            at_source = name == "source"
            changes[name] = (
                Ref(asset_id=new.result_id) if at_source else references.as_frame(new, new.account)
            )
    return replace(wanted, **changes)


def step_draft(take: Generation, made_from: Generation | None) -> Draft:
    """Return a take's own request once more, made from another take where one is given."""
    draft = replace(Draft.of(take), parent=take.parent)
    if made_from is None or take.parent is None:
        return draft
    is_source = take.source_asset_id == take.parent.result_id
    source = made_from.result if is_source else draft.source_asset
    wanted = rebased(take.wanted, take.parent, made_from)
    return replace(draft, wanted=wanted, parent=made_from, source_asset=source)


def _is_named(ref: Ref, take: Generation) -> bool:
    """Does a reference name this take's result?"""
    if ref.generation_id is not None:
        return bool(take.chain_id) and ref.generation_id == take.chain_id
    return ref.asset_id is not None and ref.asset_id == take.result_id


def _names(take: Generation, parent: Generation) -> bool:
    refs = (getattr(take.wanted, name) for name in NAMED)
    return any(ref is not None and _is_named(ref, parent) for ref in refs)


def _may_begin(first: Generation, onto: Generation) -> None:
    if first.parent is None:
        raise NotABranch(f"#{first.pk} was made from no take: it begins from the source it had.")
    if not onto.can_be_source:
        raise NotABranch(f"#{onto.pk} has no result to begin from.")
    if onto.is_trashed:
        raise NotABranch(f"#{onto.pk} is in the trash: take it back first.")
    if onto.pk == first.pk:
        raise NotABranch("A take cannot be made from itself.")


def _problem(take: Generation, above: Generation | None, onto: Generation | None) -> str:
    """Say why a step cannot be sent at all."""
    if take.is_trashed:
        return f"#{take.pk} was thrown away: restore it, or begin below it."
    needs = take.parent if above is not None or onto is not None else None
    if needs is None or _names(take, needs):
        return ""
    return (
        f"#{take.pk} names something else than the result of #{needs.pk}, so a new one cannot stand "
        "in its place. Begin below it, or open it in the studio."
    )


def _budget(steps: Sequence[PlannedStep], member: Member, *, now: datetime) -> tuple[str, str]:
    """Say why this month's budget has no room for all steps together, and what it has free."""
    why, says = "", []
    for is_simulated in (False, True):
        needed = sum(
            (one.high_usd for one in steps if one.take.account.is_simulated == is_simulated), ZERO
        )
        month = ledger.month_of(now)
        free = ledger.month_totals(member.team, month, is_simulated=is_simulated).available_usd
        if not needed or free is None:
            continue
        kind = "simulated " if is_simulated else ""
        says.append(f"{show_usd(max(free, ZERO))} of this month's {kind}budget is free.")
        if needed > free:
            why = f"The whole branch may cost {show_usd(needed)} and {says[-1]} {RAISE}"
    return why, " ".join(says)
