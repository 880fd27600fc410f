"""Hold an answer against the documents.

What comes of it names places and forms and holds nothing that was said there.

An answer is full of what nobody may see: links' signatures, prompts, ids. So the values are left
behind here, at the first step: a difference tells a field's name, a form, a status, a number of
seconds. Words are shown only where they look like what a protocol is made of.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
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


@dataclass(frozen=True)
class Difference:
    """One way in which an answer is not as documented. All of it may be read by strangers."""

    kind: DifferenceKind
    call: str
    place: str
    came: str
    documented: str

    def to_json(self) -> dict[str, str]:
        return {
            "kind": str(self.kind),
            "call": self.call,
            "place": self.place,
            "came": self.came,
            "documented": self.documented,
        }


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

    def differs(self, kind: DifferenceKind, place: str, came: str, documented: str) -> None:
        """Note a difference, once for a place."""
        one = Difference(kind, self.call, place, came, documented)
        if all((one.kind, one.place) != (each.kind, each.place) for each in self.differences):
            self.differences.append(one)


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
    if exchange.path in (LINK, UPLOAD):
        return _of_file(documents, exchange, knows_hosts=knows_hosts)
    call = _call_of(documents, exchange)
    if call is None:
        return None
    found = Compared(call.name, exchange.status, call.source)
    is_refused = not 200 <= exchange.status < 300
    if expected_status is not None and exchange.status != expected_status:
        found.differs(DifferenceKind.STATUS, "status", str(exchange.status), str(expected_status))
    elif (
        expected_status is None
        and not is_refused
        and call.statuses
        and exchange.status not in call.statuses
    ):
        found.differs(
            DifferenceKind.STATUS,
            "status",
            str(exchange.status),
            " or ".join(map(str, call.statuses)),
        )
    _compare_headers(found, documents, call, exchange, is_refused=is_refused)
    if said := _media_type(exchange.headers):
        if said != call.content_type:
            found.differs(
                DifferenceKind.CONTENT_TYPE,
                "Content-Type",
                shown_media_type(said),
                call.content_type,
            )
    elif exchange.content:
        found.differs(DifferenceKind.CONTENT_TYPE, "Content-Type", "none", call.content_type)
    shape = (
        documents.refusals.get(exchange.status, documents.refusals[None])
        if is_refused
        else call.shape
    )
    if shape is not None:
        _compare_body(
            found,
            shape,
            exchange,
            is_refused=is_refused,
            hosts=documents.hosts if knows_hosts else (),
        )
    return found


def _call_of(documents: Documents, exchange: Exchange) -> Call | None:
    return next(
        (
            call
            for call in documents.calls
            if call.method == exchange.method
            and re.fullmatch(call.path, exchange.path)
            and set(call.params) <= set(exchange.params)
        ),
        None,
    )


def _of_file(documents: Documents, exchange: Exchange, *, knows_hosts: bool) -> Compared:
    """Hold a file's head against the documents: the clip behind a link, or the answer to an upload."""
    is_link = exchange.path == LINK
    found = Compared("download" if is_link else "upload of the bytes", exchange.status)
    if not is_link:
        return found
    if exchange.status not in (200, 206):
        found.differs(DifferenceKind.STATUS, "status", str(exchange.status), "200")
        return found
    said = _media_type(exchange.headers)
    if said not in documents.result_types:
        shown = shown_media_type(said) if said else "none"
        found.differs(
            DifferenceKind.CONTENT_TYPE, "Content-Type", shown, " or ".join(documents.result_types)
        )
    left = seconds_left(exchange.url, exchange.at, exchange.headers)
    if left is not None:
        found.lifetimes["link"] = round(left)
    if knows_hosts:
        _compare_host(found, "link", exchange.url, documents.hosts)
    return found


def _compare_headers(
    found: Compared, documents: Documents, call: Call, exchange: Exchange, *, is_refused: bool
) -> None:
    own = documents.refusal_headers.get(exchange.status, ()) if is_refused else call.headers
    rows = (*documents.headers, *own)
    for row in rows:
        _compare_header(found, row, exchange.headers.get(row.name))
    known = {row.name.lower() for row in rows}
    for name in exchange.headers:
        if _LIMITING.search(name) and name.lower() not in known:
            found.differs(
                DifferenceKind.NEW_HEADER, shown_name(name), "there", "not documented here"
            )


def _compare_header(found: Compared, row: Header, value: str | None) -> None:
    if value is None:
        if row.is_always:
            found.differs(DifferenceKind.MISSING_HEADER, row.name, "missing", "always there")
    elif row.pattern and not re.fullmatch(row.pattern, value):
        found.differs(
            DifferenceKind.HEADER_FORM,
            row.name,
            f"{len(value)} characters of another form",
            row.pattern,
        )


def _compare_body(
    found: Compared, shape: Shape, exchange: Exchange, *, is_refused: bool, hosts: tuple[str, ...]
) -> None:
    try:
        body = parse_json(exchange.content)
    except JsonNotReadable:
        kind = DifferenceKind.REFUSAL if is_refused else DifferenceKind.FORM
        found.differs(kind, BODY, f"{len(exchange.content)} bytes that are no JSON", "JSON")
        return
    walk = _Walk(found, exchange.at, hosts)
    walk.value(shape, body, "")
    found.form = sorted(set(_lines(body, "")))[:MOST_LINES]
    if is_refused:  # whatever is odd about it, it is the refusal that looks otherwise
        odd, found.differences = found.differences, []
        for one in odd:
            is_of_body = one.kind in (
                DifferenceKind.NEW_FIELD,
                DifferenceKind.MISSING_FIELD,
                DifferenceKind.FORM,
            )
            kind = DifferenceKind.REFUSAL if is_of_body else one.kind
            found.differs(
                kind,
                one.place,
                f"{one.kind}: {one.came}" if is_of_body else one.came,
                one.documented,
            )


@dataclass
class _Walk:
    """Goes through a body beside its shape and notes what differs."""

    found: Compared
    at: datetime
    hosts: tuple[str, ...]

    def value(self, shape: Shape, value: Any, place: str) -> None:
        if shape.form is Form.ANY:
            return
        if not _fits(shape, value):
            expected = str(shape.form) + (f" ({shape.pattern})" if shape.pattern else "")
            self.found.differs(DifferenceKind.FORM, place or BODY, form_of(value), expected)
        elif shape.form is Form.OBJECT:
            self._fields(shape, value, place)
        elif shape.form is Form.LIST and shape.of is not None:
            for one in value[:MOST_ITEMS]:
                self.value(shape.of, one, f"{place}[]")
        elif shape.form is Form.WORD and value not in shape.words:
            self.found.differs(
                DifferenceKind.WORD, place, shown_word(value), ", ".join(sorted(shape.words))
            )
        elif shape.form is Form.LINK:
            self._link(shape.lasts, value, place)
        if shape.is_price and (said := amount(value)) is not None:
            self.found.prices[place] = format(said.normalize(), "f")

    def _fields(self, shape: Shape, value: Mapping[str, Any], place: str) -> None:
        before = f"{place}." if place else ""
        for name, inner in shape.must.items():
            if name in value:
                self.value(inner, value[name], before + name)
            else:
                self.found.differs(
                    DifferenceKind.MISSING_FIELD, before + name, "missing", "always there"
                )
        for name, inner in shape.may.items():
            if value.get(name) is not None:
                self.value(inner, value[name], before + name)
        for name in value:
            if name not in shape.must and name not in shape.may and not shape.is_open:
                self.found.differs(
                    DifferenceKind.NEW_FIELD,
                    before + shown_name(name),
                    form_of(value[name]),
                    "no such field",
                )

    def _link(self, lasts: Lifetime | None, url: str, place: str) -> None:
        left = seconds_left(url, self.at)
        if left is not None:
            self.found.lifetimes[place] = round(left)
        if lasts is None:
            return
        if left is not None and not _is_within(left, lasts):
            self.found.differs(
                DifferenceKind.LIFETIME, place, f"{left:.0f} s", lifetime_in_words(lasts)
            )
        _compare_host(self.found, place, url, self.hosts)


def _compare_host(found: Compared, place: str, url: str, hosts: tuple[str, ...]) -> None:
    host = urlsplit(url).hostname or ""
    if hosts and not any(host == one or host.endswith(f".{one}") for one in hosts):
        found.differs(DifferenceKind.HOST, place, "another host", " or ".join(hosts))


def _is_within(left: float, lasts: Lifetime) -> bool:
    least, most = lasts.least_seconds, lasts.most_seconds
    return (least is None or left >= least) and (most is None or left <= most)


def lifetime_in_words(lasts: Lifetime) -> str:
    least, most = lasts.least_seconds, lasts.most_seconds
    said = [f"at least {least:g} s"] if least is not None else []
    return " and ".join([*said, *([f"at most {most:g} s"] if most is not None else [])])


def _fits(shape: Shape, value: Any) -> bool:
    match shape.form:
        case Form.OBJECT:
            return isinstance(value, Mapping)
        case Form.LIST:
            return isinstance(value, list)
        case Form.FLAG:
            return isinstance(value, bool)
        case Form.NUMBER:
            return _is_number(value)
        case Form.WHOLE:
            return _is_number(value) and value == int(value)
        case Form.EPOCH:
            return isinstance(value, int) and not isinstance(value, bool) and value in _SECONDS
        case Form.TIME:
            return isinstance(value, str) and _is_time(value)
        case Form.LINK:
            return isinstance(value, str) and bool(_WEB.fullmatch(value))
        case Form.ID:
            return isinstance(value, str) and bool(re.fullmatch(shape.pattern or r"\S+", value))
        case _:
            return isinstance(value, str)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _is_time(text: str) -> bool:
    try:
        return "T" in text and datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


def form_of(value: Any) -> str:
    """Say what kind of value stands somewhere, and nothing of the value itself."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(Form.FLAG)
    if isinstance(value, int):
        return str(Form.EPOCH if value in _SECONDS else Form.WHOLE)
    if _is_number(value):
        return str(Form.NUMBER)
    if isinstance(value, Mapping):
        return str(Form.OBJECT)
    if isinstance(value, list):
        return str(Form.LIST)
    text = str(value)
    if not text:
        return "an empty text"
    for form, is_it in (
        (f"{Form.ID} (UUID)", re.fullmatch(UUID, text)),
        (Form.LINK, _WEB.fullmatch(text)),
    ):
        if is_it:
            return str(form)
    return str(Form.TIME if _is_time(text) else f"{Form.TEXT}")


def _lines(value: Any, place: str, depth: int = 0) -> Iterator[str]:
    """Yield where something stands in a body, and of which form."""
    if isinstance(value, Mapping) and value and depth < DEEPEST:
        for name in list(value)[:MOST_LINES]:
            yield from _lines(value[name], f"{place}.{shown_name(name)}".lstrip("."), depth + 1)
    elif isinstance(value, list) and value and depth < DEEPEST:
        for one in value[:MOST_ITEMS]:
            yield from _lines(one, f"{place}[]", depth + 1)
    else:
        yield f"{place or BODY}: {form_of(value)}"


def _media_type(headers: Mapping[str, str]) -> str:
    return headers.get("Content-Type", "").partition(";")[0].strip().lower()


def shown_name(name: str) -> str:
    """Return a field's or a header's name, where it is one that a protocol may have."""
    is_plain = _NAME.fullmatch(name) and sum(map(str.isdigit, name)) <= WIDEST_DIGITS
    return name if is_plain else f"(a name of {len(name)} characters)"


def shown_word(word: str) -> str:
    return word if _WORD.fullmatch(word) else f"(a word of {len(word)} characters)"


def shown_media_type(said: str) -> str:
    is_plain = _MEDIA_TYPE.fullmatch(said) and sum(map(str.isdigit, said)) <= WIDEST_DIGITS
    return said if is_plain else f"(another, of {len(said)} characters)"
