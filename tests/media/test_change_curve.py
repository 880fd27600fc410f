"""How much a take differs from its source is what a straightforward computation says of it."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageFilter

from editorapp.media import change_curve, sandbox, store, tasks
from editorapp.media.decoding import change, jobs
from editorapp.media.decoding.timeline import Timeline
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, ChangeCurve
from editorapp.media.refusals import Refusal
from tests.factories import make_asset, make_member
from tests.media.clips import make_clip

Picture = np.ndarray
BT709 = (1, 1, 1)


# The straightforward computation


def ssim(one: Picture, other: Picture) -> float:
    """Return the mean SSIM of two luma pictures: windows of 8x8, 4 apart, with the constants of the
    paper for 8 bits, and variances of 63.
    """
    x, y = _windows(one), _windows(other)
    n = x.shape[-1]
    mean_x, mean_y = x.mean(-1), y.mean(-1)
    var_x, var_y = x.var(-1, ddof=1), y.var(-1, ddof=1)
    both = ((x - mean_x[..., None]) * (y - mean_y[..., None])).sum(-1) / (n - 1)
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    light = (2 * mean_x * mean_y + c1) / (mean_x**2 + mean_y**2 + c1)
    return float((light * (2 * both + c2) / (var_x + var_y + c2)).mean())


def _windows(luma: Picture) -> Picture:
    height, width = (side // 4 * 4 for side in luma.shape)
    views = np.lib.stride_tricks.sliding_window_view(luma[:height, :width], (8, 8))[::4, ::4]
    return views.reshape(*views.shape[:2], 64).astype(np.float64)


def lumas(clip: Path, size: tuple[int, int], *, turn: int = 0) -> list[Picture]:
    """Decode a clip plainly, and return the luma of its frames at a size."""
    with av.open(str(clip)) as container:
        pictures = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return [luma(np.rot90(picture, -turn // 90), size) for picture in pictures]


def luma(picture: Picture, size: tuple[int, int]) -> Picture:
    """Return the luma of an RGB picture, as Rec. 709 has it in 8 bits, 16 to 235."""
    small = Image.fromarray(np.ascontiguousarray(picture)).resize(size, Image.Resampling.BICUBIC)
    return 16 + 219 * (np.asarray(small) / 255) @ [0.2126, 0.7152, 0.0722]


def measured(take: Path, source: Path, laid: change.Part = change.ALL) -> list[float]:
    """Take both clips in, and have them compared."""
    known = {}
    for name, clip in (("take", take), ("source", source)):
        folder = take.parent / f"index-{name}"
        folder.mkdir(exist_ok=True)
        sandbox.run("take", path=clip, max_seconds=0, expect="video", out=folder)
        known[name] = folder / "frames.json"
    said = sandbox.run(
        "change",
        path=take,
        frames=known["take"],
        source=source,
        source_frames=known["source"],
        laid=list(laid),
    )
    return said["values"]


def edited(
    source: Path,
    path: Path,
    change_it: Callable[[Image.Image, int], Image.Image],
    *,
    rate: int = 25,
    size: tuple[int, int] = (1280, 720),
    frames: range = range(60),
) -> Path:
    """Write some frames of a real clip, each changed by its number."""
    with av.open(str(source)) as container, av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=rate, options={"crf": "12"})
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        context = stream.codec_context
        context.color_primaries, context.color_trc, context.colorspace = BT709
        number = 0
        for index, frame in enumerate(container.decode(video=0)):
            if index in frames:
                picture = change_it(frame.to_image(), number).resize(size)
                made = av.VideoFrame.from_image(picture)
                made = made.reformat(format="yuv420p", dst_colorspace=1)
                made.pts, made.time_base = number, Fraction(1, rate)
                out.mux(stream.encode(made))
                number += 1
        out.mux(stream.encode(None))
    return path


def blurred(picture: Image.Image, number: int) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(number / 4))


def same(picture: Image.Image, _number: int) -> Image.Image:
    return picture


@pytest.fixture
def bunny(real_media: Path) -> Path:
    return real_media / "bunny_720p_5s.mp4"


def test_the_curve_is_what_numpy_says_frame_by_frame(bunny: Path, tmp_path: Path) -> None:
    source = edited(bunny, tmp_path / "source.mp4", same)
    take = edited(bunny, tmp_path / "take.mp4", blurred)

    values = measured(take, source)

    pairs = zip(lumas(take, (320, 180)), lumas(source, (320, 180)), strict=True)
    plain = [1 - ssim(one, other) for one, other in pairs]
    assert len(values) == 60
    assert np.abs(np.array(values) - plain).max() < 0.01
    assert max(values) > 0.3, "a blur of 15 px is seen"


def test_a_take_of_another_size_is_compared_at_the_same_one(bunny: Path, tmp_path: Path) -> None:
    source = edited(bunny, tmp_path / "source.mp4", same)
    take = edited(bunny, tmp_path / "take.mp4", blurred, size=(960, 544))

    values = measured(take, source)

    pairs = zip(lumas(take, (320, 180)), lumas(source, (320, 180)), strict=True)
    plain = [1 - ssim(one, other) for one, other in pairs]
    assert np.abs(np.array(values) - plain).max() < 0.01


@pytest.mark.parametrize(
    ("rate", "of_source"),
    [
        (50, lambda n: n // 2),
        (24, lambda n: int(n * 25 / 24 + 0.25)),
        (12, lambda n: int(n * 25 / 12 + 0.25)),
    ],
    ids=["faster", "film", "slower"],
)
def test_frames_are_matched_by_time_where_rates_differ(
    rate: int, of_source: Callable[[int], int], tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "source.mp4", frames=50, rate=25)
    take = make_clip(tmp_path / "take.mp4", frames=2 * rate, rate=rate)

    values = measured(take, source)

    pictures, theirs = lumas(take, (320, 180)), lumas(source, (320, 180))
    plain = [1 - ssim(one, theirs[of_source(n)]) for n, one in enumerate(pictures)]
    assert len(values) == 2 * rate
    assert np.abs(np.array(values) - plain).max() < 0.01
    assert max(values) > 0.1


def test_where_the_source_is_over_its_last_frame_is_what_counts(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", frames=20)
    take = make_clip(tmp_path / "take.mp4", frames=24)

    values = measured(take, source)

    assert len(values) == 24
    assert max(values[:20]) < 0.01 < min(values[20:])


def test_a_shorter_take_is_compared_with_the_beginning(tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", frames=60)
    take = make_clip(tmp_path / "take.mp4", frames=20)

    assert max(measured(take, source)) < 0.01


def test_a_turned_source_is_compared_upright(real_media: Path, tmp_path: Path) -> None:
    source = real_media / "pig_rotated_6s.mov"
    upright = tmp_path / "upright.mp4"
    with av.open(str(source)) as container, av.open(str(upright), "w") as out:
        stream: Any = out.add_stream("libx264", rate=30, options={"crf": "10"})
        stream.width, stream.height, stream.pix_fmt = 720, 480, "yuv420p"
        for number, frame in enumerate(container.decode(video=0)):
            picture = np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), -1))
            made = av.VideoFrame.from_ndarray(picture, "rgb24").reformat(format="yuv420p")
            made.pts, made.time_base = number, Fraction(1, 30)
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))

    values = measured(upright, source)

    assert len(values) == 196 and max(values) < 0.05


def test_hdr_is_brought_into_range_before_it_is_compared_with_sdr(tmp_path: Path) -> None:
    """The bars of an HDR clip stand where those of its SDR twin do: what differs is their light."""
    quiet = {"x265-params": "log-level=none"}
    hdr = make_clip(
        tmp_path / "hdr.mp4",
        codec="libx265",
        pixel_format="yuv420p10le",
        colours=(9, 16, 9),
        options=quiet,
        frames=20,
    )
    sdr = make_clip(tmp_path / "sdr.mp4", frames=20)
    other = make_clip(tmp_path / "other.mp4", frames=20, times=range(5, 25))

    itself, twin, back = measured(hdr, hdr), measured(hdr, sdr), measured(sdr, hdr)
    swapped = measured(hdr, negative(other, tmp_path / "negative.mp4"))

    assert max(itself) == 0
    assert np.abs(np.array(twin) - back).max() < 0.01
    assert np.mean(twin) < 0.5 < np.mean(swapped)


def negative(clip: Path, path: Path) -> Path:
    """Write a clip's negative."""
    with av.open(str(clip)) as container, av.open(str(path), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for frame in container.decode(video=0):
            made = av.VideoFrame.from_ndarray(255 - frame.to_ndarray(format="rgb24"), "rgb24")
            made = made.reformat(format="yuv420p")
            made.pts, made.time_base = frame.pts, frame.time_base
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("laid", "size"),
    [
        ((0.25, 0.0, 0.5, 1.0), (640, 180)),  # room on both sides
        ((0.0, 0.5, 1.0, 0.5), (320, 360)),  # room above
        ((-0.5, 0.0, 2.0, 1.0), (160, 180)),  # the sides cut off
    ],
    ids=["wider", "taller", "cut"],
)
def test_of_a_reframe_only_where_its_source_lies_is_compared(
    laid: change.Part, size: tuple[int, int], bunny: Path, tmp_path: Path
) -> None:
    def placed(picture: Image.Image, _number: int) -> Image.Image:
        canvas = Image.new("RGB", size, (200, 40, 90))
        x, y, w, h = (part * size[place % 2] for place, part in enumerate(laid))
        canvas.paste(picture.resize((round(w), round(h))), (round(x), round(y)))
        return canvas

    frames = range(10)
    source = edited(bunny, tmp_path / "source.mp4", same, size=(320, 180), frames=frames)
    take = edited(bunny, tmp_path / "take.mp4", placed, size=size, frames=frames)

    assert max(measured(take, source, laid)) < 0.05
    elsewhere = (laid[0] + 0.1, *laid[1:])
    assert min(measured(take, source, elsewhere)) > 0.2


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_part_of_a_turned_source_is_found_in_its_coded_picture(turn: int, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "source.mp4", frames=4, turn=turn)
    plain = make_clip(tmp_path / "plain.mp4", frames=4)
    laid = (-0.5, -0.25, 2.0, 1.5)  # the middle of the source fills the take

    with av.open(str(plain)) as container, av.open(str(tmp_path / "take.mp4"), "w") as out:
        stream: Any = out.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 320, 240, "yuv420p"
        for frame in container.decode(video=0):
            middle = frame.to_image().crop((80, 30, 240, 150)).resize((320, 240))
            made = av.VideoFrame.from_image(middle).reformat(format="yuv420p")
            made.pts, made.time_base = frame.pts, frame.time_base
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))

    assert max(measured(tmp_path / "take.mp4", source, laid)) < 0.08


def timeline(times: list[int], base: Fraction) -> Timeline:
    return Timeline(times, times[:1], base, times[-1] + 1)


def test_clocks_that_are_rounded_match_no_earlier_frame() -> None:
    film = timeline(list(range(0, 480 * 1001, 1001)), Fraction(1, 24000))
    rounded = timeline([round(n * 1000 / 23.976) for n in range(400)], Fraction(1, 1000))
    even = timeline(list(range(240)), Fraction(1, 24))

    assert change.matched(rounded, film) == list(range(400))
    assert change.matched(even, film)[:200] == list(range(200))
    assert change.matched(timeline([7], Fraction(1, 24)), film) == [0]


def test_a_source_that_lies_beside_the_picture_is_not_compared() -> None:
    with pytest.raises(Refusal):
        change.parts((1.5, 0.0, 0.5, 1.0))


def test_a_take_of_which_frames_are_missing_has_no_curve(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mp4", frames=30)
    jobs.take(str(clip), max_seconds=0, expect="video", out=str(tmp_path))
    shorter = make_clip(tmp_path / "b.mp4", frames=20)
    index = str(tmp_path / "frames.json")

    with pytest.raises(Refusal):
        sandbox.run(
            "change",
            path=shorter,
            frames=index,
            source=clip,
            source_frames=index,
            laid=list(change.ALL),
        )


# Measured by a worker, and kept


@pytest.fixture
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def two(db, media_root: None, tmp_path: Path) -> Iterator[list[Asset]]:
    member, clips = make_member(), []
    for name, first in (("take", 8), ("source", 0)):
        clip = make_clip(tmp_path / f"{name}.mp4", frames=10 + first)
        clips.append(take_in(clip, name=f"{name}.mp4", team=member.team, user=member.user))
    yield clips


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were handed to the queue."""
    names: list[str] = []
    monkeypatch.setattr(tasks.task_queue, "send", lambda task, *_more: names.append(task))
    return names


def test_a_pair_is_measured_once_whoever_asks(two: list[Asset], sent: list[str]) -> None:
    first = tasks.enqueue_change(*two, change_curve.WHOLE)
    again = tasks.enqueue_change(*two, change_curve.WHOLE)

    assert first == again and first.is_pending
    assert sent == ["editorapp.media.tasks.measure_changes"]
    tasks.measure_changes()
    found = change_curve.find(*two)
    assert found is not None and found.is_ready
    assert len(found.values) == two[0].frame_count == 18
    assert found.mean == pytest.approx(np.mean(found.values), abs=0.0001)
    assert (found.values[found.most], found.values[found.least]) == (
        max(found.values),
        min(found.values),
    )


def test_who_measured_one_asks_for_the_next(two: list[Asset], sent: list[str]) -> None:
    one, other = two
    tasks.enqueue_change(one, other, change_curve.WHOLE)
    tasks.enqueue_change(other, one, change_curve.WHOLE)
    sent.clear()

    tasks.measure_changes()
    assert len(sent) == 1
    tasks.measure_changes()
    assert len(sent) == 1
    assert not change_curve.waiting().exists()


def test_one_is_measured_at_a_time(two: list[Asset], sent: list[str]) -> None:
    tasks.enqueue_change(*two, change_curve.WHOLE)

    with tasks._alone("measuring"):
        tasks.measure_changes()
        assert tasks.is_copying()

    found = change_curve.find(*two)
    assert found is not None and (found.is_pending, found.tries) == (True, 0)
    assert not tasks.is_copying()


def test_a_pair_of_which_a_file_is_gone_says_so(db, media_root: None, sent: list[str]) -> None:
    member = make_member()
    pair = make_asset(member), make_asset(member)
    tasks.enqueue_change(*pair, change_curve.WHOLE)

    tasks.measure_changes()

    found = change_curve.find(*pair)
    assert found is not None and found.state == ChangeCurve.Standing.NONE
    assert found.reason == "The file of the take or of its source is not kept any more."


def test_a_pair_that_cannot_be_decoded_says_so(two: list[Asset], sent: list[str]) -> None:
    take, source = two
    shutil.copyfile(
        store.path(source.sha256, store.ORIGINAL), store.path(take.sha256, store.ORIGINAL)
    )
    tasks.enqueue_change(take, source, change_curve.WHOLE)

    tasks.measure_changes()

    found = change_curve.find(take, source)
    assert found is not None and found.state == ChangeCurve.Standing.NONE
    assert found.reason == "Not every frame of the take and of its source can be decoded."


def test_a_task_that_was_lost_is_asked_for_again_and_given_up_in_the_end(
    two: list[Asset], sent: list[str]
) -> None:
    curve = tasks.enqueue_change(*two, change_curve.WHOLE)
    sent.clear()

    tasks.sweep(curve.created_at + timedelta(minutes=5))
    assert sent == []
    tasks.sweep(curve.created_at + timedelta(hours=1))
    assert sent == ["editorapp.media.tasks.measure_changes"]
    ChangeCurve.objects.update(tries=change_curve._LOST.tries)
    tasks.sweep(curve.created_at + timedelta(hours=2))

    curve.refresh_from_db()
    assert curve.state == ChangeCurve.Standing.NONE and "several times" in curve.reason


def test_a_machine_in_trouble_spoils_no_curve(
    two: list[Asset], sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_args: Any, **_more: Any) -> None:
        raise Refusal("interrupted")

    tasks.enqueue_change(*two, change_curve.WHOLE)
    monkeypatch.setattr(sandbox, "run", killed)

    tasks.measure_changes()

    found = change_curve.find(*two)
    assert found is not None and (found.is_pending, found.tries) == (True, 1)
