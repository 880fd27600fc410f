"""Standing in: what an admin does about how somebody else signs in, who cannot do it themselves."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.teams import audit, sign_in
from editorapp.teams.models import Member
from editorapp.teams.people import may_assign
from editorapp.teams.roles import Act


def may_stand_in(by: Member, member: Member) -> None:
    """See that somebody may change how another person signs in: one of their team, whose every role,
    anywhere, they may take away.

    Raises: PermissionDenied.
    """
    theirs = Member.objects.active().filter(user_id=member.user_id)
    if by.team_id != member.team_id or not member.is_active:
        raise PermissionDenied("They are not in this team.")
    if theirs.exclude(team_id=by.team_id).exists() and not by.may(Act.OWN):
        raise PermissionDenied("They are in another team, too: only an owner may do this.")
    may_assign(by, *theirs.values_list("role", flat=True))


def reset_link(member: Member, *, by: Member, now: datetime) -> str:
    """Make a sign-in link for somebody who cannot sign in: with it they set another password. Return
    its token, which is kept nowhere.

    Raises: PermissionDenied, see `may_stand_in`: whoever has the link is that person.
    """
    may_stand_in(by, member)
    with transaction.atomic():
        token = sign_in.make_link(member.user, now=now)
        subject = f"person:{member.user_id}"
        audit.record("member.link_made", subject, by=by, about=member.user)
    return token
