"""Account cards: what the accounts page says of each account, read for all of them at once, so that
queries do not grow with them.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from editorapp.core.money import ZERO, show_usd
from editorapp.costs.ledger import month_of
from editorapp.generations.ledger_lines import spent_by_account
from editorapp.generations.models import Attempt, Pause
from editorapp.generations.queue.slots import taking_slots
from editorapp.generations.states import State
from editorapp.providers import accounts, registry
from editorapp.providers.account_capabilities import unit_price_usd
from editorapp.providers.account_keepers import keeps_shared
from editorapp.providers.models import KeyOrigin, ProviderAccount
from editorapp.providers.rules.words import limits_in_words
from editorapp.providers.spec import Model, Spec
from editorapp.teams.models import Member
from editorapp.web.accounts.forms import option_label
from editorapp.web.presenters.figures import Figure
from editorapp.web.presenters.line_selection import LineSelection

WAITING = (State.QUEUED, State.STAGING)


@dataclass(frozen=True)
class Card:
    """One account as the page shows it.

    Counts are of now; `spent` is the team's own, of this month.
    """

    account: ProviderAccount
    spec: Spec
    is_in_use: bool  # belongs to the present world, real or simulated
    is_default: bool  # what the team uses unless somebody chooses another
    in_flight: int
    waiting: int
    spent: Figure
    paused: Pause | None
    may_keep: bool  # may who looks change it, for all that it serves?

    @property
    def is_standing_by(self) -> bool:
        """Is this a real account that the simulator answers for, until it has passed its test?"""
        return not self.is_in_use and not self.account.is_simulated and not self.account.problem

    @property
    def is_awaited(self) -> bool:
        """Is its first test still to come?"""
        return (self.is_usable or self.is_standing_by) and self.account.tested_at is None

    @property
    def is_usable(self) -> bool:
        return self.is_in_use and not self.account.problem

    @property
    def has_own_key(self) -> bool:
        return self.account.origin is KeyOrigin.ADMIN

    @property
    def is_idle(self) -> bool:
        """Is this a simulated account beside real ones? Nothing can be done with it now."""
        return self.account.is_simulated and not self.is_in_use

    @property
    def can_be_default(self) -> bool:
        return self.is_usable and not self.is_default and not self.account.is_refused

    @property
    def state(self) -> tuple[str, str]:
        """Return the state's word and the classes of its badge."""
        account = self.account
        if not account.is_enabled:
            return "Switched off", "badge"
        if account.problem:
            return "Cannot be used", "badge badge-bad"
        if account.tested_at is None:
            return "Not tested yet", "badge"
        return (
            ("Ready", "badge badge-done") if account.test_ok else ("Test failed", "badge badge-bad")
        )

    @property
    def key_words(self) -> str:
        """Say where the key comes from, and no more of it than its end."""
        account, names = self.account, " and ".join(self.spec.credentials)
        if account.origin is KeyOrigin.SIMULATED:
            return "Needs none"
        if account.origin is KeyOrigin.ENVIRONMENT:
            return f"From the environment ({names})"
        return f"Entered here, ends in {account.key_hint}"

    @property
    def options(self) -> list[tuple[str, str]]:
        """Return what is sent with every call, each with its name for people."""
        access = self.account.access()
        sent = {**access.headers, **access.params}
        return [(option_label(name), value) for name, value in sent.items()]

    @property
    def unit_price(self) -> tuple[str, str] | None:
        """Return the price of one of the provider's units and where it comes from; None where it
        counts in dollars.
        """
        spec = self.spec
        if not spec.unit:
            return None
        price, source = self.account.unit_price_and_source()
        if price is not None:
            words = f"{show_usd(price)}, {source}"
        else:
            words = (
                f"not known: {spec.name} lists none, "
                "so its quotes cannot be shown in dollars until one is set"
            )
        return f"Price of one {spec.unit}", f"{words}{_misread(spec.unit_price_name)}"

    @property
    def own_limits(self) -> list[tuple[str, str]]:
        """Return the limits that the provider told this account and that differ from its published
        ones.
        """
        published = registry.get(self.account.provider).SPEC
        told = []
        for ours, theirs in zip(published.models, self.spec.models, strict=True):
            if words := _other_limits(ours, theirs):
                told.append((f"{theirs.label}, {theirs.task}", words))
        return told


def _misread(name: str) -> str:
    """Say that the environment names a price that is none; "" where it does not."""
    said = settings.ENVIRONMENT.get(name)
    if said and unit_price_usd({"unit_price_usd": said}) is None:
        return f". {name} is no amount in dollars"
    return ""


def _other_limits(ours: Model, theirs: Model) -> str:
    before = limits_in_words(ours, ours.limits)
    now = limits_in_words(theirs, theirs.limits)
    return "; ".join(f"{label}: {said}" for label, said in now.items() if before.get(label) != said)


@dataclass(frozen=True)
class Shelf:
    """The accounts with one provider. `idle` are the simulated ones beside real ones."""

    spec: Spec
    cards: list[Card]
    idle: list[Card]


def shelves(member: Member) -> list[Shelf]:
    """Return every provider with its accounts, as they are for a member's team."""
    found = {slug: Shelf(registry.get(slug).SPEC, [], []) for slug in registry.slugs()}
    for one in cards(member):
        shelf = found[one.account.provider]
        (shelf.idle if one.is_idle else shelf.cards).append(one)
    return [*found.values()]


def cards(member: Member) -> list[Card]:
    """Return all accounts that a member's team may use, in order."""
    team, keeps = member.team, keeps_shared(member)
    found = accounts.made(team)
    current = {account.pk for account in accounts.in_use(found)}
    usable = [one for one in found if one.pk in current and not one.problem]
    default = accounts.default_of(team, usable)
    unsent = Attempt.objects.filter(state__in=WAITING, next_action_at__isnull=False).order_by()
    busy, waiting = _counted(taking_slots()), _counted(unsent)
    month = month_of(timezone.now())
    spent = spent_by_account(team, month)
    pauses = {pause.pk: pause for pause in Pause.objects.filter(until__gt=timezone.now())}
    return [
        Card(
            account=account,
            spec=account.spec,
            is_in_use=account.pk in current,
            is_default=account == default,
            in_flight=busy[account.pk],
            waiting=waiting[account.pk],
            spent=_spent(account, spent, month),
            paused=pauses.get(account.pk),
            may_keep=keeps or account.team_id is not None,
        )
        for account in found
    ]


def _spent(account: ProviderAccount, spent: dict[tuple[int, bool], Decimal], month: date) -> Figure:
    simulated = account.is_simulated
    lines = LineSelection(simulated, month, account_id=account.pk, shows="spent")
    return Figure(spent.get((account.pk, simulated), ZERO), lines)


def card(member: Member, pk: int) -> Card | None:
    return next((one for one in cards(member) if one.account.pk == pk), None)


def _counted(rows: QuerySet[Attempt]) -> Counter[int]:
    return Counter(rows.values_list("account_id", flat=True))
