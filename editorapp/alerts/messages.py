"""Messages of alerts: pure text and JSON, without a key, a prompt or a link that lets anybody in."""

from collections import Counter
from collections.abc import Sequence
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
    opened = [one for one in news if not one.is_end]
    if not opened:
        return f"Over: {_counted(news)}"
    if len(opened) == 1:
        return opened[0].alert.title
    return f"{len(opened)} things need you: {_counted(opened)}"


def text(news: Sequence[Message], *, base_url: str) -> str:
    """Return all of it as plain text, each with the page where something can be done about it."""
    sections = []
    for heading, is_end in (("Needs a person", False), ("Over", True)):
        some = [one for one in news if one.is_end == is_end]
        if not some:
            continue
        lines = [_line(one, base_url) for one in some[:LISTED]]
        if len(some) > LISTED:
            lines.append(f"- and {len(some) - LISTED} more: {base_url}/status/")
        sections.append("\n".join([f"{heading}:", "", *lines]))
    return "\n\n".join(sections) + "\n"


def as_json(news: Sequence[Message], *, base_url: str, now: datetime) -> dict[str, Any]:
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


def _line(news: Message, base_url: str) -> str:
    alert = news.alert
    where = f" ({alert.team.name})" if alert.team else ""
    link = f"\n  {base_url}{alert.path}" if alert.path and not news.is_end else ""
    said = "" if news.is_end else f"\n  {alert.message}"
    return f"- {alert.title}{where}, since {alert.opened_at:%Y-%m-%d %H:%M} UTC{said}{link}"


def _counted(news: Sequence[Message]) -> str:
    return ", ".join(
        f"{label} ({count})" for label, count in Counter(one.label for one in news).most_common()
    )
