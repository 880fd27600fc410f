# ruff: noqa: F811 (fixtures of another module)
"""Hostile values for every parameter of every page: an answer, never a 5xx, and nothing left over.

Doors and parameters are found by themselves: see hostile_doors.py. More than 3,000 requests, all in
one person's name who may do everything. The worst go to the server that people run, too:
tests/journeys/test_journeys.py.
"""

import logging
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings as configured

from tests.factories import signed_in
from tests.web.hostile_doors import VALUES, Asked, Form, Knocking
from tests.web.test_another_team import Owned, addresses, media_root, owned  # noqa: F401

# Thousands of requests in one test: a minute alone, more beside the other processes of a whole run.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(900)]

HTMX = {"HX-Request": "true"}
PATHS = (
    "%00",
    "a%00b",
    "%0a",
    "%ff%fe",
    "%d9%a1",
    "..%2f..%2fetc",
    "9" * 5_000,
    "9" * 400,
    "9" * 19,
    "x" * 3_000,
)
HEADERS = {
    "Range": (
        "bytes=0-" + "9" * 5_000,
        "bytes=\u00b2-",
        "bytes=-" + "9" * 30,
        "bytes=9-1",
        "bytes=" + "0-1," * 900,
    ),
    "If-None-Match": ("*" * 4_000, '"' + "9" * 4_000, "\u00ff", ", , W/"),
    "If-Range": ("\u00ff", "9" * 5_000),
    "Accept": ("text/html;q=nan", "application/json;q=1e400", "*/*;" * 500, "\u00ff/\u00ff"),
    "HX-Current-URL": ("http://[", "\u00ff", "x" * 4_000),
    "HX-Target": ("\u00ff'\"><", "9" * 5_000),
    "X-Forwarded-For": ("\u00ff", "9" * 5_000 + ", [", "1" * 46),
    "X-Request-ID": ("\u00ff", "9" * 5_000, "a b"),
    "Content-Length": ("", "-1", "1e400", "\u00b2", "9" * 5_000, "9" * 18),
    "Upload-Offset": ("", "-1", "1e400", "\u00b2", "9" * 5_000, "9" * 18, "NaN"),
    "Content-Range": ("bytes " + "9" * 5_000, "\u00ff"),
    "Content-Type": ("multipart/form-data", "multipart/form-data; boundary=" + "x" * 300, "\u00ff"),
    "Cookie": ("rushes_theme=%00; \u00ff", "=" * 4_000, 'a="' + "9" * 4_000),
    "Purpose": ("\u00ff",),
    "Authorization": ("Bearer \u00ff",),
}
SAID = [(name, value) for name, values in HEADERS.items() for value in values]
CHARSETS = (
    "utf-16",
    "utf-7",
    "utf-32",
    "cp037",
    "idna",
    "base64",
    "rot13",
    "none-such",
    "\u00ff",
    "x" * 300,
)
BODIES = (
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"name": "a", "size": 1e400}',
    b'{"name": "a", "size": Infinity}',
    b'{"name": "a", "size": NaN}',
    b'{"name": "a", "size": ' + b"9" * 5_000 + b"}",
    b'{"name": "\\ud800", "size": 5}',
    b'{"name": "a\\u0000\\u001b.mp4", "size": 5}',
    b'{"name": "a"a"',
    b'{"name": null, "size": true}',
    b"",
    b'{"name": {"a": []}, "size": [1]}',
    b'{"name": "a", "size": -1}',
    b"null",
    b'"' + b"a" * 300_000 + b'"',
    '{"name": "a", "size": 1}'.encode("utf-16"),
    b'{"name": "a", "size": 1.5}',
    b'{"name": "a", "size": 1e13}',
    b"\xff\xfe",
)
FILES = (
    "a\0b.png",
    "\n.png",
    "x" * 3_000 + ".png",
    "..",
    "",
    "\u202egnp.exe",
    "a/b\\c.mp4",
    "\x1b[31m.mov",
)
SET_GUIDE = 'Content-Disposition: form-data; name="set_guide"\r\n\r\n1'
MULTIPART = "multipart/form-data; boundary=x"


@pytest.fixture
def knocking(
    owned: Owned,
    simulator,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Knocking]:
    asked = Asked()
    made = Knocking(signed_in(owned.member), asked)
    asked.watch(monkeypatch)
    logging.disable(logging.CRITICAL)
    yield made
    logging.disable(logging.NOTSET)
    made.close()


def doors(owned: Owned) -> list[tuple[str, str]]:
    """Return one address for each name of the URL table, where there is something behind it."""
    return list({name: (address, name) for address, name in reversed(addresses(owned))}.values())


def sound_form(owned: Owned, name: str) -> Form:
    """Return a form that a door of the studio would take: what is hostile is then all that is
    wrong.
    """
    if not name.startswith("studio:"):
        return {}
    return {
        "task": "edit",
        "prompt": "A quiet harbor",
        "source_kind": "asset",
        "source_asset": str(owned.clip.pk),
        "form_token": "hostile",
        "conditioning": "auto",
        "resolution": "720p",
    }


def files() -> list[str]:
    folders = (Path(configured.RUN_DIR), Path(configured.MEDIA_ROOT) / "incoming")
    return sorted(str(path) for folder in folders for path in folder.rglob("*") if path.is_file())


def test_every_parameter_of_every_page_bears_hostile_values(
    owned: Owned,
    knocking: Knocking,
) -> None:
    before, tried, values = files(), set(), cycle(VALUES)

    for address, name in doors(owned):
        # A check of the studio reads what all its doors read; what it costs to draw them is not
        # tried here.
        count = {"studio:check": 5}.get(name, 1 if name.startswith("studio:") else 18)
        for method in ("get", "post"):
            for parameter, form in knocking.names_at(method, address, sound_form(owned, name)):
                tried.add((name, parameter))
                for _ in range(count):
                    value = next(values)
                    headers = HTMX if knocking.count % 3 else {}
                    said = f"{parameter}={value[:30]!r}"
                    knocking.send(
                        method, address, {**form, parameter: value}, said=said, headers=headers
                    )

    assert knocking.wrong == []
    assert {
        ("gallery:live", "live"),
        ("media:still", "height"),
        ("studio:submit", "prompt"),
    } <= tried
    assert ("takes:settle", "job_id") in tried and ("costs:limit", "limit_note") in tried
    assert knocking.count > 2_000 and files() == before


def test_every_place_header_and_body_bears_hostile_values(owned: Owned, knocking: Knocking) -> None:
    before, paths, headers, bodies = files(), cycle(PATHS), cycle(SAID), cycle(BODIES)

    for address, _name in doors(owned):
        for place in places_of(address):
            for method in ("get", "post") * 3:
                value = next(paths)
                knocking.send(method, place.format(value), said=f"at {value[:20]!r}")
        for _ in range(3):
            header, value = next(headers)
            knocking.send("get", address, said=f"{header}: {value[:30]!r}", headers={header: value})
        body = next(bodies)
        knocking.send("post", address, body, said=repr(body[:30]), content_type="application/json")
    for body in BODIES:
        knocking.send(
            "post", "/media/uploads", body, said=repr(body[:30]), content_type="application/json"
        )
    upload = f"/media/uploads/{owned.upload.token}"
    for header, value in SAID:
        said, sent = f"{header}: {value[:30]!r}", {"Upload-Offset": "0", header: value}
        for method in ("get", "head"):
            knocking.send(
                method, f"/media/{owned.clip.pk}/original", said=said, headers={header: value}
            )
        knocking.send("head", upload, said=said, headers=sent)
        knocking.send("put", upload, b"a", said=said, headers=sent)
        knocking.send("post", "/media/uploads/form", {"a": "b"}, said=said, headers={header: value})

    assert knocking.wrong == []
    assert knocking.count > 1_000 and files() == before


def test_a_form_in_other_letters_than_utf_8_is_refused_at_every_door(
    owned: Owned,
    knocking: Knocking,
) -> None:
    for address, name in doors(owned):
        for charset in CHARSETS if name == "studio:check" else ("utf-16",):
            for kind in ("application/x-www-form-urlencoded", MULTIPART):
                answer = knocking.form(address, b"a=b&prompt=x", f"{kind}; charset={charset}")
                assert answer.status_code == 400, (name, charset)

    assert knocking.wrong == []


def test_files_of_any_name_and_forms_that_end_in_the_middle_are_answered(
    owned: Owned,
    knocking: Knocking,
) -> None:
    before = files()

    for name in FILES:
        disposition = f'Content-Disposition: form-data; name="file"; filename="{name}"'
        for address, field in (("/media/uploads/form", "file"), ("/studio/mend", "new_guide_file")):
            part = disposition.replace('"file"', f'"{field}"')
            body = f"--x\r\n{part}\r\nContent-Type: image/png\r\n\r\nno picture\r\n--x\r\n{SET_GUIDE}\r\n--x--\r\n"
            knocking.form(address, body.encode(), MULTIPART)
    for body in (
        b"--x",
        b"--x\r\n",
        b'--x\r\nContent-Disposition: form-data; name="\0"\r\n\r\na\r\n--x--',
        b"\0" * 500,
    ):
        for address in ("/media/uploads/form", "/studio/check", "/people/team"):
            knocking.form(address, body, MULTIPART)

    assert knocking.wrong == []
    assert files() == before


def places_of(address: str) -> Iterator[str]:
    """Yield the address with each of its changing parts left open."""
    parts = address.split("/")
    for at, part in enumerate(parts):
        if any(character.isdigit() for character in part) or at == len(parts) - 1:
            yield "/".join(
                [
                    *(quote(one) for one in parts[:at]),
                    "{}",
                    *(quote(one) for one in parts[at + 1 :]),
                ]
            )
