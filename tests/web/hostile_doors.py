"""Every door and every parameter that is read behind it, found by itself: addresses from the table
of URLs, names by watching which ones a view asks for. A new page, and a new parameter of an old
one, are tried without being listed.
"""

import json
import sys
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any

import pytest
from django.core.signals import got_request_exception
from django.db import connection, transaction
from django.db.models import Model
from django.http import HttpResponseBase, QueryDict
from django.test import Client

from editorapp.core.typed_text import wrong_in
from editorapp.costs.models import Entry, PriceQuote
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.media.models import Asset, Upload
from editorapp.reuse.models import EditRecipe, SavedDraft
from editorapp.review.models import (
    Comment,
    CommentEdit,
    Decision,
    Mention,
    Playlist,
    PlaylistItem,
    ReviewRequest,
)
from editorapp.teams.models import (
    AuditEntry,
    Invite,
    LimitChange,
    Member,
    Project,
    ProjectMember,
    Team,
    User,
)

# What somebody sends who means no good, or whose script is broken.
VALUES = (
    "\0",
    "a\0b",
    "\x1b[31m",
    "slide\x0bbreak",
    "\u0661\u0662",
    "\u00b2",
    "9" * 5_000,
    "9" * 50,
    "9" * 19,
    "-1",
    "1e400",
    "NaN",
    "-Infinity",
    "1e13",
    "0x1F",
    "1_000",
    "01.x",
    "1.",
    "\n50",
    "1\r\nX-Injected: yes",
    "9999-12",
    "a=%ED%A0%80&b=%00",
    "'\"><script>alert(1)</script>",
    "\u202e\ufeff\ufffe",
    "[" * 2_000,
    "A" * 20_000,
    "%s%n{0}{x!r}",
    "../../../etc/passwd",
    "1:2:3 edit:9:\0",
    "2147483648.queued",
)
# What makes the rest of a form sound, so that a hostile value is read to the end.
SOUND = {
    "note": "Looked at the console.",
    "text": "Too dark here.",
    "place": "take",
    "outcome": "never_arrived",
    "job_id": "an-id",
    "agreed_usd": "5.00",
    "actual_usd": "1.08",
    "role": "creator",
    "verdict": "needs_changes",
    "username": "somebody",
    "password": "a good long password",
    "display_name": "Somebody",
    "email": "somebody@example.com",
    "name": "Zinnober",
    "kind": "one",
    "monthly_limit_usd": "500",
    "limit_note": "More work.",
    "days": "7",
    "choice": "hold",
    "theme": "dark",
    "colour": "red",
    "subject": "take:1",
    "since": "2026-11-30",
    "max_concurrent": "3",
    "requests_per_minute": "60",
    "key_1": "luma-api-0123456789abcdef",
    "prompt": "A quiet harbor",
    "recipe_name": "Harbor light",
    "recipe_kind": "recipe",
    "draft_page": "0a1b",
    "new_password1": "a good long password",
    "new_password2": "a good long password",
    "old_password": "wrong",
}
ROWS: tuple[type[Model], ...] = (
    Generation,
    Attempt,
    Entry,
    PriceQuote,
    Settlement,
    Asset,
    Upload,
    SavedDraft,
    EditRecipe,
    Team,
    User,
    Member,
    Invite,
    LimitChange,
    AuditEntry,
    Project,
    ProjectMember,
    Decision,
    ReviewRequest,
    Playlist,
    PlaylistItem,
    Comment,
    CommentEdit,
    Mention,
)
# The last key of each table, in one question: it is asked before and after thousands of requests.
_LAST = "SELECT " + ", ".join(
    f'(SELECT COALESCE(MAX("{rows._meta.pk.column}"), 0) FROM "{rows._meta.db_table}")'
    for rows in ROWS
)
Form = dict[str, str]


def last_of_all() -> Sequence[int]:
    """Return the last key of each of ROWS, 0 where it is empty."""
    with connection.cursor() as cursor:
        cursor.execute(_LAST)
        return cursor.fetchone()


@dataclass
class Asked:
    """Which names views have asked a form or an address for, in the order of their first time."""

    names: dict[str, None] = field(default_factory=dict)

    def watch(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for method in ("__getitem__", "_getlist"):
            monkeypatch.setattr(QueryDict, method, self._noting(getattr(QueryDict, method)))
        monkeypatch.setattr(
            QueryDict, "__contains__", self._noting(dict.__contains__), raising=False
        )

    def _noting(self, method: Any) -> Any:
        def noting(sent: QueryDict, name: Any, *more: Any, **named: Any) -> Any:
            if isinstance(name, str) and len(name) < 60:
                self.names[name] = None
            return method(sent, name, *more, **named)

        return noting


@dataclass
class Knocking:
    """Sends requests as one person, each in a transaction that is taken back, and notes what nobody
    should see.
    """

    client: Client
    asked: Asked
    count: int = 0
    wrong: list[str] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    _cookies: str = ""
    _raised: list[BaseException | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._cookies = self.client.cookies.output(header="", sep=";")
        self.client.raise_request_exception = False
        got_request_exception.connect(self._note, weak=False, dispatch_uid="hostile")

    def close(self) -> None:
        got_request_exception.disconnect(dispatch_uid="hostile")

    def _note(self, **_signal: Any) -> None:
        self._raised.append(sys.exc_info()[1])

    def send(
        self, method: str, address: str, *data: Any, said: str, **more: Any
    ) -> HttpResponseBase:
        """Send one request, look at its answer and at the rows that it wrote, and take those back."""
        self.client.cookies = SimpleCookie(self._cookies)
        self._raised.clear()
        self.count += 1
        with transaction.atomic():
            before = () if method == "get" else last_of_all()
            answer = getattr(self.client, method)(address, *data, **more)
            if answer.streaming:
                for _piece in answer.streaming_content:
                    pass
            self._look(answer, f"{method} {address[:60]} {said}")
            if before and answer.status_code < 400:
                self._look_at_rows(before, f"{method} {address[:60]} {said}")
            transaction.set_rollback(True)
        return answer

    def form(self, address: str, body: bytes, kind: str) -> HttpResponseBase:
        """Send a body as it is, under any type: the client would write it in the letters that the
        type names.
        """
        return self.send(
            "generic", "POST", address, body, said=f"{address} {kind[-30:]}", content_type=kind
        )

    def _look(self, answer: HttpResponseBase, said: str) -> None:
        self.statuses[answer.status_code] = self.statuses.get(answer.status_code, 0) + 1
        if answer.status_code >= 500:
            self.wrong.append(f"{said}: {answer.status_code} {self._raised[-1:]!r}"[:300])
        for name, value in answer.items():
            if wrong_in(value) or "\n" in value or "X-Injected" in name:
                self.wrong.append(f"{said}: the header {name} is {value!r}"[:300])

    def _look_at_rows(self, before: Sequence[int], said: str) -> None:
        """See that no row holds what cannot be seen: neither new ones nor, of these few, the
        changed.
        """
        for rows, last, now in zip(ROWS, before, last_of_all(), strict=True):
            if rows in (Team, User, Member):
                looked_at = rows.objects.all()
            elif now > last:
                looked_at = rows.objects.filter(pk__gt=last)
            else:
                continue
            for row in looked_at:
                for name, value in vars(row).items():
                    text = (
                        json.dumps(value, default=str, ensure_ascii=False)
                        if not isinstance(value, str)
                        else value
                    )
                    if not name.startswith("_") and (wrong_in(text) or "\\u00" in text):
                        self.wrong.append(f"{said}: {rows.__name__}.{name} keeps {text!r}"[:300])

    def names_at(
        self, method: str, address: str, base: dict[str, Any], **more: Any
    ) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield each name that a door asks for, with the form in which it did: names asked for only
        beside another one come with it. The caller sends hostile values meanwhile, and what is
        asked for then is found, too.
        """
        known: dict[str, Form] = {}
        pending: deque[tuple[str, Form]] = deque()

        def found(form: Form) -> None:
            for name in self.asked.names:
                if name not in known and name != "csrfmiddlewaretoken":
                    known[name] = form
                    pending.append((name, form))
            self.asked.names.clear()

        self.asked.names.clear()
        for form in ({}, base):
            self.send(method, address, form, said="to see what it asks for")
            found(form)
        sound = base | {name: SOUND[name] for name in known if name in SOUND}
        self.send(method, address, sound, said="to see what it asks for")
        found(sound)
        while pending:
            name, form = pending.popleft()
            yield name, sound | form
            found({**form, name: "1"})
