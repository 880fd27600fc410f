"""Clips for tests, made with PyAV: each frame carries its own number as bars that survive coding
and scaling.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from tests.drawn_once import drawn_once

BITS = 10
WIDTH, HEIGHT = 320, 180


def numbered(index: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """Return an upright RGB picture: ten bars, white for 1; above them red on the left and blue on
    the right.
    """
    picture = np.full((height, width, 3), 20, np.uint8)
    picture[: height // 3, : width // 2] = (200, 30, 30)
    picture[: height // 3, width // 2 :] = (30, 30, 200)
    edges = np.linspace(0, width, BITS + 1).round().astype(int)
    for bit in range(BITS):
        if index >> bit & 1:
            picture[height // 3 :, edges[bit] : edges[bit + 1]] = 235
    return picture


def number_on(picture: np.ndarray) -> int:
    """Read the number off a picture of any size; fails where the picture is not upright."""
    height, width = picture.shape[:2]
    red, blue = picture[height // 6, width // 4], picture[height // 6, 3 * width // 4]
    assert red[0] > 100 > red[2], f"no red on the left above: {red}"
    assert blue[2] > 100 > blue[0], f"no blue on the right above: {blue}"
    edges = np.linspace(0, width, BITS + 1)
    row = picture[2 * height // 3].mean(axis=1)
    return sum(1 << bit for bit in range(BITS) if row[int((edges[bit] + edges[bit + 1]) / 2)] > 128)


@drawn_once
def make_clip(
    path: Path,
    *,
    codec: str = "libx264",
    frames: int = 60,
    rate: Fraction | int = 25,
    size: tuple[int, int] | None = None,
    pixel_format: str = "yuv420p",
    format: str | None = None,
    options: dict[str, str] | None = None,
    times: Sequence[int] | None = None,
    base: Fraction | None = None,
    turn: int = 0,
    sound: bool = False,
    colours: tuple[int, int, int] | None = None,
    mux: dict[str, str] | None = None,
    aspect: Fraction | None = None,
) -> Path:
    """Write a clip of numbered frames.

    `times`: when each is shown, in `base`; `turn`: clockwise degrees to show it.
    """
    width, height = size or (WIDTH, HEIGHT)
    base = base or 1 / Fraction(rate)
    with ordinary_scheduling(), av.open(str(path), "w", format=format, options=mux or {}) as out:
        stream: Any = out.add_stream(codec, rate=Fraction(rate), options=options or {})
        coded = (height, width) if turn in {90, 270} else (width, height)
        stream.width, stream.height, stream.pix_fmt = *coded, pixel_format
        stream.codec_context.time_base = base
        if aspect:
            stream.codec_context.sample_aspect_ratio = aspect
        if colours:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = colours
        if turn:
            stream.set_display_rotation(-turn)
        tone = _tone(out) if sound else None
        for index, time in zip(range(frames), times or range(frames), strict=False):
            picture = np.rot90(numbered(index, width, height), turn // 90)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), "rgb24")
            frame = frame.reformat(format=pixel_format)
            frame.pts, frame.time_base = time, base
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
        if tone is not None:
            _play(out, tone, float(frames / Fraction(rate)))
    return path


@contextmanager
def ordinary_scheduling() -> Iterator[None]:
    """Come back to the ordinary scheduling class at the end.

    SVT-AV1, run as root, puts the calling thread into the real-time class and leaves it there:
    everything that the process starts afterwards (servers, a browser) would inherit it and starve
    the whole machine.
    """
    try:
        yield
    finally:
        if os.sched_getscheduler(0) != os.SCHED_OTHER:
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def _tone(out: Any) -> Any:
    return out.add_stream(
        "aac" if out.format.name != "webm" else "libopus", rate=48000, layout="mono"
    )


def _play(out: Any, stream: Any, seconds: float) -> None:
    samples = (
        np.sin(np.arange(int(seconds * 48000)) * 440 * 2 * np.pi / 48000).astype(np.float32) * 0.3
    )
    resampler = av.AudioResampler(
        format=stream.format, layout="mono", rate=48000, frame_size=stream.frame_size
    )
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = 48000, 0, Fraction(1, 48000)
    for piece in [*resampler.resample(frame), *resampler.resample(None)]:
        out.mux(stream.encode(piece))
    out.mux(stream.encode(None))


def make_sound(path: Path, *, seconds: float = 1.0) -> Path:
    """Write an MP4 with sound and no picture."""
    with av.open(str(path), "w", format="mp4") as out:
        _play(out, _tone(out), seconds)
    return path
