"""Recipes: made, renamed and deleted. A preset holds settings, a recipe a whole edit."""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.reuse.models import EditRecipe, Pairs
from editorapp.teams import audit
from editorapp.teams.models import Member

LONGEST_NAME = 80
MOST = 500  # of one team


class NotKept(Exception):
    """A preset or a recipe cannot be kept like this; the message says what to do."""


@dataclass(frozen=True)
class MadeOn:
    """What a recipe was made on: its clip, and the take that it comes from."""

    clip: Asset | None = None
    take: Generation | None = None


def make(
    member: Member,
    name: str,
    kind: str,
    values: Pairs,
    *,
    origin: MadeOn,
    now: datetime,
) -> EditRecipe:
    """Keep a form's values under a name. Raises: NotKept."""
    name = _sound(name)
    if EditRecipe.objects.visible_to(member).count() >= MOST:
        raise NotKept(f"The team has {MOST} presets and recipes: delete some first.")
    clip = origin.clip
    grid = {} if clip is None else _grid_of(clip)
    recipe = EditRecipe(
        team=member.team,
        name=name,
        kind=EditRecipe.Kind(kind),
        values=values,
        made_by=member.user,
        made_at=now,
        made_on=clip,
        made_from=origin.take,
        **grid,
    )
    _saved(recipe)
    return recipe


def _grid_of(clip: Asset) -> dict[str, str | int]:
    return {
        "grid_name": clip.name,
        "grid_frames": clip.frame_count,
        "grid_fps_numerator": clip.fps_numerator,
        "grid_fps_denominator": clip.fps_denominator,
    }


def rename(recipe: EditRecipe, name: str, *, by: Member) -> None:
    """Give it another name. Raises: NotKept; PermissionDenied."""
    _may(recipe, by)
    recipe.name = _sound(name)
    _saved(recipe)


def delete(recipe: EditRecipe, *, by: Member) -> None:
    """Delete it for the whole team; takes that were made with it stay. Raises: PermissionDenied."""
    _may(recipe, by)
    with transaction.atomic():
        audit.record("recipe.deleted", f"recipe:{recipe.pk}", by=by, about=recipe.name)
        recipe.delete()


def _may(recipe: EditRecipe, by: Member) -> None:
    if not recipe.is_changed_by(by):
        raise PermissionDenied("Who made it may change it, and an admin.")


def _sound(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise NotKept("Give it a name.")
    if wrong := wrong_in(name, most=LONGEST_NAME):
        raise NotKept(f"The name: {wrong}")
    return name


def _saved(recipe: EditRecipe) -> None:
    try:
        with transaction.atomic():
            recipe.save()
    except IntegrityError as error:
        raise NotKept(f"“{recipe.name}” is taken: choose another name.") from error
