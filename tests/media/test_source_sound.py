"""Sound of a source on its result: in step with the picture, whose packets stay as they are."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

from editorapp.media import layout, source_sound, store, tasks
from editorapp.media.models import Asset
from editorapp.media.probe import probe
from editorapp.media.refusals import Refusal
from editorapp.media.trim import Conversion, trim
from tests.factories import make_member
from tests.media.clicks import (
    click_in,
    picture_packets,
    sound_codec,
    sound_ends,
    when_shown,
    with_click,
)
from tests.media.clips import make_clip
from tests.media.test_copies import HDR
from tests.media.test_probe import VARYING
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db
NEAR = 0.02  # seconds; people begin to notice at twice as much
FLASH = 30  # the frame that is shown when the click is heard
# How each source is made: its picture, its sound, and whether the sound's packets are kept.
SOURCES: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "plain.mp4": ({}, {}, True),
    "late.mp4": ({}, {"starts": 0.5}, True),
    "longer.mp4": ({"frames": 120}, {"seconds": 4.8}, True),
    "shorter.mp4": ({"frames": 45}, {"seconds": 1.6}, True),
    "turned.mov": ({"turn": 90}, {}, True),
    "varying.mkv": ({"times": VARYING, "base": Fraction(1, 1000)}, {}, True),
    "picture-late.mp4": ({"times": range(25, 85)}, {"seconds": 3.4}, True),
    "picture-late.mkv": ({"times": range(25, 85)}, {"seconds": 3.4}, True),
    "mp3.mp4": ({}, {"codec": "libmp3lame"}, False),
    "opus.webm": ({"codec": "libvpx-vp9"}, {"codec": "libopus"}, False),
    "pcm.mov": ({}, {"codec": "pcm_s16le"}, False),
    "ac3.mkv": ({}, {"codec": "ac3"}, False),
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(path: Path) -> Asset:
    member = make_member()
    return take_in(path, name=path.name, team=member.team, user=member.user)


def a_source(folder: Path, name: str) -> tuple[Asset, float]:
    """Return a source, and after how many seconds of its picture it clicks: as frame 30 comes."""
    picture, sound, _is_kept = SOURCES[name]
    silent = make_clip(folder / f"silent-{name}", **picture)
    click = when_shown(silent, FLASH)
    clip = with_click(silent, folder / name, at=click, **{"seconds": 2.4, **sound})
    after = when_shown(clip, FLASH) - when_shown(clip, 0)
    return taken(clip), after


@pytest.mark.parametrize("name", SOURCES)
def test_the_click_is_heard_as_long_after_the_first_picture_as_in_the_source(
    tmp_path: Path, name: str
) -> None:
    source, after = a_source(tmp_path, name)
    result = taken(make_clip(tmp_path / "result.mp4", options={"bf": "2"}))
    original = store.path(result.sha256, layout.ORIGINAL)
    before = picture_packets(original)

    made = store.path(result.sha256, source_sound.make(result, source, layout.ORIGINAL))

    assert abs(click_in(made) - when_shown(made, 0) - after) < NEAR
    assert picture_packets(made) == before == picture_packets(original)
    assert sound_codec(made) == "aac"
    assert _is_copied(made, source) == SOURCES[name][2]
    assert sound_ends(made) <= float(result.duration_seconds) + 0.03
    facts = probe(made)
    assert (facts.frame_count, facts.fps) == (result.frame_count, result.fps)
    assert facts.duration_seconds == result.duration_seconds and facts.has_audio
    assert facts.browser_safe


def _tag(clip: Path) -> str:
    with av.open(str(clip)) as container:
        return str(container.streams.video[0].codec_context.codec_tag)


def _is_copied(made: Path, source: Asset) -> bool:
    own = _sound_packets(store.path(source.sha256, layout.ORIGINAL))
    heard = _sound_packets(made)
    return bool(heard) and all(packet in own for packet in heard)


def _sound_packets(clip: Path) -> list[bytes]:
    with av.open(str(clip)) as container:
        return [bytes(packet) for packet in container.demux(audio=0) if packet.size]


@pytest.mark.parametrize("name", ["plain.mp4", "opus.webm"])
def test_a_result_whose_own_picture_begins_late_keeps_its_times(tmp_path: Path, name: str) -> None:
    source, after = a_source(tmp_path, name)
    result = taken(make_clip(tmp_path / "result.mp4", times=range(10, 70)))
    before = picture_packets(store.path(result.sha256, layout.ORIGINAL))

    made = store.path(result.sha256, source_sound.make(result, source, layout.ORIGINAL))

    assert picture_packets(made) == before
    assert abs(click_in(made) - when_shown(made, 0) - after) < NEAR


def test_a_result_that_browsers_do_not_play_has_sound_in_its_copy_and_its_original(
    tmp_path: Path,
) -> None:
    source, after = a_source(tmp_path, "plain.mp4")
    result = taken(make_clip(tmp_path / "hdr.mp4", **HDR))
    tasks.make_proxy(result.pk)
    result.refresh_from_db()
    assert source_sound.playable_part(result) == layout.PROXY

    for part in (layout.PROXY, layout.ORIGINAL):
        made = store.path(result.sha256, source_sound.make(result, source, part))
        assert picture_packets(made) == picture_packets(store.path(result.sha256, part))
        assert abs(click_in(made) - when_shown(made, FLASH)) < NEAR
        assert abs(when_shown(made, FLASH) - when_shown(made, 0) - after) < NEAR
        assert probe(made).browser_safe == (part == layout.PROXY)
        assert probe(made).hdr == (part == layout.ORIGINAL)
        assert _tag(made) == ("hvc1" if part == layout.ORIGINAL else "avc1")


def test_a_cut_source_brings_its_own_sound(tmp_path: Path) -> None:
    source, after = a_source(tmp_path, "plain.mp4")
    cut = trim(source, 10, 49, user=None)
    result = taken(make_clip(tmp_path / "result.mp4", frames=40))

    made = store.path(result.sha256, source_sound.make(result, cut, layout.ORIGINAL))

    assert abs(click_in(made) - when_shown(made, 0) - (after - 10 / 25)) < NEAR


@pytest.mark.parametrize("name", SOURCES)
def test_a_cut_of_a_result_keeps_what_is_heard_there(tmp_path: Path, name: str) -> None:
    source, after = a_source(tmp_path, name)
    result = taken(make_clip(tmp_path / "result.mp4", options={"bf": "2"}))

    cut = trim(result, 20, 44, user=None, sound_of=source)

    made = store.path(cut.sha256, layout.ORIGINAL)
    assert cut.has_audio and (cut.frame_count, cut.fps) == (25, result.fps)
    assert cut.cut_from == result
    assert abs(click_in(made) - when_shown(made, 20) - (after - 20 / 25)) < NEAR
    assert sound_ends(made) <= float(cut.duration_seconds) + 0.03
    assert _is_copied(made, source) == SOURCES[name][2]


def test_a_cut_at_another_rate_and_of_few_bytes_keeps_its_sound_in_step(tmp_path: Path) -> None:
    source, after = a_source(tmp_path, "plain.mp4")
    result = taken(make_clip(tmp_path / "result.mp4", rate=50, frames=120))
    fewer = Conversion(fps=Fraction(25), max_bytes=200_000)

    cut = trim(result, 20, 99, user=None, conversion=fewer, sound_of=source)

    made = store.path(cut.sha256, layout.ORIGINAL)
    assert cut.has_audio and cut.size_bytes <= 200_000 and cut.frame_count == 40
    assert abs(click_in(made) - when_shown(made, 20) - (after - 20 / 50)) < NEAR
    assert not _is_copied(made, source)


def test_a_cut_is_refused_where_picture_and_sound_are_too_many_bytes(tmp_path: Path) -> None:
    source, _after = a_source(tmp_path, "plain.mp4")
    cut = make_clip(tmp_path / "cut.mp4")

    with pytest.raises(Refusal) as refused:
        source_sound.add_to_cut(cut, source, source, first_frame=0, max_bytes=1_000)

    assert refused.value.code == "too_big"


def test_a_result_is_made_once_for_each_source(tmp_path: Path) -> None:
    source, _after = a_source(tmp_path, "plain.mp4")
    result = taken(make_clip(tmp_path / "result.mp4"))
    name = source_sound.make(result, source, layout.ORIGINAL)
    written = store.path(result.sha256, name).stat().st_mtime_ns

    assert source_sound.make(result, source, layout.ORIGINAL) == name

    assert store.path(result.sha256, name).stat().st_mtime_ns == written


def test_a_source_without_sound_is_refused(tmp_path: Path) -> None:
    result = taken(make_clip(tmp_path / "result.mp4"))
    source = taken(make_clip(tmp_path / "silent.mp4", frames=50))

    with pytest.raises(Refusal) as refused:
        source_sound.make(result, source, layout.ORIGINAL)

    assert refused.value.code == "no_sound"


def test_real_sound_stays_in_step_on_a_phone_s_turned_clip(
    tmp_path: Path, real_media: Path
) -> None:
    pig = tmp_path / "pig.mov"
    pig.write_bytes((real_media / "pig_rotated_6s.mov").read_bytes())
    source = taken(pig)
    result = taken(make_clip(tmp_path / "result.mp4", frames=196, rate=30))

    made = store.path(result.sha256, source_sound.make(result, source, layout.ORIGINAL))

    assert _is_copied(made, source)
    assert sound_ends(made) == pytest.approx(float(source.duration_seconds), abs=0.05)
