"""Conversions: fewer frames a second, another size, fewer bytes; exact, and in step with the sound."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from editorapp.media import layout, store
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.media.trim import Conversion, trim
from tests.factories import make_member
from tests.media.clicks import click_in, when_shown, with_click
from tests.media.clips import make_clip
from tests.media.noise import make_noise
from tests.media.test_copies import HDR, numbers
from tests.media.test_probe import VARYING
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(path: Path) -> Asset:
    member = make_member()
    return take_in(path, name=path.name, team=member.team, user=member.user)


def whole(asset: Asset, conversion: Conversion) -> Asset:
    return trim(asset, 0, asset.last_frame, user=None, conversion=conversion)


def file_of(asset: Asset) -> Path:
    return store.path(asset.sha256, layout.ORIGINAL)


@pytest.mark.parametrize(
    ("rate", "slower", "kept"),
    [
        (60, 30, range(0, 60, 2)),
        (50, 25, range(0, 60, 2)),
        (120, 30, range(0, 60, 4)),
        (Fraction(60000, 1001), Fraction(30000, 1001), range(0, 60, 2)),
        (60, 24, [0, 2, 5, 7, 10, 12, 15, 17, 20, 22, 25, 27, 30, 32, 35, 37, 40, 42, 45, 47]),
    ],
    ids=str,
)
def test_a_slower_copy_shows_what_was_on_screen_at_each_of_its_instants(
    tmp_path, rate, slower, kept
):
    asset = taken(make_clip(tmp_path / "fast.mp4", rate=rate))

    copy = whole(asset, Conversion(fps=Fraction(slower)))

    kept = list(kept)
    assert numbers(file_of(copy))[: len(kept)] == kept
    assert copy.fps == slower and not copy.variable_frame_rate
    assert abs(copy.duration_seconds - asset.duration_seconds) <= 1 / float(slower)
    assert Asset.objects.filter(pk=asset.pk).exists()


@pytest.mark.parametrize("name", ["ms.mkv", "ticks.mp4"])
def test_clocks_that_round_lose_no_frame(tmp_path, name):
    how = {"times": [round(7 + at * 1000 / 60) for at in range(60)], "base": Fraction(1, 1000)}
    asset = taken(make_clip(tmp_path / name, rate=60, **how))
    assert asset.fps == 60

    copy = whole(asset, Conversion(fps=Fraction(30)))

    assert numbers(file_of(copy)) == list(range(0, 60, 2)) and copy.fps == 30


def test_a_varying_rate_becomes_an_even_one_of_the_same_length(tmp_path):
    asset = taken(make_clip(tmp_path / "a.mkv", times=VARYING, base=Fraction(1, 1000)))

    copy = whole(asset, Conversion(fps=Fraction(20)))

    shown = [max(at for at, time in enumerate(VARYING) if time <= 50 * n) for n in range(40)]
    assert numbers(file_of(copy))[:40] == shown
    assert (copy.fps, copy.variable_frame_rate) == (20, False)
    assert abs(copy.duration_seconds - asset.duration_seconds) <= 0.05


def test_a_part_is_slowed_from_its_own_first_frame(tmp_path):
    asset = taken(make_clip(tmp_path / "fast.mp4", rate=60))

    copy = trim(asset, 11, 40, user=None, conversion=Conversion(fps=Fraction(30)))

    assert numbers(file_of(copy)) == list(range(11, 41, 2))


def test_keyframes_stay_on_their_pictures_by_time(tmp_path):
    even = taken(make_clip(tmp_path / "even.mp4", rate=60))
    varying = taken(make_clip(tmp_path / "a.mkv", times=VARYING, base=Fraction(1, 1000)))
    slower = Conversion(fps=Fraction(20))

    assert [slower.place_of(even, at, 0) for at in (0, 3, 30, 59)] == [0, 1, 10, 20]
    assert [slower.place_of(even, at, 30) for at in (30, 33)] == [0, 1]
    for at in (1, 17, 59):
        assert slower.place_of(varying, at, 0) == int(Fraction(VARYING[at], 50) + Fraction(1, 2))
    assert Conversion().place_of(even, 40, 11) == 29


def test_the_sound_of_a_slower_copy_stays_in_step(tmp_path):
    silent = make_clip(tmp_path / "silent.mp4", rate=50, frames=100)
    click = when_shown(silent, 60)
    asset = taken(with_click(silent, tmp_path / "a.mp4", at=click, seconds=2.0))

    copy = whole(asset, Conversion(fps=Fraction(25)))

    assert abs(click_in(file_of(copy)) - when_shown(file_of(copy), 60)) < 0.02


@pytest.mark.parametrize("turn", [0, 90])
def test_a_copy_has_the_size_that_was_said_upright(tmp_path, turn):
    asset = taken(make_clip(tmp_path / "a.mov", size=(400, 240), turn=turn))

    copy = whole(asset, Conversion(size=(200, 120)))

    assert (copy.width, copy.height, copy.rotation) == (200, 120, 0)
    assert numbers(file_of(copy)) == list(range(60))


@pytest.mark.parametrize("is_hdr", [False, True], ids=["sdr", "hdr"])
def test_a_copy_keeps_within_the_bytes_that_were_said(tmp_path, is_hdr):
    asset = taken(make_noise(tmp_path / "a.mp4", is_hdr=is_hdr))
    most = 300_000
    assert asset.size_bytes > 3 * most

    copy = whole(asset, Conversion(max_bytes=most))

    assert most // 4 < copy.size_bytes <= most
    same = ("frame_count", "fps", "duration_seconds", "width", "height", "hdr")
    assert [getattr(copy, one) for one in same] == [getattr(asset, one) for one in same]


def test_what_cannot_be_made_so_small_is_refused_and_leaves_nothing(tmp_path):
    asset = taken(make_noise(tmp_path / "a.mp4"))

    with pytest.raises(Refusal) as refused:
        whole(asset, Conversion(max_bytes=3_000))

    assert refused.value.code == "too_big"
    assert Asset.objects.count() == 1 and list(store.incoming().iterdir()) == []


@pytest.mark.parametrize("name", ["phone.mov", "turned.mov", "hdr.mov", "recording.mkv"])
def test_a_whole_copy_keeps_the_packets_that_an_mp4_takes(tmp_path, name):
    how = {"turned.mov": {"turn": 90}, "hdr.mov": HDR}.get(name, {"options": {"bf": "2"}})
    asset = taken(make_clip(tmp_path / name, sound=name != "hdr.mov", **how))

    copy = whole(asset, Conversion())

    assert packets(file_of(copy)) == packets(file_of(asset))
    assert copy.container == "mp4"
    same = ("width", "height", "fps", "frame_count", "duration_seconds", "hdr", "has_audio")
    assert [getattr(copy, one) for one in same] == [getattr(asset, one) for one in same]


def packets(clip: Path) -> list[bytes]:
    """Return the picture's packets, each as its own units: containers count their lengths alike."""
    with av.open(str(clip)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def test_a_whole_copy_of_what_few_read_is_coded_anew(tmp_path):
    how = {"codec": "prores_ks", "pixel_format": "yuv422p10le"}
    asset = taken(make_clip(tmp_path / "a.mov", **how))

    copy = whole(asset, Conversion())

    assert (copy.container, copy.codec, copy.pixel_format) == ("mp4", "h264", "yuv420p")
    assert numbers(file_of(copy)) == list(range(60))
