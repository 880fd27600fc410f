"""Every link and every form that a role is shown leads to what that role may do: found by following
all links from where each role begins.
"""

from collections import deque
from html.parser import HTMLParser

import pytest
from django.db import transaction
from django.test import Client

from editorapp.generations.moving import move
from editorapp.generations.states import State
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Act, Role
from tests.factories import make_asset, make_member, make_reserved, signed_in

pytestmark = pytest.mark.django_db
MOST_PAGES = 60
FORBIDDEN = 403
# Its fields are shown to who only looks; its buttons, to who may press them.
SHOWN_TO_ALL = {"/studio/queue"}


class _Controls(HTMLParser):
    """The addresses of a page's links, and of its forms with what their hidden fields hold."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.forms: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "a" and said.get("href", "").startswith("/"):
            self.links.add(said["href"].partition("#")[0])
        if tag == "form" and said.get("method") == "post" and said.get("action"):
            self.forms.append((said["action"], {}))
        if tag == "input" and said.get("type") == "hidden" and self.forms and "name" in said:
            self.forms[-1][1][said["name"]] = said.get("value", "")


def team_with_everything(member: Member) -> None:
    """Give a team takes in several states, in a project that the member is in."""
    admin = make_member(role=Role.ADMIN, team=member.team, name="Ada")
    result = make_asset(admin, origin="result")
    done = make_reserved(admin, state=State.SUCCEEDED, result=result)
    child = make_reserved(admin, parent=done, source_asset=result, lineage=done.lineage)
    others = [make_reserved(admin, state=state) for state in (State.UNKNOWN, State.RUNNING)]
    board = projects.make(admin, ProjectFields("Pilot"))
    projects.add(board, member, admin)
    move([done.pk, child.pk, *(one.pk for one in others)], board, by=admin)


def refused_by(client: Client) -> tuple[set[str], set[str]]:
    """Follow every link from the beginning; return the pages that were opened, and what was refused."""
    waiting, opened, refused = deque(["/"]), set(), set()
    pressed: set[str] = set()
    while waiting and len(opened) < MOST_PAGES:
        address = waiting.popleft()
        if address in opened or address.startswith(("/media/", "/static/")):
            continue
        opened.add(address)
        answer = client.get(address, follow=True)
        if answer.status_code == FORBIDDEN:
            refused.add(address)
        if answer.streaming or "html" not in answer.headers.get("Content-Type", ""):
            continue
        found = _Controls(answer.content.decode())
        waiting.extend(sorted(found.links))
        for action, values in found.forms:
            if action not in pressed and not action.startswith("/sign-out"):
                pressed.add(action)
                if action not in SHOWN_TO_ALL and _pressed(client, action, values) == FORBIDDEN:
                    refused.add(f"form {action}")
    return opened, refused


def _pressed(client: Client, action: str, values: dict[str, str]) -> int:
    """Send a form as it stands, and take back what came of it."""
    with transaction.atomic():
        status: int = client.post(action, values).status_code
        transaction.set_rollback(True)
    return status


@pytest.mark.parametrize("role", list(Role))
def test_every_link_and_form_that_a_role_is_shown_is_theirs_to_use(role: Role) -> None:
    member = make_member(role=role, name="Me")
    team_with_everything(member)

    opened, refused = refused_by(signed_in(member))

    assert refused == set()
    assert any(address.startswith("/takes/") for address in opened)
    assert "/gallery/" in opened
    shown = {address.split("/")[1].partition("?")[0] for address in opened}
    for act, place in ((Act.SEE_AUDIT, "audit"), (Act.SEE_COSTS, "costs"), (Act.STUDIO, "studio")):
        assert (place in shown) == member.may(act), place
