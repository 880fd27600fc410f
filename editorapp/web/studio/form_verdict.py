"""Form verdict: all that the page says about one state of the form: the verdict on its draft, the
notes beside its fields, and every account's offer, as rows beside the price.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from editorapp.costs.ledger import MonthTotals, held_usd
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.offers import (
    ASK,
    ASKING,
    FAILED,
    Offer,
    offers,
    with_fixes,
)
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules.sentences import inside
from editorapp.providers.spec import Broken
from editorapp.web.studio import notes, option_prices, price_cliffs, variants
from editorapp.web.studio.cache import budget_now
from editorapp.web.studio.choices import Choices
from editorapp.web.studio.notes import Note, NoteSlot
from editorapp.web.studio.resolved_form import ResolvedForm
from editorapp.web.studio.variants import Total


@dataclass(frozen=True)
class OfferRow:
    """One row. `can_choose`: it does this task, so the form can be shown for it; `lines`: what it
    cannot do.
    """

    offer: Offer
    name: str
    can_choose: bool
    other_model: str  # the model it would use, where that is not the chosen one

    @cached_property
    def lines(self) -> list[str]:
        return list(_lines(self.offer)) if self.can_choose and not self.offer.is_chosen else []

    @property
    def wait(self) -> str:
        """How long it usually takes, as far as our own history tells: "about 2 min"."""
        seconds = self.offer.wait_seconds
        if seconds is None:
            return ""
        if seconds < 10:
            return "a few seconds"
        if seconds < 90:
            return f"about {round(seconds / 10) * 10} s"
        return (
            f"about {seconds / 60:.0f} min" if seconds < 5400 else f"about {seconds / 3600:.1f} h"
        )

    @property
    def is_asking(self) -> bool:
        return self.offer.price_state == ASKING

    @property
    def can_ask(self) -> bool:
        return self.offer.price_state in (ASK, FAILED) and not self.offer.refusals

    @property
    def no_price(self) -> str:
        if not self.can_choose:
            return "does not do this"
        return "no published price" if self.offer.price_state == ASK else "no price"


@dataclass(frozen=True)
class FormVerdict:
    """What is said of a form: the verdict on its draft where the page shows it, and the offers."""

    resolved: ResolvedForm
    verdict: Verdict
    slots: dict[str, NoteSlot]
    open_points: tuple[Note, ...]  # what still keeps it from being sent, the worst first
    is_complete: bool  # nothing is missing that only the form knows of
    offers: list[OfferRow]
    total: Total

    @property
    def can_send(self) -> bool:
        return self.is_complete and self.verdict.can_send

    @property
    def closed(self) -> set[str]:
        """The options that are closed, the ways to a source among them."""
        sources = {line.options for line in self.slots["source"].closed}
        unavailable = self.verdict.unavailable
        return sources | (unavailable.keys() - notes.by_hand(unavailable))

    @property
    def open_count(self) -> int:
        return len(self.open_points)

    @property
    def first_open(self) -> Note | None:
        """What the bar names: the first thing that is wrong, or else that is missing yet."""
        return next(iter(self.open_points), None)

    @cached_property
    def price_steps(self) -> dict[str, str]:
        """What each size and range of light would change in the price, by the option's name."""
        choices = Choices(self.resolved, self.closed)
        return option_prices.steps(self.resolved.draft, choices, self.closed)

    @cached_property
    def chosen(self) -> OfferRow:
        return next(one for one in self.offers if one.offer.is_chosen)

    @property
    def should_ask(self) -> bool:
        """Must the chosen account's price be asked for, and is nothing but that (and the prompt)
        missing?
        """
        is_open = ASK in (self.chosen.offer.price_state, self.total.asked)
        return is_open and self.is_complete and self.verdict.must_quote


def form_verdict(
    resolved: ResolvedForm,
    *,
    strictly: bool = False,
    refused: Verdict | None = None,
) -> FormVerdict:
    """Check the form as its account would have it, and what the others would say of the same draft.

    `strictly`: also say what is merely missing yet. `refused` is the verdict with which it was not
    queued: it counts where nothing else is wrong (any more).
    """
    budget = _budget(resolved)
    drafts = [resolved.draft_at(one) for one in resolved.accounts]
    count = variants.count_of(resolved)
    found = offers(drafts, chosen=resolved.account.pk, budget=budget, count=count)
    here = next(one for one in found if one.is_chosen)
    verdict = with_fixes(check(resolved.draft, budget=budget, quote=here.quote), found)
    verdict, total = variants.with_variants(verdict, resolved, budget)
    missing = notes.own_findings(resolved)
    if refused is not None and verdict.can_send and not missing:
        verdict = refused
    still_open = notes.still_open(missing, verdict)
    slots = notes.slots_of(resolved, verdict, still_open, strictly=strictly)
    price_cliffs.tell(slots, resolved.draft, count=count)
    return FormVerdict(
        resolved,
        verdict=verdict,
        slots=slots,
        open_points=_open_points(still_open, resolved, slots, strictly=strictly),
        is_complete=not missing,
        offers=_offer_rows(found, resolved),
        total=total,
    )


def _open_points(
    found: Sequence[Broken],
    resolved: ResolvedForm,
    slots: dict[str, NoteSlot],
    *,
    strictly: bool,
) -> tuple[Note, ...]:
    """Return what is still open, as the fields' own notes say it: their buttons name prices."""
    said = {(note.field, note.message): note for slot in slots.values() for note in slot.notes}
    points = [notes.note_of(one, resolved.form, strictly=strictly) for one in found]
    points = [said.get((one.field, one.message), one) for one in points]
    return tuple(sorted(points, key=lambda one: (one.tone != "bad", one.slot != "source")))


def _budget(resolved: ResolvedForm) -> MonthTotals | None:
    """Return this month's budget; what the form replaces holds none of it any more once it is sent."""
    is_simulated = resolved.account.is_simulated
    budget = budget_now(resolved.member.team, is_simulated=is_simulated)
    old = resolved.replaced
    if budget is None or old is None or old.is_simulated != is_simulated:
        return budget
    return replace(budget, reserved_usd=budget.reserved_usd - held_usd(old.pk))


def _offer_rows(found: Sequence[Offer], resolved: ResolvedForm) -> list[OfferRow]:
    """Return one row an account, in the order of the offers."""
    return [
        OfferRow(
            offer,
            name=label_of(offer.account, resolved.accounts),
            can_choose=resolved.form.task in offer.draft.spec.tasks,
            other_model="" if offer.model_label == resolved.model.label else offer.model_label,
        )
        for offer in found
    ]


def label_of(account: ProviderAccount, among: Sequence[ProviderAccount]) -> str:
    """Name an account by its provider, and by its own name where the provider has several."""
    provider = account.spec.name
    return f"{provider}: {account.name}" if _has_sibling(account, among) else provider


def _has_sibling(account: ProviderAccount, among: Sequence[ProviderAccount]) -> bool:
    return any(one.provider == account.provider and one != account for one in among)


def _lines(offer: Offer) -> Iterator[str]:
    """Say what it cannot do for this draft: what it has no parameter for in one line, then each
    broken rule.
    """
    if offer.lost:
        yield f"Cannot take: {', '.join(map(inside, offer.lost))}."
    yield from dict.fromkeys(one.message for one in offer.refusals if not _is_said(one, offer))
    if offer.price_state == FAILED:
        yield offer.price_note
    if offer.account.doubt:
        yield "Its last connection test failed."


def _is_said(one: Broken, offer: Offer) -> bool:
    """Is this said elsewhere: among what is lost, or beside a field that is not filled in yet?"""
    head, draft = one.field.partition(".")[0], offer.draft
    if head == "aspect_ratio" and draft.wanted.aspect_ratio is None:
        return True
    return bool(offer.lost and draft.model.name and head) and not draft.model.knows(head)
