"""Source copies: parts and converted copies of clips, asked for in the studio and made by a worker.

Each is made once, whoever asks for it how often. The worker gives a sign of life each second; of
whom none has come for a while, that one has died, and the copy is begun again, or given up and said
so: by whoever looks at it next, or by the sweep.
"""

import logging
from contextlib import suppress
from datetime import datetime, timedelta

from django.db import DatabaseError
from django.db.models import F
from django.utils import timezone

from editorapp.core import retry
from editorapp.core.compiled_query import CompiledQuery
from editorapp.media import queueing
from editorapp.media.models import Asset, SourceCopy, SourceCopyQuerySet
from editorapp.media.refusals import Refusal
from editorapp.media.store import Gone
from editorapp.media.trim import Conversion, trim
from editorapp.teams.models import Member, User

log = logging.getLogger(__name__)

_LOST = retry.policy("cut.lost")
_SILENT = timedelta(seconds=_LOST.first_seconds)
_LOOKED_AT = 8  # of the newest copies of a clip; what is still pending is among them
_TRIED = (
    "It was tried several times, and never came to an end: try again, or export the clip as an "
    "H.264 MP4 and upload that."
)
_NO_SOUND = (
    "It is played with the sound of its source, which cannot be kept: {} "
    "Switch its sound off first, or cut another take."
)
# In other words than of an upload.
_SAYS = {
    "disk_full": "The server's disk is full: ask an admin to free some space, then try again.",
    "timed_out": "It took too long and was stopped: cut a shorter part, or export the clip as an "
    "H.264 MP4 and upload that.",
}
_SHOWN_FOR = timedelta(days=1)
Part = tuple[int, int]  # its first and last frame


def ask(
    asset: Asset,
    part: Part,
    conversion: Conversion,
    *,
    user: User,
    now: datetime,
    sound_of: Asset | None = None,
) -> SourceCopy:
    """Return the copy of a part of a clip; where there is none, have it made.

    `sound_of`: the source that is heard with the clip, which has no sound itself.
    """
    copy, is_new = SourceCopy.objects.select_related("asset", "made").get_or_create(
        asset=asset,
        first_frame=part[0],
        last_frame=part[1],
        conversion=conversion.text,
        sound_of=sound_of.pk if sound_of is not None else 0,
        defaults={"asked_by": user, "asked_at": now, "alive_at": now},
    )
    if not is_new:
        return again(copy, user=user, now=now)
    queueing.send_source_copies()
    return copy


def again(copy: SourceCopy, *, user: User, now: datetime) -> SourceCopy:
    """Return a copy; one that failed, or is not there any more, is made anew.

    Of several presses one has it made.
    """
    if copy.is_pending or copy.is_there:
        return copy
    asked = {"asked_by": user, "asked_at": now, "alive_at": now}
    anew = {"state": SourceCopy.Making.PENDING, "begun_at": None, "tries": 0, "percent": 0}
    ended = SourceCopy.objects.filter(pk=copy.pk, state=copy.state)
    if ended.update(**asked, **anew, made=None, reason=""):
        queueing.send_source_copies()
    copy.refresh_from_db()
    return copy


def waiting() -> SourceCopyQuerySet:
    """Return those that no worker has begun, the one that waits longest first."""
    return SourceCopy.objects.pending().filter(begun_at=None).order_by("asked_at", "pk")


def make(copy: SourceCopy) -> None:
    """Make a copy that waits, and write down what came of it."""
    if not _begin(copy):
        return
    try:
        made = trim(
            copy.asset,
            copy.first_frame,
            copy.last_frame,
            user=copy.asked_by,
            conversion=Conversion.read(copy.conversion),
            sound_of=_sound_of(copy),
            tell=lambda percent: _tell(copy, percent),
        )
    except Refusal as refusal:
        log.warning("Copy %s of asset %s: %s", copy.pk, copy.asset_id, refusal.message)
        _end(copy, state=SourceCopy.Making.FAILED, reason=_said_of(refusal, copy))
    else:
        _end(copy, state=SourceCopy.Making.READY, made=made, percent=100)


def _said_of(refusal: Refusal, copy: SourceCopy) -> str:
    """Return why a copy was not made, and what to do."""
    said = _SAYS.get(refusal.code, refusal.message)
    return _NO_SOUND.format(said) if copy.sound_of else said


def _sound_of(copy: SourceCopy) -> Asset | None:
    """Return the clip whose sound goes along. Raises: Gone."""
    if not copy.sound_of:
        return None
    found = Asset.objects.filter(pk=copy.sound_of, team=copy.asset.team_id).first()
    if found is None:
        raise Gone
    return found


def _begin(copy: SourceCopy) -> bool:
    """Take a copy that waits; of several that want to, one does."""
    now = timezone.now()
    begun = {"begun_at": now, "alive_at": now, "percent": 0}
    # Counted before it is begun: what kills its worker counts too.
    return bool(waiting().filter(pk=copy.pk).update(**begun, tries=F("tries") + 1))


def _tell(copy: SourceCopy, percent: int) -> None:
    """Say how far it is, and with that, that its worker lives."""
    pending = SourceCopy.objects.pending().filter(pk=copy.pk)
    with suppress(DatabaseError):  # the next second may come through
        pending.update(percent=min(percent, 99), alive_at=timezone.now())


def _end(copy: SourceCopy, **ending: object) -> None:
    SourceCopy.objects.pending().filter(pk=copy.pk).update(**ending)


def looked_after(copy: SourceCopy, *, now: datetime) -> SourceCopy:
    """Return a copy as it stands; one whose worker has died is begun again, or given up."""
    if not copy.is_pending or copy.alive_at > now - _SILENT:
        return copy
    silent = SourceCopy.objects.pending().filter(pk=copy.pk, alive_at=copy.alive_at)
    if copy.tries >= _LOST.tries and copy.begun_at is not None:
        silent.update(state=SourceCopy.Making.FAILED, reason=_TRIED)
    elif silent.update(begun_at=None, alive_at=now):
        queueing.send_source_copies()
    copy.refresh_from_db()
    return copy


def look_after_all(now: datetime) -> None:
    """Begin those again whose workers have died."""
    for copy in SourceCopy.objects.pending().filter(alive_at__lte=now - _SILENT):
        looked_after(copy, now=now)


def found(member: Member, pk: int) -> SourceCopy | None:
    return SourceCopy.objects.visible_to(member).filter(pk=pk).first()


def newest(asset: Asset, member: Member, *, now: datetime) -> SourceCopy | None:
    """Return what this person asked of a clip last, where that is still news: not chosen yet.

    The clip is one that the person sees.
    """
    for copy in _newest(asset.pk, member.user_id):
        if copy.is_pending or copy.asked_at > now - _SHOWN_FOR:
            copy.asset = asset
            return looked_after(copy, now=now) if _is_news(copy) else None
    return None


@CompiledQuery
def _newest(clip: int, person: int) -> "SourceCopyQuerySet":
    return SourceCopy.objects.filter(asset=clip, asked_by=person).order_by("-asked_at")[:_LOOKED_AT]


def _is_news(copy: SourceCopy) -> bool:
    return copy.is_pending or copy.is_failed or copy.is_new


def choose(copy: SourceCopy) -> None:
    """Note that somebody uses a copy as a source: it is no news any more."""
    ready = SourceCopy.objects.filter(pk=copy.pk, state=SourceCopy.Making.READY)
    ready.update(state=SourceCopy.Making.CHOSEN)
