"""Form verdict: all that the page says about one state of the form: the verdict on its draft, the
notes beside its fields, and every account's offer, as rows beside the price.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from editorapp.costs.ledger import MonthTotals, held_usd
from editorapp.generations.models import Generation
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.offers import (
    ASK,
    ASKING,
    FAILED,
    Offer,
    offers,
    with_fixes,
)
from editorapp.generations.states import CANCELABLE
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules.sentences import inside
from editorapp.providers.spec import Broken
from editorapp.teams.models import Member
from editorapp.web.studio import notes, variants
from editorapp.web.studio.cache import budget_now
from editorapp.web.studio.notes import NoteSlot
from editorapp.web.studio.resolved_form import ResolvedForm
from editorapp.web.studio.variants import Total


@dataclass(frozen=True)
class OfferRow:
    """One row. `can_choose`: it does this task, so the form can be shown for it; `lines`: what it
    cannot do.
    """

    offer: Offer
    name: str
    lines: tuple[str, ...]
    wait: str
    can_choose: bool
    other_model: str  # the model it would use, where that is not the chosen one

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

    verdict: Verdict
    slots: dict[str, NoteSlot]
    open_count: int  # how many findings still keep it from being sent
    is_complete: bool  # nothing is missing that only the form knows of
    offers: list[OfferRow]
    total: Total

    @property
    def can_send(self) -> bool:
        return self.is_complete and self.verdict.can_send

    @property
    def closed_sources(self) -> set[str]:
        """The ways to a source that are closed, as options."""
        return {option for line in self.slots["source"].closed for option in line.options.split()}

    @property
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
    member: Member,
    *,
    strictly: bool = False,
    refused: Verdict | None = None,
) -> FormVerdict:
    """Check the form as its account would have it, and what the others would say of the same draft.

    `strictly`: also say what is merely missing yet. `refused` is the verdict with which it was not
    queued: it counts where nothing else is wrong (any more).
    """
    budget = _budget(resolved, member)
    drafts = [resolved.draft_at(one) for one in resolved.accounts]
    count = variants.count_of(resolved)
    found = offers(
        drafts,
        chosen=resolved.account.pk,
        budget=budget,
        count=count,
    )
    here = next(one for one in found if one.is_chosen)
    verdict = with_fixes(
        check(resolved.draft, budget=budget, quote=here.quote),
        found,
    )
    verdict, total = variants.with_variants(verdict, resolved, budget)
    missing = notes.own_findings(resolved.form, resolved.source)
    if refused is not None and verdict.can_send and not missing:
        verdict = refused
    still_open = notes.still_open(missing, verdict)
    return FormVerdict(
        verdict=verdict,
        slots=notes.slots_of(resolved, verdict, still_open, strictly=strictly),
        open_count=len(still_open),
        is_complete=not missing,
        offers=offer_rows(found, resolved.form.task),
        total=total,
    )


def _budget(resolved: ResolvedForm, member: Member) -> MonthTotals | None:
    """Return this month's budget; what the form replaces holds none of it any more once it is sent."""
    is_simulated = resolved.account.is_simulated
    budget = budget_now(member.team, is_simulated=is_simulated)
    old = waiting_take(resolved.form.replaces, member)
    if budget is None or old is None or old.is_simulated != is_simulated:
        return budget
    return replace(budget, reserved_usd=budget.reserved_usd - held_usd(old.pk))


def waiting_take(pk: int | None, member: Member) -> Generation | None:
    """Return the take that a form is to replace, while it is not sent; None of a colleague's, but
    to an admin.
    """
    if pk is None:
        return None
    return Generation.objects.answered_by(member).filter(pk=pk, state__in=CANCELABLE).first()


def offer_rows(found: Sequence[Offer], task: str) -> list[OfferRow]:
    """Return one row an account, in the order of the offers."""
    accounts = [offer.account for offer in found]
    label = _chosen_label(found)
    return [_row(offer, accounts, label, task) for offer in found]


def _chosen_label(found: Sequence[Offer]) -> str:
    return next((offer.model_label for offer in found if offer.is_chosen), "")


def _row(
    offer: Offer,
    accounts: Sequence[ProviderAccount],
    label: str,
    task: str,
) -> OfferRow:
    does = task in offer.draft.spec.tasks
    return OfferRow(
        offer=offer,
        name=label_of(offer.account, accounts),
        lines=_lines(offer) if does and not offer.is_chosen else (),
        wait=words_of_wait(offer.wait_seconds),
        can_choose=does,
        other_model=offer.model_label if offer.model_label != label else "",
    )


def label_of(account: ProviderAccount, among: Sequence[ProviderAccount]) -> str:
    """Name an account by its provider, and by its own name where the provider has several."""
    provider: str = account.spec.name
    return f"{provider}: {account.name}" if _has_siblings(account, among) else provider


def _has_siblings(account: ProviderAccount, among: Sequence[ProviderAccount]) -> bool:
    return any(one.provider == account.provider and one.pk != account.pk for one in among)


def _lines(offer: Offer) -> tuple[str, ...]:
    """Say what it cannot do for this draft: what it has no parameter for in one line, then each
    broken rule.
    """
    lines = []
    if offer.lost:
        lines.append(f"Cannot take: {', '.join(inside(label) for label in offer.lost)}.")
    lines += dict.fromkeys(one.message for one in offer.refusals if not _is_said(one, offer))
    if offer.price_state == FAILED:
        lines.append(offer.price_note)
    if offer.account.doubt:
        lines.append("Its last connection test failed.")
    return tuple(lines)


def _is_said(one: Broken, offer: Offer) -> bool:
    """Is this said elsewhere: among what is lost, or beside a field that is not filled in yet?"""
    head = one.field.partition(".")[0]
    if head == "aspect_ratio" and offer.draft.wanted.aspect_ratio is None:
        return True
    return _is_lost(head, offer)


def _is_lost(field: str, offer: Offer) -> bool:
    model = offer.draft.model
    return bool(offer.lost and model.name and field) and not model.knows(field)


def words_of_wait(seconds: float | None) -> str:
    """Say how long it usually takes, as far as our own history tells: "about 2 min"."""
    if seconds is None:
        return ""
    return "a few seconds" if seconds < 10 else f"about {_coarse(seconds)}"


def _coarse(seconds: float) -> str:
    if seconds < 90:
        return f"{round(seconds / 10) * 10} s"
    if seconds < 5400:
        return f"{round(seconds / 60)} min"
    return f"{seconds / 3600:.1f} h"
