"""A person says what became of a paid call whose outcome nobody knows. Who and why is kept in the ledger's note."""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.core.fault_points import reached
from editorapp.core.money import show_usd, usd
from editorapp.costs import ledger
from editorapp.generations import wake
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.retry import restart
from editorapp.generations.states import SETTLEABLE, State
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


class NothingToSettle(Exception):
    """The outcome is known already."""


class JobIsTaken(Exception):
    """The provider's job belongs to another attempt of ours."""


def adopt(generation: Generation, job_id: str, *, member: Member, now: datetime) -> None:
    """It was accepted, and this is its id: follow it. The reservation stays until the provider's answer.

    Raises: NothingToSettle; JobIsTaken; Overtaken.
    """
    attempt = _unsettled(generation, member)
    try:
        with transaction.atomic():
            attempt.move(
                State.RUNNING, now=now, provider_job_id=job_id.strip(), next_action_at=now, lease_token=None,
                submitted_at=attempt.submitted_at or attempt.submit_started_at or now, missing_since=None,
                error_count=0, shown={"failure_code": "", "failure_message": ""},
            )  # fmt: skip
            reached("settle.adopting")
    except IntegrityError as error:
        raise JobIsTaken(f"The job {job_id} already belongs to another generation here.") from error
    wake.soon(generation.provider)
    generation.refresh_from_db()


def never_arrived(generation: Generation, *, member: Member, now: datetime, note: str = "") -> None:
    """It was never accepted: give the reservation back.

    Raises: NothingToSettle; Overtaken.
    """
    attempt = _unsettled(generation, member)
    if attempt.provider_done_at is not None:
        raise NothingToSettle("The provider finished it once, so it was charged.")
    with transaction.atomic():
        _close(attempt, "never_arrived", "The provider never received it. Nothing was charged.", now=now)
        ledger.release(attempt.pk, now=now, note=_audit("never arrived", member, note))
    generation.refresh_from_db()


def count_as_spent(generation: Generation, *, member: Member, now: datetime, note: str = "") -> None:
    """It was charged, or must be taken for charged, and there is no result to be had.

    Raises: NothingToSettle; Overtaken.
    """
    attempt = _unsettled(generation, member)
    with transaction.atomic():
        _close(attempt, "counted_as_spent", "Counted as spent; there is no result.", now=now)
        _charge_all(attempt, now=now, note=_audit("counted as spent", member, note))
    generation.refresh_from_db()


def send_again(generation: Generation, *, member: Member, now: datetime, note: str = "") -> Attempt:
    """Send it once more although the first may have been accepted: it may cost twice.

    The first attempt is counted as spent, because nobody knows better; the second reserves anew.
    Raises: NothingToSettle; Overtaken; OverBudget, when there is no room for the second.
    """
    attempt = _unsettled(generation, member)
    with transaction.atomic():
        _close(attempt, "sent_again", "Outcome unknown; sent again.", now=now)
        _charge_all(attempt, now=now, note=_audit("outcome unknown, sent again", member, note))
        again = restart(generation, Generation.objects.filter(state=State.FAILED), now=now)
    generation.refresh_from_db()
    return again


def correct_cost(generation: Generation, actual_usd: Decimal, *, member: Member, now: datetime, note: str) -> None:
    """Set what a generation really cost, as the provider's console says; the difference becomes a line.

    Raises: PermissionDenied, unless the member may manage; NothingHeld, when it never reserved anything.
    """
    if generation.team_id != member.team_id or not member.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may correct costs.")
    with transaction.atomic():
        difference = usd(actual_usd) - ledger.spent_usd(generation.pk)
        newest = generation.attempts.order_by("-number").first()
        if difference and newest is not None:
            why = _audit(f"cost corrected to {show_usd(usd(actual_usd))}", member, note)
            ledger.adjust(newest.pk, difference, now=now, note=why)
        Generation.objects.filter(pk=generation.pk).update(cost_usd=usd(actual_usd), cost_is_estimated=False)
    generation.refresh_from_db()


def _unsettled(generation: Generation, member: Member) -> Attempt:
    if generation.team_id != member.team_id or not member.may(Act.CREATE):
        raise PermissionDenied("This role may not settle what the team has paid for.")
    attempt = generation.attempts.order_by("-number").first()
    if attempt is None or attempt.state not in SETTLEABLE:
        raise NothingToSettle("The outcome of this generation is known.")
    return attempt


def _close(attempt: Attempt, code: str, message: str, *, now: datetime) -> None:
    shown = {"failure_code": code, "failure_message": message, "can_retry": True}
    attempt.move(State.FAILED, now=now, lease_token=None, recorded_at=now, shown=shown)
    reached("settle.closing")


def _charge_all(attempt: Attempt, *, now: datetime, note: str) -> None:
    """Charge what is held for an attempt, unless its charge was booked before (a result that got lost later)."""
    held = attempt.generation.estimate_high_usd
    if attempt.provider_done_at is None:
        ledger.charge(attempt.pk, held, now=now, is_estimated=True, note=note)
    spent = ledger.spent_usd(attempt.generation_id)
    Generation.objects.filter(pk=attempt.generation_id).update(cost_usd=spent, cost_is_estimated=True)


def _audit(what: str, member: Member, note: str) -> str:
    return f"{member.user}: {what}. {note}".strip()
