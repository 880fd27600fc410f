"""Parts of pages that are kept: the same for the same values, and another for any other."""

from uuid import uuid4

import pytest
from django.utils.safestring import mark_safe

from editorapp.teams.roles import Role
from editorapp.web.presenters import kept_parts
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


def test_a_text_is_escaped_whether_or_not_the_same_letters_were_safe_before():
    name = uuid4().hex + "<b>"

    safe, typed = (
        kept_part("stage/_timeline.html", name=one, line_clip="") for one in (mark_safe(name), name)
    )

    assert name in safe and name not in typed and name.replace("<b>", "&lt;b&gt;") in typed


def test_a_number_is_no_answer_to_yes_or_no():
    values = {"still": "/still", "icons": "/icons.svg"}

    one, yes = (kept_part("stage/_transport.html", frames=frames, **values) for frames in (1, True))

    assert ">1<" in one and ">True<" in yes


def test_what_somebody_typed_at_great_length_is_not_kept():
    names = {"name": "x" * 40_000, "line_clip": ""}

    first, second = (kept_part("stage/_timeline.html", **names) for _ in range(2))

    assert first == second and first is not second


def test_parts_are_forgotten_before_they_fill_the_memory(monkeypatch):
    monkeypatch.setattr(kept_parts, "MOST", 3)

    for number in range(20):
        kept_part("stage/_timeline.html", name=f"clip {number}", line_clip="")

    assert len(kept_parts._kept) <= 3


@pytest.mark.django_db
def test_what_one_may_do_is_never_shown_to_another():
    admin = make_member(role=Role.ADMIN)
    reviewer = make_member(role=Role.REVIEWER, team=admin.team)
    take = make_generation(admin, batch=uuid4())

    first, second = (signed_in(one).get("/queue/").content.decode() for one in (admin, reviewer))

    assert f'id="up-{take.pk}"' in first and f"/takes/{take.pk}/cancel" in first
    assert "up-" not in second and "/cancel" not in second
