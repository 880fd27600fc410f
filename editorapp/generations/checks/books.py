"""Books: proof that money and states say the same: the whole check behind `manage.py check_ledger`.

costs/check.py proves the ledger's own sums. Here: what each attempt's state says of its money, what
a generation shows against its lines, and what it copies from its newest attempt.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Count, Exists, F, Max, OuterRef, Q, QuerySet, Subquery, Sum

from editorapp.core.money import ZERO, show_usd
from editorapp.core.snapshot import snapshot
from editorapp.costs import check
from editorapp.costs.models import Entry, Fruitless
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import FRUITLESS, State

Kind = Entry.Kind


@dataclass(frozen=True)
class Audit:
    """What was found at one instant; no difference proves the books."""

    lines: int
    last_line: int
    attempts: int
    differences: tuple[str, ...]


def differences() -> list[str]:
    """Return one sentence for each difference between lines, sums and states at one instant."""
    return list(audit().differences)


def audit() -> Audit:
    """Read all books in one snapshot and compare them. Takes no lock; reads every line."""
    with snapshot():
        found = tuple(_all_differences())
        lines = Entry.objects.aggregate(count=Count("pk"), last=Max("pk"))
        return Audit(lines["count"], lines["last"] or 0, Attempt.objects.count(), found)


def _all_differences() -> Iterator[str]:
    yield from check.of_lines()
    yield from _states()
    yield from _orphans()
    yield from _costs()
    yield from _copies()
    yield from _fruitless()


def _lines(*kinds: str, of: str = "pk") -> Exists:
    return Exists(Entry.objects.filter(attempt_id=OuterRef(of), kind__in=kinds))


def _states() -> Iterator[str]:
    """Compare each attempt's state with its lines: on its way it holds, delivered it is charged,
    over it is closed.
    """
    for which, right, says in _expected():
        wrong = Attempt.objects.filter(which).exclude(right).order_by("pk")
        for attempt in wrong.only(*NAMED).iterator():
            name = f"Attempt {attempt.pk} (#{attempt.generation_id})"
            lines = Entry.objects.filter(attempt_id=attempt.pk).order_by("pk")
            has = ", ".join(lines.values_list("kind", flat=True)) or "none"
            yield f"{name} is {attempt.state} and {says}; its lines: {has}."


def _expected() -> tuple[tuple[Q, Q | Exists, str], ...]:
    """Return which attempts must have which lines, and the words for it."""
    was_done = Q(provider_done_at__isnull=False)
    # Charged before, where the result is only fetched anew.
    in_doubt = Q(state__in=(State.RUNNING, State.LOST))
    waiting = Q(state__in=(State.QUEUED, State.STAGING, State.SUBMITTING, State.UNKNOWN))
    delivered = Q(state__in=(State.FETCHING, State.SUCCEEDED, State.FETCH_FAILED))
    charged = _lines(Kind.CHARGE)
    closed = _lines(Kind.CHARGE, Kind.RELEASE)
    holds = _lines(Kind.RESERVE) & ~closed
    released = _lines(Kind.RELEASE) & ~charged
    return (
        (waiting | (in_doubt & ~was_done), holds, "should hold its reservation"),
        (delivered | (in_doubt & was_done), charged, "should be charged"),
        (Q(state=State.FAILED), closed, "should be charged or released"),
        (Q(state=State.CANCELED), released, "should be released"),
    )


NAMED = ("pk", "generation_id", "state")


def _orphans() -> Iterator[str]:
    """Find money that is held for an attempt that does not exist: nothing would ever settle it."""
    for entry in _held_for_nobody().order_by("pk").iterator():
        yield f"{show_usd(entry.amount_usd)} are held for attempt {entry.attempt_id}, which does not exist."


def _held_for_nobody() -> QuerySet[Entry]:
    return Entry.objects.filter(
        ~_lines(Kind.CHARGE, Kind.RELEASE, of="attempt_id"),
        ~Exists(Attempt.objects.filter(pk=OuterRef("attempt_id"))),
        kind="reserve",
    )


def _costs() -> Iterator[str]:
    """Compare what a generation shows as its cost with its charges and adjustments."""
    spent = Entry.objects.filter(
        generation_id=OuterRef("pk"), kind__in=(Kind.CHARGE, Kind.ADJUST)
    ).order_by()
    total = spent.values("generation_id").annotate(total=Sum("amount_usd")).values("total")
    rows = Generation.objects.annotate(spent=Subquery(total)).order_by("pk")
    for pk, shown, kept in rows.values_list("pk", "cost_usd", "spent").iterator():
        if (shown or ZERO) != (kept or ZERO):
            yield f"#{pk} shows a cost of {show_usd(shown or ZERO)}; its lines say {show_usd(kept or ZERO)}."


def _copies() -> Iterator[str]:
    """Compare what a generation copies from its newest attempt."""
    newest = Attempt.objects.filter(generation=OuterRef("pk")).order_by("-number")
    rows = Generation.objects.annotate(
        newest=Max("attempts__number"),
        newest_state=Subquery(newest.values("state")[:1]),
    ).order_by("pk")
    is_other = ~Q(newest=F("attempt_number")) | ~Q(newest_state=F("state"))
    wrong = rows.filter(Q(newest=None) | is_other)
    columns = ("pk", "state", "attempt_number", "newest", "newest_state")
    for pk, state, number, last, its_state in wrong.values_list(*columns).iterator():
        has = f"its newest attempt is {last}, {its_state}" if last else "it has no attempt"
        yield f"#{pk} shows attempt {number}, {state}; {has}."


def _fruitless() -> Iterator[str]:
    """Compare which attempts the ledger takes for fruitless with their states, where money was spent
    on them: its sums follow its own list (costs/check.py).
    """
    spent = Exists(Entry.objects.filter(attempt_id=OuterRef("pk")).spent())
    listed = Exists(Fruitless.objects.filter(attempt_id=OuterRef("pk")))
    wrong = (
        (Q(state__in=FRUITLESS) & ~listed & spent, "is not counted as fruitless"),
        (~Q(state__in=FRUITLESS) & listed, "is counted as fruitless"),
    )
    for which, says in wrong:
        for attempt in Attempt.objects.filter(which).order_by("pk").only(*NAMED).iterator():
            yield f"Attempt {attempt.pk} (#{attempt.generation_id}) is {attempt.state} and {says}."
