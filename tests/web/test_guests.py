"""What guests of a link see and reach: what it names, while it is open, and nothing else."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.core.logs import LogFormatter
from editorapp.generations.models import Generation
from editorapp.media import layout, store, tasks, watermarked
from editorapp.media.models import Asset, WatermarkedCopy
from editorapp.review import playlists, shares
from editorapp.review.models import Comment, Guest, Share
from editorapp.review.shares import Terms
from editorapp.teams.password_throttle import FREE_TRIES
from tests.factories import make_asset, make_generation, signed_in
from tests.generations.small_clip import draw
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db
NOW = timezone.now()
SECRET = "Zinnober"  # stands in the prompt, the file names and the name of the source


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def done(creator, tmp_path: Path):
    """Make finished takes with real files; each of another shade."""

    def make(shade: int = 10, **fields) -> Generation:
        about = {"team": creator.team, "user": creator.user}
        kept = [
            take_in(
                draw(tmp_path / f"{shade + place}.mp4", shade=shade + place),
                name=f"{SECRET} {origin}.mp4",
                origin=origin,
                is_simulated=True,
                **about,
            )
            for place, origin in enumerate(("upload", "result"))
        ]
        fields = {"prompt": f"{SECRET} at dusk", "cost_usd": "7.31"} | fields
        source = {} if "parent" in fields else {"source": kept[0]}
        return make_generation(creator, state="succeeded", result=kept[1], **source, **fields)

    return make


def linked(by, *takes, **terms) -> tuple[Share, str]:
    """Share takes; return the link, and its path."""
    playlist = terms.pop("playlist", None)
    ids = [take.pk for take in takes]
    made, token = shares.share(ids, Terms(**terms), by=by, now=NOW, playlist=playlist)
    return made, f"/s/{token}/"


def guest_at(path: str, *, name: str = "Gina", password: str = "") -> Client:
    """Return a browser that has come in by a link."""
    client = Client()
    answer = client.post(f"{path}enter", {"name": name, "password": password})
    assert answer.status_code == 302 and answer["Location"] == path
    return client


def media_of(path: str, take: Generation) -> list[str]:
    """Return every address of a take's media below a link."""
    whats = ("playable", "poster", "filmstrip", "times", "frames/3.png", "frames/0.webp?height=90")
    parts = ("take", "source")
    return [f"{path}media/{take.pk}/{part}/{what}" for part in parts for what in whats]


def pages_of(path: str, take: Generation) -> list[str]:
    return [path, f"{path}takes/{take.pk}", f"{path}now", f"{path}video/{take.pk}"]


# Coming in


def test_a_guest_says_a_name_and_sees_the_take(creator, done):
    take = done()
    made, path = linked(creator, take, title="Cut 2")
    door = Client().get(path).content.decode()
    assert "Cut 2" in door and 'name="password"' not in door and "data-stage" not in door

    page = guest_at(path).get(path).content.decode()

    assert "data-stage" in page and f"{path}media/{take.pk}/take/playable" in page
    assert Guest.objects.get().name == "Gina"
    made.refresh_from_db()
    assert made.visits == 1


def test_the_key_of_a_guest_is_in_a_cookie_of_this_link_alone(creator, done):
    made, path = linked(creator, done())

    client = guest_at(path)

    cookie = client.cookies[f"rushes_guest_{made.pk}"]
    assert cookie["path"] == path and cookie["httponly"] and cookie["samesite"] == "Lax"
    assert Guest.objects.get().key_sha256 not in cookie.value
    assert not [name for name in client.cookies if "session" in name]


def test_a_link_with_a_password_shows_nothing_before_it_and_slows_guessing_down(creator, done):
    take = done()
    made, path = linked(creator, take, title="Cut 2", password="sesame street")
    client = Client()
    assert "Cut 2" not in client.get(path).content.decode()

    for _ in range(FREE_TRIES):
        wrong = client.post(f"{path}enter", {"name": "Gina", "password": "sesame"})
        assert wrong.status_code == 422 and b"not the password" in wrong.content
    waits = client.post(f"{path}enter", {"name": "Gina", "password": "sesame street"})

    assert waits.status_code == 429 and int(waits["Retry-After"]) > 0
    assert not Guest.objects.exists()
    for address in media_of(path, take):
        assert client.get(address).status_code == 403
    other, other_path = linked(creator, take, password="open sesame")
    assert guest_at(other_path, password="open sesame").get(other_path).status_code == 200


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\0b"])
def test_without_a_name_nobody_comes_in(creator, done, name):
    _made, path = linked(creator, done())

    answer = Client().post(f"{path}enter", {"name": name})

    assert answer.status_code == 422 and not Guest.objects.exists()


def test_who_is_not_known_by_the_link_gets_to_its_door_and_to_no_media(creator, done):
    take = done()
    _made, path = linked(creator, take, shows_source=True, may_download=True)
    for client in (Client(), signed_in(creator)):
        assert client.get(f"{path}takes/{take.pk}")["Location"] == path
        assert client.get(f"{path}now")["Location"] == path
        for address in [*media_of(path, take), f"{path}video/{take.pk}"]:
            assert client.get(address).status_code == 403, address


def test_somebody_else_at_the_same_browser_comes_in_anew(creator, done):
    _made, path = linked(creator, done())
    client = guest_at(path)

    client.post(f"{path}leave")

    assert "Show it" in client.get(path).content.decode()


# What a link reaches


def test_a_guest_reaches_what_the_link_names_and_no_source_that_it_does_not_show(creator, done):
    take, other = done(10), done(30)
    _made, path = linked(creator, take)
    client = guest_at(path)

    answers = {address: client.get(address).status_code for address in media_of(path, take)}

    assert {
        one: status for one, status in answers.items() if "/take/" in one and status != 200
    } == {}
    assert {status for one, status in answers.items() if "/source/" in one} == {404}
    for address in [*media_of(path, other), *pages_of(path, other)[1:2], f"{path}video/{other.pk}"]:
        assert client.get(address).status_code == 404, address


def test_where_the_link_shows_the_source_it_stands_beside_the_take(creator, done):
    take = done()
    _made, path = linked(creator, take, shows_source=True)
    client = guest_at(path)

    page = client.get(path).content.decode()

    assert page.count("data-layer data-clip=") == 2 and "Source" in page
    assert {client.get(address).status_code for address in media_of(path, take)} == {200}


def test_another_links_guest_and_another_links_key_are_nobody_here(creator, done):
    take = done()
    (one, path), (other, other_path) = linked(creator, take), linked(creator, take)
    client = guest_at(path)
    key = client.cookies[f"rushes_guest_{one.pk}"].value
    thief = Client()
    thief.cookies[f"rushes_guest_{other.pk}"] = key

    for address in media_of(other_path, take):
        assert client.get(address).status_code == 403
        assert thief.get(address).status_code == 403


def test_the_teams_own_addresses_stay_closed_to_guests(creator, done):
    take = done()
    _made, path = linked(creator, take)
    client = guest_at(path)

    for address in (
        f"/media/{take.result_id}/playable",
        f"/media/{take.result_id}/poster",
        f"/takes/{take.pk}",
        f"/takes/{take.pk}/change",
        "/gallery/",
        "/shares/",
        "/shell/news",
    ):
        assert client.get(address)["Location"].startswith("/sign-in"), address


def test_nothing_on_a_page_names_the_teams_addresses_the_prompt_or_the_cost(creator, done):
    takes = [done(10), done(30)]
    for path in (linked(creator, takes[0])[1], linked(creator, *takes, shows_source=True)[1]):
        page = guest_at(path).get(path).content.decode()
        for hidden in (SECRET, "7.31", "1.08", "/media/1", "/takes/1", "/studio", "/gallery"):
            assert hidden not in page.replace(path, ""), hidden
        addresses = re.findall(r'(?:href|src|action|hx-get|poster)="(/[^"]*)"', page)
        ours = [one for one in addresses if not one.startswith(("/static/", path))]
        assert set(ours) <= {"/sign-in", "/shell/theme"}


def test_prompt_and_cost_are_shown_where_the_link_says_so(creator, admin, done):
    take = done()
    owner = signed_in(creator)
    Share.objects.all().delete()
    made, path = linked(creator, take, shows_prompt=True)
    Share.objects.filter(pk=made.pk).update(shows_cost=True)

    page = guest_at(path).get(path).content.decode()

    assert f"{SECRET} at dusk" in page and "7.31" in page
    assert owner.get("/shares/").status_code == 200


# While it is open


def closings(made: Share) -> list[dict]:
    return [{"revoked_at": NOW}, {"expires_at": NOW - timedelta(seconds=1)}]


@pytest.mark.parametrize("how", [0, 1])
def test_a_link_that_is_revoked_or_over_is_closed_at_once_also_while_watching(creator, done, how):
    take = done()
    made, path = linked(creator, take, may_download=True, shows_source=True)
    client = guest_at(path)
    video = f"{path}media/{take.pk}/take/playable"
    first = client.get(video, headers={"Range": "bytes=0-99"})
    assert first.status_code == 206 and len(b"".join(first)) == 100

    Share.objects.filter(pk=made.pk).update(**closings(made)[how])

    assert client.get(video, headers={"Range": "bytes=100-199"}).status_code == 410
    for address in [*media_of(path, take), *pages_of(path, take)]:
        assert client.get(address).status_code == 410, address
    assert client.post(f"{path}enter", {"name": "Otto"}).status_code == 410
    polled = client.get(f"{path}now", headers={"HX-Request": "true"})
    assert polled["HX-Refresh"] == "true"
    assert b"This link is closed" in client.get(path).content


def test_an_unknown_link_is_answered_as_a_closed_one(creator, done):
    take = done()
    made, path = linked(creator, take)
    shares.revoke(made, by=creator, now=NOW)

    closed, unknown = Client().get(path), Client().get("/s/nobody/")

    assert closed.status_code == unknown.status_code == 410
    said = [
        re.sub(r'value="[^"]*"|/s/[^"]*|X-CSRFToken[^}]*', "", one.content.decode())
        for one in (closed, unknown)
    ]
    assert said[0] == said[1]


def test_every_answer_keeps_the_link_from_robots_caches_and_other_sites(creator, done):
    take = done()
    made, path = linked(creator, take, may_download=True)
    client = guest_at(path)
    addresses = [*media_of(path, take), *pages_of(path, take), f"{path}takes/999999"]
    for answer in [client.get(one) for one in addresses] + [Client().get("/s/nobody/")]:
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["Referrer-Policy"] == "same-origin"
        assert "noindex" in answer["X-Robots-Tag"]
        assert "Cookie" in answer["Vary"]
    assert b'name="robots" content="noindex' in client.get(path).content


def test_a_poll_says_nothing_until_there_is_something_new(creator, done):
    first = done(10)
    _made, path = linked(creator, first, is_frozen=False)
    client = guest_at(path)
    poll = re.search(r'hx-get="([^"]*now[^"]*)"', client.get(path).content.decode())[1]
    poll = poll.replace("&amp;", "&")
    assert client.get(poll).status_code == 204

    newer = done(30, parent=first)

    told = client.get(poll).content.decode()
    assert "not shared any more" in told
    again = re.search(r'hx-get="([^"]*)"', told)[1].replace("&amp;", "&")
    assert client.get(again).status_code == 204
    page = client.get(path).content.decode()
    assert f"#{newer.pk}" in page and f"media/{first.pk}/" not in page


# Playlists and comparisons


def test_a_playlist_is_gone_through_in_its_order(creator, done):
    takes = [done(10), done(30), done(50)]
    playlist = playlists.make("Monday", by=creator, now=NOW)
    playlists.add(playlist, [take.pk for take in takes], by=creator)
    _made, path = linked(creator, *takes, playlist=playlist, is_frozen=False)
    client = guest_at(path)

    first = client.get(path).content.decode()
    second = client.get(f"{path}takes/{takes[1].pk}").content.decode()

    assert f'rel="next" href="{path}takes/{takes[1].pk}"' in first and 'rel="prev"' not in first
    assert f'rel="next" href="{path}takes/{takes[2].pk}"' in second
    assert f'rel="prev" href="{path}takes/{takes[0].pk}"' in second and "2 of 3" in second
    playlists.remove(playlist, takes[1].pk, by=creator)
    assert client.get(f"{path}takes/{takes[1].pk}").status_code == 404
    assert client.get(f"{path}media/{takes[1].pk}/take/poster").status_code == 404


def test_a_playlist_asks_the_same_number_of_questions_whatever_its_length(
    creator, done, django_assert_max_num_queries, django_assert_num_queries
):
    takes = [done(10), done(30), done(50)]
    counts = []
    for shown in (takes[:1], takes):
        playlist = playlists.make("Monday", by=creator, now=NOW)
        playlists.add(playlist, [take.pk for take in shown], by=creator)
        _made, path = linked(creator, *shown, playlist=playlist, is_frozen=False)
        client = guest_at(path)
        with django_assert_max_num_queries(30) as asked:
            client.get(path)
        counts.append(len(asked.captured_queries))

    assert counts[0] == counts[1]


def test_a_comparison_shows_its_takes_in_step(creator, done):
    takes = [done(10), done(30)]
    _made, path = linked(creator, *takes)

    page = guest_at(path).get(path).content.decode()

    assert 'data-mode="wipe"' in page and page.count("data-layer data-clip=") == 2


# Downloads and watermarks


def test_a_video_is_downloaded_only_where_the_link_allows_it_and_says_that_ai_made_it(
    creator, done
):
    take = done()
    _closed, closed = linked(creator, take)
    made, path = linked(creator, take, may_download=True, title="Cut 2")
    assert guest_at(closed).get(f"{closed}video/{take.pk}").status_code == 404
    assert (
        guest_at(closed).get(f"{closed}media/{take.pk}/take/frames/0.png?download=1").status_code
        == 404
    )
    client = guest_at(path)

    answer = client.get(f"{path}video/{take.pk}")

    body = b"".join(answer)
    assert (
        answer.status_code == 200 and f"Cut 2 take {take.pk}.mp4" in answer["Content-Disposition"]
    )
    assert b"trainedAlgorithmicMedia" in body or b"compositeWithTrainedAlgorithmicMedia" in body
    assert SECRET.encode() not in answer["Content-Disposition"].encode()
    assert client.get(f"{path}video/{take.pk}", headers={"Range": "bytes=500-"}).status_code == 206
    assert Guest.objects.get(share=made).downloads == 1


def test_with_a_watermark_only_what_has_the_name_in_it_leaves(creator, done):
    take = done()
    _made, path = linked(creator, take, has_watermark=True, may_download=True, shows_source=True)
    client = guest_at(path)
    page = client.get(path).content.decode()
    assert "copy with your name" in page and "<video" not in page
    assert client.get(f"{path}media/{take.pk}/take/playable").status_code == 404
    assert client.get(f"{path}video/{take.pk}").status_code == 404

    while watermarked.waiting().exists():
        tasks.make_watermarked()

    page = client.get(path).content.decode()
    assert "<video" in page and "copy with your name" not in page
    original = store.path(take.result.sha256, store.ORIGINAL).read_bytes()
    copy = WatermarkedCopy.objects.get(asset=take.result)
    played = b"".join(client.get(f"{path}media/{take.pk}/take/playable"))
    assert played == store.path(*watermarked.file_of(copy)).read_bytes() != original
    taken = b"".join(client.get(f"{path}video/{take.pk}"))
    assert b"rainedAlgorithmicMedia" in taken and original not in taken
    for what, kept in (("poster", layout.POSTER), ("filmstrip", layout.FILMSTRIP)):
        shown = client.get(f"{path}media/{take.pk}/take/{what}").content
        assert shown != store.path(take.result.sha256, kept).read_bytes()
    plain = signed_in(creator).get(f"/media/{take.result_id}/frames/3.png").content
    assert client.get(f"{path}media/{take.pk}/take/frames/3.png").content != plain


def test_a_watermark_that_is_turned_on_closes_unmarked_files_at_once(creator, done):
    take = done()
    made, path = linked(creator, take, may_download=True)
    guest = guest_at(path)
    page = guest.get(path).content.decode()
    poll = re.search(r'hx-get="([^"]+/now[^"]*)"', page)[1].replace("&amp;", "&")
    playable, poster = f"{path}media/{take.pk}/take/playable", f"{path}media/{take.pk}/take/poster"
    plain = guest.get(poster).content
    assert guest.get(playable).status_code == 200 and guest.get(poll).status_code == 204

    terms = Terms(may_download=True, has_watermark=True)
    shares.change(made, terms, keeps_password=True, by=creator, now=NOW)

    assert guest.get(playable).status_code == 404
    assert guest.get(f"{path}video/{take.pk}").status_code == 404
    assert guest.get(poster).content != plain
    assert guest.get(poll, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_what_a_link_allows_besides_is_told_to_who_looks_and_what_it_takes_away_reloads(
    creator, done
):
    take = done()
    made, path = linked(creator, take)
    guest = guest_at(path)

    def poll() -> str:
        page = guest.get(path).content.decode()
        return re.search(r'hx-get="([^"]+/now[^"]*)"', page)[1].replace("&amp;", "&")

    before = poll()
    shares.change(made, Terms(may_comment=True), keeps_password=True, by=creator, now=NOW)
    told = guest.get(before)
    assert told.status_code == 200 and b"something new" in told.content
    after = poll()
    assert guest.get(after).status_code == 204
    shares.change(made, Terms(), keeps_password=True, by=creator, now=NOW)

    assert guest.get(after)["HX-Refresh"] == "true"


def test_a_new_password_is_asked_of_who_had_come_in_already(creator, done):
    take = done()
    made, path = linked(creator, take)
    gina, otto = guest_at(path), guest_at(path, name="Otto")
    assert take.result.pk and gina.get(f"{path}media/{take.pk}/take/poster").status_code == 200

    terms = Terms(password="sesame street")
    shares.change(made, terms, keeps_password=False, by=creator, now=NOW)

    for guest in (gina, otto):
        assert guest.get(f"{path}media/{take.pk}/take/poster").status_code == 403
        assert guest.get(f"{path}now", headers={"HX-Request": "true"})["HX-Refresh"] == "true"
    assert b"has a password" in gina.get(path).content
    gina = guest_at(path, password="sesame street")
    assert gina.get(f"{path}media/{take.pk}/take/poster").status_code == 200


def test_a_guest_gets_no_copy_with_anothers_name(creator, done):
    take = done()
    _made, path = linked(creator, take, has_watermark=True)
    for name in ("Gina", "Otto"):
        guest_at(path, name=name).get(path)

    assert set(WatermarkedCopy.objects.values_list("text", flat=True)) == {"Gina", "Otto"}


def test_a_copy_whose_file_is_gone_is_made_anew(creator, done):
    take = done()
    _made, path = linked(creator, take, has_watermark=True)
    client = guest_at(path)
    client.get(path)
    tasks.make_watermarked()
    store.remove(WatermarkedCopy.objects.get().key)

    assert client.get(f"{path}media/{take.pk}/take/playable").status_code == 404
    assert "copy with your name" in client.get(path).content.decode()
    tasks.make_watermarked()
    assert client.get(f"{path}media/{take.pk}/take/playable").status_code == 200


def test_a_take_whose_file_browsers_cannot_play_is_shown_by_its_stills(creator, done):
    take = done()
    Asset.objects.filter(pk=take.result_id).update(proxy=Asset.Proxy.PENDING)
    _made, path = linked(creator, take)
    client = guest_at(path)

    page = client.get(path).content.decode()

    assert "<video" not in page and f"{path}media/{take.pk}/take/frames/0.png" in page
    assert client.get(f"{path}media/{take.pk}/take/playable").status_code == 404


# Comments


def saying(take: Generation, text: str, **more: object) -> dict[str, object]:
    return {"text": text, "place": "frame", "first": 3, "form_token": "t1", "on": take.pk} | more


def test_a_guest_comments_at_a_frame_and_the_team_reads_and_answers_it(creator, done):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    client = guest_at(path)

    answer = client.post(f"{path}takes/{take.pk}/comments/add", saying(take, "Too dark"))

    said = Comment.objects.get()
    assert answer["Location"] == f"{path}takes/{take.pk}#comment-{said.pk}"
    assert (said.by, said.first_frame, said.author) == ("Gina", 3, None)
    team = signed_in(creator)
    assert "Too dark" in team.get(f"/takes/{take.pk}").content.decode()
    team.post(f"/comments/{said.pk}/reply", {"text": "We mend it", "form_token": "t2"})
    page = client.get(f"{path}takes/{take.pk}").content.decode()
    assert "Too dark" in page and "We mend it" in page
    answered = client.post(
        f"{path}comments/{said.pk}/reply",
        {"text": "Thanks", "form_token": "t3"},
        headers={"HX-Request": "true"},
    )
    assert answered.status_code == 200 and b"Thanks" in answered.content


def test_what_the_team_says_among_itself_is_told_to_no_guest(creator, done):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    inside = signed_in(creator)
    inside.post(f"/comments/take/{take.pk}/add", saying(take, "The client is difficult"))
    top = Comment.objects.get()
    client = guest_at(path)

    for address in (path, f"{path}takes/{take.pk}", f"{path}takes/{take.pk}/comments"):
        assert "difficult" not in client.get(address).content.decode()
    refused = client.post(f"{path}comments/{top.pk}/reply", {"text": "Hm"})
    assert refused.status_code == 403 and Comment.objects.count() == 1


def test_a_guest_changes_and_takes_back_what_they_said_and_nothing_of_anothers(creator, done):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    gina, otto = guest_at(path), guest_at(path, name="Otto")
    gina.post(f"{path}takes/{take.pk}/comments/add", saying(take, "Too drak", place="take"))
    said = Comment.objects.get()
    edit, delete = (f"{path}comments/{said.pk}/{what}" for what in ("edit", "delete"))
    page = f"{path}takes/{take.pk}"
    assert edit in gina.get(page).content.decode()
    assert edit not in otto.get(page).content.decode()

    for stranger in (otto, Client()):
        assert stranger.post(edit, {"text": "Hm"}).status_code == 403
        assert stranger.post(delete).status_code == 403
    moved = {"text": "Too dark", "place": "frame", "first": "3", "drawing": ""}
    assert gina.post(edit, moved).status_code == 302

    said.refresh_from_db()
    assert (said.text, said.first_frame, said.guest_name) == ("Too dark", 3, "Gina")
    html = otto.get(page).content.decode()
    assert "Too dark" in html and "edited" in html and "Too drak" not in html
    assert gina.post(edit, {"text": " "}).status_code == 422
    assert gina.post(delete).status_code == 302
    assert "Too dark" not in otto.get(page).content.decode()
    assert said.edits.count() == 2


def test_where_the_link_takes_no_comments_there_are_none(creator, done):
    take, other = done(10), done(30)
    _closed, closed = linked(creator, take)
    _made, path = linked(creator, take, may_comment=True)
    client = guest_at(closed)

    assert "data-talk" not in client.get(closed).content.decode()
    assert client.get(f"{closed}takes/{take.pk}/comments").status_code == 404
    for at, of in ((closed, take), (path, other)):
        answer = guest_at(at).post(f"{at}takes/{of.pk}/comments/add", saying(of, "Hm"))
        assert answer.status_code == 404
    strangers = Client().post(f"{path}takes/{take.pk}/comments/add", saying(take, "Hm"))
    assert strangers.status_code == 403 and not Comment.objects.exists()


def test_a_comment_that_cannot_be_kept_is_said_with_what_was_typed(creator, done):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    client, add = guest_at(path), f"{path}takes/{take.pk}/comments/add"

    typed = client.post(add, saying(take, "Look here", first=9999))
    scripted = client.post(add, saying(take, ""), headers={"HX-Request": "true"})

    assert typed.status_code == scripted.status_code == 422
    assert "Look here" in typed.content.decode() and "no frames" in typed.content.decode()
    assert scripted.json()["message"] == "Write or draw what you mean."


def test_a_poll_tells_that_something_was_said(creator, done):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    client = guest_at(path)
    page = client.get(path).content.decode()
    poll = re.search(r'hx-get="([^"]*now[^"]*)"', page)[1].replace("&amp;", "&")
    stamp = re.search(r'data-stamp="(\w+)"', page)[1]
    said = json.loads(client.get(poll)["HX-Trigger"])["rushes:talks"]
    assert said == {str(take.pk): stamp}

    guest_at(path, name="Otto").post(f"{path}takes/{take.pk}/comments/add", saying(take, "Me too"))

    assert json.loads(client.get(poll)["HX-Trigger"])["rushes:talks"] != said


def test_comments_are_read_with_the_same_number_of_questions(
    creator, done, django_assert_num_queries, django_assert_max_num_queries
):
    take = done()
    _made, path = linked(creator, take, may_comment=True)
    client, add = guest_at(path), f"{path}takes/{take.pk}/comments/add"
    client.post(add, saying(take, "One"))
    first = Comment.objects.get()
    client.post(f"{path}comments/{first.pk}/reply", {"text": "Hm", "form_token": "r"})
    with django_assert_max_num_queries(20) as asked:
        client.get(path)
    few = len(asked.captured_queries)
    for number in range(4):
        client.post(add, saying(take, "More", form_token=f"m{number}"))

    with django_assert_num_queries(few):
        client.get(path)


# Members


def test_a_member_sees_what_a_guest_sees_with_a_hint(creator, done):
    take = done()
    _made, path = linked(creator, take)
    client = signed_in(creator)
    assert "signed in as Cleo" in client.get(path).content.decode()

    client.post(f"{path}enter", {"name": "Cleo"})
    page = client.get(path).content.decode()

    assert "what a guest sees" in page and "data-stage" in page
    assert SECRET not in page and 'aria-label="Places"' not in page and "data-news" not in page


def test_a_link_in_the_log_is_not_named_by_its_secret(creator, done, settings, caplog):
    settings.SLOW_REQUEST_SECONDS = 0
    _made, path = linked(creator, done())

    Client().get(f"{path}nothing")

    lines = [LogFormatter().format(record) for record in caplog.records]
    assert not [line for line in lines if path in line]
    assert [line for line in lines if "/s/[hidden]/nothing" in line]


def test_a_take_that_failed_meanwhile_or_went_is_not_shown(creator, done):
    take = done()
    made, path = linked(creator, take)
    client = guest_at(path)
    Generation.objects.filter(pk=take.pk).update(state="failed")

    page = client.get(path)

    assert page.status_code == 200 and "Nothing is in here yet" in page.content.decode()
    assert client.get(f"{path}media/{take.pk}/take/poster").status_code == 404
    assert make_asset(creator) and made.items.count() == 1


def test_a_source_that_was_thrown_away_is_not_shown_beside_its_take(creator, done):
    first = done(10)
    take = done(30, parent=first)
    _made, path = linked(creator, take, shows_source=True)
    client, source = guest_at(path), f"{path}media/{take.pk}/source/poster"
    assert client.get(source).status_code == 200

    Generation.objects.filter(pk=first.pk).update(trashed_at=NOW)

    assert client.get(source).status_code == 404
    assert client.get(path).content.decode().count("data-layer data-clip=") == 1
