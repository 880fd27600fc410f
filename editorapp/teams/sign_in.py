"""Sign-in, in two ways: a name with a password, and a link that works once."""

import secrets
from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction

from editorapp.teams import audit, password_throttle
from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import SecondFactor, SignInLink, User, hash_token

SIGN_IN_LINK_HOURS = 24  # how long a sign-in link works


class NotSignedIn(Exception):
    """Wrong name, wrong password or a switched-off account: never said which.

    `wait`: when the next try can be made.
    """

    def __init__(self, wait: timedelta) -> None:
        more = f" The next try can be made in {password_throttle.in_words(wait)}." if wait else ""
        super().__init__(
            f"That name and password did not let you in. Check both and try again.{more}"
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

    Raises: password_throttle.TooSoon; NotSignedIn, the same for every cause.
    """
    name = name.strip()
    kept = User.objects.filter(username__iexact=name).order_by("pk").first()
    is_known = kept is not None and browser.is_of(kept)
    turn = password_throttle.take_turn(name, address, browser if is_known else None, now=now)
    # Unknown names are tried as well, so that both take as long to refuse.
    user = authenticate(username=kept.username if kept is not None else name, password=password)
    if not isinstance(user, User):
        raise NotSignedIn(turn.next_wait)
    turn.forget()
    _record(user, how="password")
    return user


def make_link(user: User, *, now: datetime, passes_factor: bool = False) -> str:
    """Make a sign-in link and return its token, which is kept nowhere. `passes_factor`: no code is
    asked for after it.
    """
    token = secrets.token_urlsafe(32)
    SignInLink.objects.create(
        user=user,
        passes_factor=passes_factor,
        person_mark=user.mark(SignInLink.__name__),
        token_sha256=hash_token(token),
        expires_at=now + timedelta(hours=SIGN_IN_LINK_HOURS),
    )
    return token


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
    with transaction.atomic():
        if not _use_up(link, now=now):
            raise LinkNotUsable
        if link.passes_factor:
            audit.record_of_person("person.signed_in", link.user, how="link")
        else:
            _record(link.user, how="link")
    return link.user


def _record(user: User, *, how: str) -> None:
    """Write down that somebody is in; who must show a code as well is not yet."""
    if not SecondFactor.objects.filter(user=user).exclude(confirmed_at=None).exists():
        audit.record_of_person("person.signed_in", user, how=how)


def _use_up(link: SignInLink, *, now: datetime) -> bool:
    """Mark it as used. Say whether nobody was faster."""
    same = SignInLink.objects.filter(pk=link.pk, used_at=None, expires_at__gt=now)
    return bool(same.update(used_at=now))
