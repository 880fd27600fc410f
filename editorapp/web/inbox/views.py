"""Inbox: what a person was told, newest first; read, unread, and opened at its place."""

from dataclasses import dataclass
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.htmx import is_part, page_or_part
from editorapp.core.paging import cursor, newest_first
from editorapp.core.request_values import row_id
from editorapp.inbox import reading
from editorapp.inbox.models import Notice, NoticeKind
from editorapp.teams.access import MemberRequest, action_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.inbox import settings_views, webhook_views
from editorapp.web.inbox.groups import FILTERS, grouped

PAGE_SIZE = 40


class KindLink(NamedTuple):
    """A kind of notice as a link; `says`: what it is, at length."""

    url: str
    label: str
    says: str
    is_chosen: bool


@dataclass(frozen=True)
class InboxFilters:
    """What the address asks for: one kind, or only what is unread."""

    kind: str = ""
    is_unread: bool = False

    @classmethod
    def read(cls, query: QueryDict) -> "InboxFilters":
        kind = query.get("kind", "")
        return cls(kind if kind in NoticeKind else "", query.get("unread") == "1")

    @property
    def any(self) -> bool:
        return bool(self.kind or self.is_unread)

    def address(self, **other: Any) -> str:
        """Return the address of these filters, with some of them otherwise."""
        return reverse("inbox:page") + self.query(**other)

    def query(self, **other: Any) -> str:
        """Return what follows an address for these filters: "?kind=verdict"; "" for none."""
        chosen = {"kind": self.kind, "unread": "1" if self.is_unread else ""} | other
        said = urlencode({name: value for name, value in chosen.items() if value})
        return f"?{said}" if said else ""

    @property
    def kinds(self) -> list[KindLink]:
        """The kinds as links."""
        every = KindLink(self.address(kind=""), "Everything", "", not self.kind)
        return [every, *(self._link(kind) for kind in FILTERS)]

    def _link(self, kind: NoticeKind) -> KindLink:
        return KindLink(self.address(kind=kind), FILTERS[kind], kind.label, kind == self.kind)

    @property
    def states(self) -> list[tuple[str, str, bool]]:
        """Read and unread as links."""
        return [
            (self.address(unread=""), "All", not self.is_unread),
            (self.address(unread="1"), "Unread", self.is_unread),
        ]


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Show what this person was told, newest first; to htmx only more of it."""
    filters = InboxFilters.read(request.GET)
    rows = reading.notices(request.member, only_unread=filters.is_unread, kind=filters.kind)
    found = newest_first(rows, before=cursor(request.GET), size=PAGE_SIZE)
    context = {
        "here": "inbox",
        "filters": filters,
        "groups": grouped(found.rows, request.member),
        "older_url": found.older(filters.address()),
        "is_first": cursor(request.GET) is None,
    }
    return page_or_part(request, "inbox/page.html", "inbox/_groups.html", context)


@page_for(Act.SEE)
def open_one(request: MemberRequest, pk: int) -> HttpResponse:
    """Lead to the page that a notice is about, and keep that it was read.

    A browser that fetches ahead has not read it.
    """
    notice = _own(request, pk)
    if request.method == "GET" and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        reading.mark_read(request.member, [notice.pk], now=timezone.now())
    return redirect(notice.path)


@action_for(Act.SEE)
def mark_read(request: MemberRequest) -> HttpResponse:
    """Keep that one notice was read (`notice`), or that all of them were."""
    pk = row_id(request.POST, "notice")
    count = reading.mark_read(request.member, None if pk is None else [pk], now=timezone.now())
    if pk is None and not is_part(request):
        says = f"{count} marked as read." if count else "Everything is read already."
        messages.success(request, says)
    return _changed(request, pk)


@action_for(Act.SEE)
def mark_unread(request: MemberRequest, pk: int) -> HttpResponse:
    """Let a notice count as unread again."""
    reading.mark_unread(request.member, _own(request, pk).pk)
    return _changed(request, pk)


def _changed(request: MemberRequest, pk: int | None) -> HttpResponse:
    """Show what was changed: one notice and the bell, to htmx; else the page that it stood on."""
    filters = InboxFilters.read(request.GET)
    if pk is None or not is_part(request):
        return redirect(filters.address())
    [group] = grouped([_own(request, pk)], request.member)
    context = {"group": group, "row": group.rows[0], "filters": filters, "with_bell": True}
    return page_or_part(request, "inbox/_row.html", "inbox/_row.html", context)


def _own(request: MemberRequest, pk: int) -> Notice:
    return get_object_or_404(reading.notices(request.member), pk=pk)


urlpatterns = [
    path("", page, name="page"),
    path("<int:pk>", open_one, name="open"),
    path("read", mark_read, name="read"),
    path("<int:pk>/unread", mark_unread, name="unread"),
    *settings_views.urlpatterns,
    *webhook_views.urlpatterns,
]
