"""What guests say: on the takes of their link, read by them and by the team, told to who is meant."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.inbox.models import Notice
from editorapp.review import comments, guest_comments, shares
from editorapp.review.comments import CommentRefused, CommentText
from editorapp.review.guest_comments import GuestForm
from editorapp.review.models import Comment, CommentEdit
from editorapp.review.shares import Terms
from tests.review.conftest import NOW, finished

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "points": [[0.1, 0.1], [0.4, 0.5]], "colour": "red", "width": 0.004}


def come(by, *takes, name="Gina", **terms):
    """Share takes and return a form of somebody who has come by the link."""
    given = Terms(**({"may_comment": True} | terms))
    made, _token = shares.share([take.pk for take in takes], given, by=by, now=NOW)
    guest, _key = shares.welcome(made, name, address="192.0.2.7", now=NOW)
    return GuestForm(guest, "form-1", NOW)


def test_a_guest_says_something_at_a_frame_and_who_made_and_shared_it_is_told(
    take, creator, reviewer
):
    form = come(reviewer, take)

    said = guest_comments.add(take, CommentText("Too dark here", (90, 90), [BOX]), form)
    again = guest_comments.add(take, CommentText("Too dark here", (90, 90), [BOX]), form)

    assert said == again and Comment.objects.count() == 1
    assert (said.by, said.first_frame, said.author) == ("Gina", 90, None)
    told = Notice.objects.values_list("user_id", "actor_name")
    assert set(told) == {(creator.user_id, "Gina"), (reviewer.user_id, "Gina")}


def test_a_guest_reads_their_links_threads_and_nothing_that_the_team_says_among_itself(
    take, creator, reviewer
):
    mine, other = come(reviewer, take), come(reviewer, take, name="Otto")
    inside = comments.add(
        take, CommentText("Client must not see"), by=creator, form_token="x", now=NOW
    )
    top = guest_comments.add(take, CommentText("Late", (80, 80)), mine)
    early = guest_comments.add(take, CommentText("Early", (3, 3)), replace(mine, token="form-2"))
    guest_comments.add(take, CommentText("Another link"), replace(other, token="form-3"))
    comments.reply(top, "We mend it", by=creator, form_token="y", now=NOW)
    guest_comments.reply(top, "Thanks", replace(mine, token="form-4"))

    found = guest_comments.threads(mine.guest.share, take)

    assert [thread.comment for thread in found] == [early, top]
    assert [one.text for one in found[1].replies] == ["We mend it", "Thanks"]
    for thread in (inside, guest_comments.threads(other.guest.share, take)[0].comment):
        with pytest.raises(PermissionDenied):
            guest_comments.reply(thread, "Hm", replace(mine, token="form-5"))


def test_nobody_comments_where_the_link_does_not_let_them_or_on_another_take(take, creator):
    other = finished(creator)
    with pytest.raises(PermissionDenied):
        guest_comments.add(take, CommentText("Hm"), come(creator, take, may_comment=False))
    with pytest.raises(PermissionDenied):
        guest_comments.add(other, CommentText("Hm"), come(creator, take))


def test_a_guest_names_nobody(take, creator, reviewer):
    said = guest_comments.add(take, CommentText("@Rae look"), come(creator, take))

    assert not said.mentions.exists()
    assert not Notice.objects.filter(user=reviewer.user).exists()


def test_who_says_too_much_in_a_short_time_waits(take, creator, monkeypatch):
    monkeypatch.setattr(guest_comments, "MOST_OF_ONE", 2)
    form = come(creator, take)
    for number in range(2):
        guest_comments.add(take, CommentText("Hm"), replace(form, token=f"a{number}"))

    with pytest.raises(CommentRefused, match="ten minutes"):
        guest_comments.add(take, CommentText("Hm"), replace(form, token="b"))

    assert guest_comments.add(take, CommentText("Hm"), replace(form, token="a1")).pk
    later = replace(form, token="b", now=NOW + timedelta(minutes=11))
    assert guest_comments.add(take, CommentText("Hm"), later).pk


def test_a_link_has_so_many_comments_a_day(take, creator, monkeypatch):
    monkeypatch.setattr(guest_comments, "MOST_OF_LINK", 1)
    form = come(creator, take)
    guest_comments.add(take, CommentText("Hm"), form)

    with pytest.raises(CommentRefused, match="tomorrow"):
        guest_comments.add(take, CommentText("Hm"), replace(form, token="b"))


def test_a_form_of_one_guest_is_not_anothers(take, creator):
    form = come(creator, take)
    guest_comments.add(take, CommentText("Hm"), form)

    with pytest.raises(PermissionDenied, match="somebody else"):
        guest_comments.add(take, CommentText("Hm"), replace(come(creator, take), token=form.token))


def test_a_guest_changes_and_takes_back_what_they_said_and_the_trace_keeps_it(take, creator):
    form = come(creator, take)
    said = guest_comments.add(take, CommentText("Too drak", (9, 9), [BOX]), form)
    notices = Notice.objects.count()

    changed = guest_comments.edit(said, CommentText("Too dark", (20, 30)), by=form.guest, now=NOW)
    guest_comments.delete(changed, by=form.guest, now=NOW)

    said.refresh_from_db()
    assert said.is_deleted and (said.text, said.guest) == ("", form.guest)
    kept = CommentEdit.objects.order_by("pk").values_list("text", "first_frame", "drawing")
    assert list(kept) == [("Too drak", 9, [BOX]), ("Too dark", 20, [])]
    assert Notice.objects.count() == notices
    with pytest.raises(CommentRefused):
        guest_comments.edit(said, CommentText("Again"), by=form.guest, now=NOW)


def test_a_guest_changes_nothing_that_another_said(take, creator, reviewer):
    form = come(reviewer, take)
    top = guest_comments.add(take, CommentText("Late"), form)
    made = form.guest.share
    other, _key = shares.welcome(made, "Otto", address="192.0.2.8", now=NOW)
    theirs = comments.reply(top, "We mend it", by=creator, form_token="y", now=NOW)

    for comment, guest in ((top, other), (theirs, form.guest), (theirs, other)):
        with pytest.raises(PermissionDenied):
            guest_comments.edit(comment, CommentText("Hm"), by=guest, now=NOW)
        with pytest.raises(PermissionDenied):
            guest_comments.delete(comment, by=guest, now=NOW)
    assert not CommentEdit.objects.exists()


def test_a_guest_changes_nothing_any_more_where_the_link_takes_no_comments(take, creator):
    form = come(creator, take)
    said = guest_comments.add(take, CommentText("Late"), form)
    form.guest.share.may_comment = False

    with pytest.raises(PermissionDenied):
        guest_comments.edit(said, CommentText("Early"), by=form.guest, now=NOW)


def test_who_changes_too_much_in_a_short_time_waits(take, creator, monkeypatch):
    monkeypatch.setattr(guest_comments, "MOST_CHANGES", 2)
    form = come(creator, take)
    said = guest_comments.add(take, CommentText("One"), form)
    for text in ("Two", "Three"):
        guest_comments.edit(said, CommentText(text), by=form.guest, now=NOW)

    with pytest.raises(CommentRefused, match="ten minutes"):
        guest_comments.edit(said, CommentText("Four"), by=form.guest, now=NOW)
    later = NOW + timedelta(minutes=11)
    assert guest_comments.edit(said, CommentText("Four"), by=form.guest, now=later).text == "Four"
