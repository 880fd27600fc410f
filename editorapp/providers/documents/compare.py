"""Hold an answer against the documents.

What comes of it names places and forms and holds nothing that was said there.

An answer is full of what nobody may see: links' signatures, prompts, ids. So the values are left
behind here, at the first step: a difference tells a field's name, a form, a status, a number of
seconds. Words are shown only where they look like what a protocol is made of.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from editorapp.core.sanitizing import JsonNotReadable, parse_json
from editorapp.providers.documents.language import (
    UUID,
    Call,
    Documents,
    Form,
    Header,
    Lifetime,
    Shape,
)
from editorapp.providers.documents.link_lifetimes import seconds_left
from editorapp.providers.http.recording import LINK, UPLOAD, Exchange
from editorapp.providers.http.typed_readers import amount

MOST_ITEMS = 20  # of a list that are looked at
MOST_LINES = 120  # of a form that is written down
DEEPEST = 8
WIDEST_DIGITS = 3  # in a name: more of them, and it may be somebody's id
BODY = "(body)"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,40}")
_WORD = re.compile(r"[A-Za-z][A-Za-z_-]{0,30}")
_MEDIA_TYPE = re.compile(r"[a-z]{2,20}/[a-z0-9.+-]{1,40}")
_WEB = re.compile(r"https?://\S+")
# Headers that say how much may be asked: worth knowing where the documents name none.
_LIMITING = re.compile(r"rate-?limit|retry-after|quota|idempoten", re.I)
_SECONDS = range(1_000_000_000, 100_000_000_000)  # of an epoch; more counts milliseconds


class DifferenceKind(StrEnum):
    """What differs, as a report says it."""

    NEW_FIELD = "new field"
    MISSING_FIELD = "missing field"
    FORM = "other form"
    WORD = "unknown word"
    STATUS = "other status"
    CONTENT_TYPE = "other content type"
    MISSING_HEADER = "missing header"
    HEADER_FORM = "other form of a header"
    NEW_HEADER = "new header"
    LIFETIME = "other lifetime of a link"
    HOST = "other host of a link"
    PRICE = "other price"
    REFUSAL = "other form of a refusal"


OF_A_BODY = (DifferenceKind.NEW_FIELD, DifferenceKind.MISSING_FIELD, DifferenceKind.FORM)


@dataclass(frozen=True)
class Difference:
    """One way in which an answer is not as documented. All of it may be read by strangers."""

    kind: DifferenceKind
    call: str
    place: str
    came: str
    documented: str

    def to_json(self) -> dict[str, str]:
        return {name: str(value) for name, value in vars(self).items()}


@dataclass
class Compared:
    """What came of holding one exchange against the documents: `form` is its body without its
    values.
    """

    call: str
    status: int
    source: str = ""
    differences: list[Difference] = field(default_factory=list)
    form: list[str] = field(default_factory=list)
    prices: dict[str, str] = field(default_factory=dict)  # by place, in the provider's own unit
    lifetimes: dict[str, int] = field(default_factory=dict)  # by place, in seconds

    @property
    def is_refused(self) -> bool:
        return not 200 <= self.status < 300

    def differs(self, kind: DifferenceKind, place: str, came: str, documented: str) -> None:
        """Note a difference, once for a place."""
        known = {(each.kind, each.place) for each in self.differences}
        if (kind, place) not in known:
            self.differences.append(Difference(kind, self.call, place, came, documented))


def compare(
    documents: Documents,
    exchange: Exchange,
    *,
    expected_status: int | None = None,
    knows_hosts: bool = True,
) -> Compared | None:
    """Return how an exchange fits the documents; None for a call that they do not describe.

    `expected_status` is for a call that should be refused. Hosts of links are compared only where
    the account is reached at the provider's own address.
    """
    hosts = documents.hosts if knows_hosts else ()
    if exchange.path in (LINK, UPLOAD):
        return _of_file(documents, exchange, hosts)
    call = _call_of(documents, exchange)
    if call is None:
        return None
    found = Compared(call.name, exchange.status, call.source)
    _compare_status(found, call, expected_status)
    _compare_headers(found, documents, call, exchange)
    shape = call.shape
    if found.is_refused:
        shape = documents.refusals.get(exchange.status, documents.refusals[None])
    if shape is not None:
        _compare_body(found, shape, exchange, hosts)
    return found


def _call_of(documents: Documents, exchange: Exchange) -> Call | None:
    return next((call for call in documents.calls if _is_of(call, exchange)), None)


def _is_of(call: Call, exchange: Exchange) -> bool:
    is_there = call.method == exchange.method and re.fullmatch(call.path, exchange.path)
    return bool(is_there) and set(call.params) <= set(exchange.params)


def _of_file(documents: Documents, exchange: Exchange, hosts: tuple[str, ...]) -> Compared:
    """Hold a file's head against the documents: the clip behind a link, or the answer to an upload."""
    if exchange.path != LINK:
        return Compared("upload of the bytes", exchange.status)
    found = Compared("download", exchange.status)
    if exchange.status not in (200, 206):
        found.differs(DifferenceKind.STATUS, "status", str(exchange.status), "200")
        return found
    _compare_content_type(found, exchange, documents.result_types)
    left = seconds_left(exchange.url, exchange.at, exchange.headers)
    if left is not None:
        found.lifetimes["link"] = round(left)
    _compare_host(found, "link", exchange.url, hosts)
    return found


def _compare_status(found: Compared, call: Call, expected: int | None) -> None:
    wanted = call.statuses if expected is None else (expected,)
    is_judged = expected is not None or not found.is_refused
    if is_judged and wanted and found.status not in wanted:
        words = " or ".join(map(str, wanted))
        found.differs(DifferenceKind.STATUS, "status", str(found.status), words)


def _compare_headers(found: Compared, documents: Documents, call: Call, exchange: Exchange) -> None:
    own = call.headers
    if found.is_refused:
        own = documents.refusal_headers.get(exchange.status, ())
    rows = (*documents.headers, *own)
    for row in rows:
        _compare_header(found, row, exchange.headers.get(row.name))
    _new_headers(found, exchange, known={row.name.lower() for row in rows})
    if exchange.content or exchange.headers.get("Content-Type"):
        _compare_content_type(found, exchange, (call.content_type,))


def _new_headers(found: Compared, exchange: Exchange, *, known: set[str]) -> None:
    for name in exchange.headers:
        if _LIMITING.search(name) and name.lower() not in known:
            kind = DifferenceKind.NEW_HEADER
            found.differs(kind, shown_name(name), "there", "not documented here")


def _compare_content_type(found: Compared, exchange: Exchange, known: tuple[str, ...]) -> None:
    said = _media_type(exchange.headers)
    if said not in known:
        shown = shown_media_type(said) if said else "none"
        found.differs(DifferenceKind.CONTENT_TYPE, "Content-Type", shown, " or ".join(known))


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _compare_header(found: Compared, row: Header, value: str | None) -> None:
    if value is None:
        if row.is_always:
            found.differs(DifferenceKind.MISSING_HEADER, row.name, "missing", "always there")
    elif row.pattern and not re.fullmatch(row.pattern, value):
        came = f"{len(value)} characters of another form"
        found.differs(DifferenceKind.HEADER_FORM, row.name, came, row.pattern)


def _compare_body(
    found: Compared, shape: Shape, exchange: Exchange, hosts: tuple[str, ...]
) -> None:
    try:
        body = parse_json(exchange.content)
    except JsonNotReadable:
        kind = DifferenceKind.REFUSAL if found.is_refused else DifferenceKind.FORM
        found.differs(kind, BODY, f"{len(exchange.content)} bytes that are no JSON", "JSON")
        return
    before, found.differences = found.differences, []
    _Walk(found, exchange.at, hosts).value(shape, body, "")
    found.form = sorted(set(_lines(body, "")))[:MOST_LINES]
    odd, found.differences = found.differences, before
    for one in map(_of_refusal, odd) if found.is_refused else odd:
        found.differs(one.kind, one.place, one.came, one.documented)


def _of_refusal(one: Difference) -> Difference:
    """Whatever is odd about a refusal, it is the refusal that looks otherwise."""
    if one.kind not in OF_A_BODY:
        return one
    return replace(one, kind=DifferenceKind.REFUSAL, came=f"{one.kind}: {one.came}")


@dataclass
class _Walk:
    """Goes through a body beside its shape and notes what differs."""

    found: Compared
    at: datetime
    hosts: tuple[str, ...]

    def value(self, shape: Shape, value: Any, place: str) -> None:
        if shape.form is Form.ANY:
            return
        if _fits(shape, value):
            self._inside(shape, value, place)
        else:
            expected = str(shape.form) + (f" ({shape.pattern})" if shape.pattern else "")
            self.found.differs(DifferenceKind.FORM, place or BODY, form_of(value), expected)
        if shape.is_price and (said := amount(value)) is not None:
            self.found.prices[place] = format(said.normalize(), "f")

    def _inside(self, shape: Shape, value: Any, place: str) -> None:
        if shape.form is Form.OBJECT:
            self._fields(shape, value, f"{place}." if place else "")
        elif shape.form is Form.LIST and shape.of is not None:
            for one in value[:MOST_ITEMS]:
                self.value(shape.of, one, f"{place}[]")
        elif shape.form is Form.WORD and value not in shape.words:
            known = ", ".join(sorted(shape.words))
            self.found.differs(DifferenceKind.WORD, place, shown_word(value), known)
        elif shape.form is Form.LINK:
            self._link(shape.lasts, value, place)

    def _fields(self, shape: Shape, value: Mapping[str, Any], before: str) -> None:
        for name, inner in shape.must.items():
            if name in value:
                self.value(inner, value[name], before + name)
            else:
                kind = DifferenceKind.MISSING_FIELD
                self.found.differs(kind, before + name, "missing", "always there")
        for name, inner in shape.may.items():
            if value.get(name) is not None:
                self.value(inner, value[name], before + name)
        if not shape.is_open:
            self._new_fields(value, before, known={*shape.must, *shape.may})

    def _new_fields(self, value: Mapping[str, Any], before: str, *, known: set[str]) -> None:
        for name in value:
            if name not in known:
                place, came = before + shown_name(name), form_of(value[name])
                self.found.differs(DifferenceKind.NEW_FIELD, place, came, "no such field")

    def _link(self, lasts: Lifetime | None, url: str, place: str) -> None:
        left = seconds_left(url, self.at)
        if left is not None:
            self.found.lifetimes[place] = round(left)
        if lasts is None:
            return
        if left is not None and not _is_within(left, lasts):
            known = lifetime_in_words(lasts)
            self.found.differs(DifferenceKind.LIFETIME, place, f"{left:.0f} s", known)
        _compare_host(self.found, place, url, self.hosts)


def _compare_host(found: Compared, place: str, url: str, hosts: tuple[str, ...]) -> None:
    if hosts and not _lies_at(urlsplit(url).hostname or "", hosts):
        found.differs(DifferenceKind.HOST, place, "another host", " or ".join(hosts))


def _lies_at(host: str, hosts: tuple[str, ...]) -> bool:
    return any(host == one or host.endswith(f".{one}") for one in hosts)


def _is_within(left: float, lasts: Lifetime) -> bool:
    least, most = lasts.least_seconds, lasts.most_seconds
    return (least is None or left >= least) and (most is None or left <= most)


def lifetime_in_words(lasts: Lifetime) -> str:
    bounds = {"at least": lasts.least_seconds, "at most": lasts.most_seconds}
    return " and ".join(
        f"{word} {bound:g} s" for word, bound in bounds.items() if bound is not None
    )


def _fits(shape: Shape, value: Any) -> bool:
    if shape.form is Form.ID:
        return isinstance(value, str) and bool(re.fullmatch(shape.pattern or r"\S+", value))
    return _FITS.get(shape.form, _is_text)(value)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_time(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def _is_epoch(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value in _SECONDS


def _is_link(value: Any) -> bool:
    return isinstance(value, str) and bool(_WEB.fullmatch(value))


# In the order in which a value's form is told by them.
_FITS: dict[Form, Callable[[Any], bool]] = {
    Form.FLAG: lambda value: isinstance(value, bool),
    Form.EPOCH: _is_epoch,
    Form.WHOLE: lambda value: _is_number(value) and value == int(value),
    Form.NUMBER: _is_number,
    Form.OBJECT: lambda value: isinstance(value, Mapping),
    Form.LIST: lambda value: isinstance(value, list),
    Form.LINK: _is_link,
    Form.TIME: lambda value: isinstance(value, str) and _is_time(value),
}


def form_of(value: Any) -> str:
    """Say what kind of value stands somewhere, and nothing of the value itself."""
    if value is None:
        return "null"
    if value == "":
        return "an empty text"
    if isinstance(value, str) and re.fullmatch(UUID, value):
        return f"{Form.ID} (UUID)"
    if isinstance(value, float | Decimal):
        return str(Form.NUMBER)
    return str(next((form for form, fits in _FITS.items() if fits(value)), Form.TEXT))


def _lines(value: Any, place: str, depth: int = 0) -> Iterator[str]:
    """Yield where something stands in a body, and of which form."""
    inner = _inner(value) if value and depth < DEEPEST else []
    for name, one in inner:
        yield from _lines(one, f"{place}{name}".lstrip("."), depth + 1)
    if not inner:
        yield f"{place or BODY}: {form_of(value)}"


def _inner(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, Mapping):
        return [(f".{shown_name(name)}", value[name]) for name in list(value)[:MOST_LINES]]
    return [("[]", one) for one in value[:MOST_ITEMS]] if isinstance(value, list) else []


def shown_name(name: str) -> str:
    """Return a field's or a header's name, where it is one that a protocol may have."""
    return name if _is_plain(_NAME, name) else f"(a name of {len(name)} characters)"


def _is_plain(pattern: re.Pattern[str], text: str) -> bool:
    digits = sum(map(str.isdigit, text))
    return pattern.fullmatch(text) is not None and digits <= WIDEST_DIGITS


def shown_word(word: str) -> str:
    return word if _WORD.fullmatch(word) else f"(a word of {len(word)} characters)"


def shown_media_type(said: str) -> str:
    return said if _is_plain(_MEDIA_TYPE, said) else f"(another, of {len(said)} characters)"
