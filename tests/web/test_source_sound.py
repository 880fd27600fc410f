"""The sound of its source on a take: switched by anybody for everybody, heard and downloaded."""

from pathlib import Path

import av
import pytest
from django.test import Client

from editorapp.generations.files import source_sound
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import layout, store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.media.clips import make_clip
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

    assert answer.headers["Content-Disposition"] == 'attachment; filename="neon with sound.mp4"'
    assert tracks_of(answer, tmp_path) == ["audio", "video"]


def test_in_the_studio_a_take_with_sound_is_played_with_it(take, creator):
    client = signed_in(creator)
    client.post(f"/takes/{take.pk}/sound", {"on": "1"})

    html = client.get("/studio/", {"generation": take.pk}).content.decode()

    assert f"/takes/{take.pk}/sound/playable" in html


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
