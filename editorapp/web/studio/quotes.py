"""Every account's answer to this very draft, as rows beside the price: who, how much, how soon,
what it cannot.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from editorapp.generations.request import offers as all_offers
from editorapp.generations.request.offers import Offer
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules.sentences import inside
from editorapp.providers.spec import Broken, Model


@dataclass(frozen=True)
class QuoteRow:
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
        return self.offer.price_state == all_offers.ASKING

    @property
    def can_ask(self) -> bool:
        return (
            self.offer.price_state in (all_offers.ASK, all_offers.FAILED)
            and not self.offer.refusals
        )

    @property
    def no_price(self) -> str:
        if not self.can_choose:
            return "does not do this"
        return "no published price" if self.offer.price_state == all_offers.ASK else "no price"


def quotes(offers: Sequence[Offer], task: str) -> list[QuoteRow]:
    """Return one row an account, in the order of the offers."""
    accounts = [offer.account for offer in offers]
    label = next((offer.model_label for offer in offers if offer.is_chosen), "")
    return [_quote(offer, accounts, label, task) for offer in offers]


def _quote(offer: Offer, accounts: Sequence[ProviderAccount], label: str, task: str) -> QuoteRow:
    does = _does(offer, task)
    return QuoteRow(
        offer=offer,
        name=label_of(offer.account, accounts),
        can_choose=does,
        lines=_lines(offer) if does and not offer.is_chosen else (),
        wait=words_of_wait(offer.wait_seconds),
        other_model=offer.model_label if offer.model_label != label else "",
    )


def _does(offer: Offer, task: str) -> bool:
    return task in offer.account.spec.tasks


def label_of(account: ProviderAccount, among: Sequence[ProviderAccount]) -> str:
    """Name an account by its provider, and by its own name where the provider has several."""
    provider: str = account.spec.name
    has_siblings = any(one.provider == account.provider and one.pk != account.pk for one in among)
    return f"{provider}: {account.name}" if has_siblings else provider


def _lines(offer: Offer) -> tuple[str, ...]:
    """Say what it cannot do for this draft: what it has no parameter for in one line, then each
    broken rule.
    """
    model = offer.account.spec.model_for(offer.wanted)
    lost = (
        (f"Cannot take: {', '.join(inside(label) for label in offer.lost)}.",) if offer.lost else ()
    )
    others = (one.message for one in offer.refusals if not _is_said(one, offer, model))
    failed = (offer.price_note,) if offer.price_state == all_offers.FAILED else ()
    doubt = ("Its last connection test failed.",) if offer.account.doubt else ()
    return (*lost, *dict.fromkeys(others), *failed, *doubt)


def _is_said(one: Broken, offer: Offer, model: Model) -> bool:
    """Is this said elsewhere: among what is lost, or beside a field that is not filled in yet?"""
    head = one.field.partition(".")[0]
    is_lost = bool(offer.lost) and bool(model.name) and bool(head) and not model.knows(head)
    return is_lost or (head == "aspect_ratio" and offer.wanted.aspect_ratio is None)


def words_of_wait(seconds: float | None) -> str:
    """Say how long it usually takes, as far as our own history tells: "about 2 min"."""
    if seconds is None:
        return ""
    if seconds < 10:
        return "a few seconds"
    if seconds < 90:
        return f"about {round(seconds / 10) * 10} s"
    if seconds < 5400:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
