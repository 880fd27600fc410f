"""People of one team, a mail server and a webhook on loopback."""

from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from editorapp.inbox.models import NoticeKind
from editorapp.inbox.notify import Event
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.receivers import hook as hook
from tests.receivers import mailbox as mailbox

NOW = timezone.now()


def later(**how: float) -> datetime:
    return NOW + timedelta(**how)


def event(number: int = 12, kind: str = "comment", words: str = "Too dark at frame 90") -> Event:
    """Return that somebody wrote a comment of this number."""
    return Event(NoticeKind(kind), f"comment:{number}", f"/takes/{number}", words, "Rae")


@pytest.fixture
def admin(db: None) -> Member:
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def creator(admin: Member) -> Member:
    return addressed(make_member(role=Role.CREATOR, name="Cleo", team=admin.team))


@pytest.fixture
def reviewer(admin: Member) -> Member:
    return addressed(make_member(role=Role.REVIEWER, name="Rae", team=admin.team))


def addressed(member: Member) -> Member:
    """Give a person an address of mail."""
    member.user.email = f"{member.user.display_name.lower()}@example.org"
    member.user.save()
    return member
