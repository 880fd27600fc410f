"""The provider account in use, remembered for a moment: the live check asks for it on every keystroke."""

import time

from django.conf import settings
from django.db.models.signals import post_delete, post_save

from editorapp.providers.models import ProviderAccount, default_account

SECONDS = 2.0  # what another process changes is seen this much later; queueing never reads it from here

_known: dict[tuple[str, bool], tuple[float, ProviderAccount]] = {}


def account_now(provider: str) -> ProviderAccount:
    """Return the account that `default_account` names, at most two seconds old."""
    key = (provider, bool(settings.LUMA_AGENTS_API_KEY))
    until, account = _known.get(key, (0.0, None))
    if account is None or time.monotonic() >= until:
        account = default_account(provider)
        _known[key] = (time.monotonic() + SECONDS, account)
    return account


def _forget(**_signal: object) -> None:
    _known.clear()


post_save.connect(_forget, sender=ProviderAccount, dispatch_uid="known accounts")
post_delete.connect(_forget, sender=ProviderAccount, dispatch_uid="known accounts")
