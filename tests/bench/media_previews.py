"""What people wait for after an upload: filmstrips in one pass, and how fast takes are compared.

Real footage (the clip that every installation of the tests has), written anew as 1080p and 720p with
keyframes where a camera puts them, and with a single one. All of `take` is measured, the job that
the sandbox runs at an upload's end: index, facts, poster, strip. A bare decode is the same library
with the same threads and nothing done with the frames. Each is run several times and the best
counts: what disturbs a machine makes nothing faster.
"""

import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import av.logging

from editorapp.media import sandbox
from editorapp.media.decoding import change, jobs, reader
from editorapp.media.decoding.opening import decoded, open_clip
from tests.bench import Figure, promised
from tests.environment import SHARED

SOURCE = SHARED / "media" / "bunny_720p_5s.mp4"
RUNS = 3
STRIP_SECONDS = 1.0
TIMES_A_DECODE = 1.3
LEAST_FRAMES_A_SECOND = 100


def run() -> list[Figure]:
    av.logging.set_level(None)
    with tempfile.TemporaryDirectory() as folder:
        return [*_strips(Path(folder)), *_curves(Path(folder))]


def _strips(folder: Path) -> list[Figure]:
    keyed = _written(folder / "keyed.mp4", seconds=30, size=(1920, 1080), gop=30)
    single = _written(folder / "single.mp4", seconds=60, size=(1920, 1080), gop=100_000)
    _in_sandbox(keyed, folder)  # the helper starts, once
    strip = _best(lambda: _in_sandbox(keyed, folder))
    busy = _best(lambda: _in_process(keyed, folder), clock=time.process_time)
    bare = _best(lambda: _decode(single))
    whole = _best(lambda: _in_sandbox(single, folder))
    return [
        promised(
            "strip, poster and index of 30 s of 1080p, keyframes each second",
            strip,
            at_most=STRIP_SECONDS,
            digits=2,
            unit=" s",
        ),
        Figure("  CPU of it", f"{busy:.2f} s"),
        promised(
            "the same of 60 s with one keyframe / a bare decode",
            whole / bare,
            at_most=TIMES_A_DECODE,
            digits=2,
        ),
        Figure("  a bare decode of those 60 s", f"{bare:.2f} s"),
    ]


def _curves(folder: Path) -> list[Figure]:
    source = _written(folder / "source.mp4", seconds=10, size=(1280, 720), gop=48)
    index = folder / "frames.json"
    _in_process(source, folder)
    clip = source, reader.load_index(index)
    frames = len(clip[1].pts)
    seconds = _best(lambda: change.curve(clip, clip), clock=time.process_time)
    speed = frames / seconds
    name = "a take of 720p compared with its source, by one core"
    return [
        Figure(
            name,
            f"{speed:.0f} frames/s",
            f"at least {LEAST_FRAMES_A_SECOND}",
            speed >= LEAST_FRAMES_A_SECOND,
        )
    ]


def _best(do: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter) -> float:
    """Return the seconds of the quickest of several runs."""
    taken = []
    for _ in range(RUNS):
        began = clock()
        do()
        taken.append(clock() - began)
    return min(taken)


def _in_sandbox(clip: Path, folder: Path) -> Any:
    return sandbox.run("take", path=clip, max_seconds=0, expect="video", out=folder)


def _in_process(clip: Path, folder: Path) -> Any:
    return jobs.take(str(clip), max_seconds=0, expect="video", out=str(folder))


def _decode(clip: Path) -> int:
    with open_clip(clip) as stream:
        return sum(1 for _frame in decoded(stream))


def _footage() -> Iterator[Any]:
    """Yield real frames without end."""
    while True:
        with av.open(str(SOURCE)) as container:
            yield from container.decode(video=0)


def _written(path: Path, *, seconds: int, size: tuple[int, int], gop: int) -> Path:
    """Write a clip of 30 frames a second, with a keyframe every `gop` frames."""
    every = {"g": str(gop), "keyint_min": str(gop), "sc_threshold": "0"}
    with av.open(str(path), "w") as out:
        options = {"preset": "veryfast", "crf": "23", **every}
        stream: Any = out.add_stream("libx264", rate=30, options=options)
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        for number, frame in zip(range(seconds * 30), _footage(), strict=False):
            made = frame.reformat(*size, format="yuv420p")
            made.pts, made.time_base, made.pict_type = number, Fraction(1, 30), 0
            out.mux(stream.encode(made))
        out.mux(stream.encode(None))
    return path
