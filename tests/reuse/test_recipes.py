"""Presets and recipes: shared by the team, changed by who made them and by admins."""

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.reuse import recipes
from editorapp.reuse.models import EditRecipe
from editorapp.reuse.recipes import MadeOn, NotKept
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_member

pytestmark = pytest.mark.django_db


def make(member, name: str = "Neon", clip=None) -> EditRecipe:
    values = [("task", "edit"), ("prompt", "Neon")]
    now = timezone.now()
    return recipes.make(member, name, "recipe", values, origin=MadeOn(clip), now=now)


def test_it_belongs_to_the_team_and_remembers_the_grid_of_its_clip():
    member, stranger = make_member(), make_member()
    clip = make_asset(member, frame_count=132, fps_numerator=25)

    made = make(member, "  Neon   rain ", clip)

    assert (made.name, made.grid_frames, made.grid_fps_numerator) == ("Neon rain", 132, 25)
    colleague = make_member(team=member.team)
    assert EditRecipe.objects.visible_to(colleague).get() == made
    assert not EditRecipe.objects.visible_to(stranger).exists()


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\0b", "neon"])
def test_a_name_that_says_nothing_or_is_taken_is_refused(name):
    member = make_member()
    make(member, "Neon")

    with pytest.raises(NotKept):
        make(member, name)

    assert EditRecipe.objects.count() == 1


def test_another_team_may_use_the_same_name():
    make(make_member(), "Neon")

    assert make(make_member(), "Neon").name == "Neon"


def test_only_who_made_it_and_an_admin_rename_and_delete_it():
    member = make_member()
    colleague = make_member(team=member.team)
    admin = make_member(team=member.team, role=Role.ADMIN)
    made = make(member)

    with pytest.raises(PermissionDenied):
        recipes.rename(made, "Mine", by=colleague)
    with pytest.raises(PermissionDenied):
        recipes.delete(made, by=colleague)
    recipes.rename(made, "Rain", by=member)
    made.refresh_from_db()
    assert made.name == "Rain"
    recipes.delete(made, by=admin)
    assert not EditRecipe.objects.exists()
