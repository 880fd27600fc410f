"""Quotes: the price of a draft, asked of a provider that publishes none: once for all drafts of
the same settings, and free.

A row says how far that is; the queue's task fetches the quote. The source is staged for it, as the
provider reads it there.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import ROUND_CEILING
from functools import partial
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.signals import post_save
from django.dispatch import receiver
from django.utils import timezone

from editorapp.core import retry, task_queue
from editorapp.core.money import MICRO, NotAnAmount, amount_from_outside
from editorapp.costs.estimate import Estimate
from editorapp.costs.models import PriceQuote
from editorapp.generations.coordination import leases, wake
from editorapp.generations.files import staging
from editorapp.generations.models import Fields
from editorapp.generations.provider_calls import answer
from editorapp.generations.request import references
from editorapp.generations.request.draft import Draft
from editorapp.providers.contract import (
    GenerationRequest,
    ProviderError,
    Quote,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.rules import table
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

log = logging.getLogger(__name__)
T = TypeVar("T")

Renew = Callable[[], object]
State = PriceQuote.State
KEPT = timedelta(days=1)
# The lease is short and renewed: a worker that lives on, and could not give it back while the
# database was away, must not keep all others from a question that nobody answers any more.
LEASE_SECONDS = 45.0
RENEW_SECONDS = 10.0
LONGEST_ASKED_SECONDS = 15.0  # who asks for a longer pause is not asked again by the same task
UNPRICED = ("prompt", "user_id")  # what moves no price
PRICED_FACTS = ("duration_seconds", "width", "height", "fps", "frame_count")
MOMENT_SECONDS = 2.0
MOST = 500
NO_ANSWER = "No answer came within two minutes. Is the queue running?"

# Account and key -> until when nobody is taken to have asked. Whoever asks in this process is seen
# at once.
_no_quotes: dict[tuple[int, str], float] = {}


class NothingToAsk(Exception):
    """The price is published, the account cannot be used, or a text cannot be kept."""


def find(
    draft: Draft,
    *,
    now: datetime | None = None,
    however_old: bool = False,
) -> PriceQuote | None:
    """Return a draft's quote of the last hour: known, being asked for, or failed.

    One query. The object shows how things stand: "failed", with the reason in `note`, where no
    answer came in time.
    """
    return find_all([draft], now=now, however_old=however_old).get(draft)


def find_all(
    drafts: Iterable[Draft],
    *,
    now: datetime | None = None,
    however_old: bool = False,
) -> dict[Draft, PriceQuote]:
    """Return the quotes of several drafts: one query, and none where no price is asked for.

    That nothing was asked is remembered for a moment, so that typing does not look each time: see
    `_no_quotes`.
    """
    names = {draft: (draft.account.pk, key_of(draft)) for draft in drafts if draft.is_quoted}
    if not however_old:
        moment = time.monotonic()
        names = {draft: name for draft, name in names.items() if _no_quotes.get(name, 0.0) < moment}
    if not names:
        return {}
    now = now or timezone.now()
    rows = _rows(set(names.values()), now)
    found = {draft: rows[name] for draft, name in names.items() if name in rows}
    return {draft: row for draft, row in found.items() if however_old or not row.is_old(now)}


def _rows(names: set[tuple[int, str]], now: datetime) -> dict[tuple[int, str], PriceQuote]:
    """Return the quotes by account and key, as they stand, and remember which are not there."""
    accounts, keys = zip(*names, strict=True)
    found = {}
    for row in PriceQuote.objects.filter(account_id__in=accounts, key__in=keys):
        if row.is_stuck(now):
            row.state = State.FAILED
            row.note = NO_ANSWER
        found[row.account_id, row.key] = row
    if len(_no_quotes) >= MOST:
        _no_quotes.clear()
    _no_quotes.update(dict.fromkeys(names - found.keys(), time.monotonic() + MOMENT_SECONDS))
    return found


def ask(draft: Draft, *, member: Member, now: datetime | None = None) -> PriceQuote:
    """Ask for the price of a draft, unless it is known or being asked for already.

    Free; spends nothing.

    Raises: NothingToAsk; PermissionDenied, when the member may not create, or a file that would be
    staged is not the team's.
    """
    _guard(draft, member)
    now = now or timezone.now()
    fresh = {
        "request": draft.wanted.to_json(),
        "source": draft.source_asset,
        "state": State.ASKING,
        "low_usd": None,
        "high_usd": None,
        "basis": "",
        "note": "",
        "asked_at": now,
        "answered_at": None,
    }
    with transaction.atomic():
        row, is_new = PriceQuote.objects.get_or_create(
            account=draft.account,
            key=key_of(draft),
            defaults=fresh,
        )
        if not is_new:
            if not (row.is_old(now) or row.is_stuck(now) or row.state == State.FAILED):
                return row
            # Of two that ask again in one moment, one does.
            if not PriceQuote.objects.filter(pk=row.pk, asked_at=row.asked_at).update(**fresh):
                return PriceQuote.objects.get(pk=row.pk)
            row.refresh_from_db()
        task_queue.send(
            "editorapp.generations.tasks.ask_price",
            row.pk,
            timeout=wake.SECONDS["ask_price"],
        )
    return row


def fetch(pk: int, *, clock: leases.Clock = timezone.now) -> None:
    """Stage what the draft names, ask the provider, and write down its answer or its refusal.

    Delivered twice, it asks twice at most, which is free; whoever is second changes nothing.
    """
    rows = PriceQuote.objects.select_related("account", "source")
    row = rows.filter(pk=pk, state=State.ASKING).first()
    if row is None:
        return
    lease = wake.lease_of("ask_price", pk)
    with leases.held(lease, clock=clock, seconds=LEASE_SECONDS) as renew:
        if renew is None:
            return
        try:
            _fetch(row, clock, partial(renew, LEASE_SECONDS))
        finally:
            leases.end(lease, f"wake:{lease}")


def unanswered(now: datetime) -> list[int]:
    """Return which prices are being asked for so long that their task may be lost with a killed
    worker.
    """
    since = now - timedelta(seconds=wake.LOST_AFTER_SECONDS)
    rows = PriceQuote.objects.filter(state=State.ASKING, asked_at__lt=since).order_by("pk")
    return [row.pk for row in rows[:MOST] if not row.is_stuck(now)]


def _fetch(
    row: PriceQuote,
    clock: leases.Clock,
    renew: Renew,
) -> None:
    try:
        values = _values(_quoted(row, clock, renew))
    except ProviderError as error:
        says = error.message
        if (seconds := error.retry_after_seconds) is not None:
            says += f" It asks to be left alone for {seconds:.0f} s: ask again after that."
        values = _failed(says)
    except Exception as error:  # an adapter's bug, a file that is gone: said where a person sees it
        log.exception("The price of %s could not be asked", row)
        values = _failed(f"It could not be asked ({type(error).__name__}).")
    now = clock()
    rows = PriceQuote.objects.filter(
        pk=row.pk,
        state=State.ASKING,
        asked_at=row.asked_at,
    )
    rows.update(**values, answered_at=now)
    PriceQuote.objects.filter(asked_at__lt=now - KEPT).delete()


def _failed(note: str) -> Fields:
    return {"state": State.FAILED, "note": note}


def estimate_of(row: PriceQuote | None) -> Estimate | None:
    """Return a known price as an estimate; None where there is none."""
    if row is None or row.state != State.KNOWN or row.low_usd is None or row.high_usd is None:
        return None
    at = row.answered_at or row.asked_at
    return Estimate(
        row.low_usd,
        row.high_usd,
        f"{row.basis}, asked of {row.account.spec.name} at {at:%H:%M} UTC",
        at.date(),
        is_range=row.low_usd != row.high_usd,
        note=row.note,
        is_asked=True,
    )


def key_of(draft: Draft) -> str:
    """Name all drafts that must cost the same: by task, model and settings, what is known of the
    source, and what a unit of the provider costs. A picture counts as one, whichever it is; a take
    that is continued does not.
    """
    wanted = draft.wanted
    said = {name: value for name, value in wanted.to_json().items() if name not in UNPRICED}
    said |= Counter(name.partition(".")[0] for name, _ref in wanted.refs())
    said["extends"] = wanted.is_extension
    parts = [said, _source_key(draft), draft.account.unit_price()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def _source_key(draft: Draft) -> Any:
    """Return what of the source may move the price; of one of which nothing is known, itself."""
    if draft.wanted.source is None:  # a take that is continued is none: its length moves no price
        return None
    if draft.facts is None:
        return draft.wanted.source.to_json()
    return [getattr(draft.facts, name) for name in PRICED_FACTS]


@receiver(post_save, sender=PriceQuote, dispatch_uid="nothing asked")
def _forget(**_signal: object) -> None:
    _no_quotes.clear()


def _guard(draft: Draft, member: Member) -> None:
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    source = {draft.source_asset.pk} if draft.source_asset else set()
    references.types_of(staging.asset_ids(draft.wanted) | source, member)
    if draft.account.problem:
        raise NothingToAsk(draft.account.problem)
    for one in table.check(draft.spec, draft.wanted, None):
        if one.rule_id == table.NOT_TYPED:  # it is kept with the question
            raise NothingToAsk(one.message)
    if not draft.is_quoted:
        raise NothingToAsk(f"{draft.spec.name} does not have to be asked for this price.")


def _quoted(row: PriceQuote, clock: leases.Clock, renew: Renew) -> Quote:
    """Stage what is not there yet, and ask; what travels inside the request is only prepared."""
    account = row.account
    spec = account.spec
    wanted = GenerationRequest.from_json(row.request)
    carrier = leases.Carrier(partial(_patiently, renew=renew), clock)
    staging.stage_missing(wanted, account, carrier)
    lying = staging.lying(account.pk, staging.staged_ids(wanted, spec), now=clock())
    wanted = staging.resolved(wanted, spec, lying)
    seconds = row.source.duration_seconds if row.source else None
    ask = partial(answer, account.access(), "quote", wanted, seconds=seconds, spec=spec)
    quote: Quote = _patiently(ask, renew)
    return quote


def _patiently(call: leases.Work[T], renew: Renew) -> T:
    """Make a free call; where a later try may succeed, make it again after the pause that the
    provider asks for.

    A person waits for it: no pause is longer than its policy's longest, and one that the provider
    asks for and that is too long for a task to wait ends it. Somebody can ask again later.
    """
    policy = retry.policy("price.unavailable")
    failures = 0
    while True:
        try:
            return leases.run_and_renew(call, renew, every_seconds=RENEW_SECONDS)
        except (Throttled, Unavailable) as error:
            failures += 1
            asked = error.retry_after_seconds or 0.0
            if policy.is_over(failures, 0.0) or asked > LONGEST_ASKED_SECONDS:
                raise
            pause = policy.pause_seconds(failures, least=min(asked, policy.longest_seconds))
        asyncio.run(asyncio.sleep(pause))


def _values(quote: Quote) -> Fields:
    try:
        # Rounded up to what the ledger can hold.
        low, high = (
            (amount_from_outside(one) * MICRO).to_integral_value(rounding=ROUND_CEILING) / MICRO
            for one in (quote.low_usd, quote.high_usd)
        )
        if low > high:
            raise NotAnAmount(f"{low} to {high}")
    except NotAnAmount as error:
        raise Rejected("The price that it named makes no sense.", code="quote") from error
    return {
        "state": State.KNOWN,
        "low_usd": low,
        "high_usd": high,
        "basis": quote.basis[:200],
        "note": quote.note,
    }
