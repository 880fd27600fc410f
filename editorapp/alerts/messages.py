"""Messages of alerts: text and JSON, without a key, a prompt or a link that lets anybody in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from django.conf import settings

from editorapp.alerts.models import Alert

LISTED = 25  # in full; more are counted


def title(news: Sequence[Alert]) -> str:
    """Return one line for what is told, without a line break: it becomes a mail's subject."""
    opened = _of(news, is_over=False)
    if not opened:
        return f"Over: {_counted(news)}"
    if len(opened) == 1:
        return opened[0].title
    return f"{len(opened)} things need you: {_counted(opened)}"


def text(news: Sequence[Alert]) -> str:
    """Return all of it as plain text, each with the page where something can be done about it."""
    sections = chain(
        _section("Needs a person", _of(news, is_over=False)),
        _section("Over", _of(news, is_over=True)),
    )
    return "\n\n".join(sections) + "\n"


def _section(heading: str, some: Sequence[Alert]) -> Iterator[str]:
    if some:
        yield "\n".join([f"{heading}:", "", *_lines(some)])


def as_json(news: Sequence[Alert], *, now: datetime) -> dict[str, Any]:
    """Return what the webhook is posted. `text` is what chat services show of it."""
    return {
        "text": f"Rushes: {title(news)}\n\n{text(news)}",
        "sent_at": now.isoformat(),
        "alerts": list(map(_alert_as_json, news)),
    }


def _alert_as_json(alert: Alert) -> dict[str, Any]:
    return {
        "id": alert.pk,
        "event": "closed" if alert.is_over else "opened",
        "kind": alert.kind,
        "subject": alert.subject,
        "message": alert.message,
        "team": alert.team.name if alert.team else None,
        "url": alert.url or None,
        "opened_at": alert.opened_at.isoformat(),
        "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
    }


def _of(news: Sequence[Alert], *, is_over: bool) -> list[Alert]:
    return [one for one in news if one.is_over == is_over]


def _lines(some: Sequence[Alert]) -> Iterator[str]:
    yield from map(_line, some[:LISTED])
    if len(some) > LISTED:
        yield f"- and {len(some) - LISTED} more: {settings.PUBLIC_URL}/status/"


def _line(alert: Alert) -> str:
    since = f"{alert.opened_at:%Y-%m-%d %H:%M} UTC"
    return f"- {_what_and_where(alert)}, since {since}{_what_to_do(alert)}"


def _what_and_where(alert: Alert) -> str:
    where = f" ({alert.team.name})" if alert.team else ""
    return f"{alert.title}{where}"


def _what_to_do(alert: Alert) -> str:
    """Say what to do and on which page, on lines of their own; "" where it is over."""
    if alert.is_over:
        return ""
    link = f"\n  {alert.url}" if alert.url else ""
    return f"\n  {alert.message}{link}"


def _counted(news: Sequence[Alert]) -> str:
    counts = Counter(one.get_kind_display() for one in news)
    return ", ".join(f"{label} ({count})" for label, count in counts.most_common())
