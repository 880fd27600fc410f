"""Discussion context: what the panel of a take's discussion is given. See templates/review/.

A piece of the panel has a version: another one as soon as it looks different. So a page that looks
again changes only what is new, and never what somebody is typing.
"""

import json
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from editorapp.core.form_token import new_token
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.review import discussion
from editorapp.review.discussion import Takes, Thread
from editorapp.review.models import Comment
from editorapp.teams.models import Member
from editorapp.web.review.comment_places import (
    FormPlace,
    SaidBefore,
    place_of,
    place_typed,
    said_before,
    where,
)
from editorapp.web.review.comment_words import SaidWords, words_of
from editorapp.web.review.speakers import Speaker, speaker_of

SAME_SHAPE = 0.02  # pictures whose sides differ less than this take each other's drawings
SHOWS = {"open": "Open", "all": "All"}


@dataclass(frozen=True)
class TypedForm:
    """A form that was refused, as it was typed: `key` says which one, "add" or "reply-7"."""

    key: str = ""
    wrong: str = ""
    values: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.values.get("text", "")

    @property
    def place(self) -> FormPlace:
        return place_typed(self.values)


@dataclass(frozen=True)
class ShownComment:
    """A comment as the page shows it to one person."""

    comment: Comment
    take: Generation  # the one that is shown: a carried comment stands on another
    speaker: Speaker

    @property
    def anchor(self) -> str:
        """Return its place on the page; a carried one may stand on a page several times."""
        carried = f"carried-{self.take.pk}-{self.comment.pk}"
        is_carried = self.comment.generation_id != self.take.pk
        return carried if is_carried else f"comment-{self.comment.pk}"

    @property
    def words(self) -> list[SaidWords]:
        return words_of(self.comment)

    @property
    def edits(self) -> list[SaidBefore]:
        """What it said before, the newest first; of what was deleted nothing is shown."""
        one = self.comment
        return [] if one.is_deleted else said_before(one, list(one.edits.all()))

    @property
    def may_move(self) -> bool:
        """Can its frames and its drawing be changed here? Not where it is carried: they are frames of
        another take.
        """
        result = self.take.result
        has_frames = result is not None and bool(result.frame_count)
        is_here = self.comment.generation_id == self.take.pk
        return is_here and has_frames and self.comment.parent_id is None

    @property
    def place(self) -> FormPlace:
        return place_of(self.comment)

    @property
    def is_own(self) -> bool:
        is_open = self.speaker.may_comment and not self.comment.is_deleted
        return is_open and self.speaker.wrote(self.comment)

    @property
    def edit_url(self) -> str:
        return self.speaker.addresses.of("edit", self.comment)

    @property
    def delete_url(self) -> str:
        return self.speaker.addresses.of("delete", self.comment)

    @property
    def drawing(self) -> str:
        return json.dumps(self.comment.drawing)

    @property
    def edit_key(self) -> str:
        return f"edit-{self.comment.pk}"

    @property
    def version(self) -> str:
        one = self.comment
        return _version(one.edited_at, one.deleted_at, one.is_resolved, len(one.edits.all()))


@dataclass(frozen=True)
class ShownThread:
    """A thread as the page of a take shows it to one person."""

    thread: Thread
    take: Generation
    speaker: Speaker

    @cached_property
    def top(self) -> ShownComment:
        return self._shown(self.thread.comment)

    @cached_property
    def replies(self) -> list[ShownComment]:
        return [self._shown(one) for one in self.thread.replies]

    def _shown(self, comment: Comment) -> ShownComment:
        return ShownComment(comment, self.take, self.speaker)

    @property
    def comment(self) -> Comment:
        return self.thread.comment

    @property
    def ways_version(self) -> str:
        """How the ways on from it look: what answers it, and whether that does what was asked."""
        answers = [(one.pk, one.outcome) for one in self.comment.answers.all()]
        return _version(self.comment.deleted_at, answers)

    @property
    def made_on_page(self) -> str:
        """Return the page of the take that a carried comment was made on, at the comment."""
        page = self.speaker.addresses.page(self.comment.generation)
        return f"{page}#comment-{self.comment.pk}" if page else ""

    @cached_property
    def frames(self) -> tuple[int, int] | None:
        """Return its first and last frame on the take that is shown; None: the whole take."""
        one = self.comment
        if one.first_frame is None or one.last_frame is None:
            return None
        made, shown = one.generation.result, self.take.result
        if not self.thread.is_carried or made is None or shown is None:
            return one.first_frame, one.last_frame
        return carried_frame(one.first_frame, made, shown), carried_frame(
            one.last_frame, made, shown
        )

    @property
    def first(self) -> int | None:
        return self.frames[0] if self.frames else None

    @property
    def last(self) -> int | None:
        return self.frames[1] if self.frames else None

    @property
    def where(self) -> str:
        return where(self.first, self.last)

    @property
    def asks(self) -> bool:
        """Does it still ask for something?"""
        return not self.comment.is_resolved and not self.comment.is_deleted

    @property
    def has_drawing(self) -> bool:
        return bool(self.comment.drawing) and not self.comment.is_deleted

    @property
    def drawing(self) -> str:
        """Return its shapes as JSON; "" for none, and where the picture has another shape."""
        is_shown = self.has_drawing and (not self.thread.is_carried or self._fits())
        return self.top.drawing if is_shown else ""

    def _fits(self) -> bool:
        made, shown = self.comment.generation.result, self.take.result
        return made is not None and shown is not None and has_same_shape(made, shown)

    @property
    def reply_key(self) -> str:
        return f"reply-{self.comment.pk}"

    @property
    def reply_url(self) -> str:
        return self.speaker.addresses.of("reply", self.comment)

    @property
    def settle_url(self) -> str:
        what = "reopen" if self.comment.is_resolved else "resolve"
        return self.speaker.addresses.of(what, self.comment)

    @property
    def form_token(self) -> str:
        return new_token()

    @property
    def settled_version(self) -> str:
        return _version(self.comment.resolved_at, len(self.replies))


@dataclass(frozen=True)
class Discussion:
    """The discussion of a take as its panel shows it to one person. `shows`: "open" or "all"."""

    take: Generation
    threads: Sequence[ShownThread]
    speaker: Speaker
    shows: str = "open"
    typed: TypedForm = field(default_factory=TypedForm)

    @property
    def open_count(self) -> int:
        return sum(one.asks for one in self.threads)

    @property
    def settled_count(self) -> int:
        return len(self.threads) - self.open_count

    @cached_property
    def stamp(self) -> str:
        return discussion.stamp(self.take.pk)

    @property
    def last_frame(self) -> int | None:
        """Return the last frame that can be spoken of; None of a take without a picture."""
        result = self.take.result
        return result.frame_count - 1 if result is not None and result.frame_count else None

    @property
    def new_place(self) -> FormPlace:
        """Return what a new comment is about before anybody has chosen: by numbers, the whole of it."""
        return FormPlace(first="0", last=str(self.last_frame))

    @property
    def form_token(self) -> str:
        return new_token()

    @property
    def url(self) -> str:
        return self.speaker.addresses.panel(self.take)

    @property
    def add_url(self) -> str:
        return self.speaker.addresses.add(self.take)

    @property
    def people_url(self) -> str:
        return self.speaker.addresses.people(self.take)

    @property
    def choices(self) -> list[tuple[str, str, int]]:
        """Return what can be shown: its name, its word, how many there are."""
        counts = {"open": self.open_count, "all": len(self.threads)}
        return [(name, word, counts[name]) for name, word in SHOWS.items()]


def discussion_for(
    take: Generation,
    member: Member,
    *,
    shows: str = "open",
    typed: TypedForm | None = None,
) -> Discussion:
    """Return the discussion of a take as somebody of its team sees it."""
    among = None if member.sees_all else Generation.objects.visible_to(member)
    return discussion_of(take, speaker_of(member), among=among, shows=shows, typed=typed)


def discussion_of(
    take: Generation,
    speaker: Speaker,
    *,
    among: Takes | None,
    shows: str = "open",
    typed: TypedForm | None = None,
) -> Discussion:
    """Return the discussion of a take; `among`: the takes whose comments this person may read."""
    typed = typed or TypedForm()
    found = discussion.threads(take, among=among)
    shown = [ShownThread(one, take, speaker) for one in found]
    known = shows if shows in SHOWS else "open"
    return Discussion(take, shown, speaker, known, typed)


def carried_frame(frame: int, made: Asset, shown: Asset) -> int:
    """Return the frame of one clip that stands at the moment of another's; its last one beyond."""
    if made.fps and shown.fps and made.fps != shown.fps:
        frame = int((frame + 0.5) / float(made.fps) * float(shown.fps))
    return min(frame, max(0, (shown.frame_count or 1) - 1))


def has_same_shape(made: Asset, shown: Asset) -> bool:
    """Do two pictures have sides of the same proportion, so that one takes the other's drawings?"""
    if not (made.width and made.height and shown.width and shown.height):
        return False
    one, other = made.width / made.height, shown.width / shown.height
    return abs(one - other) <= SAME_SHAPE * one


def _version(*facts: object) -> str:
    return f"{zlib.crc32(repr(facts).encode()):x}"
