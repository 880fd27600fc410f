"""Sample clip: drawn by the product itself, so that a new studio is never empty."""

import math
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

WIDTH, HEIGHT, FPS, FRAMES = 1280, 720, 24, 96
NAME = "Balloon at dusk (sample).mp4"
AUDIO_RATE = 48_000
_BT709, _LIMITED_RANGE = 1, 1  # ITU-T H.273; the clip says so, or a browser would guess

Colour = tuple[int, int, int]
SKY: tuple[Colour, Colour] = ((38, 44, 92), (244, 158, 108))
HILLS: tuple[tuple[Colour, float, float, float], ...] = (
    # colour, height of the ridge (0 top, 1 bottom), how rough, how far it moves (px a frame)
    ((124, 84, 118), 0.58, 0.050, 0.6),
    ((84, 58, 98), 0.68, 0.065, 1.3),
    ((50, 38, 72), 0.79, 0.055, 2.4),
    ((24, 22, 44), 0.90, 0.045, 4.2),
)


def draw(path: Path, *, frames: int = FRAMES) -> None:
    """Write the clip, or its beginning: a balloon over hills at dusk; 1280x720, 24 fps, with a soft
    chord.

    The file is H.264 and AAC in MP4, about 0.5 MB; it takes a few seconds to draw.
    """
    import av

    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        video: Any = container.add_stream(
            "libx264",
            rate=FPS,
            options={"preset": "veryfast", "crf": "20"},
        )
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        coding = video.codec_context
        coding.colorspace = coding.color_primaries = coding.color_trc = _BT709
        coding.color_range = _LIMITED_RANGE
        audio: Any = container.add_stream("aac", rate=AUDIO_RATE, layout="mono")
        for index in range(frames):
            frame = av.VideoFrame.from_image(_picture(index)).reformat(
                format="yuv420p",
                dst_colorspace=_BT709,
                dst_color_range=_LIMITED_RANGE,
            )
            frame.pts, frame.time_base = index, Fraction(1, FPS)
            container.mux(video.encode(frame))
        for packet in _chord(audio, frames):
            container.mux(packet)
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def _picture(index: int) -> Any:
    """Draw one frame as an RGB picture."""
    from PIL import ImageDraw

    picture = _sky().copy()
    pen = ImageDraw.Draw(picture)
    sun_y = int(HEIGHT * 0.50 + index * 0.45)
    for radius, colour in ((92, (250, 190, 128)), (74, (253, 214, 150)), (58, (255, 236, 190))):
        pen.ellipse((900 - radius, sun_y - radius, 900 + radius, sun_y + radius), fill=colour)
    for colour, ridge, rough, speed in HILLS[:2]:
        pen.polygon(_ridge(ridge, rough, index * speed), fill=colour)
    _balloon(pen, 330 + index * 3.1, 250 - 26 * math.sin(index / 26))
    for colour, ridge, rough, speed in HILLS[2:]:
        pen.polygon(_ridge(ridge, rough, index * speed), fill=colour)
    return picture


@cache
def _sky() -> Any:
    """Draw the gradient behind everything, once."""
    from PIL import Image

    top, bottom = SKY
    column = Image.new("RGB", (1, HEIGHT))
    for y in range(HEIGHT):
        part = min(1.0, y / (HEIGHT * 0.72)) ** 1.4
        shade = [round(a + (b - a) * part) for a, b in zip(top, bottom, strict=True)]
        column.putpixel((0, y), (shade[0], shade[1], shade[2]))
    return column.resize((WIDTH, HEIGHT))


def _ridge(height: float, rough: float, shift: float) -> list[tuple[float, float]]:
    """Return a hill line as a closed polygon in pixels."""
    points: list[tuple[float, float]] = []
    for x in range(0, WIDTH + 17, 16):
        at = (x + shift) / WIDTH * math.tau
        wave = (
            math.sin(at * 1.3 + height * 9)
            + 0.5 * math.sin(at * 2.9 + height * 31)
            + 0.22 * math.sin(at * 7.1)
        )
        points.append((x, HEIGHT * (height - rough * wave)))
    return [*points, (WIDTH, HEIGHT), (0, HEIGHT)]


def _balloon(pen: Any, x: float, y: float) -> None:
    """Draw a striped hot-air balloon with its basket; (x, y) is the middle of the envelope, in
    pixels.
    """
    for part, colour in ((1.0, (196, 64, 62)), (0.68, (240, 200, 120)), (0.34, (196, 64, 62))):
        pen.ellipse((x - 74 * part, y - 86, x + 74 * part, y + 78), fill=colour)
    pen.polygon(
        [(x - 42, y + 58), (x + 42, y + 58), (x + 16, y + 104), (x - 16, y + 104)],
        fill=(168, 50, 54),
    )
    for side in (-14, 14):
        pen.line((x + side, y + 102, x + side * 0.8, y + 130), fill=(60, 42, 48), width=2)
    pen.rounded_rectangle((x - 15, y + 128, x + 15, y + 150), radius=4, fill=(92, 62, 48))


def _chord(stream: Any, frames: int) -> Any:
    """Yield the packets of a chord that swells and fades over the length of the clip."""
    import av
    import numpy

    count = AUDIO_RATE * frames // FPS
    seconds = numpy.arange(count, dtype=numpy.float32) / AUDIO_RATE
    notes = sum(numpy.sin(math.tau * pitch * seconds) for pitch in (146.83, 220.0, 277.18, 369.99))
    swell = numpy.sin(numpy.pi * seconds / seconds[-1]) ** 2
    samples = (0.06 * notes * swell).astype(numpy.float32)
    for start in range(0, count, 1024):
        frame = av.AudioFrame.from_ndarray(
            samples[None, start : start + 1024],
            format="fltp",
            layout="mono",
        )
        frame.sample_rate, frame.pts, frame.time_base = AUDIO_RATE, start, Fraction(1, AUDIO_RATE)
        yield from stream.encode(frame)
