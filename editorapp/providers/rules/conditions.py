"""Questions that rule rows ask of a request.

Each answers with the hits it found, or a plain yes or no.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import Condition, Hit, Limits, RefCondition

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")


HitList = Callable[[GenerationRequest, MediaFacts | None, Limits], list[Hit]]


def is_said(value: Any) -> bool:
    """Is something asked for? A flag that is off asks for nothing; nor does an empty list."""
    return value is not None and value is not False and value != ()


def said(*fields: str) -> Condition:
    """Hit each of these fields that is said: for what a task does not take."""

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        return [Hit(name, option=name) for name in fields if is_said(getattr(wanted, name))]

    return condition


def not_one_of(field: str, choices: Callable[[Limits], Iterable[str]]) -> Condition:
    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        value = getattr(wanted, field)
        if value is None or (isinstance(value, str) and value in choices(limits)):
            return []
        return [Hit(field, value=value, choices=", ".join(choices(limits)))]

    return condition


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def outside(low: float, high: float, *fields: str, is_open: bool = False) -> HitList:
    """Hit each field that is no number from `low` to `high`; `is_open` leaves `low` itself out."""

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        hits = []
        for name in fields:
            value = getattr(wanted, name)
            if value is not None and not (
                is_number(value) and low <= value <= high and not (is_open and value == low)
            ):
                hits.append(Hit(name, value=value, low=f"{low:g}", high=f"{high:g}"))
        return hits

    return condition


def every(*conditions: Condition) -> Condition:
    """All findings of several conditions, for one rule about several fields."""

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> Iterator[Hit]:
        for one in conditions:
            found = one(wanted, source, limits)
            yield from () if isinstance(found, bool) else found

    return condition


def keyframes_of(wanted: GenerationRequest) -> int:
    return len(wanted.keyframes or ())


def indexes_of(wanted: GenerationRequest) -> tuple[Any, ...]:
    return wanted.keyframe_indexes or ()


def odd_indexes(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> Iterator[Hit]:
    """Hit each keyframe position that is no whole number from 0, or taken by an earlier one."""
    seen: set[Any] = set()
    for at, index in enumerate(indexes_of(wanted)):
        if not isinstance(index, int) or isinstance(index, bool) or index < 0:
            yield Hit(
                f"keyframe_indexes.{at}", at=at, index=index, problem="is not a frame number from 0"
            )
        elif index in seen:
            yield Hit(f"keyframe_indexes.{at}", at=at, index=index, problem="is used twice")
        else:
            seen.add(index)


def beyond(
    last_frame: Callable[[GenerationRequest, MediaFacts | None, Limits], int | None],
) -> HitList:
    """Hit each keyframe position after the last frame; none where that frame is not known."""

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        last = last_frame(wanted, source, limits) if wanted.keyframe_indexes else None
        if last is None:
            return []
        return [
            Hit(f"keyframe_indexes.{at}", at=at, index=index, last=last)
            for at, index in enumerate(indexes_of(wanted))
            if isinstance(index, int) and index > last
        ]

    return condition


def last_frame_of_source(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> int | None:
    return source.frame_count - 1 if source is not None and source.frame_count else None


def last_frame_of_grid(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> int | None:
    seconds = 10 if wanted.duration == "10s" else 5
    return seconds * limits.grid_fps


def too_long(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> bool | list[Hit]:
    longest = limits.max_source_seconds
    if (
        longest is None
        or source is None
        or source.kind != "video"
        or source.duration_seconds <= longest
    ):
        return False
    return [Hit(longest=longest, seconds=f"{source.duration_seconds:.2f}")]


def perhaps_too_long(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> bool | list[Hit]:
    """Hit a source that the provider takes, but perhaps not the vendor behind it."""
    longest = limits.warn_source_seconds
    if (
        longest is None
        or source is None
        or source.kind != "video"
        or source.duration_seconds <= longest
    ):
        return False
    if (
        limits.max_source_seconds is not None
        and source.duration_seconds > limits.max_source_seconds
    ):
        return False  # refused anyway
    return [Hit(longest=longest, seconds=f"{source.duration_seconds:.2f}")]


def length_unknown(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> list[Hit]:
    """Hit a source that is named, but of which nothing was measured."""
    is_foreign = wanted.source is not None and len(wanted.source.carriers) == 1 and source is None
    longest = limits.max_source_seconds
    return [Hit(longest=longest)] if is_foreign and longest is not None else []


def too_big(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
) -> bool | list[Hit]:
    """A source above the provider's size for the way it travels."""
    if source is None or wanted.source is None:
        return False
    is_inline = wanted.source.url is not None or wanted.source.data is not None
    is_upload = wanted.source.asset_id is not None
    largest = limits.max_inline_bytes if is_inline else limits.max_file_bytes if is_upload else None
    if largest is None or source.size_bytes <= largest:
        return False
    return [Hit(largest=f"{largest / 1e6:,.0f} MB", size=f"{source.size_bytes / 1e6:,.1f} MB")]


def is_extend(wanted: GenerationRequest) -> bool:
    """A generation that starts or ends with an earlier result continues it."""
    frames = (wanted.start_frame, wanted.end_frame)
    return any(frame is not None and frame.generation_id is not None for frame in frames)


def each_ref(test: Callable[[Ref], bool], *, only: str = "") -> RefCondition:
    """A condition on each clip and picture; `only` "video" means the source, "image" all others."""

    def condition(path: str, ref: Ref, limits: Limits) -> bool:
        role = "video" if path == "source" else "image"
        return (not only or only == role) and test(ref)

    return condition


def has_several_carriers(ref: Ref) -> bool:
    return len(ref.carriers) != 1


def is_bad_id(ref: Ref) -> bool:
    ids = (ref.generation_id, ref.file_id)
    return any(one is not None and not UUID.fullmatch(one) for one in ids)


def is_private_url(ref: Ref) -> bool:
    """A URL that no provider can fetch: not https, no host, or an address of a private network."""
    if ref.url is None:
        return False
    try:
        parts = urlsplit(ref.url)
        host = parts.hostname or ""
    except ValueError:
        return True
    if parts.scheme != "https" or not host or any(ch.isspace() for ch in ref.url):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def is_bad_base64(ref: Ref) -> bool:
    return ref.data is not None and (len(ref.data) % 4 != 0 or not BASE64.fullmatch(ref.data))


def decoded_bytes(ref: Ref) -> int:
    return len(ref.data or "") * 3 // 4


def lacks_type(carrier: str, family: str) -> Callable[[Ref], bool]:
    """Does a reference by this carrier come without a media type of the family ("video", "image")?"""

    def test(ref: Ref) -> bool:
        return getattr(ref, carrier) is not None and not str(
            ref.media_type or ""
        ).lower().startswith(f"{family}/")

    return test
