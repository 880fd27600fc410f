"""Every address that takes a POST, found from the URL table itself: none without our token, none
for the wrong role.
"""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from editorapp.generations.models import Attempt, Generation
from editorapp.teams.models import Invite, Member, Team
from editorapp.teams.roles import Act, Role
from tests.factories import make_member

pytestmark = pytest.mark.django_db

# What anybody may post: to sign in or out, to use a link that works, to join, to change their own
# account or the theme. "None" is the front page, which only leads on.
OPEN = {"sign_in", "link", "sign_out", "sign_out_elsewhere", "invite", "me", "theme", "None"}
OPEN |= {"code", "second_factor", "switch_team"}
OPEN |= {"ask_passkey", "add_passkey", "ask_sign_in_passkey", "sign_in_passkey"}
OPEN |= {"oidc", "oidc_go", "oidc_back", "oidc_join"}
# costs nothing; what is played may be changed by whoever sees it
SEES = {"studio:check", "studio:switch", "takes:sound", "keep:star", "keep:unstar", "keep:compare"}
# of what one was told oneself
SEES |= {"inbox:read", "inbox:unread", "inbox:settings"}
DECIDES = {"review:decide", "review:next"}
ORGANISES = {"projects:make", "review:ask", "review:make_playlist"}
ORGANISES |= {"review:rename_playlist", "review:delete_playlist"}
ORGANISES |= {"keep:tag", "keep:untag", "keep:colour", "keep:move", "keep:rate"}
ORGANISES |= {"keep:list_up"}
ORGANISES |= {"review:move_in_playlist", "review:remove_from_playlist"}
# changes nothing: what is there already is taken along
TAKES_ALONG = {"exports:of_chosen"}
# whoever reviews shares too: it shows what is there already
SHARES = {"shares:new", "shares:change", "shares:copy", "shares:revoke"}
# for people without an account, by a link: test_guests.py tries them all
BY_LINK = "guests:"
OWN_VIEWS = {"gallery:save_view"}
VALUES = {
    "pk": "1",
    "take": "1",
    "frame_index": "0",
    "token": "nobody",
    "what": "original",
    "ending": "png",
    "provider": "luma-agents",
    "kind": "costs.csv",
    "value": "3",
    "part": "take",
}


def doors(
    resolver: URLResolver | None = None, before: str = "", space: str = ""
) -> list[tuple[str, str]]:
    """Return every address with its name."""
    found = []
    for entry in (resolver or get_resolver()).url_patterns:
        route = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += doors(entry, route, f"{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry, URLPattern):
            for converter in ("int:", "str:", "slug:", "path:"):
                route = route.replace(converter, "")
            for name, value in VALUES.items():
                route = route.replace(f"<{name}>", value)
            found.append((f"/{route}", f"{space}{entry.name}"))
    return found


def signed_in(role: str, *, csrf: bool = False) -> Client:
    client = Client(enforce_csrf_checks=csrf)
    client.force_login(make_member(role=role).user)
    return client


def test_no_post_is_taken_without_our_token():
    client = signed_in(Role.ADMIN, csrf=True)

    answers = {name: client.post(address).status_code for address, name in doors()}

    refused = {name for name, status in answers.items() if status == 403}
    assert {
        "takes:cancel",
        "takes:settle",
        "studio:submit",
        "people:role",
        "media:uploads",
    } <= refused
    # The plain upload looks at the size before it reads the form that holds the token; nothing was
    # sent here.
    assert {name for name, status in answers.items() if status not in {403, 404, 405}} <= {
        "None",
        "media:upload_form",
    }


def test_a_reviewer_reaches_nothing_that_creates_or_manages():
    client = signed_in(Role.REVIEWER)
    before = (
        Generation.objects.count(),
        Attempt.objects.count(),
        Invite.objects.count(),
        Team.objects.count(),
    )

    for address, name in doors():
        if (
            name.rpartition(":")[2] in OPEN
            or name.startswith(BY_LINK)
            or name in SEES | DECIDES | ORGANISES | TAKES_ALONG | SHARES | OWN_VIEWS
        ):
            continue
        assert client.post(address).status_code in {403, 404, 405}, name

    after = (
        Generation.objects.count(),
        Attempt.objects.count(),
        Invite.objects.count(),
        Team.objects.count(),
    )
    assert before == after


def test_a_stranger_is_sent_to_sign_in_from_every_door():
    for address, name in doors():
        if name.rpartition(":")[2] in OPEN or name.startswith(BY_LINK):
            continue
        answer = Client().post(address)
        assert answer.status_code in {403, 404, 405} or answer["Location"].startswith(
            ("/sign-in", "/studio")
        ), name


def test_the_wrong_role_is_refused_before_it_is_told_what_is_there():
    reviewer = make_member(role=Role.REVIEWER)
    assert not Member.objects.get(pk=reviewer.pk).may(Act.CREATE)
    client = Client()
    client.force_login(reviewer.user)

    assert {client.post(f"/takes/{pk}/cancel").status_code for pk in (1, 999_999)} == {403}
