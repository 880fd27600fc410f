"""Password throttle: guessing is slowed down and shuts nobody out.

After some wrong tries the same name waits longer and longer, but only for the same network, or the
same browser where the person has signed in with it before. So a stranger who tries a name, or many
names, slows down no one but themselves, and at the worst who shares their network and comes with a
new browser.
"""

import ipaddress
import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from editorapp.core.locks import unlocked
from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import SignInTries

FREE_TRIES = 5  # that many wrong ones without a pause
FIRST_PAUSE = timedelta(seconds=5)  # after them; each further one doubles it
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
MOST_PAIRS = 10_000  # of names and places that are remembered; then the oldest go


class TooSoon(Exception):
    """The name waits, here, after wrong tries: no password is looked at, and the pause stays as it
    is.
    """

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        self.seconds = max(1, math.ceil(wait.total_seconds()))
        super().__init__(
            f"Sign-in with this name waits after several wrong tries. Try again in {in_words(wait)}."
        )


def in_words(wait: timedelta) -> str:
    """Return how long to wait, rounded up: "1 second", "40 seconds", "3 minutes"."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    count, unit = (seconds, "second") if seconds < 90 else (math.ceil(seconds / 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


@dataclass(frozen=True)
class Turn:
    """A try that is counted as a wrong one. `next_wait`: the pause that follows it."""

    pair: str
    next_wait: timedelta

    def forget(self) -> None:
        """Take away what is counted: the password was right."""
        SignInTries.objects.filter(pair=self.pair).delete()


def take_turn(name: str, address: str, browser: KnownBrowser | None, *, now: datetime) -> Turn:
    """Count a try as a wrong one, before its password is looked at.

    `browser`: where the person has signed in with it before; else the network of `address` counts.

    Of several at once each is counted: an update holds only for the row as it was read. A right one
    takes the row away.
    Raises: TooSoon, while a pause lasts.
    """
    pair = _pair(name, f"browser {browser.id}" if browser else network_of(address))
    while True:
        row, is_new = SignInTries.objects.get_or_create(
            pair=pair, defaults={"last_at": now, "next_at": now}
        )
        if row.next_at > now:
            raise TooSoon(row.next_at - now)
        count = 1 if row.last_at < now - FORGOTTEN_AFTER else row.count + 1
        wait = _pause_after(count)
        as_read = SignInTries.objects.filter(pk=row.pk, count=row.count, last_at=row.last_at)
        if as_read.update(count=count, last_at=now, next_at=now + wait):
            if is_new:
                _make_room(now)
            return Turn(pair, wait)


def _pause_after(count: int) -> timedelta:
    if count < FREE_TRIES:
        return timedelta(0)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(count - FREE_TRIES, 20))


def _make_room(now: datetime) -> None:
    """Forget what is old, and the oldest where there is too much: a stranger can make up any number
    of names.
    """
    rows = SignInTries.objects.filter(Q(last_at__lt=now - FORGOTTEN_AFTER) | _surplus())
    with transaction.atomic():
        unlocked(rows).delete()


def _surplus() -> Q:
    """Return which are the oldest, where there are too many."""
    newest = SignInTries.objects.order_by("-last_at", "-pk")
    surplus = list(newest.values_list("pk", flat=True)[MOST_PAIRS : 2 * MOST_PAIRS])
    return Q(pk__in=surplus)


def network_of(address: str) -> str:
    """Return what counts as one place: an address, of IPv6 the 64 bits that one line has to itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        return f"network {_line_of(found)}"
    return f"network {found}"


def _line_of(address: ipaddress.IPv6Address) -> str:
    half = ipaddress.IPv6Network((address, 64), strict=False)
    return str(address.ipv4_mapped or half.network_address)


def _pair(name: str, place: str) -> str:
    said = f"{name.lower()}\n{place}"
    return salted_hmac("editorapp.teams.sign_in", said, algorithm="sha256").hexdigest()
