"""Text and JSON from outside: whatever came, what is left can be encoded, kept in any database, and
shown.
"""

import json
import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from editorapp.core.money import DEAREST_USD, NotAnAmount, amount_from_outside
from editorapp.core.sanitizing import DEEPEST, JsonNotReadable, clean, clean_text, parse_json

TEXTS = some.text(some.characters(), max_size=12)
SCALARS = some.none() | some.booleans() | some.integers() | some.floats() | TEXTS
JSON = some.recursive(
    SCALARS, lambda inner: some.lists(inner) | some.dictionaries(TEXTS, inner), max_leaves=20
)


def texts_in(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [*value, *(text for one in value.values() for text in texts_in(one))]
    if isinstance(value, list):
        return [text for one in value for text in texts_in(one)]
    return [value] if isinstance(value, str) else []


@given(JSON)
@settings(max_examples=80, deadline=None)
def test_any_json_is_clean_after_it_was_read(value: Any) -> None:
    read = parse_json(json.dumps(value).encode())

    for text in texts_in(read):
        assert text.encode() and "\0" not in text if text else True
    json.dumps(read, allow_nan=False)
    assert clean(read) == read


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r'{"error": "cut in half \ud83d"}', {"error": "cut in half \ufffd"}),
        (r'{"a\u0000b\ud800": 1}', {"ab\ufffd": 1}),
        ('{"a": "two\nlines\x00 \x07 and \x9b more"}', {"a": "two\nlines  and  more"}),
        ('{"a": 1e400, "b": NaN, "c": -Infinity}', {"a": "1e400", "b": "NaN", "c": "-Infinity"}),
        ('{"a": 123456789012345678901234567890}', {"a": "123456789012345678901234567890"}),
        ('{"a": 0.42, "b": 7, "c": "🎬 ünïcode"}', {"a": 0.42, "b": 7, "c": "🎬 ünïcode"}),
        ("\ufeff{}", {}),
    ],
)
def test_what_no_database_takes_is_replaced_and_the_rest_stays(written: str, read: Any) -> None:
    assert parse_json(written.encode()) == read


def test_a_character_cut_in_the_midst_of_its_bytes_is_replaced() -> None:
    assert parse_json('{"error": "too long 🎬'.encode()[:-2] + b'"}') == {
        "error": "too long \ufffd"
    }


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"{",
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b"1" * 10 + b" 2",
        b"\x1f\x8b\x08junk",
        b"[" + b"1," * 600_000 + b"1]",
    ],
    ids=["nothing", "html", "half", "brackets", "nested", "two values", "packed", "too many"],
)
def test_what_is_no_json_or_far_too_much_of_it_is_not_readable(content: bytes) -> None:
    with pytest.raises(JsonNotReadable):
        parse_json(content)


def test_what_lies_too_deep_is_left_out() -> None:
    deep: Any = "bottom"
    for _ in range(DEEPEST * 3):
        deep = {"in": [deep]}

    read = parse_json(json.dumps({"id": "x", "extra": deep}).encode())

    assert read["id"] == "x" and "bottom" not in json.dumps(read)


def test_a_number_of_thousands_of_digits_is_a_text_and_no_error() -> None:
    assert len(parse_json(b'{"a": %s}' % (b"9" * 10_000))["a"]) == 40


def test_a_text_is_cut_to_what_is_wanted_of_it() -> None:
    assert clean_text("x" * 50, most=10) == "x" * 9 + "…"


@pytest.mark.parametrize(
    ("said", "amount"),
    [
        (1, "1"),
        (0.42, "0.42"),
        ("0.42", "0.42"),
        (" $1.50 ", "1.50"),
        (0, "0"),
        (-0.0, "0"),
        (Decimal("1.0799999999"), "1.0799999999"),
        (DEAREST_USD, "10000"),
        (1e-9, "1E-9"),
    ],
)
def test_a_plausible_amount_is_taken_as_it_was_named(said: Any, amount: str) -> None:
    assert amount_from_outside(said) == Decimal(amount)


@pytest.mark.parametrize(
    "said",
    [
        1e13,
        10_001,
        -1,
        -0.01,
        math.inf,
        -math.inf,
        math.nan,
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("1e400"),
        10**400,
        "1e400",
        "NaN",
        "Infinity",
        "free",
        "",
        "1" * 5000,
        True,
        None,
        {},
        {"amount": 1},
        [1],
        b"1",
        2**63,
    ],
)
def test_what_is_no_plausible_amount_is_refused_without_an_accident(said: Any) -> None:
    with pytest.raises(NotAnAmount):
        amount_from_outside(said)
