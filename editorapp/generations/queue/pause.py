"""Pause and resume: a team's queue, an account, one job.

Nothing of it is sent meanwhile; what is sent is followed on.

What nobody may send any more (see senders.py) is paused in the same way, until an admin says what
becomes of it.

How, and under which locks: parking.py.
"""

import logging
from collections.abc import Collection
from datetime import datetime

from django.core.exceptions import PermissionDenied
from django.db import transaction

from editorapp.core.locks import locked
from editorapp.costs import ledger
from editorapp.generations.models import Attempt, Generation, newest
from editorapp.generations.queue import cancel, senders
from editorapp.generations.queue.parking import forgotten, locked_flags, park, unpark
from editorapp.generations.states import CANCELABLE
from editorapp.providers.account_keepers import may_keep
from editorapp.providers.models import ProviderAccount
from editorapp.teams import audit
from editorapp.teams.models import Member, Team, User
from editorapp.teams.roles import Act

log = logging.getLogger(__name__)

MOST_FORGOTTEN = 500  # in one look


def pause_queue(member: Member, *, now: datetime) -> None:
    """Send nothing more of the member's team. Raises: PermissionDenied."""
    _admin(member)
    with transaction.atomic():
        open_ = Team.objects.filter(pk=member.team_id, queue_paused_at=None)
        if open_.update(queue_paused_at=now, queue_paused_by=member.user):
            park(Generation.objects.filter(team_id=member.team_id), now=now)
            audit.record("queue.paused", f"team:{member.team_id}", by=member, about=member.team)


def resume_queue(member: Member, *, now: datetime) -> None:
    """Send what the team has waiting again, but what is paused otherwise.

    Raises: PermissionDenied.
    """
    _admin(member)
    with transaction.atomic():
        # No account is resumed meanwhile: each would leave what waits to the other's pause.
        locked(ProviderAccount.objects.all())
        paused = Team.objects.filter(pk=member.team_id).exclude(queue_paused_at=None)
        if paused.update(queue_paused_at=None, queue_paused_by=None):
            audit.record("queue.resumed", f"team:{member.team_id}", by=member, about=member.team)
        unpark(Generation.objects.filter(team_id=member.team_id), now=now)


def pause_account(account: ProviderAccount, *, member: Member, now: datetime) -> None:
    """Send nothing more with an account, of any team. Raises: PermissionDenied."""
    _keeper(account, member)
    with transaction.atomic():
        open_ = ProviderAccount.objects.filter(pk=account.pk, paused_at=None)
        if open_.update(paused_at=now, paused_by=member.user):
            park(Generation.objects.filter(account_id=account.pk), now=now)
            audit.record("account.paused", f"account:{account.pk}", by=member, about=account.name)


def resume_account(account: ProviderAccount, *, member: Member, now: datetime) -> None:
    """Send what waits for an account again, but what is paused otherwise.

    Raises: PermissionDenied.
    """
    _keeper(account, member)
    with transaction.atomic():
        paused = ProviderAccount.objects.filter(pk=account.pk).exclude(paused_at=None)
        if paused.update(paused_at=None, paused_by=None):
            audit.record("account.resumed", f"account:{account.pk}", by=member, about=account.name)
        unpark(Generation.objects.filter(account_id=account.pk), now=now)


def hold(generation: Generation, *, member: Member, now: datetime) -> None:
    """Pause one job that is not sent yet.

    Raises: TooLate, when it was sent in the meantime; PermissionDenied, unless it is one's own or
    one is an admin.
    """
    senders.may_arrange(generation, member)
    with transaction.atomic():
        cancel.guard(newest(generation, is_locked=True))
        one = Generation.objects.filter(pk=generation.pk)
        held = Generation.NOT_HELD | {"held_at": now, "held_by": member.user}
        one.filter(held_at=None).update(**held)
        park(one, now=now)
    generation.refresh_from_db()


def let_go(generation: Generation, *, member: Member, now: datetime) -> None:
    """Send one paused job again when its turn comes.

    What its own person may not send any more is the admin's from now on, who decides that it is
    sent all the same.
    Raises: PermissionDenied.
    """
    senders.may_arrange(generation, member)
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
    # Before the money of those that are sent all the same.
    locked(Generation.objects.filter(pk__in=ids))
    takes = Generation.objects.filter(pk__in=ids, state__in=CANCELABLE).order_by("pk")
    for take in takes.filter(senders.nobody()).select_related("created_by", "assignee"):
        # It is sent all the same, and whoever decides so answers for it.
        says = f"{member.user}: sent all the same, for {take.responsible}."
        ledger.remark(newest(take).pk, says, now=now)
        Generation.objects.filter(pk=take.pk).update(assignee=member.user)
    takes.update(**Generation.NOT_HELD)
    unpark(takes, now=now)


def hold_for_nobody(
    ids: Collection[int],
    why: Generation.Hold,
    *,
    by: User | None,
    now: datetime,
) -> None:
    """Pause, for an admin to decide about, what nobody may send any more.

    Call it inside a transaction.
    """
    takes = Generation.objects.filter(pk__in=ids, state__in=CANCELABLE)
    park(takes, now=now)
    takes.update(held_at=now, held_by=by, held_because=why)


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
        some = ", ".join(map(str, takes[:10])) + (" and more" if len(takes) > 10 else "")
        said = "%s jobs waited although nothing paused them, and go on: takes %s"
        log.warning(said, released, some)
    return released


def _keeper(account: ProviderAccount, member: Member) -> None:
    _admin(member)
    if not may_keep(account, member):
        raise PermissionDenied("This account serves all teams: only an owner may pause it.")


def _admin(member: Member) -> None:
    if not member.may(Act.MANAGE):
        raise PermissionDenied("Only an admin may pause a queue or an account.")
