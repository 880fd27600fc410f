"""Inbox: what a person was told, read and unread, and the bell that counts it on every page."""

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.inbox.models import MailPreference, Notice, NoticeKind
from editorapp.inbox.notify import Event, notify
from editorapp.teams import projects
from editorapp.teams.models import User
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
HTMX = {"HX-Request": "true"}


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def take(creator):
    return make_generation(creator, state="succeeded", result=make_asset(creator, origin="result"))


def tell(member, number, take=None, kind="comment", words="Too dark") -> Notice:
    where = f"/takes/{take.pk if take else 1}#comment-{number}"
    event = Event(NoticeKind(kind), f"comment:{number}", where, words, "Mia")
    notify(event, [member], team_id=member.team_id, now=NOW)
    return Notice.objects.get(user=member.user, event=f"comment:{number}", kind=kind)


def page_of(member, address="/inbox/", **headers) -> str:
    answer = signed_in(member).get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_inbox_says_what_will_come(creator):
    html = page_of(creator)

    assert "Nothing has come yet" in html and "data-unread" not in html


def test_notices_of_one_take_stand_together_with_its_picture(creator, take):
    other = make_generation(creator, state="failed")
    for number in (1, 2):
        tell(creator, number, take)
    tell(creator, 3, other, kind="trouble", words=f"#{other.pk} failed")

    html = page_of(creator)

    assert html.count('class="told-group panel"') == 2 and html.count("data-fresh") == 3
    assert f"/media/{take.result_id}/poster" in html and "<strong>Mia:</strong> Too dark" in html
    assert html.index("failed") < html.index("Too dark")


def test_opening_a_notice_leads_to_its_comment_and_marks_it_as_read(creator, take):
    notice = tell(creator, 7, take)

    went = signed_in(creator).get(f"/inbox/{notice.pk}")

    assert went["Location"] == f"/takes/{take.pk}#comment-7"
    notice.refresh_from_db()
    assert notice.read_at is not None and "data-fresh" not in page_of(creator)


def test_who_looks_at_a_take_has_read_what_leads_to_it_and_nothing_else(creator, take):
    other = make_generation(creator, state="failed")
    tell(creator, 1, take)
    tell(creator, 2, take, kind="verdict")
    elsewhere = tell(creator, 3, other)

    html = page_of(creator, f"/takes/{take.pk}")

    assert list(Notice.objects.filter(read_at=None)) == [elsewhere]
    assert 'data-unread="1"' in html


@pytest.mark.parametrize("how", ["HEAD", "prefetch"])
def test_what_only_a_browser_looked_at_is_not_read(creator, take, how):
    notice, client = tell(creator, 7, take), signed_in(creator)

    if how == "HEAD":
        client.head(f"/inbox/{notice.pk}")
    else:
        client.get(f"/inbox/{notice.pk}", headers={"Sec-Purpose": "prefetch;prerender"})

    notice.refresh_from_db()
    assert notice.read_at is None


def test_one_is_marked_read_and_unread_in_its_place_with_the_bell(creator, take):
    notice, client = tell(creator, 7, take), signed_in(creator)

    read = client.post("/inbox/read", {"notice": notice.pk}, headers=HTMX).content.decode()
    unread = client.post(f"/inbox/{notice.pk}/unread", headers=HTMX).content.decode()

    assert f'id="notice-{notice.pk}"' in read and "data-fresh" not in read
    assert 'id="bell"' in read and "data-unread" not in read
    assert "data-fresh" in unread and 'data-unread="1"' in unread


def test_all_are_marked_read_by_one_button(creator, take):
    for number in range(3):
        tell(creator, number, take)

    html = signed_in(creator).post("/inbox/read", follow=True).content.decode()

    assert "3 marked as read." in html and not Notice.objects.filter(read_at=None).exists()


def test_without_script_one_comes_back_to_what_was_chosen(creator, take):
    notice, client = tell(creator, 7, take), signed_in(creator)

    html = client.get("/inbox/?kind=comment&unread=1").content.decode()
    went = client.post("/inbox/read?kind=comment&unread=1", {"notice": notice.pk})

    assert 'action="/inbox/read?kind=comment&amp;unread=1"' in html
    assert went["Location"] == "/inbox/?kind=comment&unread=1"


def test_filters_show_one_kind_or_only_what_is_unread(creator, take):
    tell(creator, 1, take, words="A note")
    read = tell(creator, 2, take, kind="verdict", words="A verdict")
    Notice.objects.filter(pk=read.pk).update(read_at=NOW)

    assert "A note" not in page_of(creator, "/inbox/?kind=verdict")
    assert "A verdict" not in page_of(creator, "/inbox/?unread=1")
    assert "Nothing unread of this kind" in page_of(creator, "/inbox/?kind=verdict&unread=1")
    assert "A note" in page_of(creator, "/inbox/?kind=nonsense&unread=nonsense")


def test_older_notices_come_a_page_at_a_time_and_keep_the_filters(creator, take):
    for number in range(45):
        tell(creator, number, take, words=f"Note {number:02d}")

    first = page_of(creator, "/inbox/?kind=comment")
    oldest = Notice.objects.order_by("pk")[5]
    more = page_of(creator, f"/inbox/?kind=comment&before={oldest.pk}", **HTMX)

    assert f"/inbox/?kind=comment&amp;before={oldest.pk}" in first
    assert "Note 05" in first and "Note 04" not in first
    assert "Note 04" in more and "<html" not in more and "Older notices" not in more


def test_nobody_opens_or_marks_what_another_was_told(creator, take):
    notice = tell(creator, 1, take)
    for stranger in (make_member(team=creator.team), make_member()):
        client = signed_in(stranger)
        assert client.get(f"/inbox/{notice.pk}").status_code == 404
        assert client.post(f"/inbox/{notice.pk}/unread").status_code == 404
        client.post("/inbox/read", {"notice": notice.pk})
        client.post("/inbox/read")

    notice.refresh_from_db()
    assert notice.read_at is None


def test_of_a_take_that_became_private_neither_words_nor_picture_are_shown(creator, take):
    tell(creator, 1, take, words="A secret harbor")
    admin = make_member(role=Role.ADMIN, team=creator.team)
    take.project = projects.make(admin, ProjectFields("Pitch", is_private=True))
    take.save()

    html = page_of(creator)

    assert "A secret harbor" not in html and f"/media/{take.result_id}" not in html
    assert "a take that you do not see any more" in html


def test_the_page_costs_the_same_however_much_there_is(creator, take):
    tell(creator, 1, take)
    client = signed_in(creator)
    one = queries_of(client, "/inbox/")
    for number in range(2, 30):
        other = make_generation(creator, state="failed")
        tell(creator, number, other)

    assert queries_of(client, "/inbox/") == one


# The bell


def test_the_bell_counts_what_is_unread_on_every_page(creator, take):
    tell(creator, 1, take)

    html = page_of(creator, "/gallery/")

    assert 'data-unread="1"' in html and '<span class="count">1<' in html


def test_a_hundred_unread_are_99_and_more(creator, take):
    rows = [
        Notice(
            team=creator.team,
            user=creator.user,
            kind="comment",
            event=f"comment:{number}",
            path="/takes/1",
            words="x",
            at=NOW,
        )
        for number in range(150)
    ]
    Notice.objects.bulk_create(rows)

    assert '<span class="count">99+<' in page_of(creator, "/gallery/")


def test_the_one_poll_tells_of_new_notices_and_is_silent_while_there_are_none(creator, take):
    client = signed_in(creator)
    seen = client.get("/shell/news").json()["stamp"]
    assert client.get(f"/shell/news?seen={seen}").status_code == 204

    tell(creator, 1, take)
    news = client.get(f"/shell/news?seen={seen}").json()

    assert news["unread"] == 1 and 'data-unread="1"' in news["parts"]["bell-box"]
    assert client.get(f"/shell/news?seen={news['stamp']}").status_code == 204


def test_the_silent_poll_costs_three_queries_beside_the_session(
    creator, take, django_assert_num_queries
):
    client = signed_in(creator)
    seen = client.get("/shell/news").json()["stamp"]

    with django_assert_num_queries(5):  # the session, the person, and the three
        client.get(f"/shell/news?seen={seen}")


# Settings


def test_each_kind_is_mailed_as_it_was_chosen(creator, settings):
    settings.EMAIL_IS_SET = True
    sent = {kind: "daily" for kind in NoticeKind.values} | {"comment": "never", "hour": "6"}

    client = signed_in(creator)
    assert client.post("/inbox/settings/", sent | {"email": "cleo@example.org"}).status_code == 302
    html = client.get("/inbox/settings/").content.decode()

    wish = MailPreference.objects.get(user=creator.user)
    assert (wish.when("comment"), wish.when("verdict"), wish.hour) == ("never", "daily", 6)
    assert User.objects.get(pk=creator.user_id).email == "cleo@example.org"
    assert 'name="comment" value="never" checked' in html and 'value="cleo@example.org"' in html
    creator.user.refresh_from_db()
    assert tell(creator, 1).mail_at is None
    assert tell(creator, 2, kind="verdict").mail_at.hour == 6


def test_settings_say_plainly_where_no_mail_can_come(creator, settings):
    settings.EMAIL_IS_SET = False

    html = page_of(creator, "/inbox/settings/")

    assert "This installation cannot send mail" in html and "no e-mail address" in html


def test_an_address_that_is_none_is_refused_beside_its_field(creator):
    answer = signed_in(creator).post("/inbox/settings/", {"email": "cleo"})

    assert answer.status_code == 422 and b"Enter a valid email address" in answer.content
    assert not MailPreference.objects.exists()


@pytest.mark.parametrize("sent", [{"comment": "hourly"}, {"hour": "24"}, {"hour": "x"}])
def test_choices_that_the_page_has_not_are_refused(creator, sent):
    assert signed_in(creator).post("/inbox/settings/", sent).status_code == 400


def test_a_stranger_signs_in_first():
    assert Client().get("/inbox/").status_code == 302
