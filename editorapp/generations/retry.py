"""Try again: a new attempt with a new reservation, or a new fetch of a result that is already paid."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from editorapp.core.money import show_usd
from editorapp.generations import asking, wake
from editorapp.generations.enqueue import Refused, add_attempt
from editorapp.generations.models import Attempt, Generation, Overtaken
from editorapp.generations.states import State
from editorapp.generations.verdict import weigh
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


class NotRetryable(Exception):
    """Sending the same request again would fail again or cost more, or the generation is not over."""


def retry(generation: Generation, *, member: Member, now: datetime) -> Attempt:
    """Send a failed or canceled generation again, as a new attempt, for no more than was agreed to.

    Raises: NotRetryable; Refused, when the rules have changed or the price is being asked for anew; OverBudget;
    Overtaken, when somebody was first.
    """
    _guard(generation, member)
    if not generation.can_try_again:
        raise NotRetryable("The provider's answer says that the same request would fail again. Edit it instead.")
    _weigh_again(generation, member, now=now)
    with transaction.atomic():
        again = Q(state=State.CANCELED) | Q(state=State.FAILED, can_retry=True)
        attempt = restart(generation, Generation.objects.filter(again), now=now)
    generation.refresh_from_db()
    return attempt


def _weigh_again(generation: Generation, member: Member, *, now: datetime) -> None:
    """See that the rules and the price still allow it. A price that must be asked for is asked for here, once.

    Raises: Refused; NotRetryable, when it costs more now than what the person has seen.
    """
    wanted, source, account = generation.wanted, generation.source_asset, generation.account
    asked = asking.known(account, wanted, source, now=now, however_old=True)
    if asking.is_asked(account, wanted) and not account.problem:
        again = asking.ask(account, wanted, source, member=member, now=now)
        if asked is None or asked.is_old(now):  # else it is the same, or says why no price came
            asked = again
    verdict = weigh(wanted, source, account, with_options=False, asked=asked, now=now)
    if not verdict.can_send or verdict.estimate is None:
        raise Refused(verdict)
    dearest, agreed = verdict.estimate.high_usd, generation.estimate_high_usd
    if dearest > agreed:
        raise NotRetryable(
            f"This would cost up to {show_usd(dearest)} now, and {show_usd(agreed)} was agreed to. Open it in the "
            "studio to send it at the new price."
        )


def restart(generation: Generation, allowed: QuerySet[Generation], *, now: datetime) -> Attempt:
    """Add the next attempt if the generation is still among the allowed ones. Call it inside a transaction.

    Raises: Overtaken; OverBudget.
    """
    changed = allowed.filter(pk=generation.pk, attempt_number=generation.attempt_number).update(
        state=State.QUEUED, state_since=now, failure_code="", failure_message="", can_retry=False, finished_at=None,
        attempt_number=generation.attempt_number + 1, warning="",
    )  # fmt: skip
    if not changed:
        raise Overtaken(f"generation {generation.pk} was changed by somebody else")
    return add_attempt(generation, number=generation.attempt_number + 1, now=now)


def fetch_again(generation: Generation, *, member: Member, now: datetime) -> None:
    """Fetch a paid result once more, with fresh links from the provider. Costs nothing.

    Raises: NotRetryable; Overtaken.
    """
    _guard(generation, member)
    attempt = generation.attempts.order_by("-number").first()
    if attempt is None or attempt.state != State.FETCH_FAILED:
        raise NotRetryable("There is no result waiting to be fetched.")
    attempt.move(
        State.RUNNING, now=now, next_action_at=now, lease_token=None, fetch_count=0, error_count=0,
        shown={"failure_code": "", "failure_message": ""},
    )  # fmt: skip
    wake.soon(generation.provider)
    generation.refresh_from_db()


def _guard(generation: Generation, member: Member) -> None:
    if generation.team_id != member.team_id or not member.may(Act.CREATE):
        raise PermissionDenied("This role may not spend the team's money.")
