"""Small clips for tests, cut from real ones, and what a decoder says of a result."""

from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.simulator.render.job import render


@dataclass
class Seen:
    """A decoded clip. Times are seconds; `pictures` RGB, or none when only facts were wanted."""

    width: int
    height: int
    times: list[Fraction]
    duration: Fraction
    codec: str
    pixel_format: str
    rate: Fraction
    audio_seconds: float = 0.0
    pictures: list[Any] = field(default_factory=list)
    stream: dict[str, int | str] = field(default_factory=dict)


def seen(path: Path | str, *, pictures: bool = True) -> Seen:
    """Decode a clip whole."""
    with av.open(str(path)) as container:
        video = container.streams.video[0]
        audio = container.streams.audio[0] if container.streams.audio else None
        times, shown, sound, last, first = [], [], 0, None, None
        for frame in container.decode(*([video, audio] if audio else [video])):
            if isinstance(frame, av.AudioFrame):
                sound += frame.samples
                continue
            first = first or frame
            times.append(Fraction(frame.pts) * frame.time_base)
            last = frame
            if pictures:
                shown.append(_upright(frame))
        height, width = (shown[0].shape[:2]) if shown else _upright(first).shape[:2]
        return Seen(
            width=width,
            height=height,
            times=times,
            codec=video.codec_context.name,
            duration=times[-1] + (last.duration or 0) * last.time_base - times[0],
            pixel_format=first.format.name,
            rate=video.average_rate,
            audio_seconds=sound / audio.codec_context.sample_rate if audio else 0.0,
            pictures=shown,
            stream={
                "transfer": int(first.color_trc),
                "primaries": int(first.color_primaries),
                "matrix": int(first.colorspace),
                "tag": video.codec_context.codec_tag,
            },
        )


def _upright(frame: Any) -> Any:
    picture = frame.to_ndarray(format="rgb24")
    return np.rot90(picture, round(frame.rotation / 90) % 4) if frame.rotation else picture


def cut(source: Path, target: Path, *, start: int, count: int, height: int = 180) -> Path:
    """Write some frames of a real clip, small and without sound."""
    with av.open(str(source)) as read, av.open(str(target), "w") as write:
        stream = None
        for index, frame in enumerate(read.decode(video=0)):
            if start <= index < start + count:
                width = round(frame.width * height / frame.height / 2) * 2
                if stream is None:
                    stream = write.add_stream("libx264", rate=25, options={"crf": "12"})
                    stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
                small = frame.reformat(width, height, "yuv420p")
                small.pts, small.time_base = index - start, Fraction(1, 25)
                write.mux(stream.encode(small))
            if index >= start + count:
                break
        write.mux(stream.encode(None))
    return target


def rendered(folder: Path, inputs: dict[str, Path], **wanted: Any) -> Path:
    """Render a request in this process; return the video. Fails where the renderer fails."""
    source = Ref(url="x") if "source" in inputs else None
    task = {
        "request": GenerationRequest(source=source, **wanted).to_json(),
        "inputs": {name: str(path) for name, path in inputs.items()},
        "folder": str(folder),
        "sample": str(folder / "never-drawn.mp4"),
        "seed": "a test",
    }
    folder.mkdir(parents=True, exist_ok=True)
    answer = render(task, lambda: None)
    assert "outputs" in answer, answer
    return folder / answer["outputs"][0]["file"]


def difference(one: Any, other: Any) -> float:
    """Return the mean difference of two pictures, in 8-bit steps, without the corner of the mark."""
    height, width = one.shape[:2]
    a, b = one.astype(int), other.astype(int)
    a[height * 4 // 5 :, width // 2 :] = b[height * 4 // 5 :, width // 2 :] = 0
    return float(np.abs(a - b).mean())
