"""Rearranging: the form that a switch, a way out or a button of a draft leads to."""

from dataclasses import replace

from django.utils import timezone

from editorapp.teams.access import MemberRequest
from editorapp.web.studio.draft_form import Changes, DraftForm
from editorapp.web.studio.following import Followed, exchanged, followed
from editorapp.web.studio.saved_form import DraftMark


def posted(request: MemberRequest) -> Followed:
    """Return what was posted; where another source was chosen, with that one's own draft.

    Raises: BadValue; NotDone.
    """
    form, mark = DraftForm.read(request.POST), DraftMark.read(request.POST)
    return followed(form, mark, request.member, now=timezone.now())


def rearranged(request: MemberRequest, changes: Changes) -> Followed:
    """Return what was posted after a button's changes. Raises: BadValue; NotDone."""
    begun, member = posted(request), request.member
    done = exchanged(begun.form, begun.mark, changes, member, now=timezone.now())
    told = done.told if done.told.sentences else begun.told
    return replace(done, form=done.form.changed(changes), told=told)
