"""Sanitizing: text and JSON from outside, made safe to read, to keep in any database and to show.

Half a character (a lone surrogate) can be encoded by nobody, PostgreSQL keeps no NUL, no database
an infinite number. So all that others wrote passes through here before anything reads it, keys too.
"""

import json
import math
import re
from typing import Any

DEEPEST = 32  # brackets within brackets; what lies deeper is left out
MOST_VALUES = 500_000
MOST_DIGITS = 18  # of a whole number: what every database holds
LONGEST_NUMBER = 40  # characters that are kept of a number which is none that can be reckoned with

_SURROGATES = re.compile("[\ud800-\udfff]")
_BLANKS = re.compile("[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")
# Those too that turn around how what follows is shown, down to the end of a page.
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u202a-\u202e\u2066-\u2069]")


class Altered(str):
    """A text that is not as it came: a character was replaced or left out, or it was written as a
    number.

    Good enough to show; as an id it would be another one.
    """

    __slots__ = ()


class JsonNotReadable(ValueError):
    """What came is no JSON, or more of it than anybody can mean."""


def clean_text(text: str, *, most: int | None = None) -> str:
    """Return a text that every database takes: half characters replaced, control characters left
    out; cut to `most`.

    Line breaks and tabs stay; what breaks lines otherwise becomes a blank.
    """
    if most is not None and len(text) > most:
        text = text[: most - 1] + "…"
    if text.isprintable():
        return text
    return _CONTROLS.sub("", _BLANKS.sub(" ", _SURROGATES.sub("\ufffd", text)))


def parse_json(content: bytes) -> Any:
    """Return the JSON in these bytes, clean: see `clean`.

    Bytes that are no text are replaced, not refused.

    A number that is infinite, none at all or longer than any database holds comes as the text that
    it was written in.
    Raises: JsonNotReadable.
    """
    try:
        text = content.decode(json.detect_encoding(content), "replace")
        return clean(_DECODER.decode(text.removeprefix("\ufeff")))
    except RecursionError as error:
        raise JsonNotReadable("It is nested too deeply.") from error
    except JsonNotReadable:
        raise
    except ValueError as error:
        raise JsonNotReadable("It is no JSON.") from error


def clean(value: Any) -> Any:
    """Return a JSON value with every text and key clean, finite numbers, and nothing deeper than
    DEEPEST.

    Raises: JsonNotReadable, when it holds more than MOST_VALUES values.
    """
    return _Cleaning().of(value, 0)


class _Cleaning:
    def __init__(self) -> None:
        self._left = MOST_VALUES

    def of(self, value: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0:
            raise JsonNotReadable("It holds too many values.")
        if isinstance(value, str):
            return value if value.isprintable() else _cleaned(value)
        if isinstance(value, dict):
            if depth >= DEEPEST:
                return {}
            return {clean_text(str(key)): self.of(one, depth + 1) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self.of(one, depth + 1) for one in value] if depth < DEEPEST else []
        if isinstance(value, float) and not math.isfinite(value):
            return Altered(value)
        return value


def _cleaned(text: str) -> str:
    cleaned = clean_text(text)
    return text if cleaned == text else Altered(cleaned)


def _float(text: str) -> float | str:
    value = float(text)
    return value if math.isfinite(value) else Altered(text[:LONGEST_NUMBER])


def _int(text: str) -> int | str:
    return int(text) if len(text) <= MOST_DIGITS else Altered(text[:LONGEST_NUMBER])


# Not strict: a line break within a text is bad manners, and no reason to lose what was paid for.
_DECODER = json.JSONDecoder(
    strict=False,
    parse_float=_float,
    parse_int=_int,
    parse_constant=Altered,
)
