"""Found accounts: the account that an address names, of the providers that there are."""

from django.core.exceptions import PermissionDenied
from django.shortcuts import get_object_or_404

from editorapp.providers import registry
from editorapp.providers.account_keepers import may_keep
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member


def account_or_404(pk: int, member: Member) -> ProviderAccount:
    """Return an account that the member's team may use."""
    return get_object_or_404(
        ProviderAccount.objects.of_team(member.team_id).select_related("team"),
        pk=pk,
        provider__in=registry.slugs(),
    )


def kept_account_or_404(pk: int, member: Member) -> ProviderAccount:
    """Return an account that the member may change. Raises: PermissionDenied, where it serves all
    teams and they may not change it for the others.
    """
    account = account_or_404(pk, member)
    if not may_keep(account, member):
        raise PermissionDenied("This account serves all teams: only an owner may change it.")
    return account
