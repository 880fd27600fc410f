"""Row locks: the one order in which transactions lock rows, so that no two ever wait for each other
(a deadlock).

A transaction that locks rows of several tables (SELECT ... FOR UPDATE, UPDATE, DELETE) comes to
them in `ORDER`. Within one table it locks many by primary key, in one statement: `locked`, or
`unlocked` where a row that somebody else has locked can be left alone. What a later step of a long
transaction locks must be locked at its beginning.

What decides whether a job may be sent (the pauses of its account and its team) is locked by whoever
changes it, by whoever queues a job, and by whoever takes one to send it: see
generations/queue/pause.py.

SQLite has no row locks: a transaction has the whole database for itself from its beginning (BEGIN
IMMEDIATE).
"""

from typing import TypeVar

from django.db import connection, models

M = TypeVar("M", bound=models.Model)

# What only the holder of an earlier row ever locks (the sums of a month, below their budget) needs
# no order of its own.
ORDER = (
    "generations_branchrun",  # while its next step is made: see generations/branches/advance.py
    "providers_provideraccount",
    "teams_team",
    "teams_member",
    "teams_user",
    "teams_signintries",
    "generations_attempt",
    "generations_generation",
    "library_mark",
    "review_comment",
    "review_reviewrequest",
    "review_answer",
    "review_playlist",
    "review_playlistitem",
    "review_share",
    "library_taketext",
    "costs_entry",  # the line of a reservation, by whoever settles it
    "costs_monthbudget",  # by team, month and world: see costs/ledger.py
    "costs_fruitless",  # below the reservations of its attempts: see costs/fruitless.py
    "costs_monthcost",
    "generations_search",
    "generations_pause",
    "alerts_alert",
    "generations_lease",
    "generations_heartbeat",
)


def locked(rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Lock these rows by primary key, until the transaction ends; return them as they were asked
    for.

    Call it inside a transaction. What the rows say must be read after it: they may have changed
    while it waited.
    """
    if connection.features.has_select_for_update:
        list(_by_key(rows).values_list("pk", flat=True))
    return rows


def unlocked(rows: models.QuerySet[M]) -> models.QuerySet[M]:
    """Lock those of these rows that nobody else has locked now, and return them; waits for nobody.

    Call it inside a transaction, for what can as well be done the next time.
    """
    if connection.features.has_select_for_update:
        return rows.filter(
            pk__in=list(_by_key(rows, skip_locked=True).values_list("pk", flat=True))
        )
    return rows


def _by_key(rows: models.QuerySet[M], *, skip_locked: bool = False) -> models.QuerySet[M]:
    # No key of ours ever changes, so that rows which refer to these can be written all the while.
    return rows.order_by("pk").select_for_update(no_key=True, of=("self",), skip_locked=skip_locked)
