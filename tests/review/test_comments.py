"""Comments: who may say what about which frames, what is kept, and who comes first of two."""

from datetime import timedelta
from functools import partial

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction

from editorapp.core.append_only import NeverChanged
from editorapp.generations.states import State
from editorapp.review import comments
from editorapp.review.comments import CommentRefused, CommentText
from editorapp.review.discussion import open_count, threads
from editorapp.review.models import Comment, CommentEdit
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member
from tests.racing import race
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "colour": "red", "points": [[0.2, 0.2], [0.4, 0.4]]}
LATER = NOW + timedelta(minutes=5)


def say(take, by, text="Too dark here", *, frames=None, shapes=(), token=""):
    said = CommentText(text, frames, list(shapes))
    token = token or f"{by.pk}-{text}"[:40]
    return comments.add(take, said, by=by, form_token=token, now=NOW)


def answer(comment, by, text="Will do"):
    return comments.reply(comment, text, by=by, form_token=f"{by.pk}-{text}", now=LATER)


def test_a_comment_stands_at_a_frame_with_a_drawing(take, reviewer):
    made = say(take, reviewer, frames=(90, 90), shapes=[BOX])

    made.refresh_from_db()
    assert (made.first_frame, made.last_frame, made.drawing) == (90, 90, [BOX])
    assert not made.is_range and made.by == "Rae"


@pytest.mark.parametrize("frames", [(0, 0), (119, 119), (0, 119), None])
def test_frames_of_the_take_can_be_spoken_of(take, reviewer, frames):
    assert say(take, reviewer, frames=frames).pk


@pytest.mark.parametrize("frames", [(-1, 0), (5, 4), (0, 120), (120, 120)])
def test_frames_that_the_take_has_not_are_refused(take, reviewer, frames):
    with pytest.raises(CommentRefused, match=f"#{take.pk} has no frames"):
        say(take, reviewer, frames=frames)
    assert not Comment.objects.exists()


def test_a_take_without_a_result_can_only_be_spoken_of_as_a_whole(creator, reviewer):
    failed = make_generation(creator, state=State.FAILED)

    assert say(failed, reviewer).first_frame is None
    with pytest.raises(CommentRefused):
        say(failed, reviewer, frames=(0, 0), token="another")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (CommentText("  \n "), "Write or draw"),
        (CommentText("x" * 4001), "4,000 fit"),
        (CommentText("a\x00b"), "control character"),
        (CommentText("", None, [BOX]), "choose one"),
    ],
)
def test_what_says_nothing_or_cannot_be_kept_is_refused(take, reviewer, said, why):
    with pytest.raises(CommentRefused, match=why):
        comments.add(take, said, by=reviewer, form_token="1", now=NOW)


def test_a_drawing_alone_says_enough(take, reviewer):
    assert say(take, reviewer, "", frames=(3, 3), shapes=[BOX]).text == ""


def test_another_team_and_who_may_not_comment_say_nothing(take, monkeypatch):
    with pytest.raises(PermissionDenied):
        say(take, make_member(role=Role.ADMIN))
    disabled = make_member(role=Role.REVIEWER, team=take.team, name="Left")
    disabled.disabled_at = NOW
    with pytest.raises(PermissionDenied):
        say(take, disabled)
    assert not Comment.objects.exists()


def test_the_same_form_sent_twice_makes_one_comment(take, reviewer):
    first = say(take, reviewer, token="form")

    assert say(take, reviewer, "Other words", token="form").pk == first.pk
    assert Comment.objects.get().text == "Too dark here"


def test_a_form_of_somebody_else_is_not_taken(take, reviewer, second):
    say(take, reviewer, token="form")

    with pytest.raises(PermissionDenied):
        say(take, second, token="form")


def test_a_reply_to_a_reply_stands_in_the_same_thread(take, reviewer, creator):
    top = say(take, reviewer)
    first = answer(top, creator)
    again = answer(first, reviewer, "Thank you")

    [thread] = threads(take)
    assert [one.pk for one in thread.replies] == [first.pk, again.pk]
    assert again.parent_id == top.pk


def test_what_was_said_before_a_change_is_kept(take, reviewer):
    made = say(take, reviewer, frames=(10, 20), shapes=[BOX])

    comments.edit(made, CommentText("Darker", (11, 11)), by=reviewer, now=LATER)
    comments.delete(made, by=reviewer, now=LATER)

    kept = CommentEdit.objects.order_by("pk").values_list("text", "first_frame", "drawing")
    assert list(kept) == [("Too dark here", 10, [BOX]), ("Darker", 11, [])]
    made.refresh_from_db()
    assert made.is_deleted and made.text == "" and made.edited_at == LATER
    with pytest.raises(NeverChanged):
        CommentEdit.objects.update(text="")


def test_only_its_author_changes_or_deletes_a_comment(take, reviewer, second, admin):
    made = say(take, reviewer)

    for other in (second, admin):
        with pytest.raises(PermissionDenied):
            comments.edit(made, CommentText("Mine now"), by=other, now=NOW)
        with pytest.raises(PermissionDenied):
            comments.delete(made, by=other, now=NOW)
    made.refresh_from_db()
    assert made.text == "Too dark here"


def test_a_changed_reply_gets_no_frames_of_its_own(take, reviewer, creator):
    reply = answer(say(take, reviewer), creator)

    comments.edit(reply, CommentText("Done", (3, 3), [BOX]), by=creator, now=LATER)

    reply.refresh_from_db()
    assert (reply.text, reply.first_frame, reply.drawing) == ("Done", None, [])


def test_what_was_deleted_is_neither_changed_nor_answered(take, reviewer, creator):
    made = say(take, reviewer)
    comments.delete(made, by=reviewer, now=NOW)

    for late in (
        partial(comments.edit, made, CommentText("Again"), by=reviewer, now=NOW),
        partial(comments.delete, made, by=reviewer, now=NOW),
        partial(answer, made, creator),
    ):
        with pytest.raises(CommentRefused, match="deleted"):
            late()


def test_a_deleted_comment_leaves_the_page_and_its_replies_stay(take, reviewer, creator):
    alone, answered = say(take, reviewer, "One"), say(take, reviewer, "Two")
    reply = answer(answered, creator)
    for one in (alone, answered):
        comments.delete(one, by=reviewer, now=NOW)

    [thread] = threads(take)
    assert thread.comment.is_deleted and [one.pk for one in thread.replies] == [reply.pk]


def test_of_two_who_resolve_the_first_one_stands(take, reviewer, creator):
    made = say(take, reviewer)

    assert comments.resolve(made, by=creator, now=NOW)
    assert not comments.resolve(made, by=reviewer, now=LATER)

    made.refresh_from_db()
    assert (made.resolved_by, made.resolved_at) == (creator.user, NOW)
    assert comments.reopen(made, by=reviewer)
    assert not comments.reopen(Comment.objects.get(pk=made.pk), by=reviewer)
    assert open_count(take) == 1


def test_whom_a_comment_names_is_kept_by_their_whole_name(take, reviewer, creator, admin):
    make_member(role=Role.CREATOR, name="Cleo Park", team=take.team)
    make_member(role=Role.CREATOR, name="Zoe")

    made = say(take, reviewer, "@cleo PARK and @Ada: look. Not @Adam, @zoe, a@Cleo.org")

    named = {one.user.display_name for one in made.mentions.select_related("user")}
    assert named == {"Cleo Park", "Ada", "Cleo"}
    comments.edit(made, CommentText("@Ada"), by=reviewer, now=LATER)
    assert [one.user for one in made.mentions.all()] == [admin.user]


def test_what_is_unresolved_is_carried_along_the_chain(creator, reviewer):
    first = finished(creator)
    second = finished(creator, parent=first, lineage=first.lineage)
    third = finished(creator, parent=second, lineage=first.lineage)
    sibling = finished(creator, parent=first, lineage=first.lineage)
    settled, whole = say(first, reviewer, "Settled"), say(first, reviewer, "Whole take")
    late = say(second, reviewer, "Frame 90", frames=(90, 90))
    early = say(second, reviewer, "Frame 3", frames=(3, 3))
    own = say(third, reviewer, "Own", frames=(100, 100))
    say(sibling, reviewer, "Of a sibling")
    comments.resolve(settled, by=creator, now=NOW)

    shown = [(one.comment.pk, one.is_carried) for one in threads(third)]

    assert shown == [(own.pk, False), (early.pk, True), (late.pk, True), (whole.pk, True)]
    assert open_count(third) == 4 and open_count(first) == 1
    assert [one.comment.pk for one in threads(first)] == [settled.pk, whole.pk]


def test_the_number_of_queries_does_not_grow_with_the_threads(
    creator, reviewer, django_assert_num_queries
):
    first = finished(creator)
    take = finished(creator, parent=first, lineage=first.lineage)
    for number in range(30):
        answer(say((first, take)[number % 2], reviewer, f"{number}"), creator, f"{number}")

    with django_assert_num_queries(5):
        shown = threads(take)
        assert len([(one.comment.by, *(each.by for each in one.replies)) for one in shown]) == 30


@pytest.mark.parametrize("frames", [(3, None), (None, 3), (5, 4)])
def test_the_database_keeps_no_half_of_a_range(take, reviewer, frames):
    first, last = frames

    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.create(
            generation=take,
            author=reviewer.user,
            first_frame=first,
            last_frame=last,
            created_at=NOW,
            form_token="1",
        )


@pytest.mark.django_db(transaction=True)
def test_a_hundred_comments_at_once_are_all_kept_once(take, reviewer, creator):
    top = say(take, reviewer)
    calls = []
    for number in range(10):
        calls += [
            partial(say, take, reviewer, f"A {number % 5}", frames=(number % 5, 9)),
            partial(answer, top, creator, f"B {number % 5}"),
        ]

    for _ in range(5):
        ended = race(calls)
        assert [one for one in ended if isinstance(one, Exception)] == []

    assert Comment.objects.filter(parent=None).exclude(pk=top.pk).count() == 5
    assert top.replies.count() == 5
