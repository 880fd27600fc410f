"""Probe: measure a file, in the sandbox; what an upload would find, with nothing stored."""

from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from django.conf import settings

from editorapp.media import sandbox
from editorapp.media.facts import JsonObject, MediaFacts
from editorapp.media.refusals import Refusal, show_bytes

NO_LIMIT = 0


def probe(
    path: Path,
    *,
    expect: str = "any",
    max_bytes: int | None = None,
    max_seconds: int | None = None,
) -> MediaFacts:
    """Return the facts of a file.

    `expect` is "video", "image" or "any"; limits are the settings' unless given, NO_LIMIT lifts
    them.
    Raises: Refusal.
    """
    check_readable(path, max_bytes)
    return facts_from(measure(path, expect=expect, max_seconds=max_seconds, out=None))


def measure(
    path: Path,
    *,
    expect: str,
    max_seconds: int | None,
    out: Path | None,
) -> JsonObject:
    """Run the sandbox's job on a file and return the facts as it says them. Raises: Refusal."""
    limit = settings.MAX_SOURCE_SECONDS if max_seconds is None else max_seconds
    said = sandbox.run(
        "take",
        path=path.resolve(),
        max_seconds=limit,
        expect=expect,
        out=out,
    )
    return dict(said["facts"])


def check_readable(path: Path, max_bytes: int | None = None) -> None:
    """Refuse what is no plain file that we may read, and sizes that are not taken.

    Raises: Refusal.
    """
    try:
        size = _size_of(path)
    except (OSError, ValueError) as error:
        raise Refusal("unreadable") from error
    check_bytes(size, max_bytes)


def _size_of(path: Path) -> int:
    """Return the size of a plain file that can be opened. Raises: OSError, ValueError, Refusal."""
    if not path.is_file():
        raise Refusal("unreadable")
    with path.open("rb"):
        return path.stat().st_size


def check_bytes(size_bytes: int, max_bytes: int | None = None) -> None:
    """Refuse a size that is more than is taken. Raises: Refusal "too_big" or "empty"."""
    limit = settings.MAX_UPLOAD_BYTES if max_bytes is None else max_bytes
    if size_bytes <= 0:
        raise Refusal("empty")
    if limit and size_bytes > limit:
        raise Refusal("too_big", size=show_bytes(size_bytes), limit=show_bytes(limit))


def facts_from(said: JsonObject) -> MediaFacts:
    """Make exact numbers of what came through the pipe as text."""
    exact = {
        "fps": Fraction(said["fps"]) if said.get("fps") else None,
        "duration_seconds": Decimal(said.get("duration_seconds", 0)),
    }
    return MediaFacts(**{**said, **exact})
