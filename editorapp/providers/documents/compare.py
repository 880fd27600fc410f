"""Hold an answer against the documents.

What comes of it names places and forms and holds nothing that was said there.

An answer is full of what nobody may see: links' signatures, prompts, ids. So the values are left
behind here, at the first step: a difference tells a field's name, a form, a status, a number of
seconds. Words are shown only where they look like what a protocol is made of.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, TypeAlias
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
from editorapp.providers.rules.conditions import is_number

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


Inner: TypeAlias = list[tuple[str, Any]]  # what lies in a body: where, and what
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
        if self.is_refused and kind in OF_A_BODY:  # it is the refusal that looks otherwise
            kind, came = DifferenceKind.REFUSAL, f"{kind}: {came}"
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
    if exchange.path == UPLOAD:
        return Compared("upload of the bytes", exchange.status)
    if exchange.path == LINK:
        found = Compared("download", exchange.status)
        _Comparison(found, documents, exchange, hosts).of_file()
        return found
    call = next((call for call in documents.calls if _is_of(call, exchange)), None)
    if call is None:
        return None
    found = Compared(call.name, exchange.status, call.source)
    _Comparison(found, documents, exchange, hosts).of_call(call, expected_status)
    return found


def _is_of(call: Call, exchange: Exchange) -> bool:
    return _is_at(call, exchange) and set(call.params) <= set(exchange.params)


def _is_at(call: Call, exchange: Exchange) -> bool:
    return call.method == exchange.method and bool(re.fullmatch(call.path, exchange.path))


@dataclass(frozen=True)
class _Comparison:
    """Goes through an exchange beside what is documented of it and notes in `found` what differs."""

    found: Compared
    documents: Documents
    exchange: Exchange
    hosts: tuple[str, ...]

    def of_file(self) -> None:
        """Hold the head of a clip behind a link against the documents."""
        if self.found.status not in (200, 206):
            self.found.differs(DifferenceKind.STATUS, "status", str(self.found.status), "200")
            return
        self._content_type(self.documents.result_types)
        self._link(Lifetime(), self.exchange.url, "link", self.exchange.headers)

    def of_call(self, call: Call, expected: int | None) -> None:
        """Hold a call's answer against the documents."""
        self._status(call, expected)
        self._headers(call)
        if self.exchange.content or self.exchange.headers.get("Content-Type"):
            self._content_type((call.content_type,))
        shape, refusals = call.shape, self.documents.refusals
        if self.found.is_refused:
            shape = refusals.get(self.found.status, refusals[None])
        if shape is not None:
            self._body(shape)

    def _status(self, call: Call, expected: int | None) -> None:
        status = self.found.status
        wanted = call.statuses if expected is None else (expected,)
        is_judged = expected is not None or not self.found.is_refused
        if is_judged and wanted and status not in wanted:
            words = " or ".join(map(str, wanted))
            self.found.differs(DifferenceKind.STATUS, "status", str(status), words)

    def _headers(self, call: Call) -> None:
        own = call.headers
        if self.found.is_refused:
            own = self.documents.refusal_headers.get(self.found.status, ())
        rows = (*self.documents.headers, *own)
        for row in rows:
            self._header(row, self.exchange.headers.get(row.name))
        known = {row.name.lower() for row in rows}
        for name in self.exchange.headers:
            if _LIMITING.search(name) and name.lower() not in known:
                kind = DifferenceKind.NEW_HEADER
                self.found.differs(kind, shown(_NAME, name), "there", "not documented here")

    def _header(self, row: Header, value: str | None) -> None:
        if value is None:
            self._missing_header(row)
        elif row.pattern and not re.fullmatch(row.pattern, value):
            came = f"{len(value)} characters of another form"
            self.found.differs(DifferenceKind.HEADER_FORM, row.name, came, row.pattern)

    def _missing_header(self, row: Header) -> None:
        if row.is_always:
            kind = DifferenceKind.MISSING_HEADER
            self.found.differs(kind, row.name, "missing", "always there")

    def _content_type(self, known: tuple[str, ...]) -> None:
        said = self._media_type()
        if said not in known:
            came = shown(_MEDIA_TYPE, said, "another, of") if said else "none"
            kind = DifferenceKind.CONTENT_TYPE
            self.found.differs(kind, "Content-Type", came, " or ".join(known))

    def _media_type(self) -> str:
        content_type = self.exchange.headers.get("Content-Type", "")
        return content_type.partition(";")[0].strip().lower()

    def _body(self, shape: Shape) -> None:
        content = self.exchange.content
        try:
            body = parse_json(content)
        except JsonNotReadable:
            kind = DifferenceKind.REFUSAL if self.found.is_refused else DifferenceKind.FORM
            self.found.differs(kind, BODY, f"{len(content)} bytes that are no JSON", "JSON")
            return
        self._value(shape, body, "")
        self.found.form = sorted(set(_lines(body, "")))[:MOST_LINES]

    def _value(self, shape: Shape, value: Any, place: str) -> None:
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
                self._value(shape.of, one, f"{place}[]")
        elif shape.form is Form.WORD and value not in shape.words:
            came, known = shown(_WORD, value, "a word of"), ", ".join(sorted(shape.words))
            self.found.differs(DifferenceKind.WORD, place, came, known)
        elif shape.form is Form.LINK:
            self._link(shape.lasts, value, place)

    def _fields(self, shape: Shape, value: Mapping[str, Any], before: str) -> None:
        for name, inner in shape.must.items():
            if name in value:
                self._value(inner, value[name], before + name)
            else:
                kind = DifferenceKind.MISSING_FIELD
                self.found.differs(kind, before + name, "missing", "always there")
        for name, inner in shape.may.items():
            if value.get(name) is not None:
                self._value(inner, value[name], before + name)
        for name in () if shape.is_open else value:
            if name not in shape.must and name not in shape.may:
                place, came = before + shown(_NAME, name), form_of(value[name])
                self.found.differs(DifferenceKind.NEW_FIELD, place, came, "no such field")

    def _link(
        self,
        lasts: Lifetime | None,
        url: str,
        place: str,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        left = seconds_left(url, self.exchange.at, headers)
        if left is not None:
            self.found.lifetimes[place] = round(left)
        if lasts is None:
            return
        if left is not None and not _is_within(left, lasts):
            known = lifetime_in_words(lasts)
            self.found.differs(DifferenceKind.LIFETIME, place, f"{left:.0f} s", known)
        if self.hosts and not _lies_at(urlsplit(url).hostname or "", self.hosts):
            known = " or ".join(self.hosts)
            self.found.differs(DifferenceKind.HOST, place, "another host", known)


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
        return _is_id(shape, value)
    return _FITS.get(shape.form, _is_text)(value)


def _is_id(shape: Shape, value: Any) -> bool:
    return isinstance(value, str) and bool(re.fullmatch(shape.pattern or r"\S+", value))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


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
    Form.WHOLE: lambda value: is_number(value) and value == int(value),
    Form.NUMBER: is_number,
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


def _inner(value: Any) -> Inner:
    if isinstance(value, Mapping):
        return _inner_of_object(value)
    return [("[]", one) for one in value[:MOST_ITEMS]] if isinstance(value, list) else []


def _inner_of_object(value: Mapping[str, Any]) -> Inner:
    return [(f".{shown(_NAME, name)}", value[name]) for name in list(value)[:MOST_LINES]]


def shown(pattern: re.Pattern[str], text: str, what: str = "a name of") -> str:
    """Return a name or a word, where it is one that a protocol may have; else only its length."""
    return text if _is_plain(pattern, text) else f"({what} {len(text)} characters)"


def _is_plain(pattern: re.Pattern[str], text: str) -> bool:
    return bool(pattern.fullmatch(text)) and sum(map(str.isdigit, text)) <= WIDEST_DIGITS
