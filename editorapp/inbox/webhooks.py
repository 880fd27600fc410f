"""Webhooks of a team: kept with their address encrypted, posted signed, tried again, and each try
in a log.

Saving an address sends nothing to it; a test is sent when somebody asks for one.
"""

import asyncio
import json
import logging
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery

from editorapp.alerts.channels import SIGNATURE, signature
from editorapp.core import retry
from editorapp.core.encryption import Encryption, KeyNotReadable
from editorapp.core.ssrf_guard import AddressNotAllowed, GuardedTransport, guarded_client, judged
from editorapp.core.typed_text import wrong_in
from editorapp.inbox.models import Delivery, NoticeKind, Webhook
from editorapp.teams import audit
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

log = logging.getLogger(__name__)

SECONDS = 10.0  # that a receiver may take
LEASE = timedelta(minutes=5)
AT_ONCE = 50
KEPT = timedelta(days=30)  # in the log, since it was made
LONGEST_NAME = 80
TEST = "test"

_encryption = Encryption(b"rushes: webhooks, 1")


class WebhookRefused(Exception):
    """A webhook that cannot be kept so; says what to do."""


@dataclass(frozen=True)
class Wanted:
    """What somebody enters for a webhook; `address` "" keeps the one that is there."""

    name: str
    address: str
    kinds: Iterable[str]


def listed(by: Member) -> list[Webhook]:
    """Return the webhooks of a person's team, each with its newest `delivery`: two queries."""
    found = list(Webhook.objects.filter(team=by.team_id).order_by("name", "pk"))
    newest = Delivery.objects.filter(webhook=OuterRef("webhook")).order_by("-pk").values("pk")[:1]
    rows = Delivery.objects.filter(webhook__in=found, pk=Subquery(newest))
    of_each = {row.webhook_id: row for row in rows}
    for webhook in found:
        webhook.delivery = of_each.get(webhook.pk)
    return found


@transaction.atomic
def make(wanted: Wanted, *, by: Member, now: datetime) -> tuple[Webhook, str]:
    """Keep a webhook and return it with the secret that signs its posts, which is shown this once.

    Raises: PermissionDenied; WebhookRefused.
    """
    _may_manage(by, by.team_id)
    if not wanted.address.strip():
        raise WebhookRefused("Enter the address that is to be posted to.")
    secret = secrets.token_urlsafe(32)
    webhook = Webhook.objects.create(
        team=by.team,
        made_by=by.user,
        made_at=now,
        secret_locked=_encryption.lock(secret),
        **_fields(wanted),
    )
    _record("webhook.made", webhook, by=by, **_facts(webhook))
    return webhook, secret


@transaction.atomic
def change(webhook: Webhook, wanted: Wanted, *, by: Member) -> None:
    """Change a webhook. Raises: PermissionDenied; WebhookRefused."""
    _may_manage(by, webhook.team_id)
    before = _facts(webhook)
    Webhook.objects.filter(pk=webhook.pk).update(**_fields(wanted))
    webhook.refresh_from_db()
    if changed := audit.changed(before, _facts(webhook)):
        _record("webhook.changed", webhook, by=by, **changed)


@transaction.atomic
def switch(webhook: Webhook, is_on: bool, *, by: Member) -> None:
    """Let a webhook be posted to, or no more. Raises: PermissionDenied."""
    _may_manage(by, webhook.team_id)
    rows = Webhook.objects.filter(pk=webhook.pk, is_enabled=not is_on)
    if rows.update(is_enabled=is_on):
        _record("webhook.switched_on" if is_on else "webhook.switched_off", webhook, by=by)
    webhook.refresh_from_db()


@transaction.atomic
def rotate(webhook: Webhook, *, by: Member) -> str:
    """Sign with a new secret from now on, and return it: it is shown this once.

    Raises: PermissionDenied.
    """
    _may_manage(by, webhook.team_id)
    secret = secrets.token_urlsafe(32)
    locked = _encryption.lock(secret)
    Webhook.objects.filter(pk=webhook.pk).update(secret_locked=locked)
    webhook.secret_locked = locked
    _record("webhook.secret_rotated", webhook, by=by)
    return secret


@transaction.atomic
def delete(webhook: Webhook, *, by: Member) -> None:
    """Delete a webhook with its log. Raises: PermissionDenied."""
    _may_manage(by, webhook.team_id)
    _record("webhook.deleted", webhook, by=by)
    Webhook.objects.filter(pk=webhook.pk).delete()


def _facts(webhook: Webhook) -> dict[str, str]:
    """Return what an audit line says of a webhook: of its address only the host."""
    kinds = ", ".join(webhook.kinds)
    return {"name": webhook.name, "posts": kinds, "host": shown_address(webhook)}


def _record(act: str, webhook: Webhook, *, by: Member, **facts: Any) -> None:
    audit.record(act, f"webhook:{webhook.pk}", by=by, about=webhook.name, **facts)


@transaction.atomic
def ask_test(webhook: Webhook, *, by: Member, now: datetime) -> Delivery:
    """Let a test be posted, which the log shows. Raises: PermissionDenied."""
    _may_manage(by, webhook.team_id)
    _record("webhook.tested", webhook, by=by)
    body = {"text": f"A test of {webhook.name}, asked for by {by.user}.", "kind": TEST}
    return Delivery.objects.create(
        webhook=webhook,
        event=f"{TEST} {uuid.uuid4()}",
        body={**body, "at": now.isoformat()},
        made_at=now,
        next_at=now,
    )


@transaction.atomic
def send_again(delivery: Delivery, *, by: Member, now: datetime) -> bool:
    """Let something that was given up be posted once more. Return whether it had been.

    Raises: PermissionDenied.
    """
    _may_manage(by, delivery.webhook.team_id)
    rows = Delivery.objects.filter(pk=delivery.pk, delivered_at=None, next_at=None)
    is_sent = bool(rows.update(next_at=now, tries=0, made_at=now))
    if is_sent:
        _record("webhook.sent_again", delivery.webhook, by=by, event=delivery.event)
    return is_sent


def shown_address(webhook: Webhook) -> str:
    """Return scheme and host of a webhook: the rest may be a password."""
    try:
        url = httpx.URL(_encryption.unlock(webhook.address_locked))
    except KeyNotReadable as error:
        return str(error)
    return f"{url.scheme}://{url.netloc.decode('ascii')}/…"


def _fields(wanted: Wanted) -> dict[str, object]:
    name = " ".join(wanted.name.split())
    if not name or (wrong := wrong_in(name, most=LONGEST_NAME)):
        raise WebhookRefused(f"Give it a name. {wrong if name else ''}".strip())
    kinds = [kind for kind in NoticeKind.values if kind in set(wanted.kinds)]
    fields: dict[str, object] = {"name": name, "kinds": kinds}
    if address := wanted.address.strip():
        fields["address_locked"] = _encryption.lock(_checked(address))
    return fields


def _checked(address: str) -> str:
    """Return an address as it is posted to. Raises: WebhookRefused."""
    try:
        url = httpx.URL(address)
        return str(url if _is_trusted(url) else judged(address))
    except (httpx.InvalidURL, AddressNotAllowed) as error:
        raise WebhookRefused(
            f"This address cannot be posted to. {error} A receiver on the own network is named in "
            "RUSHES_WEBHOOK_HOSTS by who runs this machine."
        ) from error


def _is_trusted(url: httpx.URL) -> bool:
    """Is this a host that the owner of the machine has named as a receiver?"""
    return url.scheme in ("http", "https") and url.netloc.decode() in settings.WEBHOOK_HOSTS


def _may_manage(by: Member, team_id: int) -> None:
    if by.team_id != team_id or not by.may(Act.MANAGE):
        raise PermissionDenied("Only an admin keeps the team's webhooks.")


# Delivery


def is_due(now: datetime) -> bool:
    """Is there something to post?"""
    return Delivery.objects.filter(next_at__lte=now).exists()


def deliver_due(now: datetime) -> None:
    """Post what is due, several at once.

    Takes as long as the receivers take: not inside a transaction.
    """
    token, claimed = _claim(now)
    if not claimed:
        return
    answers = asyncio.run(_post_all(claimed, now=now))
    for one, (status, problem) in zip(claimed, answers, strict=True):
        rows = Delivery.objects.filter(pk=one.pk, lease_token=token)
        rows.update(
            lease_token=None, status=status, problem=problem, **_next(one, problem, now=now)
        )


def _claim(now: datetime) -> tuple[uuid.UUID, list[Delivery]]:
    token = uuid.uuid4()
    due = Delivery.objects.filter(next_at__lte=now)
    ids = list(due.order_by("next_at").values_list("pk", flat=True)[:AT_ONCE])
    due.filter(pk__in=ids).update(next_at=now + LEASE, lease_token=token)
    claimed = Delivery.objects.filter(lease_token=token, next_at=now + LEASE)
    return token, list(claimed.select_related("webhook").order_by("pk"))


async def _post_all(
    claimed: Iterable[Delivery],
    *,
    now: datetime,
) -> list[tuple[int | None, str]]:
    async with guarded_client(GuardedTransport(trusts=_is_trusted), timeout=SECONDS) as client:
        return list(await asyncio.gather(*(_post(client, one, now=now) for one in claimed)))


async def _post(
    client: httpx.AsyncClient,
    delivery: Delivery,
    *,
    now: datetime,
) -> tuple[int | None, str]:
    """Post one. Return the answer's status and what was wrong, in words without the address."""
    webhook = delivery.webhook
    if not webhook.is_enabled:
        return None, "The webhook is switched off."
    body = json.dumps(delivery.body).encode()
    try:
        address = _encryption.unlock(webhook.address_locked)
        secret = _encryption.unlock(webhook.secret_locked)
        headers = _headers(delivery, signature(body, secret=secret, at=now))
        answer = await client.post(address, content=body, headers=headers)
    except (KeyNotReadable, AddressNotAllowed) as error:
        return None, str(error)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return None, f"It does not answer ({type(error).__name__})."
    return answer.status_code, "" if answer.is_success else f"It answered {answer.status_code}."


def _headers(delivery: Delivery, signed: str) -> dict[str, str]:
    return {
        "Content-Type": "application/json",
        "X-Rushes-Delivery": str(delivery.pk),
        SIGNATURE: signed,
    }


def _next(delivery: Delivery, problem: str, *, now: datetime) -> dict[str, object]:
    """Return when it is tried again, and how often it was."""
    tries = delivery.tries + 1
    if not problem:
        return {"tries": tries, "next_at": None, "delivered_at": now}
    policy = retry.policy("webhook.delivery")
    if policy.is_over(tries, (now - delivery.made_at).total_seconds()):
        return {"tries": tries, "next_at": None}
    return {"tries": tries, "next_at": now + timedelta(seconds=policy.pause_seconds(tries))}


def deliveries(webhook: Webhook) -> "QuerySet[Delivery]":
    """Return the log of a webhook."""
    return Delivery.objects.filter(webhook=webhook)


def sweep(now: datetime) -> None:
    """Forget what was posted, or given up, a long time ago."""
    Delivery.objects.filter(made_at__lt=now - KEPT, next_at=None).delete()
