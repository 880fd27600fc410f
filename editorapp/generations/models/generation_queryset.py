"""Selections of takes: whose they are, who sees them, how they stand."""

from typing import Self, TypeVar

from django.db import models
from django.db.models.functions import Coalesce

from editorapp.core.constants_in_sql import ConstantIn
from editorapp.generations.models import lists
from editorapp.generations.states import ACTIVE, ENDED, NEEDS_A_PERSON
from editorapp.teams.models import Member, seen_by
from editorapp.teams.roles import Act

Take = TypeVar("Take", bound=models.Model, covariant=True)  # the model stands to the right
RESPONSIBLE = Coalesce("assignee_id", "created_by_id")  # as `Generation.responsible_id`, in a query


class GenerationQuerySet(models.QuerySet[Take]):
    def visible_to(self, member: Member) -> Self:
        """Return the takes that somebody sees: the one place that says so."""
        return self.of_team(member.team_id).seen_by(member)

    def of_team(self, team_id: int) -> Self:
        """Return all takes of a team, whoever asks, but for those in the trash."""
        return self.filter(team_id=team_id, trashed_at=None)

    def seen_by(self, member: Member) -> Self:
        """Return those of their team's takes that somebody sees, or would outside the trash."""
        return self if member.sees_all else self.filter(seen_by(member))

    def in_trash_of(self, member: Member) -> Self:
        """Return what lies in the trash, with its files, of what somebody sees."""
        return self.with_files(member).filter(trashed_at__isnull=False)

    def with_files(self, member: Member) -> Self:
        """Return the takes that somebody sees, with those in the trash that can be restored."""
        return self.filter(team_id=member.team_id, emptied_at=None).seen_by(member)

    def active(self) -> Self:
        """Return those that the engine looks after: by an index of them alone."""
        return self.filter(ConstantIn("state", ACTIVE))

    def in_need(self) -> Self:
        """Return those that go on only when somebody says how: by an index of them alone."""
        return self.filter(ConstantIn("state", NEEDS_A_PERSON))

    def done(self) -> Self:
        """Return those that have a result: of an account's kind, by an index of them alone."""
        return self.filter(ConstantIn("state", lists.DONE))

    def ended(self) -> Self:
        """Return those that are over, in an index by when they were."""
        return self.filter(ConstantIn("state", ENDED))

    def of_person(self, user_id: int) -> Self:
        """Return the takes that this person answers for."""
        return self.filter(models.Q(assignee=user_id) | models.Q(assignee=None, created_by=user_id))

    def answered_by(self, member: Member) -> Self:
        """Return the team's takes that this member may pause and settle: as `is_answered_by`."""
        takes = self.visible_to(member)
        if member.may(Act.ANSWER_FOR_ALL):
            return takes
        return takes.of_person(member.user_id) if member.may(Act.ANSWER) else takes.none()
