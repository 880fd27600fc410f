"""Audit filters: what the address bar narrows the log to."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from editorapp.core.request_values import BadValue, as_whole, row_id, text
from editorapp.teams.audit import ACTS, ActKind
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.models.audit import AuditEntryQuerySet


@dataclass(frozen=True)
class AuditFilters:
    """What is looked for; "" and None mean everything. Days are whole ones, in UTC."""

    person: int | None = None
    kind: str = ""
    act: str = ""
    subject: str = ""
    since: str = ""
    until: str = ""

    @classmethod
    def read(cls, query: QueryDict) -> "AuditFilters":
        """Read the address bar. A choice that there is not is let go. Raises: BadValue."""
        kind, act = query.get("kind", ""), query.get("act", "")
        return cls(
            person=row_id(query, "person"),
            kind=kind if kind in ActKind.values else "",
            act=act if act in ACTS else "",
            subject=_subject(text(query, "subject", most=60)),
            since=_day(query, "since"),
            until=_day(query, "until"),
        )

    def lines(self, member: Member) -> AuditEntryQuerySet:
        """Return the lines of the member's team that are all of this."""
        rows = AuditEntry.objects.visible_to(member)
        if self.person is not None:
            rows = rows.filter(actor_id=self.person)
        if self.kind:
            rows = rows.filter(act__in=[one.name for one in ACTS.values() if one.kind == self.kind])
        if self.act:
            rows = rows.filter(act=self.act)
        if self.subject:
            rows = rows.filter(subject=self.subject)
        if self.since:
            rows = rows.filter(at__gte=_begin_of(self.since))
        if self.until:
            rows = rows.filter(at__lt=_begin_of(self.until) + timedelta(days=1))
        return rows

    def address(self, name: str = "audit:page", **changes: object) -> str:
        """Return the address with these filters, changed or added to."""
        said = {key: value for key, value in (vars(self) | changes).items() if value}
        return reverse(name) + (f"?{urlencode(said)}" if said else "")

    @property
    def any(self) -> bool:
        return self != AuditFilters()


def _subject(typed: str) -> str:
    """Return what is looked for; a bare number, with or without its sign, is that of a take."""
    number = as_whole(typed.strip().removeprefix("#"))
    return typed.strip() if number is None else f"take:{number}"


def _day(query: QueryDict, name: str) -> str:
    said = text(query, name, most=10)
    if not said:
        return ""
    try:
        return date.fromisoformat(said).isoformat()
    except ValueError as error:
        raise BadValue(name, "a day belongs here, as 2026-11-30.") from error


def _begin_of(day: str) -> datetime:
    return datetime.combine(date.fromisoformat(day), time(), UTC)
