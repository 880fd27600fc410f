"""Papers of takes: all that is known of how they came about, read for many at once.

The number of queries does not grow with the takes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import connection

from editorapp.core.logs import secrets
from editorapp.core.money import ZERO
from editorapp.costs import ledger
from editorapp.costs.models import SPENT, Entry
from editorapp.exports.chosen import ChosenTake
from editorapp.generations.models import Attempt, Generation
from editorapp.media.models import Asset
from editorapp.teams.models import Member

TABLE = Generation._meta.db_table
LONGEST_SHOWN = 200  # characters of one string of a request body


@dataclass(frozen=True)
class TakePapers:
    """What is known of one take. `line`: the takes from the first one down to it, by id; `lines`:
    of the ledger, those that who asks may see; `pictures`: those that its request names.
    """

    attempts: Sequence[Attempt] = field(default_factory=tuple)
    lines: Sequence[Entry] = field(default_factory=tuple)
    line: Sequence[int] = field(default_factory=tuple)
    pictures: Sequence[tuple[str, Asset]] = field(default_factory=tuple)

    @property
    def charged_usd(self) -> Decimal | None:
        """What was charged and corrected, of the lines that may be seen; None: nothing was."""
        spent = [one.amount_usd for one in self.lines if one.kind in SPENT]
        return sum(spent, ZERO) if spent else None


def may_see_price(take: Generation, member: Member) -> bool:
    """May a member see what a take cost? Who sees all costs, and whose money it is."""
    return member.may_see_all_costs or take.responsible_id == member.user_id


def read_papers(chosen: Sequence[ChosenTake], member: Member) -> dict[int, TakePapers]:
    """Return the papers of takes that this member sees, by the take's id; four queries."""
    takes = [one.take for one in chosen]
    priced = [one.take.pk for one in chosen if one.sees_price]
    attempts = _by_take(_attempts(takes))
    lines = _by_take(ledger.lines(member, generation_id__in=priced).order_by("pk"))
    pictures = _pictures(takes)
    above = _parents(takes)
    return {
        take.pk: TakePapers(
            attempts=attempts.get(take.pk, ()),
            lines=lines.get(take.pk, ()),
            line=_line(take, above),
            pictures=pictures.get(take.pk, ()),
        )
        for take in takes
    }


def _by_take(rows: Iterable[Any]) -> dict[int, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[row.generation_id].append(row)
    return dict(found)


def _attempts(takes: Sequence[Generation]) -> Iterable[Attempt]:
    rows = Attempt.objects.filter(generation_id__in=[take.pk for take in takes])
    return rows.select_related("account").order_by("number")


def _pictures(takes: Sequence[Generation]) -> dict[int, list[tuple[str, Asset]]]:
    """Return the pictures that requests name, each with its field; the source is another thing."""
    named = [
        (take.pk, name, ref.asset_id)
        for take in takes
        for name, ref in take.wanted.refs()
        if name != "source" and ref.asset_id is not None
    ]
    teams = {take.team_id for take in takes}
    ids = {asset for _take, _name, asset in named}
    ours = Asset.objects.filter(team_id__in=teams).in_bulk(ids) if ids else {}
    found = defaultdict(list)
    for take, name, asset in named:
        if asset in ours:
            found[take].append((name, ours[asset]))
    return dict(found)


def _parents(takes: Sequence[Generation]) -> dict[int, int | None]:
    """Return the parent of each take and of all above them, by id: one query."""
    ids = [take.pk for take in takes]
    if not ids:
        return {}
    places = ", ".join(["%s"] * len(ids))
    # UNION, not UNION ALL, so that even a ring of parents comes to an end.
    query = f"""
        WITH RECURSIVE line (id, parent_id) AS (
            SELECT id, parent_id FROM {TABLE} WHERE id IN ({places})
            UNION
            SELECT above.id, above.parent_id FROM {TABLE} above
            JOIN line ON above.id = line.parent_id
        )
        SELECT id, parent_id FROM line
    """
    with connection.cursor() as cursor:
        cursor.execute(query, ids)
        return dict(cursor.fetchall())


def _line(take: Generation, above: dict[int, int | None]) -> list[int]:
    line = [take.pk]
    while (parent := above.get(line[-1])) is not None and parent not in line:
        line.append(parent)
    return line[::-1]


def shown_body(body: Any) -> Any:
    """Return a request body as it may be shown: long strings (pictures as text) cut, links without
    what lets others in.
    """
    if isinstance(body, dict):
        return {key: shown_body(value) for key, value in body.items()}
    if isinstance(body, list):
        return [shown_body(value) for value in body]
    return _cut(secrets.without(body)) if isinstance(body, str) else body


def _cut(text: str) -> str:
    if len(text) <= LONGEST_SHOWN or " " in text[:LONGEST_SHOWN]:
        return text
    return f"{text[:60]}… ({len(text):,} characters)"
