"""Every account's answer to this very draft, as rows beside the price: who, how much, how soon, what it cannot."""

from collections.abc import Sequence
from dataclasses import dataclass

from editorapp.generations import offers as all_offers
from editorapp.generations.offers import Offer
from editorapp.providers.models import ProviderAccount


@dataclass(frozen=True)
class Quote:
    """One row. `can_choose`: it does this task, so the form can be shown for it."""

    offer: Offer
    name: str
    cannot: tuple[str, ...]
    wait: str
    can_choose: bool

    @property
    def is_asking(self) -> bool:
        return self.offer.price_state == all_offers.ASKING

    @property
    def can_ask(self) -> bool:
        return self.offer.price_state in (all_offers.ASK, all_offers.FAILED) and not self.offer.refusals


def quotes(offers: Sequence[Offer], task: str) -> list[Quote]:
    """Return one row an account, in the order of the offers."""
    accounts = [offer.account for offer in offers]
    return [
        Quote(
            offer, label_of(offer.account, accounts), _cannot(offer), words_of_wait(offer.wait_seconds),
            task in offer.account.spec.tasks,
        )
        for offer in offers
    ]  # fmt: skip


def label_of(account: ProviderAccount, among: Sequence[ProviderAccount]) -> str:
    """Name an account by its provider, and by its own name where the provider has several."""
    provider: str = account.spec.name
    has_siblings = any(one.provider == account.provider and one.pk != account.pk for one in among)
    return f"{provider}: {account.name}" if has_siblings else provider


def _cannot(offer: Offer) -> tuple[str, ...]:
    """Say what it cannot do for this draft: what it has no parameter for in one line, then each broken rule."""
    model = offer.account.spec.model_for(offer.wanted)
    lost = (f"Cannot take: {', '.join(_inside(label) for label in offer.lost)}.",) if offer.lost else ()
    others = (one.message for one in offer.refusals if not offer.lost or model.knows(one.field.partition(".")[0]))
    return (*lost, *dict.fromkeys(others))


def _inside(label: str) -> str:
    """Write a label inside a sentence; "HDR" stays as it is."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]


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
