"""Messages of alerts: pure text and JSON, without a key, a prompt or a link that lets anybody in."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from editorapp.alerts.models import Alert, AlertKind

LISTED = 25  # in full; more are counted


@dataclass(frozen=True)
class Message:
    """An alert that was opened, or its end."""

    alert: Alert
    is_end: bool

    @property
    def label(self) -> str:
        return str(AlertKind(self.alert.kind).label)


def title(news: Sequence[Message]) -> str:
    """Return one line for what is told, without a line break: it becomes a mail's subject."""
    opened = _of(news, is_end=False)
    if not opened:
        return f"Over: {_counted(news)}"
    if len(opened) == 1:
        return opened[0].alert.title
    return f"{len(opened)} things need you: {_counted(opened)}"


def text(news: Sequence[Message], *, base_url: str) -> str:
    """Return all of it as plain text, each with the page where something can be done about it."""
    sections = []
    for heading, is_end in (("Needs a person", False), ("Over", True)):
        if some := _of(news, is_end=is_end):
            sections.append("\n".join([f"{heading}:", "", *_lines(some, base_url)]))
    return "\n\n".join(sections) + "\n"


def as_json(
    news: Sequence[Message],
    *,
    base_url: str,
    now: datetime,
) -> dict[str, Any]:
    """Return what the webhook is posted. `text` is what chat services show of it."""
    return {
        "text": f"Rushes: {title(news)}\n\n{text(news, base_url=base_url)}",
        "sent_at": now.isoformat(),
        "alerts": [_alert_as_json(one, base_url) for one in news],
    }


def _alert_as_json(news: Message, base_url: str) -> dict[str, Any]:
    alert = news.alert
    return {
        "id": alert.pk,
        "event": "closed" if news.is_end else "opened",
        "kind": alert.kind,
        "subject": alert.subject,
        "message": alert.message,
        "team": alert.team.name if alert.team else None,
        "url": f"{base_url}{alert.path}" if alert.path else None,
        "opened_at": alert.opened_at.isoformat(),
        "closed_at": alert.closed_at.isoformat() if alert.closed_at else None,
    }


def _of(news: Sequence[Message], *, is_end: bool) -> list[Message]:
    return [one for one in news if one.is_end == is_end]


def _lines(some: Sequence[Message], base_url: str) -> Iterator[str]:
    for one in some[:LISTED]:
        yield _line(one, base_url)
    if len(some) > LISTED:
        yield f"- and {len(some) - LISTED} more: {base_url}/status/"


def _line(news: Message, base_url: str) -> str:
    alert = news.alert
    where = f" ({alert.team.name})" if alert.team else ""
    since = f"{alert.opened_at:%Y-%m-%d %H:%M} UTC"
    more = "" if news.is_end else _what_to_do(alert, base_url)
    return f"- {alert.title}{where}, since {since}{more}"


def _what_to_do(alert: Alert, base_url: str) -> str:
    link = f"\n  {base_url}{alert.path}" if alert.path else ""
    return f"\n  {alert.message}{link}"


def _counted(news: Sequence[Message]) -> str:
    counts = Counter(one.label for one in news)
    return ", ".join(f"{label} ({count})" for label, count in counts.most_common())
