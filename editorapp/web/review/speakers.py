"""Speakers: who looks at a discussion, what they may say in it, and where their forms are sent."""

from dataclasses import dataclass

from editorapp.generations.models import Generation
from editorapp.review.models import Comment
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.presenters.addresses import address


class DiscussionAddresses:
    """Where a discussion is read and written by people of the team.

    Who comes by another way (a guest by a link) is given another one with the same methods.
    """

    def panel(self, take: Generation) -> str:
        """The discussion of a take, alone."""
        return address("comments:panel", take.pk)

    def add(self, take: Generation) -> str:
        """Takes a new comment."""
        return address("comments:add", take.pk)

    def people(self, take: Generation) -> str:
        """Who can be named; "" where nobody can."""
        return address("comments:people", take.pk)

    def page(self, take: Generation) -> str:
        """The take itself; "" where there is no page of it."""
        return address("takes:page", take.pk)

    def of(self, what: str, comment: Comment) -> str:
        """Takes what is done to a comment: "reply", "edit", "delete", "resolve" or "reopen"."""
        return address(f"comments:{what}", comment.pk)


@dataclass(frozen=True)
class Speaker:
    """Who looks at a discussion: somebody of the team, or a guest by a link."""

    addresses: DiscussionAddresses
    user_id: int | None = None
    guest_id: int | None = None
    may_comment: bool = True
    may_settle: bool = True

    def wrote(self, comment: Comment) -> bool:
        """Is it a comment of their own?"""
        if self.user_id is not None:
            return comment.author_id == self.user_id
        return self.guest_id is not None and comment.guest_id == self.guest_id


def speaker_of(member: Member) -> Speaker:
    """Return a member as they take part in discussions."""
    may = member.may(Act.COMMENT)
    return Speaker(DiscussionAddresses(), member.user_id, may_comment=may, may_settle=may)
