"""What a request would cost, before anything is sent. Money is Decimal and exact."""

from dataclasses import dataclass
from datetime import date
from decimal import ROUND_CEILING, Decimal

from editorapp.core.money import show_usd
from editorapp.costs.prices import EXTEND, HDR, HDR_EXR, PRICES, SDR, PriceTable
from editorapp.media.facts import MediaFacts
from editorapp.providers import registry
from editorapp.providers.conditions import is_extend
from editorapp.providers.contract import GenerationRequest, Task

BLOCK_SECONDS = Decimal(5)
DEFAULT_RESOLUTION = "720p"  # what every provider makes when nothing is said


@dataclass(frozen=True)
class Estimate:
    """An upper and a lower bound in dollars, and how they were reached. The upper one is what is reserved."""

    low_usd: Decimal
    high_usd: Decimal
    basis: str
    as_of: date
    is_range: bool = False
    note: str = ""

    @property
    def price_list(self) -> str:
        return f"price list of {self.as_of.day} {self.as_of:%b %Y}"

    def __str__(self) -> str:
        amount = show_usd(self.high_usd)
        return f"{show_usd(self.low_usd)} to {amount}" if self.is_range else amount


def estimate(wanted: GenerationRequest, source_facts: MediaFacts | None, *, provider: str) -> Estimate | None:
    """Return what the provider's published prices say; None where no price is published for such a request.

    `source_facts` is None where nothing is known of the source: then the range spans every length that is taken.
    Source: contracts/luma-agents.md, section 6.
    """
    task = EXTEND if wanted.task == Task.GENERATE and is_extend(wanted) else str(wanted.task)
    table = PRICES.get(provider, {}).get(task)
    if table is None:
        return None
    seconds = source_facts.duration_seconds if source_facts is not None else None
    longest = registry.get(provider).SPEC.model_for(wanted).limits.max_source_seconds
    if task == Task.EDIT:
        return _edit(table, wanted, seconds, longest)
    if task == Task.REFRAME:
        return _reframe(table, wanted, seconds, longest)
    return _generation(table, wanted, task)


def _edit(
    table: PriceTable, wanted: GenerationRequest, seconds: Decimal | None, longest: float | None
) -> Estimate | None:
    dynamic_range, size = _range(wanted), _size(wanted)
    five, ten = table.price(dynamic_range, size, "5s"), table.price(dynamic_range, size, "10s")
    if five is None or ten is None:
        return None
    what = f"{size} {dynamic_range} edit"
    if seconds is None:
        blocks = _ceil(Decimal(str(longest or 18)) / BLOCK_SECONDS)
        basis = f"1 to {blocks} blocks of 5 s × {what}"
        note = "The clip's length is not known, so this spans every length that is taken; the higher amount is held."
        return Estimate(five, five * blocks, basis, table.as_of, is_range=True, note=note)
    if seconds <= BLOCK_SECONDS:
        return Estimate(five, five, f"1 block of 5 s × {what}", table.as_of)
    if seconds <= 2 * BLOCK_SECONDS:
        return Estimate(ten, ten, f"1 block of 10 s × {what}", table.as_of)
    blocks = _ceil(seconds / BLOCK_SECONDS)
    basis = f"1 block of 10 s to {blocks} blocks of 5 s × {what}"
    note = "The price for clips over 10 s is not published; the higher amount is held."
    return Estimate(ten, max(ten, five * blocks), basis, table.as_of, is_range=True, note=note)


def _reframe(
    table: PriceTable, wanted: GenerationRequest, seconds: Decimal | None, longest: float | None
) -> Estimate | None:
    size = _size(wanted)
    rate = table.price(_range(wanted), size, "1s")
    if rate is None:
        return None
    what = f"{size} SDR reframe at {show_usd(rate)} a second"
    if seconds is None:
        most = _ceil(Decimal(str(longest or 30)))
        note = "The clip's length is not known, so this spans every length that is taken; the higher amount is held."
        return Estimate(rate, rate * most, f"1 to {most} s × {what}", table.as_of, is_range=True, note=note)
    started = max(1, _ceil(seconds))
    return Estimate(rate * started, rate * started, f"{started} s × {what}", table.as_of)


def _generation(table: PriceTable, wanted: GenerationRequest, task: str) -> Estimate | None:
    """Price a generation by its duration; an extension always makes and bills one block of 5 s."""
    tier = "5s" if task == EXTEND or wanted.duration is None else wanted.duration
    dynamic_range, size = _range(wanted), _size(wanted)
    price = table.price(dynamic_range, size, tier)
    if price is None:
        return None
    word = "extension" if task == EXTEND else "generation"
    return Estimate(price, price, f"{tier.removesuffix('s')} s × {size} {dynamic_range} {word}", table.as_of)


def _size(wanted: GenerationRequest) -> str:
    return DEFAULT_RESOLUTION if wanted.resolution is None else wanted.resolution


def _range(wanted: GenerationRequest) -> str:
    if wanted.exr is True:
        return HDR_EXR
    return HDR if wanted.hdr is True else SDR


def _ceil(value: Decimal) -> int:
    return int(value.to_integral_value(rounding=ROUND_CEILING))
