"""New sources: what a button has made of the chosen one: a part of it, or a copy that a provider takes;
a worker makes it (media/source_copies.py), and the original is kept.
"""

import re
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from django.http import QueryDict
from django.utils import timezone

from editorapp.core.request_values import as_decimal, as_whole
from editorapp.costs.estimate import Estimate, estimate
from editorapp.generations.files import source_sound
from editorapp.generations.models import Generation
from editorapp.generations.request.draft import Draft
from editorapp.media import frame_times, source_copies
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.refusals import Refusal
from editorapp.media.store import Gone
from editorapp.media.trim import AS_IT_IS, Conversion
from editorapp.teams.models import Member
from editorapp.web.studio.draft_form import Changes, DraftForm
from editorapp.web.studio.sources import ChosenSource

Part = tuple[int, int]  # its first and last frame
NO_CLIP = "Choose a clip first."
NO_SOUND = (
    "#{} is played with the sound of its source, which cannot be kept: {} "
    "Switch its sound off first, or cut another take."
)
NO_COPY = "No such copy can be made of this clip."
_SIZE = re.compile("([0-9]{1,4})x([0-9]{1,4})")
_RATE = re.compile("[0-9]{1,7}(/[1-9][0-9]{0,6})?")
_LARGEST_SIDE, _FEWEST_BYTES = 4096, 100_000


class NotDone(Exception):
    """The button's act failed; the message is one sentence that says what to do."""


@dataclass(frozen=True)
class KeptPart:
    """What is kept of a source in the one made of it: its frames `part[0]` to `part[1]`, and where
    the keyframes of the form went, by their old positions; one that is not among them is cut off.
    """

    part: Part
    moves: dict[int, int]


@dataclass(frozen=True)
class NewSource:
    """A source that a button asks for: a part of another one, converted.

    `take`: whose result that is; where it is played with sound, its part is, too.
    """

    source: Asset
    part: Part
    conversion: Conversion = AS_IT_IS
    take: Generation | None = None

    def asked(self, member: Member) -> SourceCopy:
        """Return it as it stands; where nobody asked for it before, a worker makes it.

        Raises: NotDone.
        """
        first, last = self.part
        if not 0 <= first <= last < self.source.frame_count:
            raise NotDone(
                f"In and out lie between frame 0 and frame {self.source.last_frame}, in before out."
            )
        return source_copies.ask(
            self.source,
            self.part,
            self.conversion,
            sound_of=self._sound(),
            user=member.user,
            now=timezone.now(),
        )

    def _sound(self) -> Asset | None:
        """Return the clip whose sound is heard with the source, and kept. Raises: NotDone."""
        take = self.take
        if take is None or not take.has_source_sound or self.source.has_audio:
            return None
        sound = source_sound.offered(take)
        if sound is None:
            raise NotDone(NO_SOUND.format(take.pk, Gone().message))
        return sound


def asked_for(
    sent: QueryDict,
    changes: Changes,
    chosen: ChosenSource,
    member: Member,
) -> SourceCopy | None:
    """Return the new source that a button asks for; None where it asks for none. Raises: NotDone.

    An MP4 copy is a part that keeps everything.
    """
    source = chosen.asset
    if "use_copy" in changes:
        return _known(changes["use_copy"][0], source, member)
    if "trim_to_seconds" in changes:
        part = _start_of(source, changes["trim_to_seconds"][0])
    elif "mp4_copy" in changes:
        part = 0, _chosen(source).last_frame
    elif "trim" in sent:
        part = _in_and_out(sent)
    else:
        return None
    source = _chosen(source)
    return NewSource(source, part, _conversion(source, changes), chosen.parent).asked(member)


def _known(number: str, source: Asset | None, member: Member) -> SourceCopy:
    """Return a copy that was asked for before; one that failed, or is not there any more, is made
    anew.
    """
    copy = source_copies.found(member, as_whole(number) or 0)
    if copy is None or source is None or copy.asset_id != source.pk:
        raise NotDone(
            "Another clip is the source now: what was made of the last one is in the bin."
        )
    return source_copies.again(copy, user=member.user, now=timezone.now())


def with_copy(form: DraftForm, copy: SourceCopy, made: Asset) -> tuple[DraftForm, KeptPart]:
    """Return the form with a copy of its source chosen; keyframes stay on their pictures."""
    source_copies.choose(copy)
    moves = _moves(form, copy, made)
    chosen = replace(_moved(form, moves), source_kind="asset", source_asset=made.pk)
    chosen = replace(chosen, pinned_to=chosen.source_key)
    return chosen, KeptPart((copy.first_frame, copy.last_frame), moves)


def _moves(form: DraftForm, copy: SourceCopy, made: Asset) -> dict[int, int]:
    first, last = copy.first_frame, copy.last_frame
    indexes = (row.frame_index for row in form.keyframes)
    inside = (at for at in indexes if isinstance(at, int) and first <= at <= last)
    place_of = Conversion.read(copy.conversion).place_of
    return {at: min(made.last_frame, place_of(copy.asset, at, first)) for at in inside}


def _conversion(source: Asset, changes: Changes) -> Conversion:
    said = {name: values[0] for name, values in changes.items() if values}
    return Conversion(
        fps=_rate(source, said["copy_fps"]) if "copy_fps" in said else None,
        size=_size(said["copy_size"]) if "copy_size" in said else None,
        max_bytes=_bytes(said["copy_bytes"]) if "copy_bytes" in said else 0,
    )


def _rate(source: Asset, text: str) -> Fraction:
    if not _RATE.fullmatch(text) or not 1 <= (rate := Fraction(text)) <= (source.fps or 0):
        raise NotDone(NO_COPY)
    return rate


def _size(text: str) -> tuple[int, int]:
    found = _SIZE.fullmatch(text)
    size = (int(found[1]), int(found[2])) if found else (0, 0)
    if not all(2 <= side <= _LARGEST_SIDE and side % 2 == 0 for side in size):
        raise NotDone(NO_COPY)
    return size


def _bytes(text: str) -> int:
    most = as_whole(text)
    if most is None or most < _FEWEST_BYTES:
        raise NotDone(NO_COPY)
    return most


def _in_and_out(sent: QueryDict) -> Part:
    return whole_frame(sent.get("trim_first", "")), whole_frame(sent.get("trim_last", ""))


def price_of_part(draft: Draft, sent: QueryDict) -> Estimate | None:
    """Return what the edit would cost if only the part between in and out were its source; None
    where none is set.
    """
    source, facts = draft.source_asset, draft.facts
    try:
        first, last = _in_and_out(sent)
        if source is None or facts is None or not _is_part(source, first, last):
            return None
        length = frame_times.length_of(source, first, last)
    except (NotDone, Refusal):
        return None
    seconds = Decimal(length.numerator) / length.denominator
    part = replace(facts, frame_count=last - first + 1, duration_seconds=seconds)
    return estimate(draft.wanted, part, provider=draft.account.provider)


def _is_part(source: Asset, first: int, last: int) -> bool:
    return source.fps is not None and 0 <= first <= last < source.frame_count


def _start_of(source: Asset | None, seconds: str) -> Part:
    """Return the longest start of the clip that is not longer than some seconds."""
    source = _chosen(source)
    if source.fps is None:
        raise NotDone(NO_CLIP)
    if (length := as_decimal(seconds)) is None:
        raise NotDone("This is no length in seconds.")
    count = frame_times.frames_within(source, Fraction(length))
    return 0, max(0, min(count, source.frame_count) - 1)


def _chosen(source: Asset | None) -> Asset:
    if source is None:
        raise NotDone(NO_CLIP)
    return source


def _moved(form: DraftForm, moves: dict[int, int]) -> DraftForm:
    """Keyframes stay on their pictures: they move with the cut, and those outside of it are
    dropped.
    """
    moved = []
    for row in form.keyframes:
        index = row.frame_index
        if not isinstance(index, int):
            moved.append(row)
        elif index in moves:
            moved.append(replace(row, index=str(moves[index])))
    return replace(form, keyframes=tuple(moved))


def whole_frame(text: str) -> int:
    """Return a frame's number as it was typed. Raises: NotDone."""
    if (number := as_whole(text)) is None:
        raise NotDone("Frame numbers are whole numbers, counted from 0.")
    return number
