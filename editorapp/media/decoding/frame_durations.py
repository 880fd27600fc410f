"""Frame durations, kept beside an encoder: it forgets them, and the last frame is shown for as long
as it says.
"""

from typing import Any


class FrameDurations:
    """How long frames are shown, by their pts; both in the encoder's time base."""

    def __init__(self) -> None:
        self._by_pts: dict[int, int] = {}

    def note(self, pts: int, duration: int) -> None:
        """Remember a frame that goes into the encoder."""
        self._by_pts[pts] = duration

    def on(self, packets: list[Any]) -> list[Any]:
        """Return the packets that came out, each with the duration of its frame."""
        for packet in packets:
            packet.duration = self._by_pts.pop(packet.pts, packet.duration)
        return packets
