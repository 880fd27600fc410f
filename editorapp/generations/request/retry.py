"""Retry: a new attempt with a new reservation, what it would cost, or a new fetch of a result that is
already paid.
"""

from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q

from editorapp.core import task_queue
from editorapp.core.money import show_usd
from editorapp.costs.estimate import Estimate
from editorapp.generations import alerting, auditing
from editorapp.generations.coordination import wake
from editorapp.generations.models import NOTHING_WRONG, Attempt, Generation, Overtaken, newest
from editorapp.generations.queue import parking, senders
from editorapp.generations.request import quotes
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import (
    RequestRefused,
    add_attempt,
    last_quote,
    price_to_send,
)
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


class NotRetryable(Exception):
    """Sending the same request again would fail again or cost more, or the generation is not over."""


def retry(generation: Generation, *, member: Member, now: datetime) -> Attempt:
    """Send a failed or canceled generation again, as a new attempt, for no more than was agreed to.

    Raises: NotRetryable; RequestRefused, when the rules have changed or the price is being asked for anew;
    OverBudget; Overtaken, when somebody was first.
    """
    _guard(generation, member)
    if not generation.can_try_again:
        raise NotRetryable(
            "The provider's answer says that the same request would fail again. Edit it instead."
        )
    _check_again(generation, member, now=now)
    with transaction.atomic():
        flags = parking.locked_flags(generation.account_id, generation.team_id)
        attempt = restart(generation, flags, by=member, now=now)
        auditing.record_attempt("take.retried", attempt, by=member)
    generation.refresh_from_db()
    return attempt


def _check_again(generation: Generation, member: Member, *, now: datetime) -> None:
    """See that the rules and the price still allow it.

    A price that must be asked for is asked for here, once.

    Raises: RequestRefused; NotRetryable, when it costs more now than what the person has seen.
    """
    draft = Draft.of(generation)
    quote = last_quote(draft, now)
    if draft.is_quoted and not draft.account.problem:
        again = quotes.ask(draft, member=member, now=now)
        if quote is None or quote.is_old(now):  # else it is the same, or says why no price came
            quote = again
    dearest = price_to_send(draft, quote, now=now).high_usd
    agreed = generation.estimate_high_usd
    if dearest > agreed:
        raise NotRetryable(
            f"This would cost up to {show_usd(dearest)} now, and {show_usd(agreed)} was agreed to. "
            "Open it in the studio to send it at the new price."
        )


@dataclass(frozen=True)
class SecondPrice:
    """`estimate` None: it is not known, and `problem` says why, unless it is being asked for."""

    estimate: Estimate | None = None
    problem: str = ""
    is_asking: bool = False
    can_ask: bool = False


def second_price(generation: Generation, *, now: datetime) -> SecondPrice:
    """Return what the same request would reserve if it were sent now.

    Asks nobody; spends nothing.
    """
    draft = Draft.of(generation)
    quote = last_quote(draft, now)
    try:
        return SecondPrice(price_to_send(draft, quote, now=now))
    except RequestRefused as refused:
        must_ask = draft.is_quoted and not draft.account.problem
        is_asking = bool(quote and quote.state == quotes.State.ASKING and not quote.is_old(now))
        return SecondPrice(
            problem=str(refused),
            is_asking=must_ask and is_asking,
            can_ask=must_ask and not is_asking,
        )


def restart(
    generation: Generation,
    flags: parking.Flags,
    *,
    by: Member,
    now: datetime,
) -> Attempt:
    """Add the next attempt if the generation still failed, so that it may be tried again, or was
    canceled.

    Call it inside a transaction.

    `flags`, of its account and its team, were locked at the beginning of that. Whoever sends it
    again answers for it from then on: it stands in their line, and its money under their name.
    Raises: Overtaken; OverBudget; PermissionDenied, when they may not create (any more).
    """
    senders.guard(by)
    number = generation.attempt_number
    assignee = None if by.user_id == generation.created_by_id else by.user
    may_again = Q(state=State.CANCELED) | Q(state=State.FAILED, can_retry=True)
    same = Generation.objects.filter(may_again, pk=generation.pk, trashed_at=None)
    changed = same.filter(attempt_number=number).update(
        state=State.QUEUED,
        state_since=now,
        can_retry=False,
        finished_at=None,
        attempt_number=number + 1,
        warning="",
        assignee=assignee,
        **NOTHING_WRONG,
        **Generation.NOT_HELD,
    )
    if not changed:
        raise Overtaken(f"generation {generation.pk} was changed by somebody else")
    generation.assignee = assignee
    return add_attempt(generation, number=number + 1, now=now, flags=flags)


def fetch_again(generation: Generation, *, member: Member, now: datetime) -> None:
    """Fetch a paid result once more, with fresh links from the provider. Costs nothing.

    Raises: NotRetryable; Overtaken.
    """
    _guard(generation, member)
    attempt = newest(generation)
    if attempt.state != State.FETCH_FAILED:
        raise NotRetryable("There is no result waiting to be fetched.")
    with transaction.atomic():
        attempt.move(
            State.RUNNING,
            now=now,
            next_action_at=now,
            lease_token=None,
            fetch_count=0,
            error_count=0,
            shown=NOTHING_WRONG | {"came": None, "result": None},
        )
        alerting.result_is_safe(generation, now=now)
        wake.soon(generation.provider)
    generation.refresh_from_db()


def fetch_frames_again(generation: Generation, *, member: Member) -> None:
    """Have the EXR frames of a done take fetched once more (files/frames.py). Free.

    Raises: NotRetryable.
    """
    _guard(generation, member)
    if not generation.can_fetch_frames:
        raise NotRetryable("There are no EXR frames to be fetched.")
    task_queue.send("editorapp.generations.tasks.fetch_frames", generation.pk)


def take_as_it_is(generation: Generation, *, member: Member, now: datetime) -> None:
    """Take what came for the result, although it is not as it should be, and say so on it.

    Raises: NotRetryable; Overtaken; PermissionDenied, unless they answer for it: the paid result is
    given up.
    """
    senders.may_arrange(generation, member)
    if not generation.can_be_taken_as_it_is:
        raise NotRetryable("There is no video that could be taken as it is.")
    attempt = newest(generation)
    warning = f"{attempt.last_error} {member.user} took it as it is."
    shown = NOTHING_WRONG | {"warning": f"{generation.warning} {warning}".strip()}
    if generation.result_id is None:  # else it is only the frames beside it that are not right
        shown |= {"result": generation.came, "came": None}
    with transaction.atomic():
        attempt.move(
            State.SUCCEEDED,
            now=now,
            lease_token=None,
            last_error="",
            shown=shown,
        )
        alerting.result_is_safe(generation, now=now)
        auditing.record("take.accepted", generation, by=member, why=attempt.last_error)
    generation.refresh_from_db()


def _guard(generation: Generation, member: Member) -> None:
    if generation.team_id != member.team_id or not member.may(Act.CREATE):
        raise PermissionDenied("This role may not spend the team's money.")
