"""What the queue may call: an id in, one verb called."""

from editorapp.providers import capability_discovery, registry
from editorapp.providers.models import ProviderAccount


def learn(account_id: int) -> None:
    """Test an account and read the limits that its provider states; one that was deleted meanwhile
    is none.
    """
    account = ProviderAccount.objects.filter(pk=account_id, provider__in=registry.slugs()).first()
    if account is not None:
        capability_discovery.test(account)
