"""The sound of its source on a take: switched by anybody for everybody, heard and downloaded."""

import re
from pathlib import Path

import av
import pytest
from django.test import Client
from playwright.sync_api import expect

from editorapp.generations.files import source_sound
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import layout, store, tasks
from editorapp.media.models import Asset
from tests.browser_look import look
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.media.clips import make_clip
from tests.taken_in import take_in
from tests.web.take_pages import make_done, text

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def stored(member, path: Path) -> Asset:
    return take_in(path, name=path.name, team=member.team, user=member.user)


@pytest.fixture
def take(creator, tmp_path: Path) -> Generation:
    """A take of 40 frames without sound, made from a clip of 40 frames with a tone."""
    source = stored(creator, make_clip(tmp_path / "harbor.mp4", frames=40, sound=True))
    result = stored(creator, make_clip(tmp_path / "neon.mp4", frames=40))
    return make_generation(creator, state=State.SUCCEEDED, source=source, result=result)


def tracks_of(answer, folder: Path) -> list[str]:
    """Return the kinds of track in a served file."""
    file = folder / "served"
    file.write_bytes(b"".join(answer.streaming_content))
    with av.open(str(file)) as container:
        return sorted(stream.type for stream in container.streams)


def test_who_switches_it_on_switches_it_on_for_everybody(take, reviewer, tmp_path):
    client, colleague = signed_in(reviewer), Client()
    colleague.force_login(take.created_by)
    assert "Off: results come without sound." in text(client, take)

    answer = client.post(f"/takes/{take.pk}/sound", {"on": "1"}, follow=True)

    assert "On: from harbor.mp4." in text(colleague, take)
    html = answer.content.decode()
    assert f'src="/takes/{take.pk}/sound/playable?v=' in html and "data-mute" in html
    played = colleague.get(f"/takes/{take.pk}/sound/playable")
    assert played.headers["Content-Type"] == "video/mp4"
    assert tracks_of(played, tmp_path) == ["audio", "video"]
    part = colleague.get(f"/takes/{take.pk}/sound/playable", headers={"Range": "bytes=0-9"})
    assert part.status_code == 206


def test_switched_off_the_result_is_played_as_it_came(take, creator, tmp_path):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})

    client.post(f"/takes/{take.pk}/sound", {"on": "0"})

    html = client.get(f"/takes/{take.pk}").content.decode()
    assert f"/media/{take.result_id}/playable" in html and "Off: results" in html
    assert tracks_of(client.get(f"/media/{take.result_id}/original"), tmp_path) == ["video"]


def test_it_is_downloaded_with_sound_whether_it_is_on_or_not(take, creator, tmp_path):
    answer = signed_in(creator).get(f"/takes/{take.pk}/sound/original?download=1")

    named = f'attachment; filename="harbor - take {take.pk} with sound.mp4"'
    assert answer.headers["Content-Disposition"].startswith(named)
    assert tracks_of(answer, tmp_path) == ["audio", "video"]


@pytest.mark.parametrize(("on", "tracks"), [("0", ["video"]), ("1", ["audio", "video"])])
def test_the_download_of_the_video_is_what_is_heard(take, creator, tmp_path, on, tracks):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": on})

    html = client.get(f"/takes/{take.pk}").content.decode()
    (link,) = re.findall(r'href="([^"]+)" download>Download video<', html)

    assert tracks_of(client.get(link, follow=True), tmp_path) == tracks


def test_in_the_studio_a_take_with_sound_is_played_with_it(take, creator):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})

    html = client.get("/studio/", {"generation": take.pk}).content.decode()

    assert f"/takes/{take.pk}/sound/playable" in html


def press(client, take: Generation, **pressed: str):
    """Press a button of the studio's form with the take as its source."""
    form = {"task": "edit", "source_kind": "generation", "source_generation": take.pk}
    return client.post("/studio/mend", {**form, **pressed}, follow=True)


def test_a_cut_of_a_take_that_is_heard_keeps_the_sound(take, creator, tmp_path):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})

    press(client, take, trim="1", trim_first="5", trim_last="24")
    tasks.make_source_copies()

    cut = Asset.objects.latest("pk")
    assert cut.has_audio and (cut.cut_from, cut.frame_count) == (take.result, 20)


def test_a_cut_of_a_take_that_is_not_heard_has_no_sound(take, creator):
    press(signed_in(creator), take, trim="1", trim_first="5", trim_last="24")
    tasks.make_source_copies()

    cut = Asset.objects.latest("pk")
    assert not cut.has_audio and cut.cut_from == take.result


def test_a_cut_that_cannot_keep_the_sound_is_not_made_without_it(take, creator):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})
    store.remove(take.source_asset.sha256)
    before = Asset.objects.count()

    press(client, take, trim="1", trim_first="5", trim_last="24")
    tasks.make_source_copies()

    html = client.get("/studio/", {"generation": take.pk}).content.decode()
    assert "It is played with the sound of its source, which cannot be kept" in html
    assert Asset.objects.count() == before


def test_the_studio_says_of_a_take_that_is_heard_what_becomes_of_its_sound(take, creator):
    client = signed_in(creator)
    assert "no sound" in client.get("/studio/", {"generation": take.pk}).content.decode()
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})

    html = client.get("/studio/", {"generation": take.pk}).content.decode()

    assert "no sound" not in html and "with sound" in html
    assert "Providers get the picture alone" in html


def test_takes_of_one_source_are_offered_its_sound_in_the_studio_without_a_query_each(
    take, creator, tmp_path, django_assert_num_queries
):
    takes = [take]
    for number in range(3):
        result = stored(creator, make_clip(tmp_path / f"snow{number}.mp4", frames=10 + number))
        takes.append(
            make_generation(
                creator, state=State.SUCCEEDED, source=take.result, parent=take, result=result
            )
        )
    joined = ("result", "source_asset", "parent__result")
    rows = list(Generation.objects.select_related(*joined).order_by("pk"))

    with django_assert_num_queries(1):
        offers = source_sound.SoundOffers()
        found = [offers.of(one) for one in rows]

    assert found == [take.source_asset] * 4 == [source_sound.offered(one) for one in takes]


def test_an_edit_of_an_edit_has_the_sound_of_the_first_source(take, creator, tmp_path):
    result = stored(creator, make_clip(tmp_path / "snow.mp4", frames=40, rate=20))
    again = make_generation(
        creator, state=State.SUCCEEDED, source=take.result, parent=take, result=result
    )

    assert source_sound.heard_source(again) == take.source_asset
    signed_in(creator).post(f"/takes/{again.pk}/sound", {"on": "1"})

    what = layout.with_sound_of(take.source_asset.sha256, layout.ORIGINAL)
    assert store.exists(result.sha256, what)


def test_what_no_sound_is_known_of_offers_none(creator):
    silent, client = make_done(creator), signed_in(creator)

    assert "Sound of the source" not in text(client, silent)
    assert client.get(f"/takes/{silent.pk}/sound/playable").status_code == 404
    answer = client.post(f"/takes/{silent.pk}/sound", {"on": "1"}, follow=True)
    assert "There is no sound of a source" in answer.content.decode()
    silent.refresh_from_db()
    assert not silent.has_source_sound


def test_a_result_with_sound_of_its_own_offers_none(creator):
    source = make_asset(creator, has_audio=True)
    result = make_asset(creator, has_audio=True)
    take = make_generation(creator, state=State.SUCCEEDED, source=source, result=result)

    assert "Sound of the source" not in text(signed_in(creator), take)


def test_a_copy_that_is_still_made_is_waited_for(creator):
    source = make_asset(creator, has_audio=True)
    result = make_asset(creator, proxy=Asset.Proxy.PENDING)
    take = make_generation(creator, state=State.SUCCEEDED, source=source, result=result)

    assert "Sound of the source" not in text(signed_in(creator), take)


def test_where_the_source_is_not_kept_any_more_nothing_is_switched(take, creator):
    store.remove(take.source_asset.sha256)

    client = signed_in(creator)
    answer = client.post(f"/takes/{take.pk}/sound", {"on": "1"}, follow=True)

    assert "The sound could not be added. This file is not stored" in answer.content.decode()
    take.refresh_from_db()
    assert not take.has_source_sound
    assert client.get(f"/takes/{take.pk}/sound/playable").status_code == 404


def test_another_team_hears_nothing(take):
    client = signed_in(make_member())

    assert client.get(f"/takes/{take.pk}/sound/playable").status_code == 404
    assert client.post(f"/takes/{take.pk}/sound", {"on": "1"}).status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_in_the_studio_one_press_makes_the_take_on_the_stage_heard(
    take, creator, open_page, width, height
):
    page = open_page(creator, f"/studio/?source={take.source_asset_id}", width=width, height=height)
    heard = "document.querySelector('.is-lead video').webkitAudioDecodedByteCount > 0"
    button = page.get_by_role("button", name="Sound of the source")
    expect(button).to_be_hidden()
    page.locator(f'[data-tab="{take.pk}"]').click()
    expect(button).to_have_attribute("aria-pressed", "false")
    page.evaluate("window.rushes.stage.of(document.body).seek(12)")

    button.click()

    expect(button).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".is-lead video")).to_have_attribute("src", re.compile("/sound/playable"))
    assert page.evaluate("window.rushes.stage.of(document.body).frame") == 12
    take.refresh_from_db()
    assert take.has_source_sound
    look(page, "studio-take-with-sound", themes=["dark"])
    page.evaluate("document.querySelector('.is-lead video').play()")
    page.wait_for_function(heard)

    button.click()

    expect(button).to_have_attribute("aria-pressed", "false")
    expect(page.locator(".is-lead video")).to_have_attribute("src", re.compile("^/media/"))


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_in_the_studio_a_sound_that_cannot_be_added_is_said(take, creator, open_page):
    page = open_page(creator, f"/studio/?source={take.source_asset_id}")
    page.locator(f'[data-tab="{take.pk}"]').click()
    store.remove(take.source_asset.sha256)

    page.get_by_role("button", name="Sound of the source").click()

    expect(page.locator("#toasts")).to_contain_text("The sound could not be added.")
    expect(page.get_by_role("button", name="Sound of the source")).to_have_attribute(
        "aria-pressed", "false"
    )


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_on_the_page_one_press_makes_it_heard(take, creator, open_page):
    page = open_page(creator, f"/takes/{take.pk}")
    button = page.get_by_role("button", name="Sound of the source")
    assert button.get_attribute("aria-pressed") == "false"

    button.click()

    page.wait_for_selector("[data-source-sound] [aria-pressed=true]")
    page.evaluate("document.querySelector('[data-layer].is-lead video').play()")
    page.wait_for_function(
        "document.querySelector('[data-layer].is-lead video').webkitAudioDecodedByteCount > 0"
    )
