"""People of one team and a finished take of theirs."""

import pytest
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member

NOW = timezone.now()


@pytest.fixture
def creator(db: None) -> Member:
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator: Member) -> Member:
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def second(creator: Member) -> Member:
    return make_member(role=Role.REVIEWER, name="Sam", team=creator.team)


@pytest.fixture
def admin(creator: Member) -> Member:
    return make_member(role=Role.ADMIN, name="Ada", team=creator.team)


@pytest.fixture
def take(creator: Member) -> Generation:
    return finished(creator)


def finished(creator: Member, **fields: object) -> Generation:
    """Make a take that is done, of 120 frames."""
    result = make_asset(creator, origin="result")
    return make_generation(creator, state=State.SUCCEEDED, result=result, **fields)
