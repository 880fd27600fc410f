"""What the pages say and show of files that are out of the ordinary."""

import shutil
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from tests.cli.test_probe_command import run
from tests.media.clips import make_clip
from tests.media.test_odd_clips import two_tracks

pytestmark = [pytest.mark.django_db(transaction=True)]


def taken(member: Member, file: Path) -> Asset:
    return take_in(file, name=file.name, team=member.team, user=member.user)


def test_of_two_video_tracks_the_pages_and_probe_say_which_is_taken(
    member, client: Client, tmp_path: Path
) -> None:
    clip = two_tracks(tmp_path / "two.mp4", chosen=1)
    _code, probed = run(str(clip))
    asset = taken(member, clip)
    client.force_login(member.user)

    studio = client.get(f"{reverse('studio:page')}?source={asset.pk}").content.decode()
    clips = client.get(reverse("gallery:sources")).content.decode()

    assert "Track 2 of 2" in studio and "export it as a file of its own" in studio
    assert "video track 2 of 2" in clips
    assert "video track 2 of 2" in probed


def test_a_clip_with_one_track_says_nothing_of_tracks(
    member, client: Client, tmp_path: Path
) -> None:
    asset = taken(member, make_clip(tmp_path / "one.mp4", frames=10))
    client.force_login(member.user)

    assert b"video track" not in client.get(f"{reverse('studio:page')}?source={asset.pk}").content


def test_a_clip_that_waits_for_its_copy_is_not_said_to_be_of_an_unknown_codec(
    member, client: Client, tmp_path: Path
) -> None:
    asset = taken(member, make_clip(tmp_path / "recording.mkv", frames=10))
    client.force_login(member.user)

    page = client.get(f"{reverse('studio:page')}?source={asset.pk}").content.decode()

    assert "A copy for viewing is being made: h264 in MKV." in page


@pytest.mark.browser
def test_a_turned_quicktime_clip_plays_upright_as_it_is(
    member, real_media: Path, open_page, tmp_path: Path
) -> None:
    file = Path(shutil.copyfile(real_media / "pig_rotated_6s.mov", tmp_path / "turned.mov"))
    asset = taken(member, file)
    assert (asset.rotation != 0, asset.proxy, asset.is_playable) == (
        True,
        Asset.Proxy.NOT_NEEDED,
        True,
    )

    page = open_page(member, f"/studio/?source={asset.pk}")

    video = page.locator(".stage video")
    page.wait_for_function("() => document.querySelector('.stage video').readyState >= 2")
    assert "cannot play" not in page.locator("#viewer").inner_text()
    size = video.evaluate("video => [video.videoWidth, video.videoHeight]")
    assert size == [asset.width, asset.height] == [720, 480]
    # The picture that plays and the still of the same frame are the same way up.
    differences = page.evaluate(
        """async still => {
            const draw = (what, turned) => {
                const canvas = Object.assign(document.createElement('canvas'), {width: 72, height: 48});
                const pen = canvas.getContext('2d');
                if (turned) { pen.translate(72, 48); pen.rotate(Math.PI); }
                pen.drawImage(what, 0, 0, 72, 48);
                return pen.getImageData(0, 0, 72, 48).data;
            };
            const picture = new Image();
            picture.src = still;
            await picture.decode();
            const video = draw(document.querySelector('.stage video'));
            return [false, true].map(turned => {
                const other = draw(picture, turned);
                return video.reduce((sum, value, at) => sum + Math.abs(value - other[at]), 0) / video.length;
            });
        }""",
        reverse("media:still", args=[asset.pk, 0, "png"]),
    )
    upright, upside_down = differences
    assert upright < 6 < upside_down
