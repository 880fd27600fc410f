"""Clips for the states: real ones where they lie beside the project, and results that look like an
edit of them.
"""

import math
from fractions import Fraction
from pathlib import Path

import av
import numpy

from tests.environment import MEDIA
from tests.video import write_clip

REAL = ("bunny_720p_5s.mp4", "vertical_4s.mp4", "frog_vp9_8s.webm", "pig_rotated_6s.mov")
FRAMES = 48


def sources(folder: Path) -> list[Path]:
    """Return files to be sources, as copies or drawn: the store moves what it takes in."""
    found = []
    for number, name in enumerate(REAL):
        path, real = folder / name, MEDIA / name
        if real.exists():
            path.write_bytes(real.read_bytes())
        else:
            path = write_clip(path.with_suffix(".mp4"), frames=FRAMES + number)
        found.append(path)
    return found


def graded(source: Path, path: Path, shift: int) -> Path:
    """Write the first frames of a clip, half as large, in other colours: most so in the middle."""
    with av.open(str(source)) as clip, av.open(str(path), "w") as made:
        picture = clip.streams.video[0]
        stream = made.add_stream("libx264", rate=Fraction(24), options={"preset": "ultrafast"})
        stream.width, stream.height = picture.width // 4 * 2, picture.height // 4 * 2
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(clip.decode(picture)):
            if index == FRAMES:
                break
            small = frame.reformat(stream.width, stream.height, format="rgb24").to_ndarray()
            turned = numpy.roll(small, shift % 3, axis=2) // 3 * 2 + 20 * (shift % 4)
            much = 0.3 + 0.7 * math.sin(math.pi * index / FRAMES) ** 2
            mixed = turned * much + small * (1 - much)
            new = av.VideoFrame.from_ndarray(mixed.astype(numpy.uint8), format="rgb24")
            new.pts, new.time_base = index, Fraction(1, 24)
            made.mux(stream.encode(new))
        made.mux(stream.encode(None))
    return path
