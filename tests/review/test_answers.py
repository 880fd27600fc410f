"""Answers: a take that was made for a note, and whether the note's author is content."""

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.review import answers, comments
from editorapp.review.comments import CommentText
from editorapp.review.discussion import open_count
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
