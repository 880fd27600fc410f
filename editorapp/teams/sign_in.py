"""Sign-in, in two ways: a name with a password, and a link that works once.

Guessing is slowed down and shuts nobody out: after some wrong tries the same name waits longer and
longer, but only for the same network, or the same browser where the person has signed in with it
before. So a stranger who tries a name, or many names, slows down no one but themselves, and at the
worst who shares their network and comes with a new browser.
"""

import ipaddress
import math
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from editorapp.core.locks import unlocked
from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import SignInLink, SignInTries, User, hash_token

FREE_TRIES = 5  # that many wrong ones without a pause
FIRST_PAUSE = timedelta(seconds=5)  # after them; each further one doubles it
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(days=1)
MOST_PAIRS = 10_000  # of names and places that are remembered; then the oldest go


class NotSignedIn(Exception):
    """Wrong name, wrong password or a switched-off account: never said which.

    `wait`: when the next try can be made.
    """

    def __init__(self, wait: timedelta) -> None:
        more = f" The next try can be made in {in_words(wait)}." if wait else ""
        super().__init__(
            f"That name and password did not let you in. Check both and try again.{more}"
        )


class TooSoon(Exception):
    """The name waits, here, after wrong tries: no password is looked at, and the pause stays as it
    is.
    """

    def __init__(self, wait: timedelta) -> None:
        self.seconds = max(1, math.ceil(wait.total_seconds()))
        super().__init__(
            f"Sign-in with this name waits after several wrong tries. Try again in {in_words(wait)}."
        )


class LinkNotUsable(Exception):
    """A sign-in link that is unknown, used, expired or ended, or whose person may not sign in."""


def sign_in(
    name: str,
    password: str,
    *,
    address: str,
    browser: KnownBrowser,
    now: datetime,
) -> User:
    """Return the person whose name (in any case) and password these are.

    Raises: TooSoon; NotSignedIn, the same for every cause.
    """
    name = name.strip()
    kept = User.objects.filter(username__iexact=name).order_by("pk").first()
    is_known = kept is not None and browser.is_of(kept)
    pair = _pair(name, f"browser {browser.id}" if is_known else _network(address))
    wait = _take_turn(pair, now)
    # Unknown names are tried as well, so that both take as long to refuse.
    user = authenticate(username=kept.username if kept is not None else name, password=password)
    if not isinstance(user, User):
        raise NotSignedIn(wait)
    SignInTries.objects.filter(pair=pair).delete()
    return user


def open_link(token: str, *, now: datetime) -> SignInLink:
    """Return the link that this token stands for; nothing is used up.

    Raises: LinkNotUsable.
    """
    link = SignInLink.objects.select_related("user").filter(token_sha256=hash_token(token)).first()
    if link is None or not link.is_open(now):
        raise LinkNotUsable
    return link


def follow(token: str, *, now: datetime) -> User:
    """Use up a sign-in link and return whom it signs in. Of two that come at once, one gets in.

    Raises: LinkNotUsable.
    """
    link = open_link(token, now=now)
    if not SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now).update(
        used_at=now
    ):
        raise LinkNotUsable
    return link.user


def in_words(wait: timedelta) -> str:
    """Return how long to wait, rounded up: "1 second", "40 seconds", "3 minutes"."""
    seconds = max(1, math.ceil(wait.total_seconds()))
    count, unit = (seconds, "second") if seconds < 90 else (math.ceil(seconds / 60), "minute")
    return f"{count} {unit}{'' if count == 1 else 's'}"


def _take_turn(pair: str, now: datetime) -> timedelta:
    """Count this try as a wrong one, before its password is looked at; return the pause that
    follows it.

    Of several at once each is counted: an update holds only for the row as it was read. A right one
    takes the row away.
    Raises: TooSoon, while a pause lasts.
    """
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
            return wait


def _pause_after(count: int) -> timedelta:
    if count < FREE_TRIES:
        return timedelta(0)
    return min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** min(count - FREE_TRIES, 20))


def _make_room(now: datetime) -> None:
    """Forget what is old, and the oldest where there is too much: a stranger can make up any number
    of names.
    """
    newest = SignInTries.objects.order_by("-last_at", "-pk")
    surplus = list(newest.values_list("pk", flat=True)[MOST_PAIRS : 2 * MOST_PAIRS])
    old = Q(last_at__lt=now - FORGOTTEN_AFTER)
    with transaction.atomic():
        unlocked(SignInTries.objects.filter(old | Q(pk__in=surplus))).delete()


def _network(address: str) -> str:
    """Return what counts as one place: an address, of IPv6 the 64 bits that one line has to itself."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        found = found.ipv4_mapped or _first_half(found)
    return f"network {found}"


def _first_half(address: ipaddress.IPv6Address) -> ipaddress.IPv6Address:
    return ipaddress.IPv6Address(address.packed[:8] + bytes(8))


def _pair(name: str, place: str) -> str:
    said = f"{name.lower()}\n{place}"
    return salted_hmac("editorapp.teams.sign_in", said, algorithm="sha256").hexdigest()
