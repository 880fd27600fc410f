"""Shares: made, opened by their link, revoked; and which takes and files a link reaches.

A link reaches the takes that it names and nothing else, their sources included only as pictures of
a comparison where the take is compared with it. Every question is asked of the database anew: what
is revoked is closed at once.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import F

from editorapp.core.encryption import Encryption
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Guest, Playlist, Share, ShareItem
from editorapp.teams import password_throttle
from editorapp.teams.models import Member, hash_token
from editorapp.teams.roles import Act

MOST_TAKES = 200
MOST_COMPARED = 9
LEAST_PASSWORD = 6
LONGEST_NAME = 80
LONGEST_TITLE = 120
MOST_GUESTS = 500  # of one link

_encryption = Encryption(b"rushes: shared links, 1")
Kind = Share.Kind


class ShareRefused(Exception):
    """A link that cannot be made so, or a guest who cannot come in so; says what to do."""


class NoSuchShare(Exception):
    """A link that is unknown, revoked or over: never said which."""


class WrongPassword(Exception):
    """The password of a link is another."""


@dataclass(frozen=True)
class Terms:
    """What a link allows."""

    title: str = ""
    is_frozen: bool = True
    expires_at: datetime | None = None
    password: str = ""
    may_comment: bool = False
    may_download: bool = False
    shows_prompt: bool = False
    shows_cost: bool = False
    has_watermark: bool = False


@transaction.atomic
def share(
    takes: Sequence[int],
    terms: Terms,
    *,
    by: Member,
    now: datetime,
    playlist: Playlist | None = None,
) -> tuple[Share, str]:
    """Make a link to takes, in this order, or to a playlist. Return it with the secret that stands
    in it.

    Raises: PermissionDenied; ShareRefused.
    """
    if not by.may(Act.SHARE):
        raise PermissionDenied("This role may not share takes.")
    if terms.shows_cost and not by.may(Act.SEE_ALL_COSTS):
        raise PermissionDenied("This role may not show what takes cost.")
    ids = _shareable(takes, by)
    token = secrets.token_urlsafe(24)
    made = Share.objects.create(
        team=by.team,
        kind=_kind_of(ids, playlist),
        playlist=playlist,
        token_sha256=hash_token(token),
        token_locked=_encryption.lock(token),
        made_by=by.user,
        made_at=now,
        **_kept(terms, now=now),
    )
    ShareItem.objects.bulk_create(
        ShareItem(share=made, generation_id=pk, place=place) for place, pk in enumerate(ids, 1)
    )
    return made, token


def token_of(made: Share, *, by: Member) -> str:
    """Return the secret of a link, for who may share. Raises: PermissionDenied; KeyNotReadable."""
    _may_share(made, by)
    return _encryption.unlock(made.token_locked)


def revoke(made: Share, *, by: Member, now: datetime) -> bool:
    """Close a link, at once. Return whether it was open until now. Raises: PermissionDenied."""
    _may_share(made, by)
    rows = Share.objects.filter(pk=made.pk, revoked_at=None)
    return bool(rows.update(revoked_at=now, revoked_by=by.user))


def opened(token: str, *, now: datetime) -> Share:
    """Return what a link leads to. Raises: NoSuchShare."""
    found = Share.objects.filter(token_sha256=hash_token(token)).select_related("team", "made_by")
    made = found.first()
    if made is None or not made.is_open(now):
        raise NoSuchShare
    return made


def check(made: Share, password: str, *, address: str, now: datetime) -> None:
    """See that this is the link's password; guessing is slowed down for a network, for nobody else.

    Raises: WrongPassword; password_throttle.TooSoon.
    """
    if not made.password:
        return
    turn = password_throttle.take_turn(f"share {made.pk}", address, None, now=now)
    if not check_password(password, made.password):
        raise WrongPassword("This is not the password of the link.")
    turn.forget()


@transaction.atomic
def welcome(made: Share, name: str, *, now: datetime) -> tuple[Guest, str]:
    """Let somebody in under a name. Return the guest, and the key by which their browser is known.

    Raises: ShareRefused, without a name, or when the link has too many guests.
    """
    words = " ".join(name.split())
    if not words or (wrong := wrong_in(words, most=LONGEST_NAME)):
        raise ShareRefused(f"Say who you are. {wrong if words else ''}".strip())
    if made.guests.count() >= MOST_GUESTS:
        raise ShareRefused("Too many people have come by this link: ask for another one.")
    key = secrets.token_urlsafe(24)
    guest = Guest.objects.create(
        share=made,
        name=words,
        key_sha256=hash_token(key),
        came_at=now,
        visited_at=now,
    )
    _count_visit(made, now=now)
    return guest, key


def guest_of(made: Share, key: str) -> Guest | None:
    """Return the guest whom a browser's key stands for; None for nobody of this link."""
    return made.guests.filter(key_sha256=hash_token(key)).first() if key else None


def visited(guest: Guest, *, now: datetime) -> None:
    """Count a visit of a guest who is known already."""
    Guest.objects.filter(pk=guest.pk).update(visits=F("visits") + 1, visited_at=now)
    _count_visit(guest.share, now=now)


def takes_of(made: Share) -> list[int]:
    """Return the takes that a link names now, in their order: finished ones of its team alone."""
    ids = _named(made)
    done = Generation.objects.of_team(made.team_id).filter(state=State.SUCCEEDED, pk__in=ids)
    there = set(done.values_list("pk", flat=True))
    return [pk for pk in ids if pk in there]


def files_of(made: Share) -> set[int]:
    """Return the files, by id, that a link reaches: the results of its takes, and what a comparison
    holds them against.
    """
    takes = Generation.objects.filter(pk__in=takes_of(made))
    rows = takes.values_list("result_id", "source_asset_id", "parent__result_id")
    found: set[int | None] = set()
    for result, source, above in rows:
        found |= {result, source or above} if made.kind == Kind.COMPARE else {result}
    return {pk for pk in found if pk is not None}


def _named(made: Share) -> list[int]:
    if made.kind == Kind.PLAYLIST and not made.is_frozen and made.playlist is not None:
        rows = made.playlist.items.order_by("place", "pk")
        return list(rows.values_list("generation_id", flat=True))
    ids = list(made.items.order_by("place").values_list("generation_id", flat=True))
    return ids if made.is_frozen else _newest_versions(ids)


def _newest_versions(ids: Sequence[int]) -> list[int]:
    """Return for each take the newest finished one that was made from it, or from one of those."""
    return list(dict.fromkeys(_newest_version(pk) for pk in ids))


def _newest_version(pk: int) -> int:
    """Follow the newest finished child, step by step. A take is made after its parent, so this
    ends.
    """
    while True:
        children = Generation.objects.filter(parent=pk, state=State.SUCCEEDED, trashed_at=None)
        children = children.filter(pk__gt=pk)
        newest = children.order_by("-pk").values_list("pk", flat=True).first()
        if newest is None:
            return pk
        pk = newest


def _shareable(takes: Sequence[int], by: Member) -> list[int]:
    wanted = list(dict.fromkeys(takes))
    if len(wanted) > MOST_TAKES:
        raise ShareRefused(f"A link leads to {MOST_TAKES} takes at most.")
    seen = Generation.objects.visible_to(by).filter(pk__in=wanted, state=State.SUCCEEDED)
    there = set(seen.values_list("pk", flat=True))
    ids = [pk for pk in wanted if pk in there]
    if not ids:
        raise ShareRefused("Choose a finished take: there is nothing else to see.")
    return ids


def _kind_of(ids: Sequence[int], playlist: Playlist | None) -> str:
    if playlist is not None:
        return Kind.PLAYLIST
    if len(ids) == 1:
        return Kind.TAKE
    return Kind.COMPARE if len(ids) <= MOST_COMPARED else Kind.PLAYLIST


def _kept(terms: Terms, *, now: datetime) -> dict[str, object]:
    """Return terms as they are kept. Raises: ShareRefused."""
    title = " ".join(terms.title.split())
    if wrong := wrong_in(title, most=LONGEST_TITLE):
        raise ShareRefused(f"The title cannot be kept. {wrong}")
    if terms.expires_at is not None and terms.expires_at <= now:
        raise ShareRefused("The link would be over already: choose a later day.")
    if terms.password and len(terms.password) < LEAST_PASSWORD:
        raise ShareRefused(f"A password has {LEAST_PASSWORD} characters at least.")
    fields = {**vars(terms), "title": title}
    return {**fields, "password": make_password(terms.password) if terms.password else ""}


def _count_visit(made: Share, *, now: datetime) -> None:
    Share.objects.filter(pk=made.pk).update(visits=F("visits") + 1, visited_at=now)


def _may_share(made: Share, by: Member) -> None:
    if made.team_id != by.team_id or not by.may(Act.SHARE):
        raise PermissionDenied("This role may not share takes.")
