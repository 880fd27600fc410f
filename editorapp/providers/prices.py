"""Published prices as dated data: how a provider counts, and its amounts in dollars."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from editorapp.core.money import usd
from editorapp.providers.contract import GenerationRequest, Task

EXTEND = "extend"  # a generation that continues an earlier result; priced apart
EXTENSION_TIER = "5s"  # it makes and bills one block, whatever duration is said

SDR, HDR, HDR_EXR = "SDR", "HDR", "HDR + EXR"
DEFAULT_RESOLUTION = "720p"  # what every provider makes when nothing is said
_NAMES = {"sdr": SDR, "hdr": HDR, "hdr_exr": HDR_EXR}


class Counted(StrEnum):
    """What the amounts of a table are for."""

    DURATION = "a generation, by the duration that is asked for"
    LENGTH = "a generation, by the source's length"  # rates for clips up to 5 s, up to 10 s, ...
    BLOCKS = "each started block of the source"  # of `block_seconds`


@dataclass(frozen=True)
class PriceTable:
    """The prices of one model: amounts[dynamic range][resolution][tier].

    The tiers are lengths ("5s", "10s"); a table of blocks has one, its block ("1s").
    """

    as_of: date
    source: str
    counted: Counted
    amounts: Mapping[str, Mapping[str, Mapping[str, Decimal]]]

    def price(self, dynamic_range: str, resolution: str, tier: str) -> Decimal | None:
        """Return the published amount, or None where none is published."""
        if not isinstance(tier, str):
            return None  # nonsense from a foreign body
        return self._by_tier(dynamic_range, resolution).get(tier)

    def tiers(self, dynamic_range: str, resolution: str) -> list[tuple[Decimal, Decimal]]:
        """Return what is published for a range and size as (seconds, dollars), shortest first."""
        amounts = self._by_tier(dynamic_range, resolution).items()
        return sorted((Decimal(tier.removesuffix("s")), amount) for tier, amount in amounts)

    def _by_tier(self, dynamic_range: str, resolution: str) -> Mapping[str, Decimal]:
        if not isinstance(resolution, str):
            return {}  # nonsense from a foreign body
        return self.amounts.get(dynamic_range, {}).get(resolution, {})

    @cached_property
    def tier_names(self) -> tuple[str, ...]:
        """Every tier that any line has, in the order in which they are written."""
        return tuple(dict.fromkeys(tier for _range, _size, tier, _usd in self.rows()))

    def rows(self) -> Iterator[tuple[str, str, str, Decimal]]:
        """Yield every amount as (dynamic range, resolution, tier, dollars), in the order in which
        it is written.
        """
        for dynamic_range, sizes in self.amounts.items():
            for size, tiers in sizes.items():
                for tier, amount in tiers.items():
                    yield dynamic_range, size, tier, amount


Prices = Mapping[str, PriceTable]  # by `key`


def table(
    counted: Counted,
    tiers: tuple[str, ...],
    *,
    as_of: date,
    source: str,
    **ranges: Mapping[str, str],
) -> PriceTable:
    """Read a table written as sdr={"720p": "1.08 2.16"}: one amount a tier, in the order of
    `tiers`.
    """
    amounts = {
        _NAMES[name]: {
            size: dict(zip(tiers, map(usd, line.split()), strict=False))
            for size, line in rows.items()
        }
        for name, rows in ranges.items()
    }
    return PriceTable(as_of, source, counted, amounts)


def key(task: str, model: str) -> str:
    """Name a table by what it prices: our task (or EXTEND) and our model's name, "edit/ray-3.2"."""
    return f"{task}/{model}"


def kind_of(wanted: GenerationRequest) -> str:
    """Return the task as prices count it: an extension is none of the generations."""
    return EXTEND if wanted.task == Task.GENERATE and wanted.is_extension else str(wanted.task)


def table_for(prices: Prices, wanted: GenerationRequest) -> PriceTable | None:
    """Return the table that prices a request; None where no price is published for its task and
    model.
    """
    return prices.get(key(kind_of(wanted), str(wanted.model)))


def tables_of(prices: Prices, task: str, model: str) -> dict[str, PriceTable]:
    """Return the tables of one model by what they price: its task, and for generations EXTEND, too."""
    kinds = (task, EXTEND) if task == Task.GENERATE else (task,)
    return {kind: prices[name] for kind in kinds if (name := key(kind, model)) in prices}


def range_of(wanted: GenerationRequest) -> str:
    if wanted.exr is True:
        return HDR_EXR
    return HDR if wanted.hdr is True else SDR


def size_of(wanted: GenerationRequest) -> Any:
    return DEFAULT_RESOLUTION if wanted.resolution is None else wanted.resolution
