"""Timeline model: clips in a row, each with its file, its rate and its markers.

Units: frames, counted from 0; of a clip on its file's own grid, of a timeline on the timeline's.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from urllib.parse import quote

from editorapp.core.timecode import DROP_RATES, frame_of, timecode

# Where editing programs begin a timeline: what lies before it is room for a leader.
BEGINNING = "01:00:00{}00"


class MarkerColour(StrEnum):
    """The colours that all formats with colours know."""

    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"
    CYAN = "cyan"
    BLUE = "blue"
    MAGENTA = "magenta"


@dataclass(frozen=True)
class TimelineMarker:
    """A note on `frames` frames of a clip, from `first` on."""

    first: int
    frames: int
    words: str
    author: str
    colour: MarkerColour
    is_resolved: bool

    @property
    def last(self) -> int:
        return self.first + self.frames - 1

    @property
    def line(self) -> str:
        """What it says in one line, and who says it."""
        return f"{self.author}: {' '.join(self.words.split())}"


@dataclass(frozen=True)
class TimelineClip:
    """A whole file as a clip. `path`: the file beside the timeline, parted by slashes."""

    take: int
    name: str
    path: str
    sha256: str
    rate: Fraction
    frames: int
    width: int
    height: int
    has_sound: bool
    hdr_transfer: str = ""  # "pq" or "hlg"
    markers: Sequence[TimelineMarker] = field(default_factory=tuple)

    @property
    def url(self) -> str:
        """The file as a relative address."""
        return f"./{quote(self.path)}"


@dataclass(frozen=True)
class PlacedClip:
    """A clip on the timeline: which of them, from 1, where it begins there, and for how long."""

    number: int
    clip: TimelineClip
    start: int
    frames: int

    @property
    def end(self) -> int:
        return self.start + self.frames


@dataclass(frozen=True)
class EditTimeline:
    """Clips one after the other. `drop`: is its timecode drop frame?"""

    name: str
    clips: Sequence[TimelineClip]
    rate: Fraction
    drop: bool

    @property
    def beginning(self) -> int:
        """The frame that its first timecode counts."""
        return frame_of(BEGINNING.format(";" if self.drop else ":"), self.rate)

    @property
    def has_one_rate(self) -> bool:
        return all(clip.rate == self.rate for clip in self.clips)

    @property
    def frames(self) -> int:
        return sum(placed.frames for placed in self.placed())

    def placed(self) -> Iterator[PlacedClip]:
        """Yield the clips where they lie, counted from 0; one of another rate keeps its seconds."""
        start = 0
        for number, clip in enumerate(self.clips, start=1):
            frames = max(1, round(clip.frames * self.rate / clip.rate))
            yield PlacedClip(number, clip, start, frames)
            start += frames

    def shown_at(self, placed: PlacedClip, frame: int) -> int:
        """Return the timeline's frame, from 0, on which a clip's frame is seen."""
        return placed.start + int(frame * self.rate / placed.clip.rate)

    def timecode(self, frame: int) -> str:
        """Return the timecode of a frame of the timeline, counted from 0."""
        return timecode(self.beginning + frame, self.rate, drop=self.drop)


def timeline_of(name: str, clips: Sequence[TimelineClip], *, drop: bool = True) -> EditTimeline:
    """Lay clips out at the rate that most of them have; in drop frame, where that rate has it and
    `drop` is not False.

    Raises: ValueError, without clips.
    """
    if not clips:
        raise ValueError("A timeline needs a clip.")
    rate = Counter(clip.rate for clip in clips).most_common(1)[0][0]
    return EditTimeline(name, tuple(clips), rate, drop=drop and rate in DROP_RATES)
