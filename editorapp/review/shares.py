"""Shares: links made, opened and revoked, and the guests who come by them.

Every question is asked of the database anew: what is revoked is closed at once. Which takes and
files a link reaches is in shared_takes.py.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import check_password, make_password
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import CharField, F, Value
from django.db.models.functions import Cast, Concat
from django.utils.crypto import salted_hmac

from editorapp.core.encryption import Encryption
from editorapp.core.locks import locked
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review.models import Guest, Playlist, Share, ShareItem
from editorapp.teams import audit, password_throttle
from editorapp.teams.models import Member, hash_token
from editorapp.teams.roles import Act

MOST_TAKES = 200
MOST_COMPARED = 9
LEAST_PASSWORD = 6
LONGEST_NAME = 80
LONGEST_TITLE = 120
MOST_NOTED = 20  # takes that the audit log names
MOST_GUESTS = 500  # of one link
MOST_FROM_ONE_PLACE, OF_LATE = 30, timedelta(hours=1)  # guests of one network, one link
NEW_VISIT_AFTER = timedelta(minutes=30)  # without a page: who goes on looking visits once

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
    shows_source: bool = False
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
    token = secrets.token_urlsafe(32)  # so long that no log writes it: see core/logs.py
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
    _record("share.made", made, by, takes=ids[:MOST_NOTED], **_told(made))
    return made, token


@transaction.atomic
def token_of(made: Share, *, by: Member) -> str:
    """Return the secret of a link, for who may share. Raises: PermissionDenied; KeyNotReadable."""
    _may_share(made, by)
    token = _encryption.unlock(made.token_locked)
    _record("share.copied", made, by)
    return token


@transaction.atomic
def revoke(made: Share, *, by: Member, now: datetime) -> bool:
    """Close a link, at once. Return whether it was open until now. Raises: PermissionDenied."""
    _may_share(made, by)
    rows = Share.objects.filter(pk=made.pk, revoked_at=None)
    was_open = bool(rows.update(revoked_at=now, revoked_by=by.user))
    if was_open:
        _record("share.revoked", made, by, visits=made.visits)
    return was_open


@transaction.atomic
def change(
    made: Share,
    terms: Terms,
    *,
    keeps_password: bool,
    by: Member,
    now: datetime,
) -> list[str]:
    """Give a link other terms, which hold at once, also for who has come in by it. Return the names
    of what is other than before.

    `keeps_password`: the link stays with the password that it has, or with none; else that of
    `terms` is the new one, and none takes it away. A new one is asked of everybody again. What
    guests see, as shared or always the newest, stays.
    Raises: PermissionDenied; ShareRefused.
    """
    _may_share(made, by)
    row = locked(Share.objects.filter(pk=made.pk)).get()
    if row.revoked_at is not None:
        raise ShareRefused("The link was revoked: make a new one.")
    if terms.shows_cost and not row.shows_cost and not by.may(Act.SEE_ALL_COSTS):
        raise PermissionDenied("This role may not show what takes cost.")
    fields = _kept(terms, now=now, known=row)
    del fields["is_frozen"]
    if keeps_password:
        del fields["password"]
    before = {"title": row.title, **_told(row)}
    for name, value in fields.items():
        setattr(row, name, value)
    row.save(update_fields=list(fields))
    facts: dict[str, Any] = audit.changed(before, {"title": row.title, **_told(row)})
    if not keeps_password and terms.password:
        _ask_again(row)
        facts["password"] = "a new one"
    if facts:
        _record("share.changed", row, by, **facts)
    return list(facts)


def _ask_again(made: Share) -> None:
    """Have who came in by a link known as nobody: they come in again, with its new password."""
    nobody = Concat(Value("nobody "), Cast("pk", CharField()))  # no key has such a hash
    made.guests.update(key_sha256=nobody)


def open_links(take: Generation, member: Member, *, now: datetime) -> list[Share]:
    """Return the open links that name a take, newest first; none for who may not share."""
    if not member.may(Act.SHARE):
        return []
    rows = Share.objects.visible_to(member).filter(items__generation=take, revoked_at=None)
    found = rows.select_related("made_by").order_by("-pk")[:MOST_NOTED]
    return [made for made in found if made.is_open(now)]


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
def welcome(made: Share, name: str, *, address: str, now: datetime) -> tuple[Guest, str]:
    """Let somebody in under a name. Return the guest, and the key by which their browser is known.

    Raises: ShareRefused, without a name, or when too many have come, by the link or from one place.
    """
    words = " ".join(name.split())
    if not words or (wrong := wrong_in(words, most=LONGEST_NAME)):
        raise ShareRefused(f"Say who you are. {wrong if words else ''}".strip())
    network = _network_of(made, address)
    _check_room(made, network, now=now)
    key = secrets.token_urlsafe(24)
    guest = Guest.objects.create(
        share=made,
        name=words,
        key_sha256=hash_token(key),
        network=network,
        came_at=now,
        visited_at=now,
    )
    _count_visit(made, now=now)
    return guest, key


def guest_of(made: Share, key: str) -> Guest | None:
    """Return the guest whom a browser's key stands for; None for nobody of this link."""
    return made.guests.filter(key_sha256=hash_token(key)).first() if key else None


def visited(guest: Guest, *, now: datetime) -> bool:
    """Count a visit of a guest who comes back after a while. Return whether it was one."""
    before = now - NEW_VISIT_AFTER
    if guest.visited_at > before:
        return False
    rows = Guest.objects.filter(pk=guest.pk, visited_at__lte=before)
    is_new = bool(rows.update(visits=F("visits") + 1, visited_at=now))
    if is_new:
        _count_visit(guest.share, now=now)
    return is_new


def downloaded(guest: Guest) -> None:
    """Count a file that a guest has taken along."""
    Guest.objects.filter(pk=guest.pk).update(downloads=F("downloads") + 1)


def _check_room(made: Share, network: str, *, now: datetime) -> None:
    if made.guests.count() >= MOST_GUESTS:
        raise ShareRefused("Too many people have come by this link: ask for another one.")
    of_late = made.guests.filter(network=network, came_at__gt=now - OF_LATE)
    if of_late.count() >= MOST_FROM_ONE_PLACE:
        raise ShareRefused("Too many people have come from your network: try again in an hour.")


def _network_of(made: Share, address: str) -> str:
    """Return what tells one network from another among the guests of a link, and nowhere else."""
    said = f"{made.pk}\n{password_throttle.network_of(address)}"
    return salted_hmac("editorapp.review.shares", said, algorithm="sha256").hexdigest()


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


def _kept(terms: Terms, *, now: datetime, known: Share | None = None) -> dict[str, object]:
    """Return terms as they are kept; `known`: the link that has others until now. Raises:
    ShareRefused.
    """
    title = " ".join(terms.title.split())
    if wrong := wrong_in(title, most=LONGEST_TITLE):
        raise ShareRefused(f"The title cannot be kept. {wrong}")
    is_same_end = known is not None and known.expires_at == terms.expires_at
    if terms.expires_at is not None and terms.expires_at <= now and not is_same_end:
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


def _record(act: str, made: Share, by: Member, **facts: Any) -> None:
    audit.record(act, f"share:{made.pk}", by=by, about=made.title or _numbers(made), **facts)


def _numbers(made: Share) -> str:
    ids = list(made.items.order_by("place").values_list("generation_id", flat=True)[:MOST_NOTED])
    return ", ".join(f"#{pk}" for pk in ids)


def _told(made: Share) -> dict[str, Any]:
    """Return what the audit log says of a link: what it allows, and until when."""
    switches = {
        "comment": made.may_comment,
        "download": made.may_download,
        "source": made.shows_source,
        "prompt": made.shows_prompt,
        "cost": made.shows_cost,
        "watermark": made.has_watermark,
    }
    allowed = [name for name, is_on in switches.items() if is_on]
    return {
        "kind": made.kind,
        "always": "as shared" if made.is_frozen else "newest",
        "until": made.expires_at.isoformat() if made.expires_at else "it is revoked",
        "has_password": bool(made.password),
        "allows": ", ".join(allowed),
    }
