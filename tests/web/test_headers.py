"""What every answer carries, at every address of the URL table: policies, what may be kept, HEAD as
GET, compressed.
"""

import gzip

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from editorapp.teams.models import Invite
from editorapp.teams.roles import Role
from editorapp.teams.sign_in import make_link
from tests.factories import make_member, signed_in
from tests.web.test_another_team import Owned, addresses, said
from tests.web.test_another_team import media_root as media_root
from tests.web.test_another_team import owned as owned

MEDIA = ("media:file", "media:still")


def doors(owned: Owned) -> list[str]:
    """Return the addresses whose token works; the table is filled with one that does not."""
    _made, token = Invite.make(
        owned.member.team, Role.CREATOR, invited_by=owned.member.user, now=timezone.now()
    )
    return [
        f"/invite/{token}",
        f"/in/{make_link(owned.member.user, now=timezone.now())}",
        "/nowhere",
    ]


def asked(owned: Owned, client: Client, method: str, **headers: str) -> dict[str, tuple]:
    """Ask at every address that answers GET; return the answers, and whether the address is a
    medium's.
    """
    known = [(address, name in MEDIA) for address, name in addresses(owned)]
    known += [(address, False) for address in doors(owned)]
    return {
        address: (getattr(client, method)(address, headers=headers), is_medium)
        for address, is_medium in known
    }


@pytest.mark.parametrize("who", ["an admin", "a stranger"])
def test_every_answer_says_what_may_be_kept_of_it_and_what_a_page_may_do(
    owned: Owned, who: str
) -> None:
    client = signed_in(owned.member) if who == "an admin" else Client()

    found = asked(owned, client, "get")

    pages = 0
    for address, (answer, is_medium) in found.items():
        kept = answer.headers["Cache-Control"]
        if is_medium and answer.status_code == 200:
            assert kept.startswith("private, max-age=") and answer.headers["ETag"], address
        elif "ETag" in answer.headers:  # asked for again each time
            assert set(kept.split(", ")) == {"private", "no-cache"} and address.endswith(
                "/times"
            ), address
        else:
            assert {"private", "no-store"} <= set(kept.split(", ")), address
            pages += answer.status_code == 200
        assert answer.headers["Permissions-Policy"] == settings.PERMISSIONS_POLICY, address
        assert "script-src 'self'" in answer.headers["Content-Security-Policy"], address
        assert answer.headers["X-Content-Type-Options"] == "nosniff", address
    assert pages > (20 if who == "an admin" else 2)


def test_what_is_refused_and_what_machines_ask_is_kept_by_nobody_either(db, client: Client) -> None:
    for answer in (
        client.get("/healthz"),
        client.get("/readyz"),
        client.get("/metrics"),
        client.post("/studio/"),
        client.get("/", headers={"host": "elsewhere.example"}),
        Client(enforce_csrf_checks=True).post("/sign-in"),
    ):
        assert {"private", "no-store"} <= set(answer.headers["Cache-Control"].split(", "))
        assert answer.headers["Permissions-Policy"] and answer.headers["Content-Security-Policy"]


def test_head_answers_as_get_without_a_body_wherever_get_answers(owned: Owned) -> None:
    client = signed_in(make_member(role=Role.ADMIN, team=owned.member.team))
    # A date says when; and a page shows once what the one before it has done.
    passing = {"Expires", "X-Request-ID", "Set-Cookie"}

    for address, name in [*addresses(owned), *((door, "") for door in doors(owned))]:
        page = client.get(address)
        if page.status_code == 405:
            continue
        head = client.head(address)

        assert head.status_code == page.status_code, address
        assert said(head) == b"", address
        same = [
            {name: value for name, value in one.headers.items() if name not in passing}
            for one in (head, page)
        ]
        assert {*same[0]} == {*same[1]}, address
        if name not in MEDIA:
            same = [one | {"Content-Length": ""} for one in same]
        assert same[0] == same[1], address


def test_pages_go_out_compressed_and_no_medium_does(owned: Owned) -> None:
    client = signed_in(owned.member)
    packed = asked(owned, client, "get", **{"Accept-Encoding": "gzip"})

    for address, (answer, is_medium) in packed.items():
        if is_medium and answer.status_code == 200:
            assert "Content-Encoding" not in answer.headers and answer.headers["ETag"].startswith(
                '"'
            ), address
            assert int(answer.headers["Content-Length"]) == len(said(answer)), address
        elif answer.headers["Content-Type"] in ("application/pdf", "image/png"):
            assert "Content-Encoding" not in answer.headers, "a contact sheet is packed already"
        elif not answer.streaming and len(client.get(address).content) > 2000:
            assert answer.headers["Content-Encoding"] == "gzip", address
            assert "Accept-Encoding" in answer.headers["Vary"], address
            assert int(answer.headers["Content-Length"]) == len(answer.content), address
    for address, at_most in (("/studio/", 0.3), ("/models/", 0.25)):
        plain = client.get(address).content
        assert len(plain) > 20_000
        assert len(packed[address][0].content) < at_most * len(plain), (address, len(plain))
        assert b"</html>" in gzip.decompress(packed[address][0].content)


def test_a_range_of_a_medium_is_the_same_bytes_whatever_a_browser_takes(owned: Owned) -> None:
    client, address = signed_in(owned.member), f"/media/{owned.came.pk}/original"
    plain = said(client.get(address))

    for wanted in ("bytes=7-18", "bytes=0-", "bytes=-5"):
        answers = [
            client.get(address, headers={"Range": wanted} | accepts)
            for accepts in ({}, {"Accept-Encoding": "gzip"})
        ]
        assert [answer.status_code for answer in answers] == [206, 206]
        assert (
            said(answers[0]) == said(answers[1])
            and answers[0].headers["ETag"] == answers[1].headers["ETag"]
        )
        assert "Content-Encoding" not in answers[1].headers
        first, _, rest = answers[1].headers["Content-Range"].removeprefix("bytes ").partition("-")
        assert (
            int(first) + int(answers[1].headers["Content-Length"]) - 1
            == int(rest.partition("/")[0])
            < len(plain)
        )


def test_no_length_of_a_compressed_page_tells_what_is_in_it(owned: Owned) -> None:
    """The random bytes that Django adds, and a CSRF token that is masked anew (BREACH)."""
    client = signed_in(owned.member)
    pages = [client.get("/me", headers={"Accept-Encoding": "gzip"}) for _ in range(12)]

    assert len({len(page.content) for page in pages}) > 3
    assert (
        len({gzip.decompress(page.content).partition(b"X-CSRFToken")[2][:80] for page in pages})
        == 12
    )
