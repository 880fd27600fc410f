"""Writing a result: H.264 for everybody, HEVC in 10 bit for HDR; sound as AAC."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from editorapp.simulator.render import hdr
from editorapp.simulator.render.clip import Source
from editorapp.simulator.render.colour import BT709, BT2020, LIMITED_RANGE, PQ, WIDE_PRIMARIES

AUDIO_LATE_SECONDS = 0.05


class Writer:
    """An MP4 being written, with the index in front so that a browser starts at once."""

    def __init__(self, path: Path, width: int, height: int, fps: Fraction, time_base: Fraction, *, transfer: int = 0,
                 source: Source | None = None) -> None:  # fmt: skip
        self.container: Any = av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"})
        self.transfer = transfer
        self.video: Any = self._hdr(fps) if transfer else self._sdr(fps)
        context = self.video.codec_context
        context.width, context.height = width, height
        context.time_base = time_base
        context.thread_count = 2
        self.time_base = time_base
        self._audio: Any = None
        self._resampler: Any = None
        self._audio_next: int | None = None
        if not transfer:
            is_wide = source is not None and source.primaries in WIDE_PRIMARIES and not source.is_hdr
            context.color_primaries = source.primaries if source is not None and is_wide else BT709
            context.color_trc = context.colorspace = BT709
        context.color_range = LIMITED_RANGE
        if source is not None and source.audio is not None:
            self._add_sound(source.audio)

    def _sdr(self, fps: Fraction) -> Any:
        # No B-frames: the first frame is then at 0 in the file itself, with no edit list to be misread.
        options = {"preset": "superfast", "crf": "20", "bf": "0", "g": "48"}
        stream = self.container.add_stream("libx264", rate=fps, options=options)
        stream.pix_fmt = "yuv420p"
        return stream

    def _hdr(self, fps: Fraction) -> Any:
        curve = "smpte2084" if self.transfer == PQ else "arib-std-b67"
        x265 = f"log-level=none:bframes=0:keyint=48:colorprim=bt2020:transfer={curve}:colormatrix=bt2020nc:pools=2"
        x265 += f":{hdr.MASTERED}"
        stream = self.container.add_stream(
            "libx265", rate=fps, options={"preset": "ultrafast", "crf": "20", "x265-params": x265}
        )
        stream.pix_fmt = "yuv420p10le"
        context = stream.codec_context
        context.codec_tag = "hvc1"
        context.color_primaries, context.color_trc, context.colorspace = BT2020, self.transfer, BT2020
        return stream

    def _add_sound(self, audio: Any) -> None:
        rate = audio.codec_context.sample_rate if audio.codec_context.sample_rate in _AAC_RATES else 48_000
        layout = "mono" if audio.codec_context.channels == 1 else "stereo"
        self._audio = self.container.add_stream("aac", rate=rate, layout=layout)
        self._audio.codec_context.bit_rate = 128_000
        self._resampler = av.AudioResampler("fltp", layout, rate)

    def frame(self, frame: Any, pts: int, duration: int) -> None:
        frame.pts, frame.time_base, frame.duration = pts, self.time_base, duration
        frame.pict_type = 0
        self.container.mux(self.video.encode(frame))

    def sound(self, frame: Any, starts_at: Fraction) -> None:
        """Add decoded sound. `starts_at` is the picture's first instant in the source, in seconds."""
        if self._audio is None:
            return
        for piece in self._resampler.resample(frame):
            self._encode_sound(piece, starts_at)

    def _encode_sound(self, piece: Any, starts_at: Fraction) -> None:
        if self._audio_next is None:
            late = Fraction(piece.pts or 0) * piece.time_base - starts_at
            # Sound that starts a hair before or after the picture starts with it; a real delay is kept.
            self._audio_next = round(late * piece.sample_rate) if late > AUDIO_LATE_SECONDS else 0
        piece.pts, piece.time_base = self._audio_next, Fraction(1, piece.sample_rate)
        self._audio_next += piece.samples
        self.container.mux(self._audio.encode(piece))

    def close(self) -> None:
        self.container.mux(self.video.encode(None))
        if self._audio is not None:
            for piece in self._resampler.resample(None):
                self._encode_sound(piece, Fraction(0))
            self.container.mux(self._audio.encode(None))
        self.container.close()


_AAC_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000, 64000, 88200, 96000)
