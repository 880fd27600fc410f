"""Notify: tell people what happened, on their page, by mail as they want it, and to the team's
webhooks.

Written in the caller's transaction, and once however often it is called; nobody is told of what
they did themselves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from editorapp.inbox.models import Delivery, MailPreference, Notice, NoticeKind, Webhook
from editorapp.teams.models import Member

GATHER = timedelta(seconds=60)  # what comes in a burst is one mail
LONGEST_WORDS = 300

When = MailPreference.When


@dataclass(frozen=True)
class Event:
    """What happened: `name` tells it from all others ("comment:12"); `words` are one sentence."""

    kind: NoticeKind
    name: str
    path: str
    words: str
    actor_name: str = ""


def notify(
    event: Event,
    members: Iterable[Member],
    *,
    team_id: int,
    now: datetime,
    but: Member | None = None,
) -> None:
    """Tell members of a team of an event; `but`: who did it."""
    told = {one.user_id: one for one in members if one.is_active and one.team_id == team_id}
    if but is not None:
        told.pop(but.user_id, None)
    wishes = MailPreference.objects.in_bulk(told, field_name="user_id")
    rows = [_notice(event, one, wishes.get(one.user_id), now=now) for one in told.values()]
    Notice.objects.bulk_create(rows, ignore_conflicts=True)
    _post(event, team_id, [str(one.user) for one in told.values()], now=now)


def _notice(
    event: Event,
    member: Member,
    wish: MailPreference | None,
    *,
    now: datetime,
) -> Notice:
    return Notice(
        team_id=member.team_id,
        user_id=member.user_id,
        kind=event.kind,
        event=event.name,
        path=event.path,
        actor_name=event.actor_name,
        words=_short(event.words),
        at=now,
        mail_at=_mail_at(event, member, wish, now=now),
    )


def _short(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= LONGEST_WORDS else f"{line[: LONGEST_WORDS - 1]}…"


def _mail_at(
    event: Event,
    member: Member,
    wish: MailPreference | None,
    *,
    now: datetime,
) -> datetime | None:
    """Return when a mail about it is due; None for none."""
    if not settings.EMAIL_IS_SET or not member.user.email:
        return None
    wish = wish or MailPreference(user_id=member.user_id)
    when = wish.when(event.kind)
    if when == When.NEVER:
        return None
    return now + GATHER if when == When.AT_ONCE else next_hour(wish.hour, now)


def next_hour(hour: int, now: datetime) -> datetime:
    """Return when it is this hour next, in UTC."""
    today = now.replace(hour=hour % 24, minute=0, second=0, microsecond=0)
    return today if today > now else today + timedelta(days=1)


def _post(event: Event, team_id: int, names: Collection[str], *, now: datetime) -> None:
    webhooks = Webhook.objects.filter(team_id=team_id, is_enabled=True)
    rows = [
        Delivery(
            webhook=webhook,
            event=f"{event.kind} {event.name}",
            body=_body(event, names, now=now),
            made_at=now,
            next_at=now,
        )
        for webhook in webhooks
        if event.kind in webhook.kinds
    ]
    Delivery.objects.bulk_create(rows, ignore_conflicts=True)


def _body(event: Event, names: Collection[str], *, now: datetime) -> dict[str, Any]:
    url = f"{settings.PUBLIC_URL}{event.path}"
    by = f"{event.actor_name}: " if event.actor_name else ""
    return {
        "text": f"{by}{_short(event.words)}\n{url}",
        "kind": str(event.kind),
        "event": event.name,
        "by": event.actor_name or None,
        "for": sorted(names),
        "words": _short(event.words),
        "url": url,
        "at": now.isoformat(),
    }
