"""Try again: a new attempt with a new reservation, or a new fetch of a result that is already paid."""

from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from editorapp.generations import asking, wake
from editorapp.generations.enqueue import Refused, add_attempt
from editorapp.generations.models import Attempt, Generation, Overtaken
from editorapp.generations.states import State
from editorapp.generations.verdict import weigh
from editorapp.teams.models import Member
from editorapp.teams.roles import Act


class NotRetryable(Exception):
    """Sending the same request again would fail again, or the generation is not over."""


def retry(generation: Generation, *, member: Member, now: datetime) -> Attempt:
    """Send a failed or canceled generation again, as a new attempt.

    Raises: NotRetryable; Refused, when the rules have changed; OverBudget; Overtaken, when somebody was first.
    """
    _guard(generation, member)
    if not generation.can_try_again:
        raise NotRetryable("The provider's answer says that the same request would fail again. Edit it instead.")
    wanted, source, account = generation.wanted, generation.source_asset, generation.account
    asked = asking.known(account, wanted, source, now=now, however_old=True)
    verdict = weigh(wanted, source, account, with_options=False, asked=asked, now=now)
    if not verdict.can_send:
        raise Refused(verdict)
    with transaction.atomic():
        again = Q(state=State.CANCELED) | Q(state=State.FAILED, can_retry=True)
        attempt = restart(generation, Generation.objects.filter(again), now=now)
    generation.refresh_from_db()
    return attempt


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
