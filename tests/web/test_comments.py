"""Comments by forms: who may say what where, what is refused and stays typed, and a hundred at once."""

import json
import re
from functools import partial
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.generations.states import State
from editorapp.review import comments
from editorapp.review.comments import CommentText
from editorapp.review.mentions import who_see
from editorapp.review.models import Comment, CommentEdit
from editorapp.teams import projects
from editorapp.teams.models import Member
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.racing import race

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "colour": "red", "points": [[0.2, 0.2], [0.4, 0.4]]}
PART = {"HX-Request": "true"}


def make_take(creator: Member, **fields: Any) -> Generation:
    result = fields.pop("result", None) or make_asset(creator, origin="result")
    return make_generation(creator, state=State.SUCCEEDED, result=result, **fields)


@pytest.fixture
def take(creator: Member) -> Generation:
    return make_take(creator)


def said(take: Generation, by: Member, text: str = "Too dark", **fields: Any) -> Comment:
    """Keep a comment as it is, so that a test begins with one."""
    number = Comment.objects.count()
    sound = {"created_at": timezone.now(), "form_token": f"made-{number}"}
    return Comment.objects.create(generation=take, author=by.user, text=text, **{**sound, **fields})


def add(client: Client, take: Generation, text: str = "Too dark", **fields: Any) -> Any:
    headers = fields.pop("headers", {})
    sent = {"text": text, "place": "take", **fields}
    return client.post(f"/comments/take/{take.pk}/add", sent, headers=headers)


def page_of(client: Client, take: Generation) -> str:
    return client.get(f"/takes/{take.pk}").content.decode()


def test_without_script_a_form_says_something_of_a_frame_a_range_and_the_whole_take(reviewer, take):
    client = signed_in(reviewer)

    answer = add(client, take, "At one", place="frame", first="90", last="3")
    add(client, take, "Of many", place="range", first="100", last="20")
    add(client, take, "Of all", first="7")

    one, many, whole = Comment.objects.order_by("pk")
    assert answer["Location"] == f"/takes/{take.pk}#comment-{one.pk}"
    assert (one.first_frame, one.last_frame) == (90, 90)
    assert (many.first_frame, many.last_frame) == (20, 100)
    assert whole.first_frame is None
    html = page_of(client, take)
    assert html.index("Of all") < html.index("Of many") < html.index("At one")
    assert "Frame 90" in html and "Frames 20 to 100" in html and "Whole take" in html


def test_a_reply_a_change_with_its_trace_and_a_deletion_by_forms_alone(creator, reviewer, take):
    hers, his = signed_in(creator), signed_in(reviewer)
    comment = said(take, reviewer, "Too drak", first_frame=9, last_frame=9, drawing=[BOX])

    hers.post(f"/comments/{comment.pk}/reply", {"text": "Will do"})
    his.post(f"/comments/{comment.pk}/edit", {"text": "Too dark"})

    comment.refresh_from_db()
    assert (comment.text, comment.first_frame, comment.drawing) == ("Too dark", 9, [BOX])
    html = page_of(hers, take)
    assert "Will do" in html and "edited" in html and "Too drak" in html
    his.post(f"/comments/{comment.pk}/delete")
    html = page_of(hers, take)
    assert "Deleted by Rae." in html and "Will do" in html and "Too d" not in html
    assert CommentEdit.objects.count() == 2


def test_its_author_moves_a_comment_and_changes_its_drawing_and_the_trace_keeps_both(
    creator, reviewer, take
):
    his = signed_in(reviewer)
    comment = said(take, reviewer, first_frame=9, last_frame=9, drawing=[BOX])
    edit = f"/comments/{comment.pk}/edit"
    html = page_of(his, take)
    form = html[html.index(edit) :]
    assert re.search(r'name="first"[^>]* value="9"', form[:4000]) and "undrawn" in form[:5000]

    range_ = {"place": "range", "first": "20", "last": "30", "drawing": json.dumps([BOX, BOX])}
    his.post(edit, {"text": "Too dark", **range_})
    comment.refresh_from_db()
    assert (comment.first_frame, comment.last_frame, len(comment.drawing)) == (20, 30, 2)
    his.post(edit, {"text": "Too dark", **range_, "undrawn": "yes"})
    his.post(edit, {"text": "All of it", "place": "take", "drawing": ""})

    comment.refresh_from_db()
    assert (comment.text, comment.first_frame, comment.drawing) == ("All of it", None, [])
    kept = CommentEdit.objects.order_by("pk").values_list("first_frame", "last_frame", "drawing")
    assert list(kept) == [(9, 9, [BOX]), (20, 30, [BOX, BOX]), (20, 30, [])]
    shown = page_of(signed_in(creator), take)
    assert "(Frame 9, another drawing)" in shown and "(another drawing)" in shown
    assert "(Frames 20 to 30)" in shown


def test_a_change_that_cannot_be_kept_stays_typed_and_changes_nothing(reviewer, take):
    client = signed_in(reviewer)
    comment = said(take, reviewer, first_frame=9, last_frame=9, drawing=[BOX])
    typed = {"text": "Darker", "place": "frame", "first": "999", "drawing": json.dumps([BOX])}

    answer = client.post(f"/comments/{comment.pk}/edit", typed)

    html = answer.content.decode()
    assert answer.status_code == 422 and "has no frames 999" in html
    assert 'value="999"' in html and ">Darker</textarea>" in html
    comment.refresh_from_db()
    assert (comment.text, comment.first_frame) == ("Too dark", 9)
    assert not CommentEdit.objects.exists()


def test_what_is_carried_is_changed_in_its_words_alone(creator, reviewer, take):
    said(take, reviewer, first_frame=9, last_frame=9)
    later = make_take(creator, parent=take)

    html = page_of(signed_in(reviewer), later)

    assert "Too dark" in html and "Change<span" in html
    assert html.count('name="place"') == 3  # of the form for a new comment


def test_a_thread_is_resolved_and_opened_again_and_the_filter_counts_it(creator, reviewer, take):
    client, comment = signed_in(creator), said(take, reviewer)
    said(take, reviewer, "Another")

    client.post(f"/comments/{comment.pk}/resolve")
    html = page_of(client, take)
    assert 'Open <span class="number">1' in html and 'All <span class="number">2' in html
    assert "is-resolved" in html
    client.post(f"/comments/{comment.pk}/reopen")

    comment.refresh_from_db()
    assert not comment.is_resolved and "is-resolved" not in page_of(client, take)
    shown = client.get(f"/comments/take/{take.pk}?talk=all", headers=PART).content.decode()
    assert 'data-shows="all"' in shown


@pytest.mark.parametrize("role", list(Role))
def test_whoever_sees_a_take_may_speak_of_it(creator, take, role):
    member = make_member(role=role, team=creator.team)
    board = projects.make(make_member(role=Role.ADMIN, team=creator.team), ProjectFields("Board"))
    if role == Role.GUEST:
        assert add(signed_in(member), take).status_code == 404
    move([take.pk], board, by=make_member(role=Role.ADMIN, team=creator.team))
    projects.add(board, member, make_member(role=Role.ADMIN, team=creator.team))

    assert add(signed_in(member), take).status_code == 302
    assert Comment.objects.get().author == member.user


def test_another_team_and_who_is_outside_of_a_private_project_find_nothing(creator, take):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    comment = said(take, creator)
    private = projects.make(admin, ProjectFields("Private", is_private=True))
    outside = make_member(role=Role.REVIEWER, team=creator.team)
    assert signed_in(outside).get(f"/comments/take/{take.pk}").status_code == 200
    move([take.pk], private, by=admin)

    for member in (make_member(role=Role.OWNER), outside):
        client = signed_in(member)
        assert client.get(f"/comments/take/{take.pk}").status_code == 404
        assert client.get(f"/comments/take/{take.pk}/people").status_code == 404
        assert add(client, take).status_code == 404
        for what in ("reply", "edit", "delete", "resolve", "reopen"):
            assert client.post(f"/comments/{comment.pk}/{what}", {"text": "x"}).status_code == 404
        told = client.get(f"/shell/news?talks={take.pk}").json()
        assert told["talks"] == {}
    assert Comment.objects.count() == 1 and not CommentEdit.objects.exists()


def test_what_is_carried_from_a_take_that_one_does_not_see_is_not_shown(creator, take):
    admin = make_member(role=Role.ADMIN, team=creator.team)
    outside = make_member(role=Role.REVIEWER, team=creator.team)
    said(take, creator, "A secret of the harbor")
    child = make_take(creator, parent=take, lineage=take.lineage)
    carried = page_of(signed_in(outside), child)
    assert "A secret of the harbor" in carried and f"#{take.pk}</a>" in carried
    move([take.pk], projects.make(admin, ProjectFields("P", is_private=True)), by=admin)

    assert "A secret of the harbor" not in page_of(signed_in(outside), child)
    assert "A secret of the harbor" in page_of(signed_in(admin), child)


def test_a_carried_comment_stands_at_its_moment_and_only_a_like_picture_takes_its_drawing(
    creator, take
):
    at = {"first_frame": 90, "last_frame": 100, "drawing": [BOX]}
    said(take, creator, **at)
    slower = make_asset(creator, origin="result", fps_numerator=12, frame_count=48)
    tall = make_asset(creator, origin="result", width=720, height=1280)
    like = make_take(creator, parent=take, lineage=take.lineage, result=slower)
    other = make_take(creator, parent=take, lineage=take.lineage, result=tall)
    client = signed_in(creator)

    html = page_of(client, like)
    assert "Frames 45 to 47" in html and "data-drawing=" in html
    html = page_of(client, other)
    assert "Frames 90 to 100" in html and "data-drawing=" not in html
    assert f'Drawing on <a href="/takes/{take.pk}#comment-' in html


def test_nobody_changes_or_deletes_what_another_said(creator, reviewer, take):
    comment, client = said(take, reviewer), signed_in(creator)

    assert client.post(f"/comments/{comment.pk}/edit", {"text": "No"}).status_code == 403
    assert client.post(f"/comments/{comment.pk}/delete").status_code == 403
    assert f"/comments/{comment.pk}/edit" not in page_of(client, take)
    comment.refresh_from_db()
    assert comment.text == "Too dark"


def test_words_are_words_and_never_markup(creator, reviewer, take):
    evil = "<script>alert(1)</script> @Rae<img src=x onerror=alert(1)>"
    client = signed_in(creator)
    add(client, take, evil, place="frame", first="1", drawing=json.dumps([BOX]))
    comment = Comment.objects.get()
    client.post(f"/comments/{comment.pk}/edit", {"text": evil + "!"})

    html = page_of(signed_in(reviewer), take)

    assert "<script>alert" not in html and "<img src=x" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2, "as it is, and as it was"
    assert '<span class="said-name">@Rae</span>&lt;img' in html


@pytest.mark.parametrize(
    "drawing",
    [
        "[",
        "{}",
        '[{"kind": "script", "colour": "red", "points": [[0, 0], [1, 1]]}]',
        '[{"kind": "box", "colour": "red\\"><script>", "points": [[0, 0], [1, 1]]}]',
        '[{"kind": "box", "colour": "red", "points": [["<b>", 0], [1, 1]]}]',
        '[{"kind": "box", "colour": "red", "points": [[NaN, 0], [1, 1]]}]',
        '[{"kind": "box", "colour": "red", "points": [[0, 0], [1, 1], [1, 0]]}]',
        "[" * 50_000,
    ],
)
def test_a_drawing_that_is_none_is_refused_and_the_words_stay_typed(reviewer, take, drawing):
    client = signed_in(reviewer)

    answer = add(client, take, "My words", place="frame", first="1", drawing=drawing)

    assert answer.status_code == 422 and "My words</textarea>" in answer.content.decode()
    part = add(client, take, "My words", place="frame", first="1", drawing=drawing, headers=PART)
    assert part.status_code == 422 and part.json()["message"].endswith(".")
    assert not Comment.objects.exists()


def test_a_point_as_large_as_any_number_stands_on_the_edge(reviewer, take):
    drawing = f'[{{"kind": "box", "colour": "red", "points": [[{"9" * 400}, -5], [1, 0.12345]]}}]'

    assert (
        add(signed_in(reviewer), take, place="frame", first="1", drawing=drawing).status_code == 302
    )
    assert Comment.objects.get().drawing[0]["points"] == [[1.0, 0.0], [1.0, 0.1235]]


@pytest.mark.parametrize("frame", ["", "120", "-1", "x", "9" * 30])
def test_a_frame_that_is_none_is_refused_and_the_words_stay_typed(reviewer, take, frame):
    answer = add(signed_in(reviewer), take, "My words", place="frame", first=frame)

    assert answer.status_code == 422 and "My words</textarea>" in answer.content.decode()
    assert not Comment.objects.exists()


def test_a_refused_reply_and_a_refused_change_stay_typed_where_they_were(creator, reviewer, take):
    comment, long = said(take, reviewer), "Words. " * 900

    for client, what in ((signed_in(creator), "reply"), (signed_in(reviewer), "edit")):
        answer = client.post(f"/comments/{comment.pk}/{what}", {"text": long})
        html = answer.content.decode()
        assert answer.status_code == 422 and f"{long}</textarea>" in html
        assert "4,000 fit" in html


def test_a_form_sent_twice_says_it_once_and_other_words_by_it_are_not_lost(reviewer, take):
    client = signed_in(reviewer)
    once = {"form_token": "abc", "headers": PART}

    answers = [add(client, take, "Too dark", **once) for _ in range(3)]
    other = add(client, take, "Too dark, and flat", **once)

    assert [one.status_code for one in answers] == [200] * 3
    assert len({one["X-Comment"] for one in answers}) == 1
    assert other.status_code == 422 and "had arrived" in other.json()["message"]
    add(client, take, "Too dark, and flat", form_token=other.json()["form_token"])
    assert [one.text for one in Comment.objects.order_by("pk")] == [
        "Too dark",
        "Too dark, and flat",
    ]


def test_the_news_tell_of_each_change_and_are_quiet_without_one(creator, reviewer, take):
    client = signed_in(creator)
    asked = f"/shell/news?talks={take.pk}"
    stamps = []

    def news() -> None:
        told = client.get(asked).json()
        stamps.append(told["talks"][str(take.pk)])
        assert client.get(f"{asked}&seen={told['stamp']}").status_code == 204

    news()
    comment = comments.add(
        take, CommentText("One"), by=reviewer, form_token="1", now=timezone.now()
    )
    news()
    for what, fields in (
        ("edit", {"text": "Two"}),
        ("resolve", {}),
        ("reopen", {}),
        ("delete", {}),
    ):
        signed_in(reviewer).post(f"/comments/{comment.pk}/{what}", fields)
        news()
    assert all(one != other for one, other in zip(stamps, stamps[1:], strict=False))
    child = make_take(creator, parent=take, lineage=take.lineage)
    before = client.get(f"/shell/news?talks={child.pk}").json()["talks"]
    said(take, reviewer)
    assert client.get(f"/shell/news?talks={child.pk}").json()["talks"] != before, "it is carried"
    assert client.get("/shell/news?talks=x,-1,,9999").json()["talks"] == {}


def test_who_can_be_named_is_who_sees_the_take(creator, reviewer, take):
    admin = make_member(role=Role.ADMIN, team=creator.team, name="Ada Lovelace")
    make_member(role=Role.GUEST, team=creator.team, name="Gus")
    make_member(role=Role.REVIEWER, name="Ada of another team")
    client = signed_in(creator)

    def names(wanted: str) -> list[str]:
        return client.get(f"/comments/take/{take.pk}/people", {"q": wanted}).json()["names"]

    assert names("") == ["Ada Lovelace", "Rae"]
    assert names("ada") == names("lovel") == ["Ada Lovelace"] and names("zed") == []
    for is_private in (False, True):
        board = projects.make(admin, ProjectFields(f"B {is_private}", is_private=is_private))
        projects.add(board, reviewer, admin)
        move([take.pk], board, by=admin)
        take.refresh_from_db()
        everybody = Member.objects.filter(team=creator.team).select_related("team")
        seeing = {
            one.pk
            for one in everybody
            if Generation.objects.visible_to(one).filter(pk=take.pk).exists()
        }
        assert {one.pk for one in who_see(take)} == seeing


def test_the_page_costs_as_many_queries_with_a_hundred_comments_as_with_three(
    creator, reviewer, take, django_assert_num_queries, django_assert_max_num_queries
):
    client = signed_in(creator)

    def some(count: int) -> None:
        for _ in range(count):
            first = said(take, reviewer, "@Cleo", first_frame=1, last_frame=1, drawing=[BOX])
            said(take, creator, "Will do", parent=first)
            first.mentions.create(user=creator.user)

    some(3)
    address = f"/comments/take/{take.pk}"
    client.get(address, headers=PART)
    with django_assert_max_num_queries(12) as few:
        client.get(address, headers=PART)
    some(50)
    with django_assert_num_queries(len(few)):
        client.get(address, headers=PART)


@pytest.mark.django_db(transaction=True)
def test_a_hundred_say_something_at_once_and_each_is_kept_once(creator, reviewer, take):
    people = [creator, reviewer]

    def say(number: int) -> None:
        token = f"form-{number // 2}"  # each form is sent twice
        comments.add(
            take,
            CommentText(f"Words {number // 2}"),
            by=people[number // 2 % 2],
            form_token=token,
            now=timezone.now(),
        )

    for begin in range(0, 100, 10):
        assert race([partial(say, begin + place) for place in range(10)]) == [None] * 10

    texts = list(Comment.objects.values_list("text", flat=True))
    assert sorted(texts) == sorted(f"Words {number}" for number in range(50))


@pytest.mark.django_db(transaction=True)
def test_of_replies_resolutions_and_a_deletion_at_once_nothing_is_lost_or_doubled(
    creator, reviewer, take
):
    comment, now = said(take, reviewer), timezone.now()

    def reply(number: int) -> bool:
        comments.reply(comment, f"{number}", by=creator, form_token=f"{number}", now=now)
        return True

    calls = [partial(reply, number) for number in range(6)]
    calls += [partial(comments.resolve, comment, by=one, now=now) for one in (creator, reviewer)]
    calls += [partial(comments.delete, comment, by=reviewer, now=now)] * 2
    ended = race(calls)

    kept = [number for number in range(6) if ended[number] is True]
    refused = [one for one in ended if isinstance(one, comments.CommentRefused)]
    assert Comment.objects.filter(parent=comment).count() == len(kept)
    assert len(kept) + len(refused) == 7, "one of two deletions came too late"
    assert sorted(ended[6:8]) == [False, True], "one of two resolved it"
    comment.refresh_from_db()
    assert comment.is_deleted and comment.is_resolved
    assert CommentEdit.objects.count() == 1
