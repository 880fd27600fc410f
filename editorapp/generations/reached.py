"""The accounts of one provider as a sweep sees them: who they are now, how they are reached, how much each may send."""

import logging
import time
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import QuerySet

from editorapp.generations import claims
from editorapp.generations.models import Attempt
from editorapp.providers.contract import Access
from editorapp.providers.models import ProviderAccount

log = logging.getLogger(__name__)

FRESH_SECONDS = 2.0  # so soon a sweep sees another key, another limit, an account that is switched off
HELD_SECONDS = 1.0  # what the limits hold back is looked at again after
CLOSED_SECONDS = 15.0  # and what an account holds back that nothing can be sent with


class Accounts:
    """One provider's accounts. What is wrong with one of them is its own affair."""

    def __init__(self, provider: str) -> None:
        self._provider = provider
        self._by_id: dict[int, ProviderAccount] = {}
        self._access: dict[int, Access] = {}
        self._read_at = 0.0
        self.refresh()

    @property
    def ids(self) -> list[int]:
        return list(self._by_id)

    def refresh(self) -> None:
        """Read the accounts again, unless they were read a moment ago."""
        if self._by_id and time.monotonic() - self._read_at < FRESH_SECONDS:
            return
        self._by_id = {account.pk: account for account in ProviderAccount.objects.filter(provider=self._provider)}
        for pk, account in self._by_id.items():
            found = _access(account)
            if self._access.get(pk) != found:  # the same object as long as it is the same way
                self._access[pk] = found
        self._read_at = time.monotonic()

    def access(self, account_id: int) -> Access:
        return self._access[account_id]

    def turns(self, queued: QuerySet[Attempt], *, now: datetime, room: int) -> Iterator[tuple[int, int]]:
        """Yield each account that has something queued and how many posts it may send now, out of `room` for all.

        No account takes the room of the others; what one may not send now is put off.
        """
        waiting = sorted(set(queued.order_by().values_list("account_id", flat=True)))
        for place, account_id in enumerate(waiting):
            account, share = self._by_id[account_id], -(-room // (len(waiting) - place))
            rows = queued.filter(account_id=account_id)
            if problem := account.problem:
                claims.pause(account_id, now=now, seconds=CLOSED_SECONDS, reason=problem)
                rows.update(next_action_at=now + timedelta(seconds=CLOSED_SECONDS), last_error=problem)
            elif (slots := min(claims.free_slots(account, now=now), share)) > 0:
                room -= slots
                yield account_id, slots
            elif room > 0:
                rows.update(next_action_at=now + timedelta(seconds=HELD_SECONDS))  # so that it is not due all the time


def _access(account: ProviderAccount) -> Access:
    """Return how an account is reached; without a key where even that cannot be found out."""
    try:
        return account.access()
    except Exception:
        log.exception("The account %s cannot be reached", account.pk)
        return Access(account.pk, account.provider, account.spec.base_url, "", is_simulated=account.is_simulated)
