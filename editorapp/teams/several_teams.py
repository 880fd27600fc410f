"""Several teams: making another, joining one with the account that one has, and going over to it.

A person works in one team at a time; which one is kept with them, for all their browsers.
"""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.teams import audit
from editorapp.teams.invitations import open_invite, use_up
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act, Role


class InTeamAlready(Exception):
    """Who accepts an invitation is, or was, in that team."""


def teams_of(user: User) -> list[Member]:
    """Return a person's places, by the name of the team: one query."""
    rows = Member.objects.active().filter(user=user).select_related("team")
    return list(rows.order_by("team__name", "pk"))


def make_team(by: Member, name: str) -> Member:
    """Make a team, and return the place in it of who makes it: its owner.

    Raises: PermissionDenied.
    """
    if not by.may(Act.OWN):
        raise PermissionDenied("Only an owner may make a team.")
    with transaction.atomic():
        team = Team.objects.create(name=name)
        member = Member.objects.create(team=team, user=by.user, role=Role.OWNER)
        audit.record("team.made", f"team:{team.pk}", by=by, about=name)
        audit.record("team.made", f"team:{team.pk}", by=member, about=name)
        go_over(by.user, team)
    return member


def join(token: str, user: User, *, now: datetime) -> Member:
    """Accept an invitation with the account that one is signed in with, once; go over to the team.

    Raises: InviteNotUsable; InTeamAlready, and then the invitation stays open.
    """
    with transaction.atomic():
        invite = open_invite(token, now=now)
        if Member.objects.filter(team=invite.team, user=user).exists():
            raise InTeamAlready(
                f"You are in {invite.team} already, or were. An admin can bring you back, under People."
            )
        member = use_up(invite, user, now=now)
        go_over(user, invite.team)
    return member


def go_over(user: User, team: Team) -> None:
    """Have a person work in another of their teams. Raises: PermissionDenied, where it is none."""
    member = Member.objects.active().filter(user=user, team=team).first()
    if member is None:
        raise PermissionDenied("You are not in this team.")
    with transaction.atomic():
        others = User.objects.filter(pk=user.pk).exclude(team_chosen=team)
        if others.update(team_chosen=team):
            audit.record("person.switched_team", f"team:{team.pk}", by=member, about=team)
