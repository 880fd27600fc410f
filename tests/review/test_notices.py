"""Who is told of what happens in a review: each once, by what concerns them most."""

import pytest

from editorapp.inbox.models import Notice
from editorapp.review import answers, approval, comments, notices
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db


def say(take, by, text, frames=None):
    said = CommentText(text, frames)
    return comments.add(take, said, by=by, form_token=text[:40], now=NOW)


def told() -> list[tuple[str, str, str]]:
    """Return who was told what, in order."""
    rows = Notice.objects.order_by("pk").select_related("user")
    return [(one.user.display_name, one.kind, one.words) for one in rows]


def test_the_maker_is_told_of_a_comment_with_its_frame(take, reviewer):
    made = say(take, reviewer, "Too dark", (90, 95))

    assert told() == [("Cleo", "comment", f"on #{take.pk}, frames 90 to 95: Too dark")]
    assert Notice.objects.get().path == f"/takes/{take.pk}#comment-{made.pk}"
    assert Notice.objects.get().actor_name == "Rae"


def test_who_is_named_is_told_as_such_and_only_so(take, reviewer, second):
    say(take, reviewer, "@Cleo and @Sam, and @Rae herself", (3, 3))

    assert [row[:2] for row in told()] == [("Cleo", "mention"), ("Sam", "mention")]


def test_a_reply_tells_the_thread_and_then_the_maker(take, reviewer, second, creator):
    top = say(take, reviewer, "Too dark")
    comments.reply(top, "Agreed", by=second, form_token="2", now=NOW)
    Notice.objects.all().delete()

    comments.reply(top, "Will do", by=creator, form_token="3", now=NOW)

    assert sorted(row[:2] for row in told()) == [("Rae", "reply"), ("Sam", "reply")]


def test_a_change_tells_whom_it_names_only_now(take, reviewer, second):
    made = say(take, reviewer, "Too dark")
    comments.edit(made, CommentText("Too dark, @Sam"), by=reviewer, now=NOW)

    assert [row[:2] for row in told()] == [("Cleo", "comment"), ("Sam", "mention")]


def test_a_verdict_tells_the_maker_and_who_answers_for_the_take(creator, reviewer, second):
    take = finished(creator, assignee=second.user)

    decide(take, "needs_changes", member=reviewer, note="Redder", now=NOW)

    words = f"#{take.pk}: needs changes: Redder"
    assert sorted(told()) == [("Cleo", "verdict", words), ("Sam", "verdict", words)]


def test_who_is_asked_is_told_and_asked_again_is_told_again(take, creator, reviewer):
    approval.ask(take, [reviewer], by=creator, now=NOW)
    approval.ask(take, [reviewer], by=creator, now=NOW)

    assert told() == [("Rae", "asked", f"please review #{take.pk}")]


def test_a_take_that_answers_a_note_asks_its_author(take, reviewer, creator):
    note = say(take, reviewer, "Redder", (90, 90))
    Notice.objects.all().delete()
    made = finished(creator, parent=take)

    for _ in range(2):
        notices.answered(answers.answer(made, note), now=NOW)

    words = f"#{made.pk} answers your note on frame 90 of #{take.pk}. Does it do what you asked?"
    assert told() == [("Rae", "answer", words)]


def test_who_has_left_the_team_is_told_nothing(creator, reviewer):
    left = make_member(role=Role.CREATOR, team=creator.team, name="Left")
    take = finished(left)
    left.disabled_at = NOW
    left.save()

    say(take, reviewer, "Too dark")

    assert told() == []
