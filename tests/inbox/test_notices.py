"""Notices: who is told, once, and what they have read."""

from functools import partial

import pytest
from django.db import transaction

from editorapp.inbox import reading
from editorapp.inbox.models import Notice
from editorapp.inbox.notify import notify
from editorapp.teams.roles import Role
from tests.factories import make_member
from tests.inbox.conftest import NOW, event, later
from tests.racing import race

pytestmark = pytest.mark.django_db


def tell(what, *members, but=None):
    notify(what, members, team_id=members[0].team_id, now=NOW, but=but)


def test_people_are_told_once_and_nobody_of_what_they_did_themselves(creator, reviewer):
    for _ in range(2):
        tell(event(), creator, reviewer, creator, but=reviewer)

    notice = Notice.objects.get()
    assert notice.user == creator.user and notice.read_at is None
    assert (notice.words, notice.actor_name) == ("Too dark at frame 90", "Rae")


def test_the_same_event_tells_another_kind_too(creator):
    tell(event(), creator)
    tell(event(kind="mention"), creator)

    assert reading.unread_count(creator) == 2


def test_who_is_disabled_or_in_another_team_is_told_nothing(creator):
    gone = make_member(role=Role.CREATOR, team=creator.team, name="Gone")
    gone.disabled_at = NOW
    stranger = make_member(role=Role.CREATOR)

    notify(event(), [gone, stranger], team_id=creator.team_id, now=NOW)

    assert not Notice.objects.exists()


def test_what_did_not_happen_is_not_told(creator):
    with pytest.raises(RuntimeError), transaction.atomic():
        tell(event(), creator)
        raise RuntimeError

    assert not Notice.objects.exists()


def test_long_words_are_cut_to_one_line(creator):
    tell(event(words="One\n two " + "x" * 400), creator)

    words = Notice.objects.get().words
    assert words.startswith("One two xxx") and words.endswith("…") and len(words) == 300


def test_what_is_read_is_counted_no_more_and_can_be_unread_again(creator, reviewer):
    for number in (1, 2, 3):
        tell(event(number), creator, reviewer)
    first, second, third = reading.notices(creator).order_by("pk")

    assert reading.mark_read(creator, [first.pk], now=NOW) == 1
    assert reading.mark_read(creator, [first.pk], now=later(hours=1)) == 0
    assert reading.mark_path_read(creator, second.path, now=NOW) == 1
    assert list(reading.notices(creator, only_unread=True)) == [third]
    reading.mark_unread(creator, first.pk)
    assert reading.unread_count(creator) == 2 and reading.unread_count(reviewer) == 3
    assert reading.mark_read(creator, now=NOW) == 2


def test_nobody_reads_or_unreads_what_another_was_told(creator, reviewer):
    tell(event(), creator)
    notice = Notice.objects.get()

    assert reading.mark_read(reviewer, [notice.pk], now=NOW) == 0
    reading.mark_read(creator, [notice.pk], now=NOW)
    reading.mark_unread(reviewer, notice.pk)

    notice.refresh_from_db()
    assert notice.read_at == NOW


def test_a_person_of_two_teams_has_an_inbox_in_each(creator):
    elsewhere = make_member(role=Role.CREATOR)
    elsewhere.user = creator.user
    elsewhere.save()
    tell(event(), creator)

    assert (reading.unread_count(creator), reading.unread_count(elsewhere)) == (1, 0)


def test_what_was_read_long_ago_is_forgotten_and_nothing_else(creator):
    for number in (1, 2):
        tell(event(number), creator)
    first, second = reading.notices(creator).order_by("pk")
    reading.mark_read(creator, [first.pk], now=NOW)

    reading.sweep(later(days=179))
    assert Notice.objects.count() == 2
    reading.sweep(later(days=181))
    assert list(Notice.objects.all()) == [second]


@pytest.mark.django_db(transaction=True)
def test_the_same_thing_told_at_once_is_told_once(creator, reviewer):
    for number in range(5):
        ended = race([partial(tell, event(number), creator, reviewer)] * 8)
        assert [one for one in ended if isinstance(one, Exception)] == []

    assert Notice.objects.count() == 10
