"""Finish: the winner of several drafts once more at full quality: the same request, larger or in a
richer range, by one press.

It is a new paid request, and no provider promises the same picture: none takes a seed.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from operator import attrgetter

from django.utils import timezone

from editorapp.core.money import show_usd
from editorapp.costs import ledger
from editorapp.costs.estimate import Estimate
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.request.quality import Quality, better_than
from editorapp.generations.states import State
from editorapp.teams.models import Member

DEAD = (State.FAILED, State.CANCELED)  # nothing came of it, and nothing is held for it any more


class NotFinishable(Exception):
    """The take cannot be finished so, or not at the price that was shown."""


@dataclass(frozen=True)
class Finish:
    """One way to finish a take.

    `made`: the take that was already made of it so, or is on its way; then nothing is sent again.
    """

    take: Generation
    quality: Quality
    verdict: Verdict
    made: Generation | None

    @property
    def differs(self) -> str:
        """Say what changes: "360p → 1080p"."""
        return self.quality.differs_from(Quality.of(self.take.wanted))

    @property
    def price(self) -> Estimate | None:
        return self.verdict.estimate

    @property
    def can_send(self) -> bool:
        return self.made is None and self.verdict.can_send

    @property
    def is_asking(self) -> bool:
        quote = self.verdict.quote
        return self.verdict.must_quote and quote is not None and quote.state == quotes.State.ASKING

    @property
    def can_ask(self) -> bool:
        """Is the price still to be asked for, and nothing else in the way?"""
        return self.verdict.must_quote and len(self.verdict.refusals) == 1 and not self.is_asking


def finishes(take: Generation, member: Member, *, now: datetime | None = None) -> list[Finish]:
    """Return the ways in which a take can be finished, the best size in its own range first; none
    where it has no result. Spends nothing; a number of queries that does not depend on the ways.

    Left out are those that the model's rules refuse; what only money or the account stands in the
    way of is there, with its reason. Reads the take's account and source.
    """
    if not take.can_be_source:
        return []
    now = now or timezone.now()
    drafts = {quality: _draft(take, quality) for quality in better_than(take)}
    if not drafts:
        return []
    made, quoted = _made_of(take), quotes.find_all(drafts.values(), now=now)
    month = ledger.month_of(now)
    budget = ledger.month_totals(member.team, month, is_simulated=take.account.is_simulated)
    found = []
    for quality, draft in drafts.items():
        quote = quoted.get(draft)
        verdict = check(draft, budget=budget, with_options=False, quote=quote, now=now)
        if not any(one.field for one in verdict.refusals):
            found.append(Finish(take, quality, verdict, made.get(quality)))
    return found


def finish(
    take: Generation,
    quality: Quality,
    *,
    member: Member,
    agreed_usd: Decimal,
    now: datetime | None = None,
) -> Generation:
    """Queue a take once more at this quality, for no more than was agreed to; where that was done
    before and is not dead, return what was made: however often, and by whomever, it is pressed.

    Raises: NotFinishable; RequestRefused; OverBudget; PermissionDenied.
    """
    now = now or timezone.now()
    way = next((one for one in finishes(take, member, now=now) if one.quality == quality), None)
    if way is None:
        raise NotFinishable(f"#{take.pk} cannot be finished so: open it in the studio instead.")
    if way.made is not None:
        return way.made
    price = way.price
    if price is None:
        raise RequestRefused(way.verdict)
    if price.high_usd > agreed_usd:
        raise NotFinishable(
            f"Nothing was queued: this would cost up to {show_usd(price.high_usd)} now, and "
            f"{show_usd(agreed_usd)} was shown. Look at the new price and press again."
        )
    return enqueue(way.verdict.draft, member=member, now=now, form_token=_token_of(take, quality))


def ask_price(
    take: Generation, quality: Quality, *, member: Member, now: datetime | None = None
) -> None:
    """Ask the provider what finishing a take would cost. Free.

    Raises: NotFinishable; NothingToAsk, of quotes.
    """
    if quality not in better_than(take):
        raise NotFinishable(f"#{take.pk} cannot be finished so: open it in the studio instead.")
    quotes.ask(_draft(take, quality), member=member, now=now)


def finished(take: Generation) -> Generation | None:
    """Return what a take was finished as, where that is done: the newest; one query."""
    done = take.finished_as.filter(state=State.SUCCEEDED, result__isnull=False)
    return done.order_by("-pk").first()


def _draft(take: Generation, quality: Quality) -> Draft:
    """Return the take's own request at another quality."""
    return replace(
        Draft.of(take),
        wanted=quality.applied(take.wanted),
        parent=take.parent,
        finishes=take,
    )


def _made_of(take: Generation) -> dict[Quality, Generation]:
    """Return what was made of a take so and is not dead, by its quality: one query, none where it
    was prefetched.
    """
    rows = (one for one in take.finished_as.all() if one.state not in DEAD)
    return {Quality.of(one.wanted): one for one in sorted(rows, key=attrgetter("pk"))}


def _token_of(take: Generation, quality: Quality) -> str:
    """Name this finish: the same however often it is asked for, until what came of it is dead."""
    dead = take.finished_as.filter(state__in=DEAD).count()
    return f"finish {take.pk} {quality.name} {dead}"
