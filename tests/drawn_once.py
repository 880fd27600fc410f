"""Drawing what was drawn before: coding a clip takes a tenth of a second of a processor, and dozens
of tests of one file begin with the same one.
"""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

Draw = TypeVar("Draw", bound=Callable[..., Path])
_MOST_BYTES = 2_000_000
_drawn: dict[tuple[str, str, str], bytes] = {}


def drawn_once(draw: Draw) -> Draw:
    """Let a function that writes a file, and the same bytes for the same arguments, code them once
    in a process.
    """

    @wraps(draw)
    def instead(path: Path, **how: Any) -> Path:
        key = (draw.__qualname__, path.suffix, repr(sorted(how.items())))
        if key in _drawn:
            path.write_bytes(_drawn[key])
            return path
        draw(path, **how)
        if path.stat().st_size <= _MOST_BYTES:
            _drawn[key] = path.read_bytes()
        return path

    return instead  # type: ignore[return-value]
