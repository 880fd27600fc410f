"""Watermarked copies: every frame at its time with a name in it, made once, and cleared away."""

import io
from datetime import timedelta
from pathlib import Path

import av
import numpy as np
import pytest
from django.test import TestCase
from django.utils import timezone
from PIL import Image

from editorapp.media import layout, source_sound, store, tasks, watermarked
from editorapp.media.models import Asset, WatermarkedCopy
from editorapp.media.refusals import Refusal
from editorapp.media.watermarked import TooManyWait
from tests.media.clicks import with_click
from tests.media.clips import make_clip, number_on
from tests.media.test_copies import HDR, taken
from tests.queued import forget, waiting

pytestmark = pytest.mark.django_db
NOW = timezone.now()
NAME = "Gina Client"


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def made(asset: Asset, text: str = NAME, *part: str) -> WatermarkedCopy:
    """Return the copy of a clip, made as a worker makes it."""
    copy = watermarked.ask(asset, text, *part, now=NOW)
    tasks.make_watermarked()
    copy.refresh_from_db()
    return copy


def frames_of(copy: WatermarkedCopy) -> list[av.VideoFrame]:
    with store.held(*watermarked.file_of(copy)) as (path,), av.open(str(path)) as clip:
        return list(clip.decode(video=0))


def differs(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


@pytest.mark.parametrize(
    ("name", "shape"),
    [("plain.mp4", {}), ("hdr.mp4", HDR), ("turned.mov", {"turn": 90})],
)
def test_every_frame_is_there_at_its_time_with_the_name_in_it(tmp_path: Path, name, shape) -> None:
    asset = taken(make_clip(tmp_path / name, frames=30, **shape))

    copy = made(asset)

    assert copy.is_ready
    shown = frames_of(copy)
    assert [number_on(frame.to_ndarray(format="rgb24")) for frame in shown] == list(range(30))
    with store.held(asset.sha256, store.ORIGINAL) as (path,), av.open(str(path)) as clip:
        own = [frame.time for frame in clip.decode(video=0)]
    assert np.allclose([frame.time for frame in shown], [at - own[0] for at in own], atol=0.001)


def test_the_name_stands_in_every_part_of_every_frame(tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "clip.mp4", frames=12, size=(640, 360)))
    plain, marked = (frames_of(made(asset, text)) for text in (" ", NAME))

    for one, other in zip(plain, marked, strict=True):
        without, within = (frame.to_ndarray(format="gray") for frame in (one, other))
        for rows in np.array_split(np.arange(without.shape[0]), 2):
            for columns in np.array_split(np.arange(without.shape[1]), 2):
                part = np.ix_(rows, columns)
                assert differs(without[part], within[part]) > 1.5


def test_it_is_made_once_for_a_name_and_anew_where_its_file_is_gone(tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "clip.mp4", frames=5))
    copy = made(asset)
    other = watermarked.ask(asset, "Otto", now=NOW)

    assert watermarked.ask(asset, NAME, now=NOW) == copy != other
    store.remove(copy.key)
    watermarked.lost(copy)
    tasks.make_watermarked()
    tasks.make_watermarked()
    assert store.exists(*watermarked.file_of(copy)) and store.exists(*watermarked.file_of(other))


def test_it_is_heard_as_the_take_is(tmp_path: Path) -> None:
    picture = taken(make_clip(tmp_path / "clip.mp4"))
    clicking = with_click(
        make_clip(tmp_path / "plain.mp4"), tmp_path / "source.mp4", at=1.0, seconds=2.4
    )
    source = taken(clicking)
    part = source_sound.make(picture, source, layout.ORIGINAL)

    copy = made(picture, NAME, part)

    with store.held(*watermarked.file_of(copy)) as (path,), av.open(str(path)) as clip:
        assert clip.streams.audio and len(list(clip.decode(video=0))) == picture.frame_count


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "JPEG"])
def test_a_picture_keeps_its_size_and_kind_and_has_the_name_in_it(kind: str) -> None:
    plain, out = Image.new("RGB", (320, 180), (40, 90, 160)), io.BytesIO()
    plain.save(out, kind)

    with Image.open(io.BytesIO(watermarked.picture(out.getvalue(), NAME))) as marked:
        assert (marked.format, marked.size) == (kind, plain.size)
        assert differs(np.asarray(plain), np.asarray(marked.convert("RGB"))) > 2


def test_only_so_many_wait_at_once(tmp_path: Path, monkeypatch) -> None:
    assets = [taken(make_clip(tmp_path / f"{one}.mp4", frames=one + 3)) for one in range(4)]
    monkeypatch.setattr(watermarked, "MOST_WAITING_OF_ONE", 3)
    for asset in assets[:3]:
        watermarked.ask(asset, NAME, now=NOW)

    with pytest.raises(TooManyWait):
        watermarked.ask(assets[3], NAME, now=NOW)
    assert watermarked.ask(assets[3], "Otto", now=NOW)
    monkeypatch.setattr(watermarked, "MOST_WAITING", 4)
    with pytest.raises(TooManyWait):
        watermarked.ask(assets[0], "Else", now=NOW)


def test_what_cannot_be_made_is_given_up_and_what_is_ours_is_tried_again(
    tmp_path: Path, monkeypatch
) -> None:
    asset = taken(make_clip(tmp_path / "clip.mp4", frames=5))
    store.remove(asset.sha256)
    assert made(asset).is_failed

    def full(*_args: object, **_more: object) -> None:
        raise Refusal("disk_full")

    kept = taken(make_clip(tmp_path / "other.mp4", frames=6))
    monkeypatch.setattr(watermarked.sandbox, "run", full)
    copy = made(kept)
    assert (copy.is_ready, copy.is_failed, copy.tries) == (False, False, 1)
    forget()
    with TestCase.captureOnCommitCallbacks(execute=True):
        watermarked.sweep(NOW)
    assert ("make_watermarked", ()) in waiting()
    WatermarkedCopy.objects.filter(pk=copy.pk).update(tries=3)
    watermarked.sweep(NOW)
    copy.refresh_from_db()
    assert copy.is_failed


def test_what_nobody_looks_at_goes_and_what_is_looked_at_stays(tmp_path: Path) -> None:
    asset = taken(make_clip(tmp_path / "clip.mp4", frames=5))
    old, seen = made(asset), made(asset, "Otto")
    later = NOW + watermarked.KEPT + timedelta(minutes=1)
    watermarked.ask(asset, "Otto", now=later)

    watermarked.sweep(later)

    assert list(WatermarkedCopy.objects.all()) == [seen]
    assert store.exists(*watermarked.file_of(seen))
    assert not store.exists(*watermarked.file_of(old)) and store.exists(
        asset.sha256, store.ORIGINAL
    )
