"""Parts of pages that are kept: the same for the same values, and another for any other."""

from uuid import uuid4

import pytest

from editorapp.teams.roles import Role
from editorapp.web.presenters.kept_parts import kept_part
from tests.factories import make_generation, make_member, signed_in

PART = "queue/_arrange.html"
VALUES = {
    "id": "12",
    "at": "/queue/12/",
    "responsible": "Cleo",
    "batch": "",
    "batch_count": 0,
    "is_own": False,
    "may_arrange": True,
    "may_cancel": True,
    "may_manage": False,
}


def test_the_same_values_are_rendered_once():
    assert kept_part(PART, **VALUES) is kept_part(PART, **VALUES)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("id", "13"),
        ("at", "/queue/13/"),
        ("responsible", "Ole"),
        ("is_own", True),
        ("may_arrange", False),
        ("may_cancel", False),
        ("may_manage", True),
    ],
)
def test_any_other_value_is_another_part(name, value):
    assert kept_part(PART, **VALUES) != kept_part(PART, **(VALUES | {name: value}))


@pytest.mark.django_db
def test_what_one_may_do_is_never_shown_to_another():
    admin = make_member(role=Role.ADMIN)
    reviewer = make_member(role=Role.REVIEWER, team=admin.team)
    take = make_generation(admin, batch=uuid4())

    first, second = (signed_in(one).get("/queue/").content.decode() for one in (admin, reviewer))

    assert f'id="up-{take.pk}"' in first and f"/takes/{take.pk}/cancel" in first
    assert "up-" not in second and "/cancel" not in second
