"""Account teams: an account is given to one team, or to all of the installation."""

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.generations.models import Generation
from editorapp.generations.states import ACTIVE, NEEDS_A_PERSON
from editorapp.providers.account_keepers import may_keep, owned_teams
from editorapp.providers.models import KeyOrigin, ProviderAccount, TeamAccount
from editorapp.teams import audit
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act


class NotGiven(Exception):
    """The account cannot be given so. The message says why, and what to do."""


def give(account: ProviderAccount, team: Team | None, *, by: Member) -> None:
    """Let an account serve this team alone; None: all teams. What was made with it stays.

    Raises: PermissionDenied, unless an owner of both the account and the team asks; NotGiven, also
    while other teams have takes with it that are not over.
    """
    _guard(account, team, by)
    with transaction.atomic():
        # Whoever queues a job locks it too: parking.locked_flags.
        row = locked(ProviderAccount.objects.filter(pk=account.pk)).get()
        if team is not None:
            _see_nobody_else_uses(row, team)
            TeamAccount.objects.filter(account=row).exclude(team=team).delete()
        ProviderAccount.objects.filter(pk=row.pk).update(team=team)
        logs = {by.team_id, row.team_id, team.pk if team else None} - {None}
        for log in sorted(one for one in logs if one):
            audit.record(
                "account.given",
                f"account:{row.pk}",
                by=by,
                team=log,
                about=row.name,
                whose=[_name(row.team), _name(team)],
            )
    account.refresh_from_db()


def _guard(account: ProviderAccount, team: Team | None, by: Member) -> None:
    if not by.may(Act.OWN) or not may_keep(account, by):
        raise PermissionDenied("Only an owner may say which teams use an account.")
    if team is not None and team not in owned_teams(by):
        raise PermissionDenied("You are no owner of that team.")
    if account.origin is not KeyOrigin.ADMIN:
        raise NotGiven(f"{account.name} has no key that was entered here, so it serves all teams.")


def _see_nobody_else_uses(account: ProviderAccount, team: Team) -> None:
    open_ = Generation.objects.filter(account=account, state__in=ACTIVE | NEEDS_A_PERSON)
    if count := open_.exclude(team=team).count():
        raise NotGiven(
            f"Other teams have {count} take{'s' if count > 1 else ''} with {account.name} that "
            f"{'are' if count > 1 else 'is'} not over. Pause it, and give it away once they are."
        )


def _name(team: Team | None) -> str:
    return team.name if team else "all teams"
