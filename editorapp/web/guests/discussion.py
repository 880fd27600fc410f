"""Guests' discussion: what was said of a take by a link, in the panel that the team has, with forms
that are sent below the link.
"""

import zlib
from dataclasses import dataclass
from functools import cached_property

from django.urls import reverse

from editorapp.generations.models import Generation
from editorapp.review import guest_comments
from editorapp.review.models import Comment
from editorapp.web.guests.door import LinkRequest
from editorapp.web.review.discussion_context import Discussion, ShownThread, TypedForm
from editorapp.web.review.speakers import DiscussionAddresses, Speaker


@dataclass(frozen=True)
class GuestAddresses(DiscussionAddresses):
    """Where a guest reads and writes: below their link, and nowhere else."""

    token: str

    def panel(self, take: Generation) -> str:
        return reverse("guests:talk", args=[self.token, take.pk])

    def add(self, take: Generation) -> str:
        return reverse("guests:comment", args=[self.token, take.pk])

    def people(self, take: Generation) -> str:
        return ""

    def page(self, take: Generation) -> str:
        return ""

    def of(self, what: str, comment: Comment) -> str:
        """Takes an answer to a comment, or what changes one; a guest settles nothing."""
        names = {"reply": "guests:reply", "edit": "guests:edit", "delete": "guests:delete"}
        return reverse(names[what], args=[self.token, comment.pk]) if what in names else ""


@dataclass(frozen=True)
class GuestDiscussion(Discussion):
    """A discussion as guests of one link read it."""

    @cached_property
    def stamp(self) -> str:
        said = [
            (one.comment.pk, one.comment.deleted_at, one.comment.resolved_at, one.comment.edited_at)
            + tuple((said.comment.pk, said.comment.edited_at) for said in one.replies)
            for one in self.threads
        ]
        return f"{zlib.crc32(repr(said).encode()):x}"


def talk_of(
    request: LinkRequest,
    take: Generation,
    typed: TypedForm | None = None,
) -> GuestDiscussion:
    """Return what guests of a link say of a take, for one of them."""
    guest_id = request.guest.pk if request.guest else None
    speaker = Speaker(GuestAddresses(request.token), guest_id=guest_id, may_settle=False)
    found = guest_comments.threads(request.share, take)
    threads = [ShownThread(one, take, speaker) for one in found]
    shows = request.GET.get("talk", "open")
    return GuestDiscussion(take, threads, speaker, shows, typed or TypedForm())
