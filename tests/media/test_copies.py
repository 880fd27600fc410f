"""Playable copies and cuts: the same frames at the same times, in something that every browser
plays.
"""

import io
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from editorapp.alerts.models import Alert
from editorapp.media import frames, layout, store, tasks
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.probe import probe
from editorapp.media.refusals import Refusal
from editorapp.media.trim import trim
from editorapp.media.uploads import part_file, resumable
from tests.factories import make_member
from tests.media.clips import make_clip, number_on
from tests.media.test_probe import VARYING, X265
from tests.queued import forget, queued, waiting

X265_QUICK = {"preset": "ultrafast", "x265-params": X265.format(16)}
HDR = {
    "codec": "libx265",
    "pixel_format": "yuv420p10le",
    "colours": (9, 16, 9),
    "options": X265_QUICK,
}
KINDS: dict[str, dict[str, Any]] = {
    "hdr.mp4": HDR,
    "recording.mkv": {"options": {"bf": "3"}, "sound": True},
    "phone.3gp": {"turn": 90, "options": {"bf": "2"}, "sound": True},
    "prores.mov": {"codec": "prores_ks", "pixel_format": "yuv422p10le", "turn": 180},
    "old.avi": {"codec": "mpeg4", "options": {"bf": "2"}},
    "varying.mkv": {
        "codec": "ffv1",
        "pixel_format": "yuv444p",
        "times": VARYING,
        "base": Fraction(1, 1000),
    },
    "wide-pixels.avi": {"codec": "mpeg4", "size": (240, 180), "aspect": Fraction(4, 3)},
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(path: Path) -> Asset:
    member = make_member()
    return take_in(path, name=path.name, team=member.team, user=member.user)


def numbers(clip: Path) -> list[int]:
    with av.open(str(clip)) as container:
        container.streams.video[0].thread_count = 2
        return [
            number_on(np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90))
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("name", KINDS)
def test_the_playable_copy_shows_the_same_frames_at_the_same_times(
    db, tmp_path: Path, name: str
) -> None:
    asset = taken(make_clip(tmp_path / name, **KINDS[name]))
    assert asset.proxy == Asset.Proxy.PENDING and not asset.is_playable

    tasks.make_proxy(asset.pk)

    asset.refresh_from_db()
    copy = store.path(asset.sha256, layout.PROXY)
    facts = probe(copy)
    assert asset.proxy == Asset.Proxy.READY and asset.is_playable
    assert facts.browser_safe and facts.codec == "h264" and not facts.hdr
    same = ("width", "height", "frame_count", "fps", "variable_frame_rate", "has_audio")
    assert {fact: getattr(facts, fact) for fact in same} == {
        fact: getattr(asset, fact) for fact in same
    }
    assert abs(facts.duration_seconds - asset.duration_seconds) < Decimal("0.01")
    assert numbers(copy) == list(range(60))


def test_a_copy_that_is_coded_anew_can_be_entered_at_every_sixth_frame(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "a.mov", codec="prores_ks", pixel_format="yuv422p10le"))

    tasks.make_proxy(asset.pk)

    with av.open(str(store.path(asset.sha256, layout.PROXY))) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == list(range(0, 60, 6))
    assert all(packet.pts == packet.dts for packet in packets)
    head = store.path(asset.sha256, layout.PROXY).read_bytes()
    assert head.index(b"moov") < head.index(b"mdat")


def test_the_queue_is_told_only_of_clips_that_need_a_copy(transactional_db, tmp_path: Path) -> None:
    taken(make_clip(tmp_path / "plays.mp4"))
    assert queued() == []

    asset = taken(make_clip(tmp_path / "plays not.avi", codec="mpeg4"))

    assert waiting() == [("make_proxy", (asset.pk,))]
    forget()


def test_a_copy_that_cannot_be_made_leaves_the_clip_usable(
    db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = taken(make_clip(tmp_path / "a.avi", codec="mpeg4"))
    monkeypatch.setattr(tasks, "_PROXY_LIMITS", tasks.sandbox.SandboxLimits(wall_seconds=0.001))

    tasks.make_proxy(asset.pk)

    asset.refresh_from_db()
    assert asset.proxy == Asset.Proxy.FAILED and not asset.is_playable
    assert not store.path(asset.sha256, layout.PROXY).exists()
    assert number_on(np.asarray(Image.open(io.BytesIO(frames.still(asset, 33))))) == 33


def test_a_copy_that_a_full_disk_cut_short_is_made_later_and_leaves_nothing(
    db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = taken(make_clip(tmp_path / "a.avi", codec="mpeg4"))

    def full(job: str, *, out: str, **_more: object) -> None:
        Path(out).write_bytes(b"half")
        raise Refusal("disk_full")

    with monkeypatch.context() as patched:
        patched.setattr(tasks.sandbox, "run", full)
        tasks.make_proxy(asset.pk)
    waiting_still = Asset.objects.get().proxy
    left = list(store.incoming().iterdir())
    tasks.make_proxy(asset.pk)

    assert waiting_still == Asset.Proxy.PENDING and not left
    assert Alert.objects.get().kind == "disk_full"
    assert Asset.objects.get().proxy == Asset.Proxy.READY


def test_a_task_that_comes_twice_changes_nothing(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "a.avi", codec="mpeg4"))
    tasks.make_proxy(asset.pk)
    made = store.path(asset.sha256, layout.PROXY).stat().st_mtime_ns

    tasks.make_proxy(asset.pk)
    tasks.make_proxy(123_456)

    assert store.path(asset.sha256, layout.PROXY).stat().st_mtime_ns == made


def test_copies_are_made_one_at_a_time_and_each_asks_for_the_next(
    transactional_db, tmp_path: Path
) -> None:
    first = taken(make_clip(tmp_path / "a.avi", codec="mpeg4"))
    second = taken(make_clip(tmp_path / "b.avi", codec="mpeg4", frames=30))
    forget()

    with tasks._alone():
        tasks.make_proxy(first.pk)
        assert tasks.is_copying()
        assert Asset.objects.get(pk=first.pk).proxy == Asset.Proxy.PENDING
    tasks.make_proxy(second.pk)

    assert not tasks.is_copying()
    assert Asset.objects.get(pk=second.pk).proxy == Asset.Proxy.READY
    assert waiting() == [("make_proxy", (first.pk,))]


@pytest.mark.parametrize("name", ["recording.mkv", "phone.3gp", "varying.mkv", "old.avi"])
def test_a_cut_has_exactly_the_frames_that_were_chosen(db, tmp_path: Path, name: str) -> None:
    asset = taken(make_clip(tmp_path / name, **KINDS[name]))

    cut = trim(asset, 13, 29, user=asset.created_by)

    assert cut.pk != asset.pk and cut.team_id == asset.team_id
    assert (cut.frame_count, cut.width, cut.height, cut.has_audio) == (
        17,
        320,
        180,
        asset.has_audio,
    )
    assert numbers(store.path(cut.sha256, store.ORIGINAL)) == list(range(13, 30))
    assert cut.name == f"{name.partition('.')[0]} 13-29.mp4"
    if not asset.variable_frame_rate:
        assert cut.fps == asset.fps


def test_a_cut_of_an_hdr_clip_stays_hdr(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "hdr.mp4", **HDR))

    cut = trim(asset, 0, 5, user=asset.created_by)

    assert (cut.hdr, cut.hdr_transfer, cut.codec, cut.pixel_format) == (
        True,
        "pq",
        "hevc",
        "yuv420p10le",
    )
    assert cut.frame_count == 6


def test_the_sound_of_a_cut_is_as_long_as_its_picture(db, tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "a.mp4", sound=True))

    cut = trim(asset, 25, 49, user=asset.created_by)

    with av.open(str(store.path(cut.sha256, store.ORIGINAL))) as container:
        samples = sum(frame.samples for frame in container.decode(audio=0))
    assert abs(samples / 48000 - 1.0) < 0.05


@pytest.mark.parametrize(("first", "last"), [(-1, 5), (5, 4), (0, 60), (60, 61)])
def test_a_cut_outside_of_the_clip_is_refused(db, tmp_path: Path, first: int, last: int) -> None:
    asset = taken(make_clip(tmp_path / "a.mp4"))

    with pytest.raises(Refusal) as refused:
        trim(asset, first, last, user=None)

    assert refused.value.code == "no_such_frame"


def test_the_sweep_asks_again_for_copies_that_a_killed_worker_left_unmade(
    transactional_db, tmp_path: Path
) -> None:
    asset = taken(make_clip(tmp_path / "a.avi", codec="mpeg4"))
    forget()

    tasks.sweep(timezone.now() + timedelta(minutes=5))
    early = len(queued())
    tasks.sweep(timezone.now() + timedelta(minutes=31))

    assert early == 0
    assert waiting() == [("make_proxy", (asset.pk,))]
    forget()


def test_the_sweep_forgets_uploads_that_were_given_up(db) -> None:
    member = make_member()
    upload = resumable.begin(name="a.mp4", size_bytes=100, member=member)
    resumable.append(upload, io.BytesIO(b"x" * 60), at=0, length=60)

    tasks.sweep(timezone.now() + timedelta(hours=23))
    kept = part_file.path(upload.token).exists()
    tasks.sweep(timezone.now() + timedelta(hours=25))

    assert kept
    assert not part_file.path(upload.token).exists() and not Upload.objects.exists()
