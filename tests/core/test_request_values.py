"""The typed readers of what requests bring, and the one rule for text that people type."""

import ast
import json
from decimal import Decimal

import pytest
from django import forms
from django.test import RequestFactory

from editorapp.core import notes, strict_json
from editorapp.core.money import (
    DEAREST_USD,
    LARGEST_LIMIT_USD,
    MOST_USD,
    NotAnAmount,
    UsdField,
    usd,
    usd_typed,
)
from editorapp.core.request_values import (
    MOST_ID,
    BadValue,
    as_decimal,
    as_whole,
    json_object,
    json_whole,
    needed_whole,
    row_id,
    text,
    whole,
)
from editorapp.core.typed_text import without, wrong_in
from editorapp.web.accounts import forms as accounts_forms
from editorapp.web.people import forms as people_forms
from editorapp.web.sign_in import forms as sign_in_forms
from tests.environment import ROOT

NO_NUMBERS = (
    "x",
    "-1",
    "+1",
    "1.0",
    "1e3",
    "0x1F",
    "1_000",
    " 5",
    "\n50",
    "\u0661",
    "\u00b2",
    "9" * 20,
    "9" * 5_000,
    "NaN",
    "\0",
    str(MOST_ID + 1),
)


@pytest.mark.parametrize("said", NO_NUMBERS)
def test_what_is_no_whole_number_in_plain_digits_is_refused_by_name(said: str) -> None:
    assert as_whole(said) is None
    for read in (row_id, whole, needed_whole):
        with pytest.raises(BadValue, match="person"):
            read({"person": said}, "person")


def test_a_number_is_read_within_its_bounds_and_nothing_is_nothing() -> None:
    assert (whole({"a": "007"}, "a"), row_id({"a": str(MOST_ID)}, "a")) == (7, MOST_ID)
    assert (row_id({"a": ""}, "a"), whole({}, "a")) == (None, None)
    for wrong in ("0", str(MOST_ID + 1)):
        with pytest.raises(BadValue, match=f"from 1 to {MOST_ID}"):
            whole({"a": wrong}, "a", low=1)
    with pytest.raises(BadValue, match="must be said"):
        needed_whole({}, "a")


@pytest.mark.parametrize(
    "said", ["", "x", "NaN", "Infinity", "1e400", "1_0", "\u0661", ".", "-", "1,5", "9" * 30]
)
def test_what_is_no_finite_decimal_is_none(said: str) -> None:
    assert as_decimal(said) is None


def test_a_decimal_is_read_as_people_and_scripts_write_it() -> None:
    assert [as_decimal(said) for said in ("0.5", ".5", "-2", "1.", "1e-05")] == [
        Decimal(said) for said in ("0.5", "0.5", "-2", "1", "0.00001")
    ]


CONTROLS = [
    chr(code)
    for code in (*range(32), *range(0x7F, 0xA0), 0xD800, 0xDFFF)
    if chr(code) not in "\t\n\r"
]


@pytest.mark.parametrize("control", CONTROLS, ids=lambda one: f"U+{ord(one):04X}")
def test_no_control_character_is_typed_text(control: str) -> None:
    typed = f"Rain{control}y"

    assert f"U+{ord(control):04X}, character 5" in wrong_in(typed)
    assert wrong_in(without(typed)) == ""
    with pytest.raises(BadValue, match="^q: "):
        text({"q": typed}, "q")
    with pytest.raises(notes.NoteNeeded):
        notes.required(typed, why="Say why.")


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "Regen\n\tüber der Straße\r\n",
        "مطر على الطريق",
        "👩‍👩‍👧‍👦 at dusk",
        "\u202bעברית\u202c",
        "a\u2028b",
        "\ufeffx",
    ],
)
def test_every_script_and_sign_is_typed_text(typed: str) -> None:
    assert wrong_in(typed) == ""
    assert wrong_in(typed, most=40) == ""


def test_a_slides_line_break_becomes_a_line_break() -> None:
    assert without("one\x0btwo\0") == "one\ntwo"


def test_a_text_that_is_too_long_says_by_how_much() -> None:
    with pytest.raises(BadValue, match="It has 101 characters, 100 fit"):
        text({"q": "x" * 101}, "q", most=100)


def test_every_field_that_people_type_into_keeps_the_rule_but_for_passwords() -> None:
    kinds = [
        kind
        for module in (people_forms, sign_in_forms, accounts_forms)
        for kind in vars(module).values()
    ]
    fields = {
        (kind.__name__, name): field
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, forms.BaseForm)
        for name, field in kind.base_fields.items()
        if isinstance(field, forms.CharField) and not isinstance(field.widget, forms.PasswordInput)
    }

    assert ("TeamForm", "name") in fields and ("AccountForm", "name") in fields
    for key, field in fields.items():
        with pytest.raises(forms.ValidationError):
            field.clean("a\x1b@b.example")
            pytest.fail(f"{key} takes it")


# JSON

NO_JSON = (
    b"",
    b"{",
    b"[" * 100_000,
    b"[" * 100 + b"]" * 100,
    b'{"a": Infinity}',
    b'{"a": NaN}',
    b'{"a": 1e400}',
    b"\xff\xfe{}",
    b'{"a": ' + b"9" * 19 + b"}",
    b'"\\ud800"',
    b'{"\\udc00": 1}',
    '{"a": "x"}'.encode("utf-16"),
    b'{"a": "\xff"}',
)


@pytest.mark.parametrize("body", NO_JSON, ids=lambda body: repr(body[:20]))
def test_json_that_cannot_be_kept_is_refused_whole(body: bytes) -> None:
    with pytest.raises(strict_json.NotJson):
        strict_json.parse(body)
    with pytest.raises(BadValue):
        json_object(posted(body))


def test_json_that_can_be_kept_is_read() -> None:
    value = {"a": [1, -2.5, None, True, "Straße 🎬\n"], "b": {"c": 10**18 - 1}}

    assert strict_json.parse(json.dumps(value).encode()) == value
    assert json_object(posted(json.dumps(value).encode())) == value


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"5", b'{"a": "' + b"x" * 70_000 + b'"}'])
def test_a_body_is_an_object_of_no_more_than_64_kb(body: bytes) -> None:
    with pytest.raises(BadValue):
        json_object(posted(body))


@pytest.mark.parametrize("size", [True, 1.0, "5", None, -1, [1]])
def test_a_number_in_json_is_a_number(size: object) -> None:
    with pytest.raises(BadValue, match="^size: "):
        json_whole({"size": size}, "size")


def posted(body: bytes):
    return RequestFactory().post("/", body, content_type="application/json")


# Money


@pytest.mark.parametrize(
    "said",
    [
        "1e13",
        "1E+1000000",
        "-1e13",
        "9" * 5_000,
        "NaN",
        "Infinity",
        "x",
        "0.0000001",
        f"1.{0:040}1",
    ],
)
def test_what_no_column_holds_is_no_amount(said: str) -> None:
    with pytest.raises(NotAnAmount) as refused:
        usd(said)
    assert len(str(refused.value)) < 120
    with pytest.raises(NotAnAmount):
        UsdField().get_prep_value(said)


def test_the_largest_amount_fits_a_column_and_what_people_name_adds_up_in_one() -> None:
    assert UsdField().get_prep_value(MOST_USD) == 2**63 - 1
    with pytest.raises(NotAnAmount):
        usd(MOST_USD + Decimal("0.000001"))
    assert 1_000_000 * max(DEAREST_USD, LARGEST_LIMIT_USD) < MOST_USD


@pytest.mark.parametrize(
    "typed",
    ["", "-1", "1e13", "10000.01", "1,08", "\u0661", "1_0", "0x1", "NaN", "1.0000001", "\0", "$"],
)
def test_what_nobody_is_charged_for_one_take_is_no_cost(typed: str) -> None:
    with pytest.raises(NotAnAmount, match=r"like 1\.08"):
        usd_typed(typed)


def test_a_cost_is_read_as_people_write_it() -> None:
    assert [usd_typed(said) for said in (" $1.08 ", "0", "10000", "0.000001")] == [
        Decimal("1.08"),
        Decimal(0),
        DEAREST_USD,
        Decimal("0.000001"),
    ]


# The kind


def test_nothing_else_in_the_pages_and_the_simulator_turns_text_into_numbers_or_json() -> None:
    found = []
    for room in ("web", "simulator"):
        for file in sorted((ROOT / "editorapp" / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and _is_own_reader(ast.unparse(node)):
                    found.append(
                        f"{file.relative_to(ROOT)}:{node.lineno}: {ast.unparse(node)[:60]}"
                    )

    assert found == []


def _is_own_reader(call: str) -> bool:
    is_digits = call.endswith((".isdecimal()", ".isdigit()", ".isnumeric()"))
    is_number = call.startswith(
        ("int(request.", "float(request.", "Decimal(request.", "usd(request.")
    )
    return is_digits or is_number or call.startswith(("json.loads(request", "json.loads(await"))
