"""Asked notes: what a take may be made for: a comment, or the note of a verdict, under one shape."""

import re
from dataclasses import dataclass

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.review.drawing import Shape
from editorapp.review.mentions import without_mentions
from editorapp.review.models import Answer, Comment, Decision
from editorapp.teams.models import Member, User

_KEY = re.compile(r"(verdict-)?([0-9]{1,18})")


@dataclass(frozen=True)
class AskedNote:
    """A note on a take. `key` names it in an address and in a form: "12" or "verdict-3"."""

    said: Comment | Decision

    @property
    def key(self) -> str:
        return str(self.said.pk) if isinstance(self.said, Comment) else f"verdict-{self.said.pk}"

    @property
    def take(self) -> Generation:
        return self.said.generation

    @property
    def text(self) -> str:
        return self.said.text if isinstance(self.said, Comment) else self.said.note

    @property
    def author(self) -> User | None:
        """Who asked; None for a guest."""
        return self.said.author if isinstance(self.said, Comment) else self.said.decided_by

    @property
    def by(self) -> str:
        return self.said.by if isinstance(self.said, Comment) else str(self.said.decided_by)

    @property
    def frame(self) -> int | None:
        """The frame that it speaks of, the first of a range; None: the whole take."""
        return self.said.first_frame if isinstance(self.said, Comment) else None

    @property
    def drawing(self) -> list[Shape]:
        return self.said.drawing if isinstance(self.said, Comment) else []

    @property
    def page(self) -> str:
        """The page of its take, at the note."""
        place = "#verdicts"
        if isinstance(self.said, Comment):
            place = f"#comment-{self.said.parent_id or self.said.pk}"
        return f"/takes/{self.said.generation_id}{place}"

    @property
    def where(self) -> str:
        """Say where it stands: "frames 90 to 95 of #41"."""
        take = f"#{self.said.generation_id}"
        if self.frame is None or not isinstance(self.said, Comment):
            return take
        if self.said.is_range:
            return f"frames {self.frame} to {self.said.last_frame} of {take}"
        return f"frame {self.frame} of {take}"

    @property
    def words(self) -> str:
        """Return what it says as a prompt: without whom it names."""
        return without_mentions(self.text, self.take.team_id)


def note_of(answer: Answer) -> AskedNote:
    """Return what a take answers."""
    return AskedNote(answer.note)


def find(key: str, member: Member) -> AskedNote | None:
    """Return the note of this key, if this member sees it and it still says something."""
    named = _KEY.fullmatch(key)
    pk = as_whole(named[2]) if named else None
    if named is None or not pk:
        return None
    takes = Generation.objects.visible_to(member)
    if named[1]:
        verdicts = Decision.objects.filter(pk=pk, generation__in=takes).exclude(note="")
        decision = verdicts.select_related("generation__result", "decided_by").first()
        return AskedNote(decision) if decision else None
    comments = Comment.objects.filter(pk=pk, generation__in=takes, deleted_at=None)
    comment = comments.select_related("generation__result", "author", "parent").first()
    return AskedNote(comment) if comment else None
