"""The two ways in: a name with a password, and a link that works once."""

from datetime import datetime, timedelta

from django.contrib.auth import authenticate
from django.db import transaction
from django.db.models import Q

from editorapp.teams.models import FailedSignIn, SignInLink, User, hash_token

PAUSE = timedelta(minutes=15)
TRIES_PER_NAME = 8
TRIES_PER_ADDRESS = 60  # an office behind one address still gets in


class NotSignedIn(Exception):
    """Wrong name, wrong password, a switched-off account or too many tries: never said which."""

    MESSAGE = (
        "That name and password did not let you in. Check both and try again; "
        "after several wrong tries sign-in pauses for 15 minutes."
    )

    def __init__(self) -> None:
        super().__init__(self.MESSAGE)


class LinkNotUsable(Exception):
    """A sign-in link that is unknown, used, expired, or whose person may not sign in."""


def sign_in(name: str, password: str, *, address: str, now: datetime) -> User:
    """Return the person whose name (in any case) and password these are. Writes a line for each failure.

    Raises: NotSignedIn, the same for every cause.
    """
    name = name.strip()
    user = None if _is_paused(name, address, now) else authenticate(username=_as_kept(name), password=password)
    if not isinstance(user, User):
        FailedSignIn.objects.filter(at__lt=now - PAUSE).delete()
        FailedSignIn.objects.create(name_sha256=_hashed(name), address=address, at=now)
        raise NotSignedIn
    FailedSignIn.objects.filter(name_sha256=_hashed(name)).delete()
    return user


def follow(token: str, *, now: datetime) -> User:
    """Use up a sign-in link and return whom it signs in. Of two that come at once, one gets in.

    Raises: LinkNotUsable.
    """
    with transaction.atomic():
        link = SignInLink.objects.filter(
            token_sha256=hash_token(token), used_at=None, expires_at__gt=now, user__is_active=True
        )
        if not link.update(used_at=now):
            raise LinkNotUsable
        return SignInLink.objects.select_related("user").get(token_sha256=hash_token(token)).user


def _is_paused(name: str, address: str, now: datetime) -> bool:
    recent = FailedSignIn.objects.filter(Q(name_sha256=_hashed(name)) | Q(address=address), at__gt=now - PAUSE)
    failures = list(recent.values_list("name_sha256", "address"))
    by_name = sum(1 for kept, _ in failures if kept == _hashed(name))
    by_address = sum(1 for _, kept in failures if kept == address)
    return by_name >= TRIES_PER_NAME or by_address >= TRIES_PER_ADDRESS


def _as_kept(name: str) -> str:
    """Return the name as its account writes it; unknown names stay, so that both take as long to refuse."""
    kept = User.objects.filter(username__iexact=name).order_by("pk").values_list("username", flat=True).first()
    return kept or name


def _hashed(name: str) -> str:
    return hash_token(name.lower())
