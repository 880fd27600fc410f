"""Sweep: everything that is due at one provider, for some seconds: post, poll, and write what came
of it.

It runs as a task of the queue, one at a time for each provider. It may be delivered late, twice or
never, and it may be killed at any instant: the lease, the write-ahead row and the compare-and-set
make each of these harmless.
"""

import logging
import time
from datetime import timedelta

from django.db import Error
from django.utils import timezone

from editorapp.generations.coordination import heartbeat, leases, shutdown, wake
from editorapp.generations.coordination.leases import Clock, Renew
from editorapp.generations.engine import claims, reclaim
from editorapp.generations.engine.sweep_session import Session, drop_broken_connection

log = logging.getLogger(__name__)

SESSION_SECONDS = 20.0
LEASE_SECONDS = 30.0
RENEW_SECONDS = 5.0
LONGEST_SECONDS = 600.0  # how long a sweep goes on taking new work beside slow posts
# longer than any call without files: after that, polls that could not be written are given up
DRAIN_SECONDS = 120.0
# and answers to paid calls: a disk may be full for long; see wake.LONG_SECONDS
PAID_DRAIN_SECONDS = 2400.0


def work(
    provider: str,
    *,
    seconds: float = SESSION_SECONDS,
    clock: Clock = timezone.now,
) -> None:
    """Look after a provider's attempts for at most about so many seconds, and longer only for posts
    under way.
    """
    name = wake.lease_of("work", provider)
    # also where another sweep is at work: or its end could wake nobody
    wake.answered(name, now=clock())
    with leases.held(name, clock=clock, seconds=LEASE_SECONDS) as renew:
        if renew is None:
            return
        reclaim.from_the_dead(now=clock())
        session = Session(provider, clock=clock)
        try:
            _sweep(session, renew, seconds=seconds)
        finally:
            session.close()
    if claims.is_due_by(session.accounts.ids, clock() + timedelta(seconds=1)):
        wake.work(provider, now=clock())


def _sweep(session: Session, renew: Renew, *, seconds: float) -> None:
    """Take turns until the time is up, and longer while a stored file is on its way inside a post.

    Minutes of such a post must not keep everybody else waiting; but once the lease is lost, nothing
    new is taken.
    """
    began = time.monotonic()
    ends = began + seconds
    latest = began + LONGEST_SECONDS
    renews = began + RENEW_SECONDS
    while True:
        if shutdown.is_asked():
            latest = min(latest, time.monotonic())
        slow = session.slow_until()
        until = min(max(ends, slow), latest)
        if not session.turn(take_new=time.monotonic() < until):
            return
        drain = PAID_DRAIN_SECONDS if session.holds_paid else DRAIN_SECONDS
        if time.monotonic() > max(until, slow) + drain:
            return
        if time.monotonic() > renews:
            renews = time.monotonic() + RENEW_SECONDS
            if not _is_renewed(session, renew):
                latest = min(latest, time.monotonic())


def _is_renewed(session: Session, renew: Renew) -> bool:
    """Renew the sweep's lease and show a sign of life. Say whether the lease is still ours.

    A database that does not answer has taken nothing away.
    """
    try:
        # the beat task may have to wait for this very session
        heartbeat.beat("cluster", now=session.clock())
        is_held = renew(LEASE_SECONDS)
    except Error:
        log.exception("The lease of %s could not be renewed", session.provider)
        drop_broken_connection()
        return True
    if not is_held:
        log.warning("The sweep of %s was taken over by another worker", session.provider)
    return is_held
