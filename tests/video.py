"""Write small clips for tests: every frame a different, recognisable picture."""

from fractions import Fraction
from pathlib import Path

import av
import numpy

from tests.drawn_once import drawn_once


@drawn_once
def write_clip(
    path: Path,
    *,
    frames: int,
    fps: int | Fraction = 24,
    size: tuple[int, int] = (320, 180),
    codec: str = "libx264",
) -> Path:
    """Write a clip whose picture moves and whose brightness climbs with the frame index; return its
    path.
    """
    width, height = size
    ramp = numpy.linspace(0, 90, width, dtype=numpy.float32)[None, :].repeat(height, 0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(fps), options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            shade = numpy.roll(ramp, index * 3, axis=1) + 120 * index / max(1, frames - 1)
            picture = numpy.stack([shade, shade * 0.8 + 20, 180 - shade * 0.6], axis=2).clip(0, 255)
            frame = av.VideoFrame.from_ndarray(picture.astype(numpy.uint8), format="rgb24")
            frame.pts, frame.time_base = index, 1 / Fraction(fps)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
