"""Conditions: the questions that rule rows ask of a request.

Each answers with the hits it found, or a plain yes or no.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from editorapp.core.timecode import show_fps
from editorapp.media.facts import MediaFacts
from editorapp.media.usual_form import is_usual
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import Case, Fixes, Hit, Limits, NamedRef, RefCondition

UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")

HitList = Callable[[Case], list[Hit]]


def is_said(value: Any) -> bool:
    """Is something asked for? A flag that is off asks for nothing; nor does an empty list."""
    return value is not None and value is not False and value != ()


@dataclass(frozen=True)
class Mentions:
    """Hit each of these fields that is said: for what a task does not take."""

    fields: tuple[str, ...]

    def __call__(self, case: Case) -> list[Hit]:
        said = (name for name in self.fields if is_said(getattr(case.wanted, name)))
        return [Hit(name, option=name) for name in said]


def said(*fields: str) -> Mentions:
    return Mentions(fields)


def not_one_of(field: str, choices: Callable[[Limits], Iterable[str]]) -> HitList:
    def condition(case: Case) -> list[Hit]:
        value, known = getattr(case.wanted, field), choices(case.limits)
        if value is None or (isinstance(value, str) and value in known):
            return []
        return [Hit(field, value=value, choices=", ".join(known))]

    return condition


def hits_where(*rows: tuple[bool, str, str, Fixes]) -> list[Hit]:
    """Hit what is so: rows of (is it so, the field, what is said of it, the ways out)."""
    return [Hit(field, says=says, fixes=ways) for is_so, field, says, ways in rows if is_so]


def is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def outside(low: float, high: float, *fields: str, is_open: bool = False) -> HitList:
    """Hit each field that is no number from `low` to `high`; `is_open` leaves `low` itself out."""

    def is_inside(value: Any) -> bool:
        return is_number(value) and low <= value <= high and not (is_open and value == low)

    def condition(case: Case) -> list[Hit]:
        said = ((name, getattr(case.wanted, name)) for name in fields)
        return [
            Hit(name, value=value, low=f"{low:g}", high=f"{high:g}")
            for name, value in said
            if value is not None and not is_inside(value)
        ]

    return condition


def beyond_length(text: str, longest: int) -> list[Hit]:
    """Hit a prompt that is too long, and say by how much."""
    over = len(text) - longest
    says = f"The prompt has {len(text):,} characters, {over:,} more than the {longest:,} allowed."
    return [Hit(says=says)] if over > 0 else []


def pictures_and_frames(wanted: GenerationRequest) -> tuple[int, int]:
    """Return how many keyframes there are, and how many positions."""
    return len(wanted.keyframes or ()), len(wanted.keyframe_indexes or ())


def odd_indexes(case: Case) -> Iterator[Hit]:
    """Hit each keyframe position that is no whole number from 0, or taken by an earlier one."""
    seen: set[Any] = set()
    for at, index in enumerate(case.wanted.keyframe_indexes or ()):
        if problem := _problem_of(index, seen):
            yield Hit(f"keyframe_indexes.{at}", at=at, index=index, problem=problem)
        else:
            seen.add(index)


def _problem_of(index: Any, seen: set[Any]) -> str:
    if not _is_frame_number(index):
        return "is not a frame number from 0"
    return "is used twice" if index in seen else ""


def _is_frame_number(index: Any) -> bool:
    return isinstance(index, int) and not isinstance(index, bool) and index >= 0


def indexes_beyond(wanted: GenerationRequest, last: int) -> list[Hit]:
    """Hit each keyframe position after the last frame."""
    return [
        Hit(f"keyframe_indexes.{at}", at=at, index=index, last=last)
        for at, index in enumerate(wanted.keyframe_indexes or ())
        if isinstance(index, int) and index > last
    ]


def saying(words: str, hits: Iterable[Hit]) -> Iterator[Hit]:
    """Yield hits whose sentence is these words, filled in with their own."""
    return (Hit(hit.field, says=words.format(**hit.words)) for hit in hits)


def too_long(case: Case) -> list[Hit]:
    return _lasts_beyond(case, case.limits.max_source_seconds)


def perhaps_too_long(case: Case) -> list[Hit]:
    """Hit a source that the provider takes, but perhaps not the vendor behind it."""
    return [] if too_long(case) else _lasts_beyond(case, case.limits.warn_source_seconds)


def _lasts_beyond(case: Case, longest: float | None) -> list[Hit]:
    source = case.source
    if longest is None or source is None or source.kind != "video":
        return []
    seconds = source.duration_seconds
    return [Hit(longest=longest, seconds=f"{seconds:.2f}")] if seconds > longest else []


def length_unknown(case: Case) -> list[Hit]:
    """Hit a source that is named, but of which nothing was measured."""
    longest = case.limits.max_source_seconds
    return [Hit(longest=longest)] if longest is not None and _is_unmeasured(case) else []


def _is_unmeasured(case: Case) -> bool:
    named = case.wanted.source
    return named is not None and len(named.carriers) == 1 and case.source is None


def too_big(case: Case) -> list[Hit]:
    """Hit a source above the provider's size for the way it travels."""
    named = case.wanted.source
    return [] if named is None else larger_than(case, _largest(case.limits, named))


def _largest(limits: Limits, named: Ref) -> int | None:
    if named.url is not None or named.data is not None:
        return limits.max_inline_bytes
    return None if named.asset_id is None else limits.max_file_bytes


def larger_than(case: Case, largest: int | None, *, digits: int = 1) -> list[Hit]:
    if largest is None or case.source is None or case.source.size_bytes <= largest:
        return []
    size = _megabytes(case.source.size_bytes, digits)
    return [Hit(largest=_megabytes(largest, 0), size=size)]


def _megabytes(size: int, digits: int) -> str:
    return f"{size / 1e6:,.{digits}f} MB"


def too_wide(case: Case) -> list[Hit]:
    """Hit a source whose longer side has more pixels than are taken."""
    source, most = _clip_of(case), case.limits.max_source_side
    if source is None or most is None or max(source.width, source.height) <= most:
        return []
    return [Hit(most=most, width=source.width, height=source.height)]


def too_small(case: Case) -> list[Hit]:
    """Hit a source whose shorter side has fewer pixels than are taken."""
    source, least = _clip_of(case), case.limits.min_source_side
    if source is None or least is None or min(source.width, source.height) >= least:
        return []
    return [Hit(least=least, width=source.width, height=source.height)]


def too_fast(case: Case) -> list[Hit]:
    """Hit a source with more frames a second than are taken."""
    source, most = _clip_of(case), case.limits.max_source_fps
    if source is None or most is None or source.fps is None or source.fps <= most:
        return []
    return [Hit(most=most, fps=show_fps(source.fps))]


def unusual_form(case: Case) -> list[Hit]:
    """Hit a file of ours in a container or coding that cannot be counted on to be read."""
    source, named = _clip_of(case), case.wanted.source
    if source is None or named is None or named.asset_id is None:
        return []
    if is_usual(source.container, source.codec, source.pixel_format):
        return []
    said = (source.codec, source.pixel_format, f"in {source.container.upper()}")
    return [Hit(form=" ".join(filter(None, said)))]


def _clip_of(case: Case) -> MediaFacts | None:
    return case.source if case.source is not None and case.source.kind == "video" else None


def has_several_carriers(named: NamedRef) -> bool:
    return len(named.ref.carriers) != 1


def is_bad_id(named: NamedRef) -> bool:
    ids = (named.ref.generation_id, named.ref.file_id)
    return any(one is not None and not UUID.fullmatch(one) for one in ids)


def is_private_url(named: NamedRef) -> bool:
    """A URL that no provider can fetch: not https, no host, or an address of a private network."""
    url = named.ref.url
    if url is None:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return True
    if parts.scheme != "https" or not host or any(map(str.isspace, url)):
        return True
    return _is_private_host(host)


def _is_private_host(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".localhost", ".local", ".internal"))


def is_bad_base64(named: NamedRef) -> bool:
    data = named.ref.data
    return data is not None and (len(data) % 4 != 0 or not BASE64.fullmatch(data))


def inlined_beyond(named: NamedRef, largest: int | None) -> bool:
    """Is what comes as base64 larger than is taken?"""
    return len(named.ref.data or "") * 3 // 4 > (largest or 0)


def lacks_type(carrier: str, family: str) -> RefCondition:
    """Hit what comes by this carrier without a media type of the family: "video" means the source,
    "image" all others.
    """

    def condition(named: NamedRef) -> bool:
        is_said = getattr(named.ref, carrier) is not None
        return is_said and _is_meant(named, family) and not _is_typed(named.ref, family)

    return condition


def _is_meant(named: NamedRef, family: str) -> bool:
    return named.is_source == (family == "video")


def _is_typed(ref: Ref, family: str) -> bool:
    return str(ref.media_type or "").lower().startswith(f"{family}/")
