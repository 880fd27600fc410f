"""Settle: say what became of a paid call whose outcome nobody knows: a person does, or search.py where
there is no doubt.

Each decision is one transaction: the state, its money, a line in the ledger and a Settlement that
says who and why. A person decides about their own takes, and an admin about anybody's; and nobody
without a note.
"""

from datetime import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.alerts.models import AlertKind
from editorapp.core import notes
from editorapp.core.fault_points import reached
from editorapp.core.locks import locked
from editorapp.core.money import amount_from_outside, show_usd, usd
from editorapp.costs import ledger
from editorapp.costs.estimate import Estimate
from editorapp.costs.ledger import Charge
from editorapp.generations import alerting
from editorapp.generations.coordination import wake
from editorapp.generations.models import (
    NOTHING_WRONG,
    Attempt,
    Generation,
    Search,
    Settlement,
    failure,
    newest,
)
from editorapp.generations.provider_calls import call
from editorapp.generations.queue import parking
from editorapp.generations.reconcile.decider import Decider
from editorapp.generations.request.enqueue import estimated
from editorapp.generations.request.retry import restart, second_price
from editorapp.generations.states import SETTLEABLE, State
from editorapp.providers.contract import NotFound, ProviderError
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

LONGEST_NOTE = 10_000  # characters; a settlement keeps all of it, and a ledger line its beginning
ASK_SECONDS = 12.0
Outcome = Settlement.Outcome


class NothingToSettle(Exception):
    """The outcome is known already."""


class JobIsTaken(Exception):
    """The provider's job belongs to another attempt of ours."""


class JobNotKnown(Exception):
    """The account does not know a job of this id, or could not be asked; nothing was changed."""


class PriceChanged(Exception):
    """Sending again would cost more than what was agreed to, or nobody knows what; nothing was
    sent.
    """


def adopt(
    generation: Generation,
    job_id: str,
    *,
    member: Member,
    now: datetime,
    note: str,
) -> None:
    """It was accepted, and this is its id: follow it.

    The reservation stays until the provider's answer.

    Asks the account for the job first, so call it outside a transaction.
    Raises: PermissionDenied; NoteNeeded; NothingToSettle; JobIsTaken; JobNotKnown; Overtaken.
    """
    attempt, by = _begun(generation, member, now, note)
    job_id = job_id.strip()
    _free(attempt, job_id)
    _ask(attempt.account, job_id)
    follow(attempt, job_id, by)
    generation.refresh_from_db()


def follow(attempt: Attempt, job_id: str, by: Decider) -> None:
    """Take a provider's job for this attempt's, once: compare-and-set, and no other attempt may
    have it.

    Raises: JobIsTaken; Overtaken.
    """
    try:
        with transaction.atomic():
            # Nobody else takes a job of this provider meanwhile: the rows hold a job once for each
            # account only, and two accounts may have one key.
            locked(ProviderAccount.objects.filter(provider=attempt.account.provider))
            _free(attempt, job_id)
            attempt.move(
                State.RUNNING,
                now=by.now,
                provider_job_id=job_id,
                next_action_at=by.now,
                lease_token=None,
                submitted_at=attempt.submitted_at or attempt.submit_started_at or by.now,
                missing_since=None,
                flagged_at=None,
                error_count=0,
                odd_count=0,
                odd_since=None,
                shown=NOTHING_WRONG,
            )
            reached("settle.adopting")
            ledger.remark(attempt.pk, by.line(f"followed as job {job_id}"), now=by.now)
            _decided(attempt, Outcome.ADOPTED, by, f"Job {job_id}.")
    except IntegrityError as error:
        raise _taken(job_id) from error
    wake.soon(attempt.account.provider)


def never_arrived(generation: Generation, *, member: Member, now: datetime, note: str) -> None:
    """It was never accepted: give the reservation back.

    Raises: PermissionDenied; NoteNeeded; NothingToSettle; Overtaken.
    """
    attempt, by = _begun(generation, member, now, note)
    if attempt.provider_done_at is not None:
        raise NothingToSettle("The provider finished it once, so it was charged.")
    give_back(attempt, by)
    generation.refresh_from_db()


def give_back(attempt: Attempt, by: Decider) -> None:
    """Release all that an attempt holds, because its post never arrived.

    Raises: Overtaken.
    """
    with transaction.atomic():
        says = "The provider never received it. Nothing was charged."
        _close(attempt, "never_arrived", says, now=by.now)
        ledger.release(attempt.pk, now=by.now, note=by.line("never arrived"))
        _decided(attempt, Outcome.NEVER_ARRIVED, by)


def count_as_spent(generation: Generation, *, member: Member, now: datetime, note: str) -> None:
    """It was charged, or must be taken for charged, and there is no result to be had.

    Raises: PermissionDenied; NoteNeeded; NothingToSettle; Overtaken.
    """
    attempt, by = _begun(generation, member, now, note)
    with transaction.atomic():
        _close(attempt, "counted_as_spent", "Counted as spent; there is no result.", now=now)
        _charge_all(attempt, by.line("counted as spent"), now=now)
        _decided(attempt, Outcome.COUNTED, by)
    generation.refresh_from_db()


def send_again(
    generation: Generation,
    *,
    member: Member,
    now: datetime,
    agreed_usd: Decimal,
    note: str,
) -> Attempt:
    """Send it once more although the first may have been accepted: it may cost twice.

    The first attempt is counted as spent, because nobody knows better; the second reserves what it
    costs now, at most what the person agreed to.

    Raises: PermissionDenied; NoteNeeded; NothingToSettle; PriceChanged; Overtaken; OverBudget, when
            there is no room for the second.
    """
    attempt, by = _begun(generation, member, now, note)
    price = _agreed_price(generation, agreed_usd, now=now)
    with transaction.atomic():
        flags = parking.locked_flags(generation.account_id, generation.team_id)
        _close(attempt, "sent_again", "Outcome unknown; sent again.", now=now)
        _charge_all(attempt, by.line("outcome unknown, sent again"), now=now)
        _decided(attempt, Outcome.SENT_AGAIN, by, f"For {show_usd(price.high_usd)} more.")
        agreed = estimated(price)
        for name, value in agreed.items():
            setattr(generation, name, value)
        generation.save(update_fields=agreed)
        again = restart(generation, flags, by=member, now=now)
    generation.refresh_from_db()
    return again


def _agreed_price(
    generation: Generation,
    agreed_usd: Decimal,
    *,
    now: datetime,
) -> Estimate:
    """Return what a second time costs now. Raises: PriceChanged."""
    priced = second_price(generation, now=now)
    price = priced.estimate
    if price is None:
        says = f"It is not known what a second time would cost. {priced.problem}"
        raise PriceChanged(says.strip())
    if price.high_usd > agreed_usd:
        says = f"A second time costs up to {show_usd(price.high_usd)} now"
        raise PriceChanged(f"{says}; {show_usd(agreed_usd)} was shown.")
    return price


def correct_cost(
    generation: Generation,
    actual_usd: Decimal,
    *,
    member: Member,
    now: datetime,
    note: str,
) -> None:
    """Set what a generation really cost, as the provider's console says; the difference becomes a
    line.

    Raises: PermissionDenied, unless the member keeps the budget; NoteNeeded; NotAnAmount; NothingHeld,
    when it never reserved anything; NothingToSettle, while its outcome is open.
    """
    if generation.team_id != member.team_id or not member.may(Act.SET_BUDGET):
        raise PermissionDenied("Only who keeps the budget may correct costs.")
    by = _decider(member, now, note)
    actual_usd = usd(amount_from_outside(actual_usd))
    with transaction.atomic():
        row = Generation.objects.select_for_update(no_key=True).get(pk=generation.pk)
        last = newest(row)
        if ledger.held_usd(row.pk):
            raise NothingToSettle("Its cost can be corrected once nothing is held for it any more.")
        spent_usd = ledger.spent_usd(row.pk)
        if actual_usd != spent_usd:
            line = by.line(f"cost corrected to {show_usd(actual_usd)}")
            ledger.adjust(last.pk, actual_usd - spent_usd, now=now, note=line)
            says = f"{show_usd(actual_usd)} instead of {show_usd(spent_usd)}."
            by.write_down(last, Outcome.CORRECTED, says)
        Generation.objects.filter(pk=row.pk).update(cost_usd=actual_usd, cost_is_estimated=False)
        # Of an answer that came after it was settled, and of a price that made no sense.
        kinds = (AlertKind.UNKNOWN_OUTCOME, AlertKind.PRICE)
        alerting.close_for_take(row.pk, *kinds, now=now)
    generation.refresh_from_db()


def _begun(
    generation: Generation, member: Member, now: datetime, note: str
) -> tuple[Attempt, Decider]:
    """Return the attempt whose outcome is open, and who decides about it. Raises: PermissionDenied;
    NothingToSettle; NoteNeeded.
    """
    _may_settle(generation, member)
    return _open_attempt(generation), _decider(member, now, note)


def _may_settle(generation: Generation, member: Member) -> None:
    if not generation.is_answered_by(member):
        raise PermissionDenied(
            "Only the person who answers for it or an admin may settle what it cost."
        )


def _open_attempt(generation: Generation) -> Attempt:
    """Return the attempt whose outcome is open. Raises: NothingToSettle."""
    attempt = newest(generation)
    if attempt.state not in SETTLEABLE:
        raise NothingToSettle("The outcome of this generation is known.")
    return attempt


def _decider(member: Member, now: datetime, note: str) -> Decider:
    why = "Say how you know: the note is kept with the cost lines."
    return Decider(member.user, now, notes.required(note, why=why, longest=LONGEST_NOTE))


def _free(attempt: Attempt, job_id: str) -> None:
    """See that no other attempt has this job: not even through another account row with the same
    key.
    """
    same = Attempt.objects.filter(
        account__provider=attempt.account.provider, provider_job_id=job_id
    )
    if same.exclude(pk=attempt.pk).exists():
        raise _taken(job_id)


def _taken(job_id: str) -> JobIsTaken:
    return JobIsTaken(f"The job {job_id} already belongs to another generation here.")


def _ask(account: ProviderAccount, job_id: str) -> None:
    """See that the account knows a job of this id: a free poll."""
    if account.problem:
        raise JobNotKnown(f"{account.problem} Until then nobody can look whether this id is right.")
    try:
        call(account.access(), "poll", job_id, within_seconds=ASK_SECONDS)
    except NotFound as error:
        says = f"{account} knows no job with the id {job_id}. Copy it from the provider's list."
        raise JobNotKnown(says) from error
    except (ProviderError, TimeoutError) as error:
        why = error.message if isinstance(error, ProviderError) else "No answer in time."
        says = f"{account} could not be asked about {job_id}: {why} Nothing was changed."
        raise JobNotKnown(says) from error


def _close(attempt: Attempt, code: str, message: str, *, now: datetime) -> None:
    attempt.move(
        State.FAILED,
        now=now,
        lease_token=None,
        recorded_at=now,
        shown=failure(code, message, can_retry=True),
    )
    reached("settle.closing")


def _decided(attempt: Attempt, outcome: Outcome, by: Decider, says: str = "") -> None:
    """Keep who decided what and why, end the search, and close what was raised."""
    by.write_down(attempt, outcome, says)
    ended = {"verdict": Search.Verdict.SETTLED, "at": None}
    Search.objects.update_or_create(
        attempt=attempt,
        defaults=ended,
        create_defaults={**ended, "since": by.now},
    )
    kinds = (AlertKind.UNKNOWN_OUTCOME, AlertKind.LOST)
    alerting.close_for_take(attempt.generation_id, *kinds, now=by.now)


def _charge_all(attempt: Attempt, note: str, *, now: datetime) -> None:
    """Charge what is held for an attempt, unless its charge was booked before (a result that got
    lost later).
    """
    if attempt.provider_done_at is None:
        ledger.charge([Charge(attempt.pk, None, is_estimated=True, note=note)], now=now)
    _show_spent(attempt)


def _show_spent(attempt: Attempt) -> None:
    """Show on its take what the lines say, as an estimate."""
    spent = ledger.spent_usd(attempt.generation_id)
    rows = Generation.objects.filter(pk=attempt.generation_id)
    rows.update(cost_usd=spent, cost_is_estimated=True)
