"""Pause and resume: a team's queue, an account, one job.

Nothing of it is sent meanwhile; what is sent is followed on.

What nobody may send any more (see senders.py) is paused in the same way, until an admin says what
becomes of it.

What is paused is parked: its attempt waits to be sent and is never due, so it costs the engine
nothing. To park gives the row another lease token, so that a sweep which has taken it a moment ago
can no longer write that it sends it.

Whether it is paused is decided under locks: on the account, then on the team (the order of
core/locks.py). Whoever changes a pause takes them, whoever queues a job (`locked_flags`), and
whoever takes one to send it (engine/reached.py). So no row is parked that nothing pauses, and none
is due that something does; `release_forgotten` sees to it all the same, because what is parked by
mistake would wait for ever, with its money held.
"""

import logging
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from editorapp.core.locks import locked
from editorapp.costs import ledger
from editorapp.generations.coordination import wake
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.queue import senders
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.states import CANCELABLE, State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act

log = logging.getLogger(__name__)

MOST_FORGOTTEN = 500  # in one look


@dataclass(frozen=True)
class Flags:
    """What the pauses of an account and of a team say, locked until the transaction that read them
    ends.
    """

    account_id: int
    team_id: int
    is_paused: bool


def pause_queue(member: Member, *, now: datetime) -> None:
    """Send nothing more of the member's team. Raises: PermissionDenied."""
    _admin(member)
    with transaction.atomic():
        open_ = Team.objects.filter(pk=member.team_id, queue_paused_at=None)
        if open_.update(queue_paused_at=now, queue_paused_by=member.user):
            park(Generation.objects.filter(team_id=member.team_id), now=now)


def resume_queue(member: Member, *, now: datetime) -> None:
    """Send what the team has waiting again, but what is paused otherwise.

    Raises: PermissionDenied.
    """
    _admin(member)
    with transaction.atomic():
        # No account is resumed meanwhile: each would leave what waits to the other's pause.
        locked(ProviderAccount.objects.all())
        Team.objects.filter(pk=member.team_id).update(queue_paused_at=None, queue_paused_by=None)
        unpark(Generation.objects.filter(team_id=member.team_id), now=now)


def pause_account(account: ProviderAccount, *, member: Member, now: datetime) -> None:
    """Send nothing more with an account, of any team. Raises: PermissionDenied."""
    _admin(member)
    with transaction.atomic():
        open_ = ProviderAccount.objects.filter(pk=account.pk, paused_at=None)
        if open_.update(paused_at=now, paused_by=member.user):
            park(Generation.objects.filter(account_id=account.pk), now=now)


def resume_account(account: ProviderAccount, *, member: Member, now: datetime) -> None:
    """Send what waits for an account again, but what is paused otherwise.

    Raises: PermissionDenied.
    """
    _admin(member)
    with transaction.atomic():
        ProviderAccount.objects.filter(pk=account.pk).update(paused_at=None, paused_by=None)
        unpark(Generation.objects.filter(account_id=account.pk), now=now)


def hold(generation: Generation, *, member: Member, now: datetime) -> None:
    """Pause one job that is not sent yet.

    Raises: TooLate, when it was sent in the meantime; PermissionDenied, unless it is one's own or
    one is an admin.
    """
    may_arrange(generation, member)
    with transaction.atomic():
        attempt = generation.attempts.select_for_update(no_key=True).order_by("-number").first()
        if attempt is None or attempt.state not in CANCELABLE:
            raise TooLate("It has been sent already, so it runs to its end at the provider.")
        one = Generation.objects.filter(pk=generation.pk)
        one.filter(held_at=None).update(
            held_at=now, held_by=member.user, held_because=Generation.Hold.NONE
        )
        park(one, now=now)
    generation.refresh_from_db()


def let_go(generation: Generation, *, member: Member, now: datetime) -> None:
    """Send one paused job again when its turn comes.

    What its own person may not send any more is the admin's from now on, who decides that it is
    sent all the same.
    Raises: PermissionDenied.
    """
    may_arrange(generation, member)
    with transaction.atomic():
        locked_flags(generation.account_id, generation.team_id)
        release([generation.pk], member=member, now=now)
    generation.refresh_from_db()


def release(ids: Collection[int], *, member: Member, now: datetime) -> None:
    """Let these jobs be sent when their turn comes, by who decides so.

    Call it inside a transaction.

    Raises: PermissionDenied, when the member may not create (any more).
    """
    senders.guard(member)
    locked(Attempt.objects.filter(state__in=CANCELABLE, generation__in=ids))
    locked(
        Generation.objects.filter(pk__in=ids)
    )  # before the money of those that are sent all the same
    takes = Generation.objects.filter(pk__in=ids, state__in=CANCELABLE).order_by("pk")
    for take in takes.filter(senders.nobody()).select_related("created_by", "assignee"):
        attempt = take.attempts.order_by("-number").first()
        if attempt is not None:
            ledger.remark(
                attempt.pk, f"{member.user}: sent all the same, for {take.responsible}.", now=now
            )
        Generation.objects.filter(pk=take.pk).update(assignee=member.user)
    takes.update(held_at=None, held_by=None, held_because=Generation.Hold.NONE)
    unpark(takes, now=now)


def hold_for_nobody(
    ids: Collection[int], why: Generation.Hold, *, by: User | None, now: datetime
) -> None:
    """Pause, for an admin to decide about, what nobody may send any more.

    Call it inside a transaction.
    """
    takes = Generation.objects.filter(pk__in=ids, state__in=CANCELABLE)
    park(takes, now=now)
    takes.update(held_at=now, held_by=by, held_because=why)


def may_arrange(generation: Generation, member: Member, act: Act = Act.ANSWER) -> None:
    """Guard what changes whether and when a job is sent: the affair of who answers for it, and an
    admin's.

    Raises: PermissionDenied.
    """
    if not generation.is_answered_by(member, act):
        raise PermissionDenied("Only the person who answers for it or an admin may do this.")


def paused() -> Q:
    """Return the condition on generations that must not be sent now."""
    return _stopped() | senders.nobody()


def _stopped() -> Q:
    """Return the condition on generations that somebody has paused, as every page says."""
    stopped = Q(held_at__isnull=False) | Q(team__queue_paused_at__isnull=False)
    return stopped | Q(account__paused_at__isnull=False)


def locked_flags(account_id: int, team_id: int) -> Flags:
    """Lock what pauses all of an account and all of a team, and say whether anything does.

    Call it at the beginning of a transaction that queues a job or lets one go.
    """
    accounts = ProviderAccount.objects.filter(pk=account_id).select_for_update(no_key=True)
    teams = Team.objects.filter(pk=team_id).select_for_update(no_key=True)
    flags = [
        *accounts.values_list("paused_at", flat=True),
        *teams.values_list("queue_paused_at", flat=True),
    ]
    return Flags(account_id, team_id, any(at is not None for at in flags))


def park(rows: QuerySet[Generation], *, now: datetime) -> None:
    """Take what waits to be sent out of the engine's sight. Call it inside a transaction.

    What is being uploaded for it waits too; what has arrived by then lies there for when it goes
    on.
    """
    # The state stands in the statement itself, not in a subquery: so a row that is sent meanwhile
    # is not touched. What is parked already is written too: so it waits for this pause, whoever is
    # about to lift another one of it.
    waiting = Attempt.objects.filter(
        state__in=CANCELABLE, generation_id__in=rows.order_by().values("pk")
    )
    locked(waiting).update(
        state=State.QUEUED, next_action_at=None, lease_token=uuid.uuid4(), submit_started_at=None
    )
    locked(rows.filter(state=State.STAGING)).order_by().update(state=State.QUEUED, state_since=now)


def unpark(rows: QuerySet[Generation], *, now: datetime) -> int:
    """Let what was parked be sent again, unless something else still pauses it.

    Return how many jobs that are.

    Call it inside a transaction. Whoever lifts one of several pauses has locked the others: see
    `resume_queue`.
    """
    free = rows.order_by().filter(state=State.QUEUED).exclude(paused())
    providers = set(free.values_list("provider", flat=True))
    parked = Attempt.objects.filter(
        state=State.QUEUED, next_action_at=None, generation_id__in=free.values("pk")
    )
    # What failed before the pause was not tried during it.
    released = locked(parked).update(
        next_action_at=now, lease_token=None, error_count=0, failing_since=None
    )
    if released:
        for provider in sorted(providers):
            wake.soon(provider)
    return released


def forgotten() -> QuerySet[Attempt]:
    """Return what is parked although nothing pauses it.

    There should be none; the index attempt_due finds them.
    """
    free = Generation.objects.filter(pk=OuterRef("generation")).exclude(_stopped())
    return Attempt.objects.filter(Exists(free), state=State.QUEUED, next_action_at=None)


def release_forgotten(now: datetime) -> int:
    """Let go what is parked and paused by nothing, whatever made it so; return how many jobs that
    are.

    What nobody may send any more is held instead, for an admin, so that its page says why it waits.
    A pause that is being made in this moment holds the rows that it parks: they are looked at again
    after it.
    """
    takes = list(
        forgotten().order_by("pk").values_list("generation_id", flat=True)[:MOST_FORGOTTEN]
    )
    if not takes:
        return 0
    found = Generation.objects.filter(pk__in=takes)
    with transaction.atomic():
        locked(Team.objects.filter(pk__in=found.values("team_id")))
        left = senders.without(found)
        released = unpark(found, now=now)
        for pk, why in left.items():
            hold_for_nobody([pk], why, by=None, now=now)
    if released:
        log.warning(
            "%s jobs waited although nothing paused them, and go on: takes %s",
            released,
            _some(takes),
        )
    return released


def _some(takes: list[int]) -> str:
    said = ", ".join(map(str, takes[:10]))
    return f"{said} and more" if len(takes) > 10 else said


def _admin(member: Member) -> None:
    if not member.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may pause a queue or an account.")
