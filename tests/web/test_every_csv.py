"""Every CSV, found from the URL table: as a spreadsheet needs it, and written in one place."""

import csv
import io
import re
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from editorapp.core import spreadsheet
from editorapp.generations.models import Generation
from editorapp.teams import audit
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved
from tests.web.test_every_door import doors

NAME = "Zoë Müller-Ångström"


@pytest.fixture
def admin(db) -> Member:
    return make_member(role=Role.ADMIN, name=NAME)


def csvs(member: Member, take: Generation) -> dict[str, bytes]:
    """Return every address that answers with a table, with all that it sends."""
    client, found = Client(), {}
    client.force_login(member.user)
    for address, name in doors():
        if name == "exports:of_take":
            address = f"/exports/{take.pk}/costs.csv"
        is_form = name == "exports:of_chosen"
        answer = client.post(address, {"takes": take.pk}) if is_form else client.get(address)
        kind = answer.headers.get("Content-Type", "")
        if address.endswith(".csv") or kind.startswith("text/csv"):
            assert kind == "text/csv; charset=utf-8", address
            assert re.fullmatch(
                r'attachment; filename="[\w-]+\.csv"', answer["Content-Disposition"]
            ), address
            found[address] = answer.getvalue()
    return found


def test_every_csv_says_that_it_is_utf8_so_that_a_spreadsheet_shows_the_accents(admin):
    take = make_reserved(admin)
    audit.record("take.canceled", "take:1", by=admin)

    found = csvs(admin, take)

    assert {"/costs/lines.csv", "/exports/costs.csv", f"/exports/{take.pk}/costs.csv"} <= set(found)
    for address, content in found.items():
        assert content.startswith(b"\xef\xbb\xbf") and content.count(b"\xef\xbb\xbf") == 1, address
        header, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig")))
        assert all(re.fullmatch(r"[a-z_]+", name) for name in header), address
        assert all(len(row) == len(header) for row in rows) and any(NAME in row for row in rows), (
            address
        )


def test_csv_is_written_in_one_place():
    code = Path(settings.BASE_DIR) / "editorapp"
    writers = {
        path.relative_to(code).as_posix()
        for path in code.rglob("*.py")
        if re.search(r"^import csv|^from csv import|text/csv", path.read_text(), re.M)
    }

    assert writers == {"core/spreadsheet.py"}


def written(*cells: spreadsheet.Cell) -> str:
    return (
        spreadsheet.download([cells], name="x.csv")
        .getvalue()
        .decode("utf-8-sig")
        .removesuffix("\r\n")
    )


@pytest.mark.parametrize("begins", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_text_is_never_a_formula(begins):
    [cell] = next(csv.reader(io.StringIO(written(f"{begins}1+1"), newline="")))

    assert cell == f"'{begins}1+1"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (Decimal("-1.080000"), "-1.080000"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.000001"), "-0.000001"),
        (-7, "-7"),
    ],
)
def test_a_number_below_zero_stays_a_number(number, text):
    assert written(number) == text
