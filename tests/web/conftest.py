"""A real Chromium against the pages, for tests of what scripts do."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from playwright.sync_api import Page

from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser import new_context
from tests.factories import make_member, signed_in
from tests.taken_in import take_in


@pytest.fixture
def open_page(
    chromium, live_server, request, settings, monkeypatch
) -> Iterator[Callable[..., Page]]:
    """Open an address as a member, in a context of its own; at the end no page may have logged an
    error, but for the refusals that a test expects: `@pytest.mark.answers(401)`.

    Settings and patches are asked for so that they outlive the pages: one that still loads would
    look for its files where they are not.
    """
    contexts, errors = [], []

    def open_as(
        member: Member, address: str, *, width: int = 1440, height: int = 900, **options: Any
    ) -> Page:
        client = signed_in(member)  # of their own: two people may be there at once
        size = {"width": width, "height": height}
        context = new_context(chromium, viewport=size, **options)
        contexts.append(context)
        key = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies(
            [{"name": settings.SESSION_COOKIE_NAME, "value": key, "url": live_server.url}]
        )
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.on("console", lambda said: errors.append(said.text) if said.type == "error" else None)
        page.goto(live_server.url + address)
        return page

    yield open_as
    for context in contexts:
        context.close()
    # A refused submit is an answer, not a fault; so is a full or silent storage. Browsers log them
    # all, and htmx once more.
    marker = request.node.get_closest_marker("answers")
    expected = (422, 503, 507, *(marker.args if marker else ()))
    answers = [
        said for status in expected for said in (f"status of {status} ", f"Error Code {status} ")
    ]
    assert [error for error in errors if not any(answer in error for answer in answers)] == []


@pytest.fixture
def admin(db: None) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def creator(db: None) -> Member:
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator: Member) -> Member:
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def member(db: None) -> Member:
    return make_member(name="Ada")


@pytest.fixture
def browser(member: Member) -> Client:
    return signed_in(member)


@pytest.fixture
def keep(member: Member, real_media: Path, tmp_path: Path) -> Callable[..., Asset]:
    """Take a real file into the member's team by its name below `shared/media`."""

    def keep(name: str, **options: Any) -> Asset:
        copy = tmp_path / Path(name).name
        shutil.copy(real_media / name, copy)
        return take_in(copy, name=copy.name, team=member.team, user=member.user, **options)

    return keep
