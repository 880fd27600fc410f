"""Clips with a click at one instant, for what must be heard when it is seen."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from editorapp.media.decoding import colour
from editorapp.media.decoding.opening import first_frame
from editorapp.media.decoding.transcode import with_decoding_times
from tests.media.clips import number_on

RATE, LOUD = 48000, 0.25
CLICK_SAMPLES = 480  # 10 ms


def with_click(
    silent: Path,
    out: Path,
    *,
    at: float,
    starts: float = 0,
    seconds: float,
    codec: str = "aac",
) -> Path:
    """Write a clip's packets beside a track that is silent but for a click.

    `at`, `starts`: seconds on the file's clock, of the click and of the track's first sample.
    """
    turned = colour.display_matrix(first_frame(silent))
    with av.open(str(silent)) as given, av.open(str(out), "w") as made:
        stream = given.streams.video[0]
        copy = made.add_stream_from_template(stream)
        if turned:
            copy.set_display_matrix(turned)
        track: Any = made.add_stream(codec, rate=RATE, layout="mono")
        for packet in with_decoding_times(given.demux(stream), stream):
            packet.stream = copy
            made.mux(packet)
        for piece in _pieces(track, _samples(at - starts, seconds), starts):
            made.mux(track.encode(piece))
        made.mux(track.encode(None))
    return out


def _samples(click: float, seconds: float) -> np.ndarray:
    samples = np.zeros(int(seconds * RATE), np.float32)
    first = round(click * RATE)
    wave = np.sin(np.arange(CLICK_SAMPLES) * 2 * np.pi * 2000 / RATE)
    samples[first : first + CLICK_SAMPLES] = 0.9 * wave
    return samples


def _pieces(track: Any, samples: np.ndarray, starts: float) -> list[Any]:
    frame = av.AudioFrame.from_ndarray(samples[None], format="fltp", layout="mono")
    frame.sample_rate, frame.time_base = RATE, Fraction(1, RATE)
    frame.pts = round(starts * RATE)
    resampler = av.AudioResampler(
        format=track.format, layout="mono", rate=RATE, frame_size=track.frame_size or 1024
    )
    return [*resampler.resample(frame), *filter(None, resampler.resample(None))]


def click_in(clip: Path) -> float:
    """Return when the click is heard, in seconds on the file's clock."""
    with av.open(str(clip)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono")
        for frame in container.decode(audio=0):
            for piece in resampler.resample(frame):
                loud = np.flatnonzero(np.abs(piece.to_ndarray()[0]) > LOUD)
                if len(loud):
                    return float(piece.pts * piece.time_base) + int(loud[0]) / piece.sample_rate
    raise AssertionError("no click is heard")


def when_shown(clip: Path, number: int) -> float:
    """Return when a numbered frame comes on screen, in seconds on the file's clock."""
    with av.open(str(clip)) as container:
        for frame in container.decode(video=0):
            upright = np.rot90(frame.to_ndarray(format="rgb24"), frame.rotation // 90)
            if number_on(upright) == number:
                return float(frame.pts * frame.time_base)
    raise AssertionError(f"frame {number} is not shown")


def picture_packets(clip: Path) -> list[tuple[bytes, float]]:
    """Return every packet of the picture: its bytes, and when it is shown."""
    with av.open(str(clip)) as container:
        return [
            (bytes(packet), round(float(packet.pts * packet.time_base), 4))
            for packet in container.demux(video=0)
            if packet.size
        ]


def sound_codec(clip: Path) -> str:
    with av.open(str(clip)) as container:
        return str(container.streams.audio[0].codec_context.codec.canonical_name)


def sound_ends(clip: Path) -> float:
    """Return when the last of the sound is over, in seconds on the file's clock."""
    with av.open(str(clip)) as container:
        frames = list(container.decode(audio=0))
    last = frames[-1]
    return float(last.pts * last.time_base) + last.samples / last.sample_rate
