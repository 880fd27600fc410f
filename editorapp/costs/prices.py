"""Published price lists as dated data. Amounts are dollars for one generation unless a table says otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from editorapp.core.money import usd
from editorapp.providers.contract import Task

EXTEND = "extend"  # a generation that continues an earlier result; priced apart

SDR, HDR, HDR_EXR = "SDR", "HDR", "HDR + EXR"


@dataclass(frozen=True)
class PriceTable:
    """The prices of one task: amounts[range][resolution][tier]. A reframe has the one tier "1s", a source second."""

    as_of: date
    source: str
    amounts: Mapping[str, Mapping[str, Mapping[str, Decimal]]]

    def price(self, dynamic_range: str, resolution: str, tier: str) -> Decimal | None:
        """Return the published amount, or None where none is published."""
        if not isinstance(resolution, str) or not isinstance(tier, str):
            return None  # nonsense from a foreign body
        return self.amounts.get(dynamic_range, {}).get(resolution, {}).get(tier)


def _table(as_of: date, source: str, tiers: tuple[str, ...], **ranges: Mapping[str, str]) -> PriceTable:
    """Read a table written as {"720p": "1.08 2.16"}: one amount a tier, in the order of `tiers`."""
    names = {"sdr": SDR, "hdr": HDR, "hdr_exr": HDR_EXR}
    return PriceTable(
        as_of,
        source,
        {
            names[name]: {
                size: dict(zip(tiers, map(usd, line.split()), strict=False)) for size, line in rows.items()
            }
            for name, rows in ranges.items()
        },
    )  # fmt: skip


# contracts/pricing-luma-agents.json; section 6 of contracts/luma-agents.md. Pre-release rates that may change: read
# from restatements of Luma's own table that agree with each other. HDR edits at 360p and 540p are listed too, but
# cannot be ordered (rule E14), so they are left out.
LUMA_AGENTS: Mapping[str, PriceTable] = {
    Task.GENERATE: _table(
        date(2026, 10, 8), "integration 2026-10-08, skill 2026-07-10, runware, comfyui", ("5s", "10s"),
        sdr={"360p": "0.06 0.18", "540p": "0.15 0.45", "720p": "0.30 0.90", "1080p": "1.20 3.60"},
        hdr={"720p": "0.60", "1080p": "2.40"},
        hdr_exr={"720p": "0.90", "1080p": "3.60"},
    ),
    Task.EDIT: _table(
        date(2026, 10, 8), "integration 2026-10-08, skill 2026-07-10, fal, runware, comfyui", ("5s", "10s"),
        sdr={"360p": "0.54 1.08", "540p": "0.72 1.44", "720p": "1.08 2.16", "1080p": "2.16 4.32"},
        hdr={"720p": "2.16 4.32", "1080p": "4.32 8.64"},
        hdr_exr={"720p": "3.24 6.48", "1080p": "6.48 12.96"},
    ),
    Task.REFRAME: _table(
        date(2026, 7, 10), "skill 2026-07-10, fal, runware, comfyui", ("1s",),
        sdr={"360p": "0.03", "540p": "0.06", "720p": "0.12", "1080p": "0.36"},
    ),
    EXTEND: _table(
        date(2026, 10, 8), "integration 2026-10-08, skill 2026-07-10, runware", ("5s",),
        sdr={"540p": "0.15", "720p": "0.30", "1080p": "1.20"},
    ),
}  # fmt: skip

PRICES: Mapping[str, Mapping[str, PriceTable]] = {"luma-agents": LUMA_AGENTS}
