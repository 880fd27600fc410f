"""Found accounts: the account that an address names, of the providers that there are."""

from django.shortcuts import get_object_or_404

from editorapp.providers import registry
from editorapp.providers.models import ProviderAccount


def account_or_404(pk: int) -> ProviderAccount:
    return get_object_or_404(
        ProviderAccount,
        pk=pk,
        provider__in=registry.slugs(),
    )
