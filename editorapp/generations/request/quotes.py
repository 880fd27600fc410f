"""Ask a provider without a price list what a draft would cost: once for all drafts of the same
settings, and free.

A row says how far that is; the queue's task fills it in. The source is staged for it, as the
provider reads it there.
"""

import asyncio
import hashlib
import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from functools import partial
from itertools import count
from typing import Any, TypeVar

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone

from editorapp.core import retry, task_queue
from editorapp.core.money import MICRO, NotAnAmount, amount_from_outside
from editorapp.costs.estimate import Estimate
from editorapp.costs.models import PriceQuote
from editorapp.generations.coordination import lease_holder, leases, wake
from editorapp.generations.files import staging
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import (
    GenerationRequest,
    ProviderError,
    Quote,
    Rejected,
    Throttled,
    Unavailable,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.models import ProviderAccount
from editorapp.providers.rules import table
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

log = logging.getLogger(__name__)
T = TypeVar("T")

State = PriceQuote.State
KEPT = timedelta(days=1)
TASK_SECONDS = 600  # a long source is uploaded for it
# The lease is short and renewed: a worker that lives on, and could not give it back while the
# database was away, must not keep all others from a question that nobody answers any more.
LEASE_SECONDS, RENEW_SECONDS = 45.0, 10.0
LONGEST_ASKED_SECONDS = 15.0  # who asks for a longer pause is not asked again by the same task
UNPRICED = ("prompt", "user_id")  # what moves no price
MOMENT_SECONDS, MOST = 2.0, 500
NO_ANSWER = "No answer came within two minutes. Is the queue running?"

# Account and key -> until when nobody is taken to have asked. Whoever asks in this process is seen
# at once.
_nothing_asked: dict[tuple[int, str], float] = {}


class NothingToAsk(Exception):
    """The model's prices are published, the account cannot be used, or a text cannot be kept."""


def is_asked(account: ProviderAccount, wanted: GenerationRequest) -> bool:
    """Must the price of this request be asked for?"""
    return account.spec.model_for(wanted).is_priced_by_asking


def known(
    account: ProviderAccount,
    wanted: GenerationRequest,
    source: Asset | None,
    *,
    now: datetime | None = None,
    however_old: bool = False,
) -> PriceQuote | None:
    """Return what was asked for this draft within the last hour: known, being asked for, or failed.

    One query. The object shows how things stand: "failed", with the reason in `note`, where no
    answer came in time.
    """
    return known_of([(account, wanted)], source, now=now, however_old=however_old).get(account.pk)


def known_of(
    asked: Sequence[tuple[ProviderAccount, GenerationRequest]],
    source: Asset | None,
    *,
    now: datetime | None = None,
    however_old: bool = False,
) -> dict[int, PriceQuote]:
    """Return the same for a draft at several accounts, by account: one query, and none where
    nothing is asked for.

    That nothing was asked is remembered for a moment, so that typing does not look each time: see
    `_nothing_asked`.
    """
    keys = {
        account.pk: key_of(account, wanted, source)
        for account, wanted in asked
        if is_asked(account, wanted)
    }
    moment = time.monotonic()
    if not however_old:
        keys = {pk: key for pk, key in keys.items() if _nothing_asked.get((pk, key), 0.0) < moment}
    if not keys:
        return {}
    now = now or timezone.now()
    rows = {
        row.account_id: _as_it_stands(row, now)
        for row in PriceQuote.objects.filter(account_id__in=keys, key__in=keys.values())
        if keys[row.account_id] == row.key
    }
    if len(_nothing_asked) >= MOST:
        _nothing_asked.clear()
    _nothing_asked.update(
        {(pk, key): moment + MOMENT_SECONDS for pk, key in keys.items() if pk not in rows}
    )
    return {pk: row for pk, row in rows.items() if however_old or not row.is_old(now)}


def ask(
    account: ProviderAccount,
    wanted: GenerationRequest,
    source: Asset | None,
    *,
    member: Member,
    now: datetime | None = None,
) -> PriceQuote:
    """Ask for the price of a draft, unless it is known or being asked for already.

    Free; spends nothing.

    Raises: NothingToAsk; PermissionDenied, when the member may not create, or a file that would be
    staged is not the team's.
    """
    _guard(account, wanted, source, member)
    now = now or timezone.now()
    fresh = {
        "request": wanted.to_json(),
        "source": source,
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
            account=account, key=key_of(account, wanted, source), defaults=fresh
        )
        if not is_new:
            if not (row.is_old(now) or row.is_stuck(now) or row.state == State.FAILED):
                return row
            # Of two that ask again in one moment, one does.
            if not PriceQuote.objects.filter(pk=row.pk, asked_at=row.asked_at).update(**fresh):
                return PriceQuote.objects.get(pk=row.pk)
            row.refresh_from_db()
        task_queue.send("editorapp.generations.tasks.ask_price", row.pk, timeout=TASK_SECONDS)
    return row


def answer(asked_id: int, *, clock: Callable[[], datetime] = timezone.now) -> None:
    """Stage what the draft names, ask the provider, and write down its answer or its refusal.

    Delivered twice, it asks twice at most, which is free; whoever is second changes nothing.
    """
    row = (
        PriceQuote.objects.select_related("account", "source")
        .filter(pk=asked_id, state=State.ASKING)
        .first()
    )
    lease, holder = wake.asking_lease(asked_id), lease_holder.holder()

    def renew() -> bool:
        return leases.take(lease, holder, now=clock(), seconds=LEASE_SECONDS)

    if row is None or not renew():
        return
    try:
        _answer(row, clock, renew)
    finally:
        leases.end(lease, f"wake:{lease}")


def unanswered(now: datetime) -> list[int]:
    """Return which prices are being asked for so long that their task may be lost with a killed
    worker.
    """
    since = now - timedelta(seconds=wake.LOST_AFTER_SECONDS)
    rows = PriceQuote.objects.filter(state=State.ASKING, asked_at__lt=since).order_by("pk")
    return [row.pk for row in rows[:MOST] if not row.is_stuck(now)]


def _answer(row: PriceQuote, clock: Callable[[], datetime], renew: Callable[[], object]) -> None:
    try:
        told = _told(_quoted(row, clock, renew))
    except ProviderError as error:
        told = {"state": State.FAILED, "note": error.message + _asks_for_a_pause(error)}
    except (
        Exception
    ) as error:  # an adapter's bug, a file that is gone: said on the row, where a person sees it
        log.exception("The price of %s could not be asked", row)
        told = {"state": State.FAILED, "note": f"It could not be asked ({type(error).__name__})."}
    now = clock()
    rows = PriceQuote.objects.filter(pk=row.pk, state=State.ASKING, asked_at=row.asked_at)
    rows.update(**told, answered_at=now)
    PriceQuote.objects.filter(asked_at__lt=now - KEPT).delete()


def _asks_for_a_pause(error: ProviderError) -> str:
    seconds = error.retry_after_seconds
    return (
        ""
        if seconds is None
        else f" It asks to be left alone for {seconds:.0f} s: ask again after that."
    )


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


def key_of(account: ProviderAccount, wanted: GenerationRequest, source: Asset | None) -> str:
    """Name all drafts that must cost the same: by task, model and settings, what is known of the
    source, and what a unit of the provider costs. A picture counts as one, whichever it is; a take
    that is continued does not.
    """
    said: dict[str, Any] = {
        name: value for name, value in wanted.to_json().items() if name not in UNPRICED
    }
    said |= Counter(name.partition(".")[0] for name, _ref in wanted.refs()) | {
        "extends": wanted.is_extension
    }
    of_source: Any = None  # a take that is continued is no source: its length moves no price
    if wanted.source is not None:
        facts = source.facts() if source is not None else None
        known = facts and [
            facts.duration_seconds,
            facts.width,
            facts.height,
            facts.fps,
            facts.frame_count,
        ]
        of_source = known or wanted.source.to_json()  # of which nothing is known: itself
    unit = account.unit_price()
    return hashlib.sha256(
        json.dumps([said, of_source, unit], sort_keys=True, default=str).encode()
    ).hexdigest()


def _forget(**_signal: object) -> None:
    _nothing_asked.clear()


post_save.connect(_forget, sender=PriceQuote, dispatch_uid="nothing asked")


def _as_it_stands(row: PriceQuote, now: datetime) -> PriceQuote:
    if row.is_stuck(now):
        row.state, row.note = State.FAILED, NO_ANSWER
    return row


def _guard(
    account: ProviderAccount, wanted: GenerationRequest, source: Asset | None, member: Member
) -> None:
    if not member.may(Act.CREATE):
        raise PermissionDenied("This role may not create generations.")
    named = staging.asset_ids(wanted) | ({source.pk} if source is not None else set())
    if Asset.objects.filter(pk__in=named, team_id=member.team_id).count() != len(named):
        raise PermissionDenied("A clip or a picture belongs to another team, or is not there.")
    if account.problem:
        raise NothingToAsk(account.problem)
    for one in table.check(account.spec, wanted, None):
        if one.rule_id == table.NOT_TYPED:  # it is kept with the question
            raise NothingToAsk(one.message)
    if not is_asked(account, wanted):
        raise NothingToAsk(f"{account.spec.name} does not have to be asked for this price.")


def _quoted(row: PriceQuote, clock: Callable[[], datetime], renew: Callable[[], object]) -> Quote:
    account, spec = row.account, row.account.spec
    wanted = GenerationRequest.from_json(row.request)
    ids = staging.staged_ids(wanted, spec)
    missing = ids - staging.lying(account.pk, ids, now=clock()).keys()
    for asset in Asset.objects.filter(pk__in=missing | staging.unprepared(wanted, spec)):
        staging.note_outgoing(asset, _patiently(partial(staging.outgoing_of, asset), renew))
        if asset.pk not in missing:
            continue  # it travels inside the request
        ref = _patiently(partial(staging.stage, asset, account), renew)
        staging.keep(account.pk, asset, ref, now=clock())
    wanted = staging.resolved(wanted, spec, staging.lying(account.pk, ids, now=clock()))
    seconds = row.source.duration_seconds if row.source is not None else None
    return _patiently(partial(_asked, account, wanted, seconds), renew)


async def _asked(
    account: ProviderAccount, wanted: GenerationRequest, seconds: Decimal | None
) -> Quote:
    async with ProviderSession(account.access()) as wire:
        quote: Quote = await registry.get(account.provider).quote(
            wanted, seconds=seconds, session=wire, spec=account.spec
        )
        return quote


def _patiently(call: Callable[[], Coroutine[Any, Any, T]], renew: Callable[[], object]) -> T:
    """Make a free call; where a later try may succeed, make it again after the pause that the
    provider asks for.

    A person waits for it: no pause is longer than its policy's longest, and one that the provider
    asks for and that is too long for a task to wait ends it. Somebody can ask again later.
    """
    row = retry.policy("price.unavailable")
    for failures in count(1):
        try:
            return leases.run_and_renew(call(), renew, every_seconds=RENEW_SECONDS)
        except (Throttled, Unavailable) as error:
            asked = error.retry_after_seconds or 0.0
            if row.is_over(failures, 0.0) or asked > LONGEST_ASKED_SECONDS:
                raise
            pause = row.pause_seconds(failures, least=min(asked, row.longest_seconds))
        asyncio.run(asyncio.sleep(pause))
    raise AssertionError("A loop without an end has ended.")


def _told(quote: Quote) -> dict[str, Any]:
    try:
        low, high = (_micro(amount_from_outside(one)) for one in (quote.low_usd, quote.high_usd))
    except NotAnAmount as error:
        raise Rejected("The price that it named makes no sense.", code="quote") from error
    if low > high:
        raise Rejected("The price that it named makes no sense.", code="quote")
    return {
        "state": State.KNOWN,
        "low_usd": low,
        "high_usd": high,
        "basis": quote.basis[:200],
        "note": quote.note,
    }


def _micro(amount: Decimal) -> Decimal:
    """Round up to what the ledger can hold."""
    return (amount * MICRO).to_integral_value(rounding=ROUND_CEILING) / MICRO
