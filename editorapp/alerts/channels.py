"""Channels of alerts: who is told, and how. One mail a person, one post to the webhook; each either
took it, or says why not.
"""

import hashlib
import hmac
import json
import uuid
from collections.abc import Sequence
from datetime import datetime

import httpx
from django.conf import settings
from django.core.mail import EmailMessage

from editorapp.alerts import messages
from editorapp.alerts.models import Alert
from editorapp.core.content_encoding import IDENTITY
from editorapp.core.loopback import is_loopback
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

WEBHOOK = "webhook"
WEBHOOK_SECONDS = 10.0
SIGNATURE = "X-Rushes-Signature"


class NotDelivered(Exception):
    """The message did not arrive.

    Why, in words that hold no password and no address of a webhook.
    """


class Readers:
    """Who is told of which alert now: an answer for each alert from one query for all of them."""

    def __init__(self) -> None:
        self._everywhere = {WEBHOOK} if settings.ALERT_WEBHOOK else set()
        self._by_team: dict[int, set[str]] = {}
        if settings.EMAIL_IS_SET:
            self._everywhere |= set(settings.ALERT_EMAIL)
            self._add_admins()

    def _add_admins(self) -> None:
        can_sign_in = Member.objects.who_may(Act.MANAGE).filter(user__is_active=True)
        admins = can_sign_in.exclude(user__email="")
        for team_id, address in admins.values_list("team_id", "user__email"):
            self._by_team.setdefault(team_id, set()).add(address)

    @property
    def anybody(self) -> set[str]:
        """Return everybody who is told of something."""
        return self._everywhere.union(*self._by_team.values())

    def of(self, alert: Alert) -> set[str]:
        """Return the addresses (and the webhook) for an alert: its team's admins, or all where it
        is everybody's.
        """
        if alert.team_id is not None:
            return self._everywhere | self._by_team.get(alert.team_id, set())
        return self.anybody


def send(to: str, told: Sequence[Alert], *, now: datetime) -> None:
    """Tell one reader all of it in one message. Raises: NotDelivered."""
    if to == WEBHOOK:
        _post(told, now=now)
    else:
        _mail(to, told)


def _mail(to: str, told: Sequence[Alert]) -> None:
    mail = _written(to, told)
    try:
        mail.send()
    except OSError as error:  # each SMTPException is one
        raise NotDelivered(
            f"The mail server did not take the mail ({type(error).__name__})."
        ) from error


def _written(to: str, told: Sequence[Alert]) -> EmailMessage:
    return EmailMessage(
        f"[Rushes] {messages.title(told)}",
        messages.text(told) + _how_to_get_no_more(),
        settings.EMAIL_FROM,
        [to],
    )


def _how_to_get_no_more() -> str:
    page = f"{settings.PUBLIC_URL}/me"
    return f"\nAdmins get this. To get no more of it, empty your address at {page}\n"


def _post(told: Sequence[Alert], *, now: datetime) -> None:
    """Post to the webhook.

    Any address is allowed: whoever sets the environment runs the machine anyway, and a receiver on
    the own network is the usual case. No redirect is followed, and the address is never shown: with
    chat services it is the password.
    """
    body = json.dumps(messages.as_json(told, now=now)).encode()
    try:
        answer = httpx.post(
            settings.ALERT_WEBHOOK,
            content=body,
            headers=_headers(body, now=now),
            timeout=WEBHOOK_SECONDS,
            trust_env=not is_loopback(settings.ALERT_WEBHOOK),  # no proxy before this very machine
        )
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        raise NotDelivered(f"The webhook does not answer ({type(error).__name__}).") from error
    if not answer.is_success:
        raise NotDelivered(f"The webhook answered {answer.status_code}.")


def _headers(body: bytes, *, now: datetime) -> dict[str, str]:
    headers = {
        "Content-Type": "application/json",
        "X-Rushes-Delivery": str(uuid.uuid4()),
        **IDENTITY,  # only the status of the answer is read
    }
    if settings.ALERT_WEBHOOK_SECRET:
        headers[SIGNATURE] = signature(body, secret=settings.ALERT_WEBHOOK_SECRET, at=now)
    return headers


def signature(body: bytes, *, secret: str, at: datetime) -> str:
    """Return `t=<unix seconds>,v1=<hex>`: HMAC-SHA256 under the secret of "<t>." and the body, so
    that a receiver can refuse what is forged, and what is old.
    """
    stamp = str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + body, hashlib.sha256)
    return f"t={stamp},v1={mac.hexdigest()}"
