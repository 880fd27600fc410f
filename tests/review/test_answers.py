"""Answers: a take that was made for a note, and whether the note's author is content."""

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.inbox.models import Notice
from editorapp.review import answers, asked_notes, comments
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from editorapp.review.discussion import open_count
from editorapp.review.mentions import without_mentions
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db


@pytest.fixture
def note(take, reviewer):
    return comments.add(take, CommentText("Redder", (90, 90)), by=reviewer, form_token="1", now=NOW)


@pytest.fixture
def made(take, note, creator):
    following = finished(creator, parent=take, lineage=take.lineage)
    return answers.answer(following, note)


def test_a_yes_of_the_author_resolves_the_note(made, note, reviewer):
    answers.judge(made, True, by=reviewer, now=NOW)

    note.refresh_from_db()
    assert (made.outcome, note.resolved_by) == ("yes", reviewer.user)
    assert open_count(made.generation) == 0


def test_a_no_leaves_the_note_open_and_opens_it_again(made, note, reviewer):
    answers.judge(made, True, by=reviewer, now=NOW)
    answers.judge(made, False, by=reviewer, now=NOW)

    note.refresh_from_db()
    assert made.outcome == "no" and not note.is_resolved
    assert open_count(made.generation) == 1


def test_who_may_decide_judges_for_the_author_and_nobody_else(made, creator, second):
    for by in (creator, make_member(role=Role.ADMIN)):
        with pytest.raises(PermissionDenied):
            answers.judge(made, True, by=by, now=NOW)
    answers.judge(made, True, by=second, now=NOW)
    assert made.outcome == "yes"


def test_a_take_answers_a_note_once_and_a_reply_stands_for_its_thread(made, note, creator):
    reply = comments.reply(note, "More red?", by=creator, form_token="2", now=NOW)

    assert answers.answer(made.generation, reply).pk == made.pk


def test_the_maker_is_told_of_the_judgement_and_why_stands_in_the_thread(
    made, note, creator, reviewer
):
    Notice.objects.all().delete()

    answers.judge(made, False, by=reviewer, now=NOW, why="Still too dark", form_token="9")

    [told] = Notice.objects.all()
    assert (told.user, told.kind) == (creator.user, "verdict")
    assert told.path == f"/takes/{made.generation_id}#answers"
    assert told.words.endswith(f"on frame 90 of #{note.generation_id}: Still too dark")
    [reply] = note.replies.all()
    assert reply.text == f"#{made.generation_id}: Still too dark"


def test_a_verdicts_note_can_be_answered_too(take, creator, reviewer):
    decision = decide(take, "needs_changes", member=reviewer, note="Redder, @Cleo", now=NOW)
    following = finished(creator, parent=take, lineage=take.lineage)
    made = answers.answer(following, decision)
    assert answers.answer(following, decision).pk == made.pk

    answers.judge(made, True, by=reviewer, now=NOW)

    assert (made.outcome, made.judged_by) == ("yes", reviewer.user)
    note = asked_notes.find(f"verdict-{decision.pk}", creator)
    assert (note.key, note.words, note.by) == (f"verdict-{decision.pk}", "Redder,", "Rae")


def test_who_made_a_take_does_not_judge_it_for_somebody_else(take, note, admin):
    own = finished(admin, parent=take, lineage=take.lineage)
    made = answers.answer(own, note)

    with pytest.raises(PermissionDenied):
        answers.judge(made, True, by=admin, now=NOW)


def test_a_note_is_found_by_who_sees_it_while_it_says_something(note, reviewer, creator):
    assert asked_notes.find(str(note.pk), creator).where == f"frame 90 of #{note.generation_id}"
    assert asked_notes.find(str(note.pk), make_member(role=Role.ADMIN)) is None
    for key in ("", "0", "x", "verdict-", f"verdict-{note.pk}", "9" * 30):
        assert asked_notes.find(key, creator) is None
    comments.delete(note, by=reviewer, now=NOW)
    assert asked_notes.find(str(note.pk), creator) is None


@pytest.mark.parametrize(
    ("said", "asked"),
    [
        ("@Rae, make it redder", "make it redder"),
        ("Redder please @rae", "Redder please"),
        ("@Rae @Cleo: darker", "darker"),
        ("ask @Cleo about it", "ask about it"),
        ("mail a@b.example", "mail a@b.example"),
        ("Redder", "Redder"),
    ],
)
def test_a_prompt_calls_nobody_by_name(said, asked, creator, reviewer):
    assert without_mentions(said, creator.team_id) == asked


def test_what_finishes_a_draft_answers_its_notes_until_one_says_yes(made, note, creator, reviewer):
    finished_take = finished(creator, parent=note.generation)
    answers.carry(finished_take, made.generation)
    answers.judge(made, True, by=reviewer, now=NOW)
    later = finished(creator, parent=note.generation)
    answers.carry(later, made.generation)

    assert [one.comment for one in finished_take.answers.all()] == [note]
    assert not later.answers.exists()
