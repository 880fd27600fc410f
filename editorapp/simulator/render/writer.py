"""Writer of a result: H.264 for everybody, HEVC in 10 bit for HDR; sound as AAC."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
from av.codec.context import Flags

from editorapp.media.decoding.sound import Sound
from editorapp.simulator.render import hdr
from editorapp.simulator.render.clip import Clock, SourceClip
from editorapp.simulator.render.planes import (
    BT709,
    BT2020,
    LIMITED_RANGE,
    PQ,
    WIDE_PRIMARIES,
    Size,
)


class Writer:
    """An MP4 being written, with the index in front so that a browser starts at once."""

    def __init__(
        self,
        path: Path,
        size: Size,
        clock: Clock,
        *,
        transfer: int = 0,
        source: SourceClip | None = None,
    ) -> None:
        options = {"movflags": "+faststart"}
        self.container: Any = av.open(str(path), "w", format="mp4", options=options)
        self.transfer, self.time_base = transfer, clock.time_base
        self.video: Any = self._hdr(clock.fps) if transfer else self._sdr(clock.fps, source)
        context = self.video.codec_context
        context.width, context.height = size
        context.time_base = clock.time_base
        context.thread_count = 2
        context.flags |= Flags.frame_duration
        context.color_range = LIMITED_RANGE
        self._sound: Sound | None = None
        if source and source.audio is not None:
            is_timed, starts_at = source.has_timed_sound, source.starts_at
            track = source.audio
            self._sound = Sound(self.container, track, start=starts_at, is_timed=is_timed)

    def _sdr(self, fps: Fraction, source: SourceClip | None) -> Any:
        # No B-frames: the first frame is then at 0 in the file itself, with no edit list to be
        # misread.
        options = {"preset": "superfast", "crf": "20", "bf": "0", "g": "48"}
        stream = self.container.add_stream("libx264", rate=fps, options=options)
        stream.pix_fmt = "yuv420p"
        context = stream.codec_context
        context.color_primaries = _primaries_of(source)
        context.color_trc = context.colorspace = BT709
        return stream

    def _hdr(self, fps: Fraction) -> Any:
        curve = "smpte2084" if self.transfer == PQ else "arib-std-b67"
        x265 = (
            "log-level=none:bframes=0:keyint=48:colorprim=bt2020"
            f":transfer={curve}:colormatrix=bt2020nc:pools=2:{hdr.MASTERED}"
        )
        options = {"preset": "ultrafast", "crf": "20", "x265-params": x265}
        stream = self.container.add_stream("libx265", rate=fps, options=options)
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.codec_tag = "hvc1"
        context.color_primaries = context.colorspace = BT2020
        context.color_trc = self.transfer
        return stream

    def frame(self, frame: Any, pts: int, duration: int) -> None:
        frame.pts, frame.time_base, frame.duration = pts, self.time_base, duration
        frame.pict_type = 0
        self._encode(frame)

    def _encode(self, frame: Any) -> None:
        self.container.mux(self.video.encode(frame))

    def sound(self, frame: Any) -> None:
        """Add decoded sound of the source: it lies beside the result's picture as it lay beside the
        source's.
        """
        if self._sound is not None:
            self.container.mux(self._sound.packets(frame))

    def close(self) -> None:
        self._encode(None)
        if self._sound is not None:
            self.container.mux(self._sound.rest())
        self.container.close()


def _primaries_of(source: SourceClip | None) -> int:
    """Return the primaries of an SDR result: the source's, where they are wide."""
    if source is None or source.is_hdr or source.primaries not in WIDE_PRIMARIES:
        return BT709
    return source.primaries
