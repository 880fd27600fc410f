"""Preferences: how a person wants their notices by mail."""

from collections.abc import Mapping

from django.db import transaction

from editorapp.inbox.models import MailPreference
from editorapp.teams.models import User

HOUR = 7  # of the daily mail, in UTC, where nobody chose one


def of(user: User) -> MailPreference:
    """Return what a person chose; not kept where they chose nothing yet."""
    found = MailPreference.objects.filter(user=user).first()
    return found or MailPreference(user=user, hour=HOUR)


def keep(user: User, by_kind: Mapping[str, str], *, hour: int, address: str) -> None:
    """Keep what a person chose; mails that are on their way already still come."""
    chosen = {"by_kind": dict(by_kind), "hour": hour % 24}
    with transaction.atomic():
        MailPreference.objects.update_or_create(user=user, defaults=chosen)
        User.objects.filter(pk=user.pk).update(email=address)
