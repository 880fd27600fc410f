"""Colours come out as they went in: the stated matrix is used, HDR is brought into range and keeps
its hues.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image

from editorapp.media.decoding import colour, jobs

PATCHES = np.array(
    [[200, 40, 40], [40, 200, 40], [40, 40, 200], [230, 230, 230], [120, 120, 120], [10, 10, 10]],
    np.uint8,
)


def patches(
    path: Path,
    *,
    matrix: int | None,
    full: bool,
    height: int = 180,
    colours: Sequence[Any] = PATCHES,
) -> Path:
    picture = np.repeat(np.repeat(np.array([colours], np.uint8), height, 0), 240 // len(colours), 1)
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "5"})
        stream.width, stream.height, stream.pix_fmt = 240, height, "yuv420p"
        if matrix:
            stream.codec_context.colorspace = matrix
        stream.codec_context.color_range = 2 if full else 1
        reformatter = av.video.reformatter.VideoReformatter()
        for _ in range(3):
            frame = av.VideoFrame.from_ndarray(picture, "rgb24")
            target = {1: 1, 6: 5, None: 5 if height <= 576 else 1}[matrix]
            out.mux(
                stream.encode(
                    reformatter.reformat(
                        frame,
                        format="yuv420p",
                        dst_colorspace=target,
                        dst_color_range=2 if full else 1,
                    )
                )
            )
        out.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("matrix", "full", "height"),
    [
        (1, False, 180),
        (6, False, 180),
        (None, False, 180),
        (None, False, 720),
        (1, True, 180),
        (6, True, 180),
    ],
)
def test_a_still_has_the_colours_that_were_filmed(
    tmp_path: Path, matrix: int | None, full: bool, height: int
) -> None:
    clip = patches(tmp_path / "a.mp4", matrix=matrix, full=full, height=height)
    jobs.take(str(clip), max_seconds=60, expect="video", out=str(tmp_path))

    jobs.still(
        str(clip),
        index=1,
        frames=str(tmp_path / "frames.json"),
        format="png",
        max_height=0,
        out=str(tmp_path / "s.png"),
    )

    picture = np.asarray(Image.open(tmp_path / "s.png"))[height // 2, 20::40].astype(int)
    assert np.abs(picture - PATCHES).max() <= 6


@pytest.mark.parametrize("kind", ["pq", "hlg"])
def test_hdr_is_brought_into_range(kind: str) -> None:
    grey = np.linspace(0, 1, 101, dtype=np.float32)[:, None].repeat(3, axis=1)

    shown = colour.to_sdr(grey, kind)

    assert shown.min() == 0 and shown.max() <= 1
    assert (np.diff(shown[:, 0]) > -1e-5).all(), "brighter light must never come out darker"
    white = 0.58 if kind == "pq" else 0.75  # ITU-R BT.2408: where diffuse white lies in the signal
    assert 0.85 < shown[round(white * 100), 0] < 0.97
    assert np.abs(shown - shown[:, :1]).max() < 0.01, "grey must stay grey"


@pytest.mark.parametrize("kind", ["pq", "hlg"])
def test_a_bright_colour_keeps_its_hue(kind: str) -> None:
    red = colour.to_sdr(np.array([[0.75, 0.3, 0.3]], np.float32), kind)[0]

    assert red[0] > 0.8 and max(red[1:]) < 0.6 * red[0]
