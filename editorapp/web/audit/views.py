"""Audit page: who did what, on what, from where and why; filtered, and handed out as CSV."""

import json
from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.urls import path
from django.utils import timezone

from editorapp.core import spreadsheet
from editorapp.core.htmx import is_part, page_or_part
from editorapp.core.paging import cursor, newest_first
from editorapp.core.spreadsheet import Cell
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.audit import ACTS, ActKind
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.models.audit import AuditEntryQuerySet
from editorapp.teams.roles import Act
from editorapp.web.audit.filters import AuditFilters

PAGE_SIZE = 50
COLUMNS = ("at_utc", "person", "person_id", "address", "kind", "act", "subject", "about", "why")


@page_for(Act.SEE_AUDIT)
def page(request: MemberRequest) -> HttpResponse:
    """Show the newest lines that the address bar asks for; to htmx only more of them."""
    filters = AuditFilters.read(request.GET)
    rows = filters.lines(request.member)
    found = newest_first(rows, before=cursor(request.GET), size=PAGE_SIZE)
    context: dict[str, Any] = {
        "here": "audit",
        "filters": filters,
        "lines": found.rows,
        "older_url": found.older(filters.address()),
    }
    if not is_part(request):
        context |= {
            "people": _people(request.member),
            "kinds": ActKind.choices,
            "acts": list(ACTS.values()),
            "csv_url": filters.address("audit:csv"),
        }
    return page_or_part(request, "audit/page.html", "audit/_lines.html", context)


@page_for(Act.SEE_AUDIT)
def lines_csv(request: MemberRequest) -> StreamingHttpResponse:
    """Return the lines that the page shows, all of them, as CSV, oldest first."""
    rows = AuditFilters.read(request.GET).lines(request.member)
    name = f"rushes-audit-{timezone.now():%Y-%m-%d}.csv"
    return spreadsheet.download(_csv_rows(rows), name=name)


def _csv_rows(lines: AuditEntryQuerySet) -> Iterator[list[Cell]]:
    yield [*COLUMNS, "facts"]
    for line in lines.order_by("pk").iterator(chunk_size=500):
        yield _csv_row(line)


def _csv_row(line: AuditEntry) -> list[Cell]:
    act = ACTS.get(line.act)
    return [
        line.at.isoformat(timespec="seconds"),
        line.actor_name,
        line.actor_id or "",
        line.address,
        str(act.kind) if act else "",
        line.act,
        line.subject,
        line.about,
        line.why,
        json.dumps(line.facts, sort_keys=True, ensure_ascii=False),
    ]


def _people(member: Member) -> list[tuple[int, str]]:
    """Return everybody who is or was in the team."""
    rows = member.team.members.select_related("user")
    in_order = rows.order_by("user__display_name", "user__username")
    return [(one.user_id, str(one.user)) for one in in_order]


urlpatterns = [
    path("", page, name="page"),
    path("lines.csv", lines_csv, name="csv"),
]
