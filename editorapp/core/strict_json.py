"""Strict JSON: a body that somebody sends us, read or refused as a whole.

What providers answer is mended instead: see sanitizing.py.
"""

import json
import math
import re
from typing import Any

# brackets within brackets: several times what any request of ours or of a provider's has
DEEPEST = 64
MOST_DIGITS = 18  # of a whole number: what every database holds
_HALVES = re.compile("[\ud800-\udfff]")


class NotJson(ValueError):
    """The bytes are no JSON that can be kept. The message is a sentence."""


def parse(content: bytes | bytearray) -> Any:
    """Return the JSON in these bytes of UTF-8: no deeper than DEEPEST, all its numbers finite, all
    its text whole.

    Raises: NotJson.
    """
    try:
        value = _DECODER.decode(content.decode("utf-8"))
    except RecursionError as error:
        raise NotJson("The JSON is nested too deeply.") from error
    except NotJson:
        raise
    except ValueError as error:
        raise NotJson("This is no JSON in UTF-8.") from error
    _check(value)
    return value


def _check(value: Any) -> None:
    """Look at every value without calling itself: whoever reads it later may, and must not run out
    of stack.
    """
    pending: list[tuple[Any, int]] = [(value, 1)]
    while pending:
        one, depth = pending.pop()
        if isinstance(one, str):
            if not one.isprintable() and _HALVES.search(one):
                raise NotJson("The JSON holds half a character.")
        elif isinstance(one, dict | list):
            if depth > DEEPEST:
                raise NotJson("The JSON is nested too deeply.")
            parts = [*one, *one.values()] if isinstance(one, dict) else one
            pending += [(part, depth + 1) for part in parts]


def _float(text: str) -> float:
    if not math.isfinite(value := float(text)):
        raise NotJson("The JSON holds a number that is not finite.")
    return value


def _int(text: str) -> int:
    if len(text.lstrip("-")) > MOST_DIGITS:
        raise NotJson("The JSON holds a number that is too long.")
    return int(text)


def _constant(text: str) -> float:
    raise NotJson(f"The JSON holds {text}, which is no number.")


_DECODER = json.JSONDecoder(parse_float=_float, parse_int=_int, parse_constant=_constant)
