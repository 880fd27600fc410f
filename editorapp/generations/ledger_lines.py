"""Ledger lines: what an attempt is, in the ledger's words; and the lines that only attempts can tell apart."""

from datetime import date
from decimal import Decimal

from django.db.models import Exists, OuterRef, Subquery, Sum

from editorapp.costs.ledger import Subject
from editorapp.costs.models import Entry, EntryQuerySet
from editorapp.generations.models import Attempt
from editorapp.teams.models import Team

ITS_ATTEMPT = Attempt.objects.filter(pk=OuterRef("attempt_id"))  # of a line of the ledger


def subject(attempt: Attempt) -> Subject:
    generation = attempt.generation
    return Subject(
        team_id=generation.team_id,
        person_id=attempt.person_id,
        person_name=str(attempt.person),
        generation_id=generation.pk,
        attempt_id=attempt.pk,
        provider=generation.provider,
        model=generation.model,
        task=generation.task,
        is_simulated=generation.is_simulated,
    )


def through_account(lines: EntryQuerySet, account_id: int) -> EntryQuerySet:
    """Return the lines of attempts that one account with a provider sent, or is to send."""
    return lines.filter(Exists(ITS_ATTEMPT.filter(account_id=account_id)))


def spent_by_account(team: Team, month: date) -> dict[tuple[int, bool], Decimal]:
    """Return what a team's month cost, by account and whether the money is simulated; one query."""
    account = ITS_ATTEMPT.values("account_id")[:1]
    lines = (
        Entry.objects.filter(team=team, month=month)
        .spent()
        .annotate(account=Subquery(account))
        .order_by()
    )
    rows = lines.values_list("account", "is_simulated").annotate(Sum("amount_usd"))
    return {(pk, is_simulated): amount for pk, is_simulated, amount in rows}
