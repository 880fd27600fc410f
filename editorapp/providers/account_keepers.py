"""Account keepers: who may change an account, which may serve one team or all of them."""

from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act


def keeps_shared(member: Member) -> bool:
    """May a member change accounts that serve all teams? An owner may; an admin, where theirs is
    the only team: of several, one could take an account away from the others. One query.
    """
    if member.may(Act.OWN):
        return True
    others = Team.objects.exclude(pk=member.team_id)
    return member.may(Act.MANAGE) and not others.exists()


def may_keep(account: ProviderAccount, member: Member) -> bool:
    """May a member change this account, switch it off, pause or delete it?"""
    if account.team_id is None:
        return keeps_shared(member)
    return account.team_id == member.team_id and member.may(Act.MANAGE)


def owned_teams(member: Member) -> list[Team]:
    """Return the teams to which a member may give an account: those that they are an owner of."""
    if not member.may(Act.OWN):
        return []
    places = Member.objects.who_may(Act.OWN).filter(user_id=member.user_id)
    return list(Team.objects.filter(pk__in=places.values("team_id")).order_by("name", "pk"))
