"""Audit lines about takes: what was done to one, with its prompt as it was called by."""

from collections.abc import Sequence
from typing import Any

from editorapp.generations.models import Attempt, Generation
from editorapp.teams import audit
from editorapp.teams.models import AuditEntry, Member, User


def record(
    act: str,
    take: Generation,
    *,
    by: Member | User | None = None,
    why: str = "",
    **facts: Any,
) -> None:
    """Add a line about a take, in the transaction of the act. `by`: see audit.record."""
    audit.record(act, _subject(take), by=by, team=take.team_id, about=take.prompt, why=why, **facts)


def record_each(act: str, takes: Sequence[Generation], *, by: Member | None) -> None:
    """Add a line for each of several takes to which the same was done: one query."""
    AuditEntry.objects.bulk_create(
        audit.entry(act, _subject(take), by=by, team=take.team_id, about=take.prompt)
        for take in takes
    )


def record_queued(takes: Sequence[Generation], *, by: Member) -> None:
    """Add a line for each of several takes that were queued together: one query."""
    AuditEntry.objects.bulk_create(
        [
            audit.entry(
                "take.finished" if take.finished_from_id else "take.queued",
                _subject(take),
                by=by,
                about=take.prompt,
                **_price(take),
            )
            for take in takes
        ]
    )


def record_attempt(act: str, attempt: Attempt, *, by: Member) -> None:
    """Add a line about a take that is sent again, with what that holds."""
    record(act, attempt.generation, by=by, attempt=attempt.number, **_price(attempt.generation))


def _subject(take: Generation) -> str:
    return f"take:{take.pk}"


def _price(take: Generation) -> dict[str, Any]:
    return {
        "at_most_usd": str(take.estimate_high_usd),
        "account": take.account.name,
        "is_simulated": take.is_simulated,
    }
