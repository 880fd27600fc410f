"""Notice groups: notices that stand together about one take, with its picture."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.inbox.models import Notice, NoticeKind
from editorapp.teams.models import Member

_TAKE = re.compile(r"/takes/([0-9]{1,18})")
LABELS = {
    NoticeKind.COMMENT: "Note",
    NoticeKind.REPLY: "Reply",
    NoticeKind.MENTION: "Mention",
    NoticeKind.ASKED: "To review",
    NoticeKind.VERDICT: "Verdict",
    NoticeKind.ANSWER: "Answer",
    NoticeKind.TROUBLE: "Trouble",
}


FILTERS = {
    NoticeKind.COMMENT: "Notes",
    NoticeKind.REPLY: "Replies",
    NoticeKind.MENTION: "Mentions",
    NoticeKind.ASKED: "To review",
    NoticeKind.VERDICT: "Verdicts",
    NoticeKind.ANSWER: "Answers",
    NoticeKind.TROUBLE: "Trouble",
}


@dataclass(frozen=True)
class NoticeRow:
    """One notice as it is listed."""

    notice: Notice

    @property
    def label(self) -> str:
        kind = self.notice.kind
        return LABELS[NoticeKind(kind)] if kind in NoticeKind else kind

    @property
    def is_unread(self) -> bool:
        return self.notice.read_at is None


@dataclass(frozen=True)
class NoticeGroup:
    """Notices of one page, the newest first. `take`: the one that the page is of, where this person
    sees it (any more).
    """

    page: str
    rows: tuple[NoticeRow, ...]
    take: Generation | None

    @property
    def number(self) -> int | None:
        """The number of the take; None where the page is no take's."""
        return _number(self.page)

    @property
    def is_hidden(self) -> bool:
        """Is it about a take that this person does not see any more?"""
        return self.number is not None and self.take is None


def grouped(notices: Sequence[Notice], member: Member) -> list[NoticeGroup]:
    """Return notices in their order, those of one take that follow each other together: one query,
    for the takes.
    """
    takes = _takes({one.page for one in notices}, member)
    return [
        NoticeGroup(page, tuple(map(NoticeRow, rows)), takes.get(_number(page) or 0))
        for page, rows in groupby(notices, key=lambda one: one.page)
    ]


def _number(page: str) -> int | None:
    found = _TAKE.fullmatch(page)
    return as_whole(found[1]) if found else None


def _takes(pages: set[str], member: Member) -> dict[int, Generation]:
    numbers = {number for page in pages if (number := _number(page)) is not None}
    rows = Generation.objects.visible_to(member).filter(pk__in=numbers)
    rows = rows.select_related("result", "source_asset")
    return {take.pk: take for take in rows} if numbers else {}
