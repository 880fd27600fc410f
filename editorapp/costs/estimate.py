"""Estimate: what a request would cost, before anything is sent. Money is Decimal and exact."""

import math
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from editorapp.core.money import show_usd
from editorapp.media.facts import MediaFacts
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.prices import (
    EXTEND,
    EXTENSION_TIER,
    Counted,
    PriceTable,
    kind_of,
    range_of,
    size_of,
    table_for,
)

UNKNOWN_LENGTH = "The clip's length is not known, so this spans every length that is taken; the higher amount is held."
Tiers = list[tuple[Decimal, Decimal]]  # seconds and dollars, shortest first
NOUNS = {EXTEND: "extension", "generate": "generation"}


@dataclass(frozen=True)
class Estimate:
    """An upper and a lower bound in dollars, and how they were reached.

    The upper one is what is reserved.

    `as_of` is the date of the price list; for a price that was asked for, the day on which it was
    told.
    """

    low_usd: Decimal
    high_usd: Decimal
    basis: str
    as_of: date
    is_range: bool = False
    note: str = ""
    is_asked: bool = False  # told by the provider for this very request, out of no price list

    @property
    def price_list(self) -> str:
        """Say where the price is from: "price list of 8 Oct 2026", "asked on 21 Nov 2026"."""
        return f"{'asked on' if self.is_asked else 'price list of'} {self.as_of.day} {self.as_of:%b %Y}"

    def __str__(self) -> str:
        amount = show_usd(self.high_usd)
        return f"{show_usd(self.low_usd)} to {amount}" if self.is_range else amount


def estimate(
    wanted: GenerationRequest,
    source_facts: MediaFacts | None,
    *,
    provider: str,
) -> Estimate | None:
    """Return what the provider's published prices say; None where no price is published for such a
    request.

    `source_facts` is None where nothing is known of the source: then the range spans every length
    that is taken.
    Source: docs/providers/luma-agents.md, section 6; docs/providers/gmi-cloud.md, section 6.
    """
    table = _table_of(wanted, provider)
    if table is None:
        return None
    if table.counted is Counted.DURATION:
        return _by_duration(table, wanted)
    seconds = source_facts.duration_seconds if source_facts is not None else None
    longest = registry.get(provider).SPEC.model_for(wanted).limits.max_source_seconds
    return _by_source(table, wanted, seconds, longest)


def cheaper_lengths(
    wanted: GenerationRequest,
    seconds: Decimal,
    *,
    provider: str,
) -> list[Decimal]:
    """Return the lengths, in seconds, at which a source is cheaper than one of `seconds`: where the
    published price steps, longest first.

    None where no price is published, or where it does not depend on the source.
    """
    table = _table_of(wanted, provider)
    if table is None or table.counted is Counted.DURATION:
        return []
    lengths = [length for length, _usd in table.tiers(range_of(wanted), size_of(wanted))]
    if not lengths:
        return []
    block, last = lengths[0], lengths[-1]
    # Beyond the longest that is published, each block that is begun counts.
    beyond = range(int(last // block) + 1, math.ceil(seconds / block))
    steps = [*lengths, *(block * count for count in beyond)]
    return sorted((step for step in steps if step < seconds), reverse=True)


def _table_of(wanted: GenerationRequest, provider: str) -> PriceTable | None:
    """Return the published prices of such a request; one that prices all by asking publishes none."""
    try:
        module = registry.get(provider)
    except registry.UnknownProvider:
        return None
    return table_for(getattr(module, "PRICES", {}), wanted)


def _by_duration(table: PriceTable, wanted: GenerationRequest) -> Estimate | None:
    """Price a generation by its duration; an extension always makes and bills one block of 5 s."""
    tier = (
        EXTENSION_TIER if kind_of(wanted) == EXTEND or wanted.duration is None else wanted.duration
    )
    price = table.price(range_of(wanted), size_of(wanted), tier)
    if price is None:
        return None
    return Estimate(price, price, f"{tier.removesuffix('s')} s × {_what(wanted)}", table.as_of)


def _by_source(
    table: PriceTable,
    wanted: GenerationRequest,
    seconds: Decimal | None,
    longest: float | None,
) -> Estimate | None:
    """Price a clip by its length; where that is not known, span every length that is taken."""
    tiers = table.tiers(range_of(wanted), size_of(wanted))
    if not tiers:
        return None
    block, rate = tiers[0]
    what = _what(wanted) + (f" at {show_usd(rate)} a second" if block == 1 else "")
    if seconds is not None:
        count = _by_length if table.counted is Counted.LENGTH else _by_blocks
        return count(tiers, seconds, what, table.as_of)
    if longest is None:  # nothing bounds the price
        return None
    most = math.ceil(Decimal(str(longest)) / block)
    basis = f"1 to {_blocks(most, block)} × {what}"
    return Estimate(rate, rate * most, basis, table.as_of, is_range=True, note=UNKNOWN_LENGTH)


def _by_length(tiers: Tiers, seconds: Decimal, what: str, as_of: date) -> Estimate:
    """Price a clip by the published rate that covers its length; beyond the last one, by a range
    that is said so.
    """
    for length, price in tiers:
        if seconds <= length:
            return Estimate(price, price, f"{_blocks(1, length)} × {what}", as_of)
    (block, rate), (most, dearest) = tiers[0], tiers[-1]
    blocks = math.ceil(seconds / block)
    basis = f"{_blocks(1, most)} to {_blocks(blocks, block)} × {what}"
    note = f"The price for clips over {most} s is not published; the higher amount is held."
    high = max(dearest, rate * blocks)
    return Estimate(dearest, high, basis, as_of, is_range=high != dearest, note=note)


def _by_blocks(tiers: Tiers, seconds: Decimal, what: str, as_of: date) -> Estimate:
    """Price each started block of a clip."""
    ((block, rate),) = tiers
    started = max(1, math.ceil(seconds / block))
    price = rate * started
    return Estimate(price, price, f"{_blocks(started, block)} × {what}", as_of)


def _what(wanted: GenerationRequest) -> str:
    kind = kind_of(wanted)
    return f"{size_of(wanted)} {range_of(wanted)} {NOUNS.get(kind, kind)}"


def _blocks(count: int, seconds: Decimal) -> str:
    if seconds == 1:
        return f"{count} s"
    return f"{count} block{'' if count == 1 else 's'} of {seconds} s"
