"""What people said of takes, as it leaves: at its frames, by whom, and whether it is settled."""

from datetime import timedelta
from fractions import Fraction

import pytest

from editorapp.exports.chosen import ChosenTake
from editorapp.exports.notes import notes_of
from editorapp.exports.take_timeline import take_timeline
from editorapp.exports.timelines.formats import FORMATS
from editorapp.exports.timelines.model import MarkerColour
from editorapp.review import comments, guest_comments
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from tests.review.conftest import NOW, creator, finished, reviewer, take
from tests.review.test_guest_comments import BOX, come

__all__ = ["creator", "reviewer", "take"]  # fixtures
pytestmark = pytest.mark.django_db


def say(take, by, text, frames=None, shapes=(), *, token="a", at=NOW):
    says = CommentText(text, frames, list(shapes))
    return comments.add(take, says, by=by, form_token=token, now=at)


def test_a_thread_is_one_note_at_its_frames_with_its_answers(take, creator, reviewer):
    top = say(take, reviewer, "Too dark", (90, 95), [BOX])
    comments.reply(top, "On it", by=creator, form_token="b", now=NOW)

    (note,) = notes_of([take])[take.pk]

    assert (note.words, note.author) == ("Too dark\nCleo: On it", "Rae")
    assert (note.first_frame, note.last_frame, note.has_drawing) == (90, 95, True)
    assert (note.colour, note.is_resolved) == (MarkerColour.YELLOW, False)


def test_what_is_resolved_is_green_and_what_was_deleted_does_not_leave(take, creator, reviewer):
    top = say(take, reviewer, "Too dark", (90, 90))
    gone = say(take, reviewer, "Never mind", token="b")
    comments.resolve(top, by=creator, now=NOW)
    comments.delete(gone, by=reviewer, now=NOW)

    (note,) = notes_of([take])[take.pk]

    assert (note.colour, note.is_resolved) == (MarkerColour.GREEN, True)


def test_a_guest_is_named_as_one_and_a_drawing_without_words_is_told(take, creator):
    guest_comments.add(take, CommentText("", (3, 3), [BOX]), come(creator, take))

    (note,) = notes_of([take])[take.pk]

    assert (note.words, note.author) == ("See the drawing.", "Gina (guest)")


def test_notes_and_verdicts_stand_in_the_order_in_which_they_were_said(take, reviewer, creator):
    say(take, creator, "Second", at=NOW + timedelta(minutes=2))
    decide(take, "needs_changes", member=reviewer, note="First", now=NOW + timedelta(minutes=1))
    say(take, creator, "Zeroth", token="b")

    said = [note.words for note in notes_of([take])[take.pk]]

    assert said == ["Zeroth", "Needs changes: First", "Second"]


def test_many_takes_are_two_questions(creator, django_assert_num_queries):
    takes = [finished(creator) for _ in range(4)]
    for one in takes:
        top = say(one, creator, "Hm", (1, 2))
        comments.reply(top, "Hm", by=creator, form_token="b", now=NOW)

    with django_assert_num_queries(2):
        assert len(notes_of(takes)) == 4


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_each_timeline_has_the_note_on_its_frames(take, creator, ending):
    say(take, creator, "Umbrella red", (90, 95))
    chosen = ChosenTake(take=take, stem="clip", notes=notes_of([take])[take.pk])
    made = take_timeline([chosen], name="cut", paths={take.pk: "clip.mp4"})

    marker = made.clips[0].markers[0]

    assert (marker.first, marker.last, made.clips[0].rate) == (90, 95, Fraction(24))
    if ending not in ("csv", "edl"):  # written by the views as rows; an EDL of clips has none
        assert b"Umbrella red" in _bytes(FORMATS[ending].write(made))


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text
