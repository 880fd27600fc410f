"""Rearranging: the form that a switch, a way out or a button of a draft leads to."""

from dataclasses import replace
from datetime import datetime

from django.utils import timezone

from editorapp.core.request_values import as_whole
from editorapp.reuse import drafts
from editorapp.reuse.models import EditRecipe
from editorapp.teams.access import MemberRequest
from editorapp.teams.models import Member
from editorapp.web.studio import answering
from editorapp.web.studio.draft_form import Changes, DraftForm
from editorapp.web.studio.following import Followed, exchanged, followed
from editorapp.web.studio.new_sources import NotDone
from editorapp.web.studio.recipe_plan import plan_of
from editorapp.web.studio.saved_form import DraftMark, values_of
from editorapp.web.studio.told import Told, WayOut


def posted(request: MemberRequest) -> Followed:
    """Return what was posted; where another source was chosen, with that one's own draft.

    Raises: BadValue; NotDone.
    """
    form, mark = DraftForm.read(request.POST), DraftMark.read(request.POST)
    return followed(form, mark, request.member, now=timezone.now())


def rearranged(request: MemberRequest, changes: Changes) -> Followed:
    """Return what was posted after a button's changes. Raises: BadValue; NotDone."""
    begun, member, now = posted(request), request.member, timezone.now()
    if "answer" in changes:
        return _for_note(begun, changes["answer"][0], member, now=now)
    if "note_frame" in changes:
        _may_create(member)
        form = answering.with_frame(begun.form, changes["note_frame"][0], member)
        return replace(begun, form=form)
    if "recipe" in changes:
        return _with_recipe(begun, recipe_of(changes["recipe"][0], member), member, now=now)
    done = exchanged(begun.form, begun.mark, changes, member, now=now)
    told = done.told if done.told.sentences else begun.told
    return replace(done, form=done.form.changed(changes), told=told)


def recipe_of(number: str, member: Member) -> EditRecipe:
    """Return the team's preset or recipe of this number. Raises: NotDone."""
    recipes = EditRecipe.objects.visible_to(member)
    recipe = recipes.filter(pk=as_whole(number) or 0).first()
    if recipe is None:
        raise NotDone("This preset is not there any more.")
    return recipe


def _may_create(member: Member) -> None:
    if not member.may_create:
        raise NotDone("Your role may look, but not make edits.")


def _for_note(begun: Followed, key: str, member: Member, *, now: datetime) -> Followed:
    """Make the edit that a note asks for; what it replaces is kept for "Undo"."""
    _may_create(member)
    form = answering.begun_here(begun.form, key, member)
    place, before = begun.mark.at(begun.form.source_key, member), values_of(begun.form)
    kept = drafts.set_aside(member, place, before, now=now)
    undo = WayOut("Undo", f"draft_all={kept.pk}")
    return replace(begun, form=form, told=Told(("The note is the prompt now.",), (undo,)))


def _with_recipe(
    begun: Followed,
    recipe: EditRecipe,
    member: Member,
    *,
    now: datetime,
) -> Followed:
    """Use a recipe; what it replaces is kept for "Undo"."""
    plan = plan_of(recipe, begun.form, member)
    if not member.may_create:
        return replace(begun, form=plan.form)
    place, before = begun.mark.at(begun.form.source_key, member), values_of(begun.form)
    kept = drafts.set_aside(member, place, before, now=now)
    undo = WayOut("Undo", f"draft_all={kept.pk}")
    return replace(begun, form=plan.form, told=Told((plan.says,), (undo,)))
