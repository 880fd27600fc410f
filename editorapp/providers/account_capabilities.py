"""What a provider says of its own limits, merged into its rows.

Foreign: read with care, only ever stricter.
"""

import json
import math
import re
from collections.abc import Mapping
from dataclasses import fields, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from editorapp.core.money import DEAREST_UNIT_USD, NotAnAmount, amount_from_outside, usd
from editorapp.providers.http.typed_readers import mapping
from editorapp.providers.prices import key
from editorapp.providers.rules.conditions import is_number
from editorapp.providers.spec import Limits, Model, Spec

# Figures of which the smaller holds. The others (the grid, how long links live) are no limits and
# are not read.
AT_MOST = (
    "max_source_seconds",
    "max_inline_bytes",
    "max_file_bytes",
    "max_image_bytes",
    "prompt_max",
    "max_keyframes",
    "user_id_max",
)
# of which what both name holds
LISTS = (
    "resolutions",
    "hdr_resolutions",
    "aspect_ratios",
    "durations",
)
SECONDS = "max_source_seconds"  # the one figure that need not be whole
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,39}")
KNOWN = frozenset(row.name for row in fields(Limits))
assert {*AT_MOST, *LISTS, "keyframe_keys"} <= KNOWN  # a renamed limit must not be lost in silence


def merged(spec: Spec, told: Any) -> Spec:
    """Return the provider's SPEC with what an account was told; the identical object for the same content.

    Shapes: {"models": {"edit/ray-3.2": {"max_source_seconds": 12, ...}}}. What is not of this
    shape, is no limit of ours, or would allow more than our rows do, is left out.
    """
    models = mapping(mapping(told).get("models"))
    if not models:
        return spec
    return _merged(spec, json.dumps(models, sort_keys=True))


@lru_cache(maxsize=256)
def _merged(spec: Spec, models: str) -> Spec:
    rows = _rows(spec, json.loads(models))
    return spec if rows == spec.models else replace(spec, models=rows)


def _rows(spec: Spec, said: Mapping[str, Any]) -> tuple[Model, ...]:
    return tuple(_stricter(model, said.get(key(model.task, model.name))) for model in spec.models)


def unit_price_usd(told: Any) -> Decimal | None:
    """Return what one of the provider's units costs by its own word, in dollars; None where it says
    none.
    """
    said = mapping(told).get("unit_price_usd")
    if not isinstance(said, str):
        return None
    try:
        price = usd(amount_from_outside(said, most=DEAREST_UNIT_USD))
    except NotAnAmount:
        return None
    return price if 0 < price < DEAREST_UNIT_USD else None


def _stricter(model: Model, said: Any) -> Model:
    if not isinstance(said, Mapping):
        return model
    changes = {
        name: value
        for name in said
        if (value := _better(model.limits, name, said[name])) is not None
    }
    limits = replace(model.limits, **changes)
    return model if limits == model.limits else replace(model, limits=limits)


def _better(limits: Limits, name: str, said: Any) -> Any:
    """Return the value of a limit that what was said leads to; None where it leads to none."""
    if name in AT_MOST:
        return _smaller(name, getattr(limits, name), said)
    if name in LISTS and isinstance(said, list):
        return tuple(one for one in getattr(limits, name) if one in said) or None
    if name == "keyframe_keys" and limits.keyframe_keys is None:
        return _two_words(said)
    return None


def _smaller(name: str, ours: float | None, said: Any) -> float | None:
    if not is_number(said) or not math.isfinite(said):
        return None
    limit = float(said) if name == SECONDS else int(said)
    return limit if limit > 0 and (ours is None or limit < ours) else None


def _two_words(said: Any) -> tuple[str, str] | None:
    if not isinstance(said, list | tuple) or len(said) != 2:
        return None
    one, other = said
    return (one, other) if one != other and _is_word(one) and _is_word(other) else None


def _is_word(said: Any) -> bool:
    return isinstance(said, str) and WORD.fullmatch(said) is not None
