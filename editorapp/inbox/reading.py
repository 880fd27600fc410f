"""Reading: what a person has been told, newest first, read and unread."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.inbox.models import Notice
from editorapp.teams.models import Member

MOST_COUNTED = 99
KEPT = timedelta(days=180)  # since it was read


def notices(
    member: Member,
    *,
    only_unread: bool = False,
    kind: str = "",
) -> "QuerySet[Notice]":
    """Return what a person was told in this team; `kind`: "" for all kinds."""
    rows = Notice.objects.of_member(member)
    rows = rows.filter(kind=kind) if kind else rows
    return rows.unread() if only_unread else rows


def unread_count(member: Member) -> int:
    """Return how many notices a person has not read, up to MOST_COUNTED + 1."""
    return len(_unread(member.team_id, member.user_id))


@CompiledQuery
def _unread(team: int, user: int) -> "QuerySet[Notice, int]":
    rows = Notice.objects.filter(team_id=team, user_id=user).unread().order_by()
    return rows.values_list("pk", flat=True)[: MOST_COUNTED + 1]


def mark_read(member: Member, ids: Iterable[int] | None = None, *, now: datetime) -> int:
    """Keep that a person has read these notices, or all of theirs; no mail comes about them then.

    Return how many were unread.
    """
    rows = notices(member, only_unread=True)
    if ids is not None:
        rows = rows.filter(pk__in=list(ids))
    return rows.update(read_at=now, mail_at=None)


def mark_path_read(member: Member, path: str, *, now: datetime) -> int:
    """Keep that a person has read what leads to a page, or to a place on it, for they are there.

    One query where nothing does.
    """
    leads_here = Q(path=path) | Q(path__startswith=f"{path}#")
    rows = notices(member, only_unread=True).filter(leads_here)
    ids = list(rows.values_list("pk", flat=True))
    return mark_read(member, ids, now=now) if ids else 0


def mark_unread(member: Member, pk: int) -> None:
    """Let a notice count as unread again; no mail comes about it."""
    Notice.objects.of_member(member).filter(pk=pk).update(read_at=None)


def sweep(now: datetime) -> None:
    """Forget what was read a long time ago."""
    Notice.objects.filter(read_at__lt=now - KEPT).delete()
