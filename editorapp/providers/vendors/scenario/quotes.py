"""What Scenario says when it is asked: the price of a request, the price of a unit, and the limits
of each model.

Section 6 (a dry run prices the very body, free, and does not judge it) and 2.10 (the model's own
schema).
"""

from collections.abc import Iterator
from decimal import ROUND_UP, Decimal
from typing import Any

from editorapp.core.money import DEAREST_UNIT_USD, DEAREST_USD, show_usd
from editorapp.providers.contract import (
    GenerationRequest,
    NotFound,
    ProviderError,
    Quote,
    Rejected,
    Unavailable,
)
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, amount, items, mapping
from editorapp.providers.prices import key
from editorapp.providers.shared_calls import path_part
from editorapp.providers.spec import Model, Spec
from editorapp.providers.vendors.scenario.jobs import MICRO, NO_MODEL
from editorapp.providers.vendors.scenario.models import SPEC, encode, endpoint

UNIT_PRICE_DIGITS = Decimal("0.000001")
LISTED_NOTE = (
    f"At the dearest {SPEC.unit} pack that {SPEC.name} lists, its amount read as whole dollars, which {SPEC.name} does "
    f"not say: a plan's own units may cost less. An admin can set the price of one {SPEC.unit} in the account."
)


async def quote(
    wanted: GenerationRequest,
    *,
    seconds: Decimal | None,
    session: ProviderSession,
    spec: Spec = SPEC,
) -> Quote:
    """Ask what a request would cost: the same body as a dry run, which Scenario answers with HTTP
    269. Free.

    The length of the source is not said: Scenario measures the clip that the body names.

    Raises: ProviderError and its kinds, also where nothing says what a unit costs.
    """
    answer = await session.call(
        "POST", endpoint(wanted), params={"dryRun": "true"}, body=encode(wanted, spec)
    )
    units = amount(answer.get("creativeUnitsCost"))
    if units is None:
        raise Unavailable(f"{SPEC.name} named no price for this.", code="no_price")
    unit_price, note = await _price_of_unit(session)
    price = (units * unit_price).quantize(MICRO, rounding=ROUND_UP)
    return Quote(
        price,
        price,
        basis=f"{units.normalize():f} {SPEC.unit} at {show_usd(unit_price)}",
        note=note,
    )


async def _price_of_unit(session: ProviderSession) -> tuple[Decimal, str]:
    """Return the dollars of one unit and a word on where they are from."""
    access = session.access
    if access.unit_price_usd is not None:
        return access.unit_price_usd, LISTED_NOTE if access.is_unit_price_listed else ""
    found = await _dearest_pack(session)
    if found is None:
        raise ProviderError(
            f"{SPEC.name} counts in {SPEC.unit}, and nothing says what one costs: an admin can set the price of one "
            f"{SPEC.unit} in the account.",
            code="unit_price",
        )
    return found, LISTED_NOTE


async def _dearest_pack(session: ProviderSession) -> Decimal | None:
    """Return the most dollars that a unit costs in any pack on sale; None where none is listed.

    `unitAmount` is taken as the pack's price in whole dollars. The sources do not say whether it is
    dollars or cents, of the pack or of a unit; this reading is never below the truth where a unit
    costs cents, and the note says so.
    """
    try:
        answer = await session.call("GET", "/oscu/prices")
    except (NotFound, Rejected):
        return None
    return max(_unit_prices(answer.get("prices")), default=None)


def _unit_prices(packs: Any) -> Iterator[Decimal]:
    for pack in filter(_is_in_dollars, map(mapping, items(packs))):
        price = _unit_price(pack)
        if price:
            yield price.quantize(UNIT_PRICE_DIGITS, rounding=ROUND_UP)


def _is_in_dollars(pack: Answer) -> bool:
    return str(pack.get("currency", "")).lower() == "usd"


def _unit_price(pack: Answer) -> Decimal | None:
    units = amount(pack.get("creativeUnits"))
    dollars = amount(pack.get("unitAmount"), most=DEAREST_USD)
    return amount(dollars / units, most=DEAREST_UNIT_USD) if units and dollars else None


async def discover(*, session: ProviderSession) -> dict[str, Any]:
    """Return what Scenario itself says of each model's limits, and of the price of a unit, as JSON.

    {"unit_price_usd": "0.01" (absent where no pack is listed), "models": {"edit/ray-3.2":
    {"keyframe_keys": [...]}}}. A model that the plan does not include is left out.

    Raises: BadCredentials, Unavailable, Throttled.
    """
    models: dict[str, dict[str, Any]] = {}
    for model in SPEC.models:
        answer = await _model_answer(model, session)
        if answer is not None:
            models[key(model.task, model.name)] = _limits(model, answer)
    found: dict[str, Any] = {"models": models}
    price = await _dearest_pack(session)
    return found if price is None else found | {"unit_price_usd": str(price)}


async def _model_answer(model: Model, session: ProviderSession) -> dict[str, Any] | None:
    try:
        return await session.call("GET", f"/models/{path_part(model.model_id)}")
    except NotFound:
        return None
    except Rejected as error:
        if error.code != NO_MODEL:
            raise
        return None


def _limits(model: Model, answer: Answer) -> dict[str, Any]:
    """Return the limits that a schema states, never wider than our own (2.10)."""
    inputs = map(mapping, items(mapping(answer.get("model")).get("inputs")))
    named = {one["name"]: one for one in inputs if isinstance(one.get("name"), str)}
    video, prompt = named.get("video", {}), named.get("prompt", {})
    limits = model.limits
    found: dict[str, Any] = {
        "max_source_seconds": _least(video.get("maxDuration"), limits.max_source_seconds),
        "max_file_bytes": _least(video.get("maxSize"), limits.max_file_bytes, whole=True),
        "prompt_max": _least(prompt.get("maxLength"), limits.prompt_max, whole=True),
    }
    if limits.max_keyframes:
        found |= _keyframe_limits(named.get("keyframes", {}), limits.max_keyframes)
    return {
        name: value
        for name, value in found.items()
        if value is not None and value != getattr(limits, name)
    }


def _keyframe_limits(said: Answer, ours: int) -> dict[str, Any]:
    return {
        "max_keyframes": _least(said.get("maxLength"), ours, whole=True),
        "keyframe_keys": _entry_keys(said.get("inputs")),
    }


def _least(said: Any, ours: float | None, *, whole: bool = False) -> float | None:
    number = amount(said)
    if not number:
        return ours
    least = float(number) if ours is None else min(float(number), ours)
    return int(least) if whole else least


def _entry_keys(inputs: Any) -> list[str] | None:
    """Return what a keyframe's picture and its position are called: the one `file` and the one
    `number` (3.3).
    """
    fields = [mapping(one) for one in items(inputs)]
    keys = [_only_name(fields, kind) for kind in ("file", "number")]
    return keys if all(keys) else None


def _only_name(fields: list[Answer], kind: str) -> str:
    """Return the name of the one field of a kind; "" where there are others, or none."""
    names = [str(one["name"]) for one in fields if one.get("type") == kind and one.get("name")]
    return names[0] if len(names) == 1 else ""
