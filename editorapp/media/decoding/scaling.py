"""Scaling: a frame at another size or in another format, by swscale.

Its tables and its threads cost more than scaling a small picture does, and a frame's own `reformat`
makes them anew each time. Here they are kept for the next frame of the same kind, and the work is
done in one thread: whoever scales has a process of its own beside others.
"""

import threading
from typing import Any

from av.video.reformatter import VideoReformatter

_MOST_KINDS = 32  # a picture that grows from frame to frame is of another kind each time


class _Kept(threading.local):
    def __init__(self) -> None:
        self.by_kind: dict[tuple[Any, ...], VideoReformatter] = {}


_kept = _Kept()


def scaled(frame: Any, width: int, height: int, format: str, **how: Any) -> Any:
    """Return the frame at a size and in a pixel format; `how` as av's `reformat` takes it."""
    coded, scaling = frame.format.name, how.get("interpolation")
    kind = (frame.width, frame.height, coded, width, height, format, scaling)
    if kind not in _kept.by_kind and len(_kept.by_kind) >= _MOST_KINDS:
        _kept.by_kind.clear()
    reformatter = _kept.by_kind.setdefault(kind, VideoReformatter())
    return reformatter.reformat(frame, width, height, format, threads=1, **how)
