"""Prices of GMI Cloud: what it publishes, dated, and what it says when it is asked. Section 6 of
docs/providers/gmi-cloud.md.

Its page of edit prices is readable, for each started block of 5 s, and those of generate and
reframe are not, so the live lookup is all there is: GMI's live price of the model, times what it
counts in. It names one price for a model that is sold at several sizes, and not for which: the
range says so.
"""

import math
import re
from datetime import date
from decimal import Decimal
from typing import Any

from editorapp.core.money import NotAnAmount, amount_from_outside, show_usd
from editorapp.providers.contract import GenerationRequest, ProviderError, Quote, Task
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, mapping
from editorapp.providers.prices import (
    SDR,
    Counted,
    Prices,
    PriceTable,
    key,
    range_of,
    size_of,
    table,
    table_for,
)
from editorapp.providers.shared_calls import path_part
from editorapp.providers.shared_models import RAY
from editorapp.providers.spec import Spec
from editorapp.providers.vendors.gmi_cloud.models import SPEC
from editorapp.providers.vendors.luma_agents import prices as luma

PRICES: Prices = {
    key(Task.EDIT, RAY): table(
        Counted.BLOCKS,
        ("5s",),
        as_of=date(2026, 6, 17),
        source="GMI's page of luma-ray-3-2-edit, 2026-06-17",
        sdr={"540p": "0.72", "720p": "1.08", "1080p": "2.16"},
        hdr={"720p": "2.16", "1080p": "4.32"},
        hdr_exr={"720p": "3.78", "1080p": "7.56"},
    ),
}


BLOCK_SECONDS = 5
CHEAPEST = "540p"
# What a live price is for, told by any of these words in its unit, or else in its type.
_BLOCK = re.compile(r"\bblocks?\b|\b5 ?(s|sec|secs|second|seconds)\b")
_SECOND = re.compile(r"\b(s|sec|secs|second|seconds)\b")
_REQUEST = re.compile(r"\b(requests?|generations?|videos?|calls?|jobs?|runs?)\b")


async def quote(
    wanted: GenerationRequest,
    *,
    seconds: Decimal | None,
    session: ProviderSession,
    spec: Spec = SPEC,
) -> Quote:
    """Ask for the live price of a model and say what this request would cost. Free.

    Raises: ProviderError, where it cannot be told; NotFound, Unavailable, Throttled,
    BadCredentials.
    """
    model = await session.call("GET", f"/models/{path_part(spec.model_for(wanted).model_id)}")
    return quote_of(wanted, model.get("price_info"), seconds=seconds)


def quote_of(wanted: GenerationRequest, price_info: Any, *, seconds: Decimal | None) -> Quote:
    """Return the price of a request from the live `price_info{price, pricing_type, unit}`.

    The low end takes the price as it is, the high end as that of the cheapest quality, raised for
    the size, HDR and EXR.

    Raises: ProviderError, where the price or what it is for cannot be told.
    """
    info = mapping(price_info)
    price = _price(info.get("price"))
    count, word = _quantity(wanted, info, seconds)
    low = price * count
    high = low * _dearer(wanted)
    note = "GMI names one price for the model, and not at which quality."
    if high != low:
        note += " The upper end is that price raised as edits, or Luma's own list, are for this size, HDR and EXR."
    return Quote(
        low_usd=low, high_usd=high, basis=f"{count} × {show_usd(price)} for each {word}", note=note
    )


def _price(said: Any) -> Decimal:
    try:
        price = amount_from_outside(said)
    except NotAnAmount as error:
        raise ProviderError(
            "GMI Cloud names no price for this model that makes sense.", code="no_price"
        ) from error
    if not price:
        raise ProviderError("GMI Cloud names no price for this model.", code="no_price")
    return price


def _quantity(
    wanted: GenerationRequest,
    info: Answer,
    seconds: Decimal | None,
) -> tuple[int, str]:
    """Return how many of the units a request takes, each started one whole, and what one is called."""
    said = [_plain_words(info.get(name)) for name in ("unit", "pricing_type")]
    for text in said:
        if _BLOCK.search(text):
            return math.ceil(_length(wanted, seconds) / BLOCK_SECONDS), f"started {BLOCK_SECONDS} s"
        if _SECOND.search(text):
            return math.ceil(_length(wanted, seconds)), "started second"
        if _REQUEST.search(text):
            return 1, "request"
    words = " / ".join(filter(None, said)) or "nothing"
    raise ProviderError(
        f'GMI Cloud names a price, but not clearly for what: "{words[:80]}".', code="price_unit"
    )


def _plain_words(said: Any) -> str:
    return " ".join(re.split(r"[\s_/-]+", str(said or "").lower()))


def _length(wanted: GenerationRequest, seconds: Decimal | None) -> Decimal:
    """Return the seconds that are billed: an extension makes one block, whatever duration is said
    (6.2).
    """
    if wanted.task == Task.GENERATE:
        is_double = wanted.duration == "10s" and not wanted.is_extension
        return Decimal(10 if is_double else BLOCK_SECONDS)
    if seconds is None or seconds <= 0:
        says = "The price depends on the clip's length, which is not known."
        raise ProviderError(says, code="no_length")
    return seconds


def _dearer(wanted: GenerationRequest) -> Decimal:
    """Return how many times this quality costs the cheapest: as GMI's edits do or, if more, as
    Luma's own prices do.

    Luma's generations climb more steeply with the size than edits, and GMI passes them on.
    """
    edits = _times(PRICES[key(Task.EDIT, RAY)], wanted)
    if edits is None:
        says = "GMI Cloud does not sell this combination of size, HDR and EXR."
        raise ProviderError(says, code="not_sold")
    upstream = table_for(luma.PRICES, wanted)
    return max(edits, (_times(upstream, wanted) if upstream else None) or edits)


def _times(table: PriceTable, wanted: GenerationRequest) -> Decimal | None:
    asked = table.tiers(range_of(wanted), size_of(wanted))
    cheapest = table.tiers(SDR, CHEAPEST)
    return asked[0][1] / cheapest[0][1] if asked and cheapest else None
