"""A clip of a second, drawn quickly, for tests in which the picture does not matter."""

from pathlib import Path

import av
import numpy as np

from tests.drawn_once import drawn_once


@drawn_once
def draw(
    path: Path, *, frames: int = 24, width: int = 320, height: int = 180, shade: int = 0
) -> Path:
    """Write an H.264 clip at 24 fps. `shade` (0..255) makes clips of different bytes."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=24)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for index in range(frames):
            picture = np.full((height, width, 3), shade, np.uint8)
            picture[:, (index * 7) % width] = 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
    return path


def draw_undecodable(path: Path) -> Path:
    """Write an MP4 in which every box is there and whole, and nothing of its picture can be
    decoded.
    """
    data = draw(path).read_bytes()
    start = data.index(b"mdat") + 4
    length = int.from_bytes(data[start - 8 : start - 4], "big") - 8
    path.write_bytes(data[:start] + bytes(length) + data[start + length :])
    return path
