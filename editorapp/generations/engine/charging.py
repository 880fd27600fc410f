"""Charging: what a provider's word on a price does to the ledger, and what pages show of it.

A price is what the provider reports, where that is an amount that makes sense. Where it reports
none, the estimate's upper end is charged and marked as one; where it reports what is none, that
too, and a person sees what came.
"""

from collections.abc import Sequence
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from editorapp.alerts.models import AlertKind
from editorapp.core.money import (
    LONGEST_SAID,
    MICRO,
    NotAnAmount,
    amount_from_outside,
    show_range,
    show_usd,
)
from editorapp.core.sanitizing import clean_text
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry
from editorapp.generations import alerting
from editorapp.generations.models import Attempt, Fields, Generation
from editorapp.providers.contract import Job


def charge(
    pairs: Sequence[tuple[Attempt, Job]],
    *,
    now: datetime,
    note: str = "",
) -> dict[int, Fields]:
    """Charge what the provider reports of these attempts, or all that is held where it reports
    nothing; return what pages show of each, by attempt: the same fields for all.

    Call it inside a transaction. Raises: NothingHeld; nothing is charged then.
    """
    entries = ledger.charge([_charge_for(*pair, note=note) for pair in pairs], now=now)
    return {
        attempt.pk: _shown(attempt, job, entry, now=now)
        for (attempt, job), entry in zip(pairs, entries, strict=True)
    }


def reported(job: Job) -> Decimal | None:
    """Return what the provider says it charged, to the millionth; None where it says nothing that
    makes sense.
    """
    if job.cost_usd is None:
        return None
    try:
        return amount_from_outside(job.cost_usd).quantize(1 / MICRO, rounding=ROUND_HALF_UP)
    except NotAnAmount:
        return None


def odd_price(job: Job) -> str:
    """Return a reported price that makes no sense, as it came; "" where there is none."""
    if job.odd_cost:
        return clean_text(job.odd_cost)[:LONGEST_SAID]
    is_odd = job.cost_usd is not None and reported(job) is None
    return f"${job.cost_usd}"[:LONGEST_SAID] if is_odd else ""


def _charge_for(attempt: Attempt, job: Job, *, note: str) -> Charge:
    amount = reported(job)
    return Charge(
        attempt.pk,
        amount,
        is_estimated=amount is None,
        note=_whence(job, note),
    )


def _whence(job: Job, note: str) -> str:
    """Say where the amount of a charge comes from, as its line in the ledger keeps it."""
    if odd := odd_price(job):
        return f"{note} The reported price makes no sense ({odd}): the estimate's upper end".strip()
    return note or (
        "The provider reports no price: the estimate's upper end"
        if reported(job) is None
        else "As the provider reports it"
    )


def _shown(
    attempt: Attempt,
    job: Job,
    entry: Entry,
    *,
    now: datetime,
) -> Fields:
    """Return what pages show of a charge: all fields in all cases, so that such rows can be written
    together.

    Writes: the alert that a person should look, where the reported price makes no sense.
    """
    amount = reported(job)
    if odd := odd_price(job):
        warning = _raise_odd_price(attempt, odd, entry.amount_usd, now=now)
    else:
        warning = "" if amount is None else _other_price(attempt.generation, amount)
    # what earlier attempts cost is part of what the generation has
    spent = entry.amount_usd if amount is None else amount
    return {
        "cost_usd": spent if attempt.number == 1 else ledger.spent_usd(attempt.generation_id),
        "cost_is_estimated": amount is None,
        "warning": warning,
    }


def _raise_odd_price(attempt: Attempt, odd: str, counted_usd: Decimal, *, now: datetime) -> str:
    """Raise that a reported price makes no sense; return what its take says of it."""
    warning = (
        f"The provider reports a price that makes no sense ({odd}), so {show_usd(counted_usd)} "
        "are counted, the estimate's upper end. An admin can set what it really cost."
    )
    take = attempt.generation
    message = f"#{take.pk} at {attempt.account}: {warning} Look in the provider's console."
    alerting.open_for_take(AlertKind.PRICE, take, message, now=now)
    return warning


def _other_price(generation: Generation, charged_usd: Decimal) -> str:
    """Say that what the provider charged is not what was quoted; "" where it lies within the quote."""
    low = generation.estimate_low_usd
    high = generation.estimate_high_usd
    if low <= charged_usd <= high:
        return ""
    quoted = show_range(low, high)
    return f"The provider charged {show_usd(charged_usd)}; the quote was {quoted}."
