"""Alerts about takes and accounts: how each is named, opened and closed, and where it leads."""

from collections.abc import Collection
from datetime import datetime

from django.urls import reverse

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations.models import Generation
from editorapp.providers.contract import BadCredentials, OutOfFunds, ProviderError
from editorapp.providers.models import ProviderAccount


def subject(generation_id: int) -> str:
    return f"generation:{generation_id}"


def time_and_day(at: datetime) -> str:
    return f"{at:%H:%M} UTC on {at.day} {at:%B}"


def open_for_take(kind: str, take: Generation, message: str, *, now: datetime) -> None:
    """Open an alert for a take's team, which leads to the page where something can be done."""
    alerts.open(
        kind,
        subject(take.pk),
        message=message,
        team_id=take.team_id,
        path=_page_of(take),
        now=now,
    )


def _page_of(take: Generation) -> str:
    return reverse("takes:page", args=[take.pk])


def close_for_take(generation_id: int, *kinds: str, now: datetime) -> None:
    for kind in kinds:
        alerts.close(kind, subject(generation_id), now=now)


def open_subjects(kind: str) -> set[str]:
    """Return what alerts of a kind are open about."""
    rows = Alert.objects.filter(kind=kind).still_open()
    return set(rows.values_list("subject", flat=True))


def close_others(kind: str, about: Collection[str], *, now: datetime) -> None:
    """Close what is open of a kind and is not, or no more, among these subjects."""
    for subject in open_subjects(kind).difference(about):
        alerts.close(kind, subject, now=now)


def open_for_all(
    kind: str,
    about: str,
    message: str,
    *,
    now: datetime,
    path: str = "/status/",
) -> None:
    """Open an alert that concerns the whole installation."""
    alerts.open(kind, about, message=message, team_id=None, path=path, now=now)


def account_subject(account_id: int) -> str:
    return f"account:{account_id}"


def open_for_account(account: ProviderAccount, message: str, *, now: datetime) -> None:
    """Open the alert that an account needs somebody."""
    alerts.open(
        AlertKind.ACCOUNT,
        account_subject(account.pk),
        message=message,
        team_id=account.team_id,  # None: it serves all, and concerns all
        path="/accounts/",
        now=now,
    )


def account_refused(account: ProviderAccount, error: ProviderError, *, now: datetime) -> None:
    """Open an alert that an account's key was refused, or that it has no money; other errors are
    none of its own.
    """
    if isinstance(error, BadCredentials | OutOfFunds):
        open_for_account(account, _refusal(account, error), now=now)


def _refusal(account: ProviderAccount, error: ProviderError) -> str:
    what = "is out of funds" if isinstance(error, OutOfFunds) else "refuses the key"
    return f"{account.spec.name} {what} of the account {account.name}: {error.message}"


def result_is_safe(generation: Generation, *, now: datetime) -> None:
    """Close what is open about a generation's file: it is here, or is being fetched again."""
    close_for_take(
        generation.pk,
        AlertKind.RESULT_EXPIRING,
        AlertKind.FETCH_FAILED,
        now=now,
    )


def result_not_fetched(generation: Generation, message: str, *, now: datetime) -> None:
    """Open the alert that a paid result could not be fetched, in place of the one that it might not
    be.
    """
    close_for_take(generation.pk, AlertKind.RESULT_EXPIRING, now=now)
    open_for_take(AlertKind.FETCH_FAILED, generation, message, now=now)
