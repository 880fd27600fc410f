"""Sound of a copy: decoded, laid where it belongs beside the picture, and written as AAC."""

from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from editorapp.media.decoding.opening import demuxed, open_clip, sound_tracks

_RATES = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
# Noted times tremble and drift. A gap or an overlap is believed from here on; below it sound simply
# goes on.
_SLACK_SECONDS = Fraction(1, 25)


def track_of(container: Any) -> Any:
    """Return the sound track that copies have, None where there is none that can be decoded."""
    return next(iter(sound_tracks(container)), None)


def has_true_times(path: Path) -> bool:
    """Do the noted times of a clip's sound fit its own length? Reads the file to its end."""
    with open_clip(path) as stream:
        track = track_of(stream.container)
        return track is None or _has_true_times(track)


def _has_true_times(track: Any) -> bool:
    count = jumps = 0
    due: int | None = None
    for packet in demuxed(track):
        if packet.pts is None or not packet.duration:
            continue
        count += 1
        if due is None or abs(packet.pts - due) * track.time_base > _SLACK_SECONDS:
            jumps += 1
            due = packet.pts
        due += packet.duration
    return jumps <= max(3, count // 10)


class Sound:
    """Writes sound from an instant of the source on, which becomes 0: what is earlier is cut off to
    the sample.

    `start`, `end`: in seconds on the source's clock. Without `is_timed` the noted times make no
    sense, and pieces follow each other from the first on.
    """

    def __init__(
        self,
        out: Any,
        track: Any,
        *,
        start: Fraction,
        end: Fraction | None = None,
        is_timed: bool = True,
    ) -> None:
        context = track.codec_context
        self.rate = context.sample_rate if context.sample_rate in _RATES else 48000
        self.layout = "mono" if context.layout.nb_channels == 1 else "stereo"
        self.stream = out.add_stream("aac", rate=self.rate, layout=self.layout)
        self.stream.codec_context.bit_rate = 96_000 if self.layout == "mono" else 160_000
        self.start, self.is_timed = start, is_timed
        self.length = None if end is None else round((end - start) * self.rate)
        # Where the next sample goes, counted from the start; None before the first.
        self.due: int | None = None
        self.resampler: Any = None
        self.heard: tuple[Any, ...] | None = None

    def packets(self, frame: Any) -> list[Any]:
        """Encode a decoded piece of the source's sound."""
        return [packet for piece in self._resampled(frame) for packet in self._laid(piece)]

    def rest(self) -> list[Any]:
        """Encode what is still held back: nothing comes after it."""
        held = [packet for piece in self._held() for packet in self._laid(piece)]
        return held + list(self.stream.encode(None))

    def _resampled(self, frame: Any) -> list[Any]:
        pieces: list[Any] = []
        heard = (frame.format.name, frame.layout.name, frame.sample_rate)
        if heard != self.heard:  # some recordings change from mono to stereo on their way
            pieces, self.heard = self._held(), heard
            self.resampler = av.AudioResampler(format="fltp", layout=self.layout, rate=self.rate)
        return pieces + list(self.resampler.resample(frame))

    def _held(self) -> list[Any]:
        held = self.resampler.resample(None) if self.resampler is not None else []
        return [piece for piece in held if piece is not None]

    def _laid(self, piece: Any) -> list[Any]:
        at, written = self._place(piece), max(0, self.due or 0)
        self.due = at + piece.samples if self.due is None else max(self.due, at + piece.samples)
        first = max(0, written - at)
        last = piece.samples if self.length is None else min(piece.samples, self.length - at)
        if first >= last:
            return []
        if (first, last) != (0, piece.samples):
            piece = self._cut(piece, first, last)
        piece.pts, piece.time_base = at + first, Fraction(1, self.rate)
        return list(self.stream.encode(piece))

    def _place(self, piece: Any) -> int:
        """Return where a piece goes, in samples from the start."""
        noted = self._noted(piece)
        if noted is None or (self.due is not None and not self.is_timed):
            return self.due or 0
        if self.due is None:
            return 0 if self._is_nonsense(noted) else noted
        return self.due if abs(noted - self.due) <= _SLACK_SECONDS * self.rate else noted

    def _is_nonsense(self, noted: int) -> bool:
        return not self.is_timed and self.length is not None and noted >= self.length

    def _noted(self, piece: Any) -> int | None:
        if piece.pts is None:
            return None
        seconds = piece.pts * (piece.time_base or Fraction(1, self.rate))
        return round((seconds - self.start) * self.rate)

    def _cut(self, piece: Any, first: int, last: int) -> Any:
        made = av.AudioFrame.from_ndarray(
            piece.to_ndarray()[:, first:last].copy(),
            format="fltp",
            layout=self.layout,
        )
        made.sample_rate = self.rate
        return made
