"""Timeline: when each frame of a clip is shown, so that frame n is frame n; and the exact frame rate."""

import bisect
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from statistics import median_high
from typing import Any, Protocol

from editorapp.media.decoding.opening import decoded, demuxed, open_clip
from editorapp.media.decoding.seeking import packets_from
from editorapp.media.refusals import Refusal, show_length

# Where each packet is one shown frame with a time of its own, packets tell the times without
# decoding.
_TELLING_CODECS = frozenset(
    {"h264", "hevc", "av1", "vp9", "mjpeg", "prores", "dnxhd", "ffv1", "png", "rawvideo", "qtrle"}
)
_TELLING_FORMATS = frozenset({"mov", "matroska"})
# Clips up to this much picture are decoded whole: about 18 s at 1080p30.
_WHOLE_PIXELS = 1_300_000_000
_RATES = tuple(
    Fraction(n) for n in (24, 25, 30, 50, 60, 12, 15, 10, 20, 48, 100, 120, 240, 8, 5, 6, 1)
) + tuple(Fraction(n * 1000, 1001) for n in (24, 30, 60, 120, 48, 240, 15, 12))

_SAME = Fraction(1, 2000)  # seconds: clocks of containers are rounded, to 1 ms at most

# Frames at each end of a long clip in which packets and decoder must agree: more than any codec
# holds back to put them into order.
_END_FRAMES = 18


class Onlooker(Protocol):
    """Whoever wants to see a clip's frames, where they are decoded for its index anyway."""

    def expect(self, stream: Any, frame_count: int) -> None:
        """Learn about how many frames there are, and forget what was seen until now."""

    def can_do_with(self, keys: list[int], frame_count: int) -> bool:
        """Is it enough to see some of these frames, which are keyframes?"""

    def fill(self, path: Path, timeline: "Timeline") -> None:
        """Fetch the keyframes that are enough. Raises: Refusal, when none can be decoded."""

    def see(self, index: int, frame: Any) -> None:
        """Look at a frame."""


@dataclass(frozen=True)
class Packet:
    pts: int | None
    duration: int
    is_key: bool
    is_shown: bool


@dataclass(frozen=True)
class Timeline:
    """`pts`: when each shown frame comes on screen, in `time_base` units, ascending; `keys`: those
    one can start at.

    """

    pts: list[int]
    keys: list[int]
    time_base: Fraction
    end: int

    @property
    def seconds(self) -> Fraction:
        return (self.end - self.pts[0]) * self.time_base


def has_times_of(copy: Timeline, source: Timeline) -> bool:
    """Does a copy start at 0, and show every frame of its source when the source does, counted from
    its first?
    """
    if copy.pts[0] != 0 or len(copy.pts) != len(source.pts):
        return False
    pairs = zip(copy.pts, source.pts, strict=True)
    return all(
        abs(at * copy.time_base - (own - source.pts[0]) * source.time_base) < _SAME
        for at, own in pairs
    )


def read_packets(stream: Any) -> list[Packet]:
    """Read the picture's packets to the end of the file, in file order."""
    return [
        Packet(one.pts, one.duration or 0, one.is_keyframe, not one.is_discard)
        for one in demuxed(stream)
        if one.size
    ]


@dataclass(frozen=True)
class Claims:
    """What packets and header say of a clip before it is decoded.

    `times`: of the shown frames, ascending; none where packets are not to be trusted. `keys`: those
    of keyframes. `step`: from frame to frame. `end`: when the last one goes, 0 where that is not
    noted. `size`: pixels, over all frames.
    """

    packets: list[Packet]
    times: list[int]
    keys: list[int]
    time_base: Fraction
    step: int
    end: int
    size: int

    @property
    def count(self) -> int:
        """How many frames are shown."""
        return sum(packet.is_shown for packet in self.packets)

    def timeline(self, shown: list[int]) -> Timeline:
        known = set(shown)
        keys = [key for key in self.keys if key in known]
        return Timeline(shown, keys, self.time_base, _end(shown, self))


def read_claims(stream: Any) -> Claims:
    """Read a clip to the end of its file, and nothing of its picture.

    Raises: Refusal "no_frames", when there are no packets.
    """
    if not (packets := read_packets(stream)):
        raise Refusal("no_frames")
    context = stream.codec_context
    is_telling = (
        _format_of(stream) in _TELLING_FORMATS and context.codec.canonical_name in _TELLING_CODECS
    )
    times = _said(packets) if is_telling else []
    keys = (one.pts for one in packets if one.is_key and one.is_shown and one.pts is not None)
    return Claims(
        packets=packets,
        times=times,
        keys=sorted(keys) if times else [],
        time_base=stream.time_base,
        step=_usual_step(times, stream),
        end=_claimed_end(stream),
        size=context.width * context.height * len(packets),
    )


def build(
    path: Path,
    claims: Claims,
    *,
    onlooker: Onlooker | None = None,
) -> Timeline:
    """Make the index of a clip's frames. The onlooker has been told what to expect.

    Short clips are decoded whole, and those of which somebody has to see all. Of others, where
    packets are to be trusted, both ends are decoded and compared with what the packets say; every
    difference leads to decoding the whole.
    Raises: Refusal, when nothing can be decoded, or the end of the clip cannot.
    """
    if _is_enough(claims, onlooker) and _holds(path, claims, onlooker):
        return claims.timeline(claims.times)
    with open_clip(path) as stream:
        if onlooker is not None:
            onlooker.expect(stream, claims.count)
        shown = _decode_all(stream, claims.step, onlooker)
    _check_reached(shown, claims)
    return claims.timeline(shown)


def _is_enough(claims: Claims, onlooker: Onlooker | None) -> bool:
    """May it be enough to decode a clip's ends?"""
    if not claims.times or claims.size <= _WHOLE_PIXELS:
        return False
    known = claims.timeline(claims.times)
    keys = [bisect.bisect_left(known.pts, key) for key in known.keys]
    return onlooker is None or onlooker.can_do_with(keys, len(known.pts))


def _format_of(stream: Any) -> str:
    """Return the demuxer's first name: "mov" of "mov,mp4,m4a"."""
    return str(stream.container.format.name.partition(",")[0])


def _claimed_end(stream: Any) -> int:
    """Return when the last frame goes by the track's own length: 0 where the container notes none."""
    if _format_of(stream) != "mov" or stream.start_time is None or not stream.duration:
        return 0
    return int(stream.start_time + stream.duration)


def _end(shown: list[int], claims: Claims) -> int:
    """Return when the last frame goes.

    An MP4 knows it for its track alone, to a thousandth of a second: what it notes beside a packet
    is when the next one is to be decoded, which is another frame where frames come out of order.
    All others note it beside the packet. Cameras that do not know it write next to nothing, less
    than half of the shortest frame: the last one is then shown for as long as most.
    """
    last, step, claimed = shown[-1], claims.step, claims.end
    least = min((after - before for before, after in pairwise(shown)), default=step) / 2
    own = max((packet.duration for packet in claims.packets if packet.pts == last), default=0)
    end = last + (own if own >= least else step)
    is_rounded = abs(claimed - end) * claims.time_base < 4 * _SAME
    return end if claimed - last < least or is_rounded else claimed


def _said(packets: list[Packet]) -> list[int]:
    """Return the times of the shown packets, ascending; nothing when one has no time or two have
    the same.
    """
    times = [packet.pts for packet in packets if packet.is_shown]
    known = sorted(time for time in times if time is not None)
    return known if len(known) == len(times) == len(set(known)) else []


def _usual_step(times: list[int], stream: Any) -> int:
    gaps = [after - before for before, after in pairwise(times)]
    return max(1, median_high(gaps) if gaps else _guessed_step(stream))


def _guessed_step(stream: Any) -> int:
    rate = stream.average_rate or stream.guessed_rate or Fraction(25)
    return round(1 / (Fraction(rate) * stream.time_base))


def _decode_all(stream: Any, step: int, onlooker: Onlooker | None) -> list[int]:
    times: list[int] = []
    for index, frame in enumerate(decoded(stream)):
        # Some old formats give frames no time: they follow each other at the usual step.
        time = frame.pts if frame.pts is not None else (times[-1] + step if times else 0)
        times.append(max(time, times[-1] + 1) if times else time)
        if onlooker is not None:
            onlooker.see(index, frame)
    if not times:
        raise Refusal("no_frames")
    return times


def _holds(path: Path, claims: Claims, onlooker: Onlooker | None) -> bool:
    """Decode the first and the last frames: are they what the packets say? Meanwhile the onlooker
    fetches its keyframes: somebody waits for all three.
    """
    with ThreadPoolExecutor(2) as aside:
        ends = [aside.submit(is_said, path, claims) for is_said in (_is_start_said, _is_end_said)]
        try:
            if onlooker is not None:
                onlooker.fill(path, claims.timeline(claims.times))
        except Refusal:
            return False
        return all(end.result() for end in ends)


def _is_start_said(path: Path, claims: Claims) -> bool:
    said = claims.times
    with _opened_for_times(path) as stream:
        return _matches(decoded(stream), said, 0, min(_END_FRAMES, len(said)))


def _is_end_said(path: Path, claims: Claims) -> bool:
    said, keys = claims.times, claims.keys
    late = _last_key(keys, said[-min(_END_FRAMES, len(said))]) if keys else said[0]
    with _opened_for_times(path) as stream:
        frames = decoded(stream, packets_from(stream, late))
        return _matches(frames, said, bisect.bisect_left(said, late), None)


@contextmanager
def _opened_for_times(path: Path) -> Iterator[Any]:
    """Open a clip of which only the times of frames are wanted: they need no smooth edges."""
    with open_clip(path) as stream:
        stream.codec_context.options |= {"skip_loop_filter": "all"}
        yield stream


def _last_key(keys: list[int], until: int) -> int:
    return keys[max(0, bisect.bisect_right(keys, until) - 1)]


def _matches(frames: Iterator[Any], said: list[int], first: int, end: int | None) -> bool:
    """Do frames have the times that are said from number `first` on, up to before `end`, or to
    their own end and that of all?
    """
    at = first
    for frame in frames:
        if frame.pts is None:
            return False
        if at == first and frame.pts < said[first]:
            continue
        if at >= len(said) or frame.pts != said[at]:
            return False
        at += 1
        if at == end:
            return True
    return at == len(said)


def _check_reached(shown: list[int], claims: Claims) -> None:
    """Refuse a clip whose packets go on for longer than what can be decoded of them."""
    said, step, base = claims.times, claims.step, claims.time_base
    if not said:
        return
    if (said[-1] - shown[-1]) * base > max(Fraction(1, 2), 2 * step * base):
        have = show_length(float((shown[-1] - said[0] + step) * base))
        raise Refusal("truncated", detail=f"its picture can be decoded only up to {have}")
    # Some frames before the first keyframe may be lost in a cut; more than that is damage.
    lost = len(said) - len(shown)
    if lost > max(8, len(said) // 50):
        raise Refusal("damaged", detail=f"{lost:,} of {len(said):,} frames are broken")


def exact_rate(timeline: Timeline, stream: Any) -> tuple[Fraction, bool]:
    """Return the frame rate, and whether it varies.

    Times are rounded to the container's clock (1 ms in Matroska): a rate is constant when every
    frame is where this rate puts it, to within that rounding. Of a varying rate the average is
    returned: frames by duration.
    """
    pts, base = timeline.pts, timeline.time_base
    hints = [rate for rate in (stream.guessed_rate, stream.average_rate, stream.base_rate) if rate]
    if len(pts) < 2:
        return Fraction(hints[0]) if hints else Fraction(25), False
    average = (len(pts) - 1) / ((pts[-1] - pts[0]) * base)
    # In a program stream only some frames have a time, and the demuxer's guess can be one frame
    # off.
    is_rough = stream.container.format.name == "mpeg"
    for rate in _likely_rates(average, hints):
        slack = 1 / rate if is_rough else Fraction(0)
        if _is_on_grid(pts, base, rate, slack=slack):
            return rate, False
    if _is_on_grid(pts, base, average):
        return average.limit_denominator(10_000), False
    return (len(pts) / timeline.seconds).limit_denominator(10_000), True


def _likely_rates(average: Fraction, hints: list[Any]) -> list[Fraction]:
    """Return a usual rate that the file itself declares, then any usual rate, then whatever it
    declares.
    """
    near = [rate for rate in _RATES if abs(rate / average - 1) < Fraction(1, 50)]
    # AVI writers leave a frame's place empty at the start: that moves the average of a short clip
    # further than this.
    near += [Fraction(hint) for hint in hints if abs(hint / average - 1) < Fraction(1, 10)]
    return sorted(
        set(near), key=lambda rate: (rate not in _RATES, rate not in hints, abs(rate - average))
    )


def _is_on_grid(
    pts: list[int],
    base: Fraction,
    rate: Fraction,
    *,
    slack: Fraction = Fraction(0),
) -> bool:
    # Half a tick of rounding at each end, and a little for clocks that were rounded twice.
    allowed = Fraction(3, 2) * base + slack
    if base < Fraction(1, 500):
        allowed = max(Fraction(3, 2) * base, Fraction(11, 10_000)) + slack
    step = 1 / (rate * base)
    # In whole numbers, exactly: a clip has many frames.
    places, parts, first = step.numerator, step.denominator, pts[0]
    most = int(allowed / base * parts)
    return all(abs((at - first) * parts - number * places) <= most for number, at in enumerate(pts))
