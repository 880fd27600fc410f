"""Clips of noise: as many bytes as one wants."""

from pathlib import Path
from typing import Any

import av
import numpy as np


def make_noise(
    path: Path,
    *,
    frames: int = 48,
    rate: int = 24,
    size: tuple[int, int] = (320, 180),
    is_hdr: bool = False,
) -> Path:
    """Write a clip of noise, of about 60 kB a frame at this size; HDR as PQ in 10 bits."""
    chance = np.random.default_rng(7)
    with av.open(str(path), "w") as out:
        codec = "libx265" if is_hdr else "libx264"
        quick = {"preset": "ultrafast", "crf": "10", "x265-params": "log-level=none"}
        stream: Any = out.add_stream(codec, rate=rate, options=quick)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p10le" if is_hdr else "yuv420p"
        if is_hdr:
            context = stream.codec_context
            context.color_primaries, context.color_trc, context.colorspace = 9, 16, 9
        for _ in range(frames):
            picture = chance.integers(0, 255, (size[1], size[0], 3), np.uint8)
            out.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        out.mux(stream.encode(None))
    return path
