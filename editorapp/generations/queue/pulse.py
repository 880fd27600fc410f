"""Pulse: a short name for all that the queue says to a team, so that a poll which finds nothing new
costs next to nothing.

It is another one as soon as anything that is shown may have changed: counts, sums and latest
instants over the rows that the page would read, in six statements whose text never changes. Sums
are weighed by id, so that two which change places are seen too.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import connection

from editorapp.core.constants_in_sql import listed_as_constants
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import Attempt, Generation, Pause
from editorapp.generations.queue.slots import EVER, RATE_WINDOW
from editorapp.generations.states import (
    ACTIVE,
    CANCELABLE,
    ENDED,
    IN_FLIGHT,
    NEEDS_A_PERSON,
)
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Team

Row = tuple[Any, ...]


_TAKE, _ATTEMPT = Generation._meta.db_table, Attempt._meta.db_table
_ACCOUNT, _PAUSE = ProviderAccount._meta.db_table, Pause._meta.db_table
_WEIGHT = "(a.id %% 1009)"

# In the indexes generation_active and generation_in_need; of the second the page shows so many.
_OWN = f"""
SELECT g.state, g.account_id, COUNT(*), SUM(g.id), MAX(g.state_since), COUNT(g.held_at),
    MAX(g.held_at), SUM(g.assignee_id), SUM(LENGTH(g.failure_message)), SUM(a.number),
    SUM(a.error_count), COUNT(a.progress), SUM(ROUND(100 * a.progress) * {_WEIGHT})
FROM ({{own}}) g JOIN {_ATTEMPT} a ON a.generation_id = g.id AND a.number = g.attempt_number
GROUP BY g.state, g.account_id ORDER BY g.state, g.account_id
"""
_OWN_TAKES = f"""
SELECT id, attempt_number, state, account_id, state_since, held_at, assignee_id, failure_message
FROM {_TAKE} WHERE team_id = %s AND trashed_at IS NULL AND state IN ({{states}})
"""
_ACTIVE = _OWN.format(own=_OWN_TAKES.format(states=listed_as_constants(ACTIVE)))
_IN_NEED = _OWN.format(
    own=_OWN_TAKES.format(states=listed_as_constants(NEEDS_A_PERSON)) + "ORDER BY id DESC LIMIT %s"
)
_OVER = f"""
SELECT id, state, state_since FROM {_TAKE}
WHERE team_id = %s AND trashed_at IS NULL AND state_since >= %s
    AND state IN ({listed_as_constants(ENDED)})
ORDER BY state_since DESC, id DESC LIMIT %s
"""
_ACCOUNTS = f"""
SELECT one.id, provider, name, is_enabled, key_hint, max_concurrent, requests_per_minute,
    paused_at, paused_by_id, until, reason
FROM {_ACCOUNT} one LEFT JOIN {_PAUSE} ON account_id = one.id AND until > %s
ORDER BY one.id
"""
# What waits, of all teams: it is one line.
_LINE = f"""
SELECT a.account_id, a.state, COUNT(*), SUM(a.id), SUM(a.priority * {_WEIGHT}),
    SUM((a.turn %% 1000003) * {_WEIGHT}), SUM(a.person_id * {_WEIGHT}), COUNT(a.next_action_at),
    COUNT(a.lease_token), SUM(LENGTH(a.last_error))
FROM {_ATTEMPT} a
WHERE a.state IN ({listed_as_constants(CANCELABLE)})
GROUP BY a.account_id, a.state ORDER BY a.account_id, a.state
"""
# As slots.taking_slots, in the index attempt_due.
_BUSY = f"""
SELECT account_id, COUNT(*) FROM {_ATTEMPT}
WHERE state IN ({listed_as_constants(IN_FLIGHT)}) AND next_action_at > %s
    AND flagged_at IS NULL AND provider_done_at IS NULL
GROUP BY account_id ORDER BY account_id
"""
_POSTED = f"""
SELECT account_id, COUNT(*) FROM {_ATTEMPT}
WHERE account_id = %s AND submit_started_at > %s AND submit_started_at <= %s
GROUP BY account_id
"""


def pulse(
    team: Team,
    *,
    now: datetime,
    recent: timedelta,
    most_recent: int,
    most_in_need: int,
) -> str:
    """Return the queue's pulse for a team: 16 hexadecimal digits.

    `recent` and `most_recent`: for how long, and of how many, the page says that they are over;
    `most_in_need`: of how many that they need a person.
    """
    own = [*_rows(_ACTIVE, team.pk), *_rows(_IN_NEED, team.pk, most_in_need)]
    over = _rows(_OVER, team.pk, _as_kept(now - recent), most_recent)
    accounts = _rows(_ACCOUNTS, _as_kept(now))
    used = {row[1] for row in own}
    waits = [row for row in _rows(_LINE) if row[0] in used]
    busy = [row for row in _rows(_BUSY, _as_kept(EVER)) if row[0] in used]
    full = [row[0] for row in accounts if row[0] in used and _is_full(row, now)]
    is_silent = bool(waits) and bool(heartbeat.signs(now).silence)
    said = repr((own, over, accounts, waits, busy, full, is_silent, team.queue_paused_at))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _is_full(account: Row, now: datetime) -> bool:
    """Were as many requests sent in the last minute as the account takes?"""
    pk, limit = account[0], account[6]
    posted = _rows(_POSTED, pk, _as_kept(now - RATE_WINDOW), _as_kept(now + RATE_WINDOW))
    return bool(limit <= (posted[0][1] if posted else 0))


def _rows(statement: str, *values: Any) -> Sequence[Row]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        found: list[Row] = cursor.fetchall()
        return found


def _as_kept(instant: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(instant)
