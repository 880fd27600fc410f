"""Fair order: whose turn it is at an account, which of what waits there is sent next."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Attempt, Priority, turn_of

RECENT = 64  # so many of the last posts tell who was served when
SINGLES_TO_A_BATCH = 3


@dataclass(frozen=True)
class WaitingAttempt:
    """One attempt that waits, and whose it is.

    `turn` is the microsecond it was queued in, unless somebody moved it.
    """

    pk: int
    person: int
    priority: int
    turn: int

    @property
    def is_batch(self) -> bool:
        return self.priority == Priority.BATCH


Lines = dict[int, list[WaitingAttempt]]  # what waits by person, each in their own order


@dataclass(frozen=True)
class Posted:
    """One of the last posts. `at` in microseconds, as `Waiting.turn`."""

    person: int
    is_batch: bool
    at: int


def next_in_line(account_id: int, *, now: datetime, most: int) -> list[int]:
    """Return up to so many attempts in the order in which they are sent: three queries, over few
    rows of any line.
    """
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [account_id, account_id])
        people = [person for (person,) in cursor.fetchall()]
    if not people or most <= 0:
        return []
    recent = _recent(account_id)
    heads = _heads(account_id, people, now=now, most=most)
    return [one.pk for one in choose(heads, recent, most=most)]


def choose(
    waiting: Iterable[WaitingAttempt],
    recent: Sequence[Posted],
    *,
    most: int,
) -> list[WaitingAttempt]:
    """Choose what is sent next. `recent` are the account's last posts, newest first.

    The rule: what an admin put ahead of all goes first. Then people take turns, one post each:
    whoever was served longest ago is next, so that 60 of one person keep nobody waiting for more
    than one post. Single ones go before what was sent in one go (a batch); but for every three
    singles that were sent while a batch waited, one of a batch follows, so a batch always goes on,
    at a quarter of the account's pace at least. Each person's own go in the order in which they
    were sent, or as that person moved them.
    """
    in_order = sorted(waiting, key=lambda one: (one.turn, one.pk))
    chosen = [one for one in in_order if one.priority == Priority.FIRST][:most]
    singles: Lines = defaultdict(list)
    batches: Lines = defaultdict(list)
    for one in in_order:
        if one.priority != Priority.FIRST:
            (batches if one.is_batch else singles)[one.person].append(one)
    served = {one.person: -place for place, one in reversed(list(enumerate(recent)))}
    since_batch = _singles_since(batches, recent)
    while len(chosen) < most and (singles or batches):
        is_batch_next = batches and (since_batch >= SINGLES_TO_A_BATCH or not singles)
        lines = batches if is_batch_next else singles
        person = min(lines, key=lambda one: (served.get(one, -RECENT), lines[one][0].turn, one))
        one = lines[person].pop(0)
        if not lines[person]:
            del lines[person]
        since_batch = 0 if one.is_batch else since_batch + 1
        served[person] = len(chosen) + 1
        chosen.append(one)
    return chosen


def _singles_since(batches: Lines, recent: Sequence[Posted]) -> int:
    """Return how many singles were sent, the last of all, while a batch waited."""
    if not batches:
        return 0
    oldest = min(line[0].turn for line in batches.values())
    singles = takewhile(lambda post: not post.is_batch and post.at > oldest, recent)
    return len(list(singles))


# The condition in constants, and the columns in this order: as the index attempt_in_line has them,
# on both databases.
_TABLE = Attempt._meta.db_table
_IN_LINE = "state = 'queued' AND next_action_at IS NOT NULL AND account_id = %s"
# One step of the index for each person, however many rows each has.
_PEOPLE = f"""
WITH RECURSIVE people(id) AS (
    SELECT MIN(person_id) FROM {_TABLE} WHERE {_IN_LINE}
    UNION ALL
    SELECT (SELECT MIN(person_id) FROM {_TABLE} WHERE {_IN_LINE} AND person_id > people.id)
    FROM people WHERE people.id IS NOT NULL
)
SELECT id FROM people WHERE id IS NOT NULL
"""
# What another sweep has just taken is left out, until its claim lapses.
_HEAD = f"""
SELECT id, person_id, priority, turn FROM (
    SELECT id, person_id, priority, turn FROM {_TABLE}
    WHERE {_IN_LINE} AND person_id = %s AND priority {{priority}} AND (lease_token IS NULL OR next_action_at <= %s)
    ORDER BY priority, turn, id LIMIT %s
) AS head
"""
_HEADS = tuple(
    _HEAD.format(priority=priority)
    for priority in (f"< {Priority.BATCH.value}", f"= {Priority.BATCH.value}")
)
_PEOPLE_AT_ONCE = 100  # SQLite joins at most 500 selects


def _heads(
    account_id: int,
    people: Sequence[int],
    *,
    now: datetime,
    most: int,
) -> list[WaitingAttempt]:
    """Read the head of each person's two lines: singles, and what is of a batch."""
    at = connection.ops.adapt_datetimefield_value(now)
    found: list[WaitingAttempt] = []
    for start in range(0, len(people), _PEOPLE_AT_ONCE):
        some = people[start : start + _PEOPLE_AT_ONCE]
        values = [
            value for person in some for _ in _HEADS for value in (account_id, person, at, most)
        ]
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_HEADS * len(some)), values)
            found += [WaitingAttempt(*row) for row in cursor.fetchall()]
    return found


def _recent(account_id: int) -> list[Posted]:
    return [
        Posted(person, priority == Priority.BATCH, turn_of(at))
        for person, priority, at in _posts(account_id)
    ]


@CompiledQuery
def _posts(account: int) -> "QuerySet[Attempt, Any]":
    """Return the last posts of an account, newest first."""
    rows = Attempt.objects.filter(account_id=account, submit_started_at__isnull=False)
    last = rows.order_by("-submit_started_at")
    return last.values_list("person_id", "priority", "submit_started_at")[:RECENT]
