"""Estimate: what a request would cost, before anything is sent. Money is Decimal and exact."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

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
    try:
        module = registry.get(provider)
    except registry.UnknownProvider:
        return None
    table = table_for(
        getattr(module, "PRICES", {}), wanted
    )  # one that prices all by asking publishes none
    if table is None:
        return None
    if table.counted is Counted.DURATION:
        return _by_duration(table, wanted)
    seconds = source_facts.duration_seconds if source_facts is not None else None
    longest = module.SPEC.model_for(wanted).limits.max_source_seconds
    count = _by_length if table.counted is Counted.LENGTH else _by_blocks
    return count(table, wanted, seconds, None if longest is None else Decimal(str(longest)))


def _by_duration(table: PriceTable, wanted: GenerationRequest) -> Estimate | None:
    """Price a generation by its duration; an extension always makes and bills one block of 5 s."""
    tier = (
        EXTENSION_TIER if kind_of(wanted) == EXTEND or wanted.duration is None else wanted.duration
    )
    price = table.price(range_of(wanted), size_of(wanted), tier)
    if price is None:
        return None
    return Estimate(price, price, f"{tier.removesuffix('s')} s × {_what(wanted)}", table.as_of)


def _by_length(
    table: PriceTable,
    wanted: GenerationRequest,
    seconds: Decimal | None,
    longest: Decimal | None,
) -> Estimate | None:
    """Price a clip by the published rate that covers its length; beyond the last one, by a range
    that is said so.
    """
    tiers = table.tiers(range_of(wanted), size_of(wanted))
    what = _what(wanted)
    if not tiers:
        return None
    block, rate = tiers[0]
    if seconds is None:
        return _unknown(rate, block, longest, what, table.as_of)
    for length, price in tiers:
        if seconds <= length:
            return Estimate(price, price, f"1 block of {length} s × {what}", table.as_of)
    return _beyond(tiers, _ceil(seconds / block), what, table.as_of)


def _beyond(
    tiers: list[tuple[Decimal, Decimal]],
    blocks: int,
    what: str,
    as_of: date,
) -> Estimate:
    (block, rate), (most, dearest) = tiers[0], tiers[-1]
    basis = f"1 block of {most} s to {blocks} blocks of {block} s × {what}"
    note = f"The price for clips over {most} s is not published; the higher amount is held."
    high = max(dearest, rate * blocks)
    return Estimate(dearest, high, basis, as_of, is_range=high != dearest, note=note)


def _by_blocks(
    table: PriceTable,
    wanted: GenerationRequest,
    seconds: Decimal | None,
    longest: Decimal | None,
) -> Estimate | None:
    """Price each started block of a clip."""
    tiers = table.tiers(range_of(wanted), size_of(wanted))
    if not tiers:
        return None
    ((block, rate),) = tiers
    what = _what(wanted) + (f" at {show_usd(rate)} a second" if block == 1 else "")
    if seconds is None:
        return _unknown(rate, block, longest, what, table.as_of)
    started = max(1, _ceil(seconds / block))
    count = f"{started} s" if block == 1 else f"{_blocks(started)} of {block} s"
    return Estimate(rate * started, rate * started, f"{count} × {what}", table.as_of)


def _unknown(
    rate: Decimal,
    block: Decimal,
    longest: Decimal | None,
    what: str,
    as_of: date,
) -> Estimate | None:
    """Span every length that is taken; None where nobody says how long that is, since nothing
    bounds the price.
    """
    if longest is None:
        return None
    most = _ceil(longest / block)
    basis = f"1 to {most} s × {what}" if block == 1 else f"1 to {most} blocks of {block} s × {what}"
    return Estimate(rate, rate * most, basis, as_of, is_range=True, note=UNKNOWN_LENGTH)


def _what(wanted: GenerationRequest) -> str:
    kind = kind_of(wanted)
    return f"{size_of(wanted)} {range_of(wanted)} {NOUNS.get(kind, kind)}"


def _blocks(count: int) -> str:
    return "1 block" if count == 1 else f"{count} blocks"


def _ceil(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))
