"""The language in which a provider's module says, as data, what its documents say of the answers.

The adapters read any answer with care and need none of this. It is what a real provider is held
against when somebody verifies an account with a real key: see compare.py and
generations/verification/.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Form(StrEnum):
    """What stands at a place of an answer."""

    TEXT = "text"
    ID = "an id"  # of the documented pattern, where there is one
    WORD = "a word"  # one of a documented list
    TIME = "a time (ISO 8601)"
    EPOCH = "a time (seconds since 1970)"
    NUMBER = "a number"
    WHOLE = "a whole number"
    FLAG = "true or false"
    LINK = "an address"
    OBJECT = "an object"
    LIST = "a list"
    ANY = "anything"


UUID = r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}"


@dataclass(frozen=True, kw_only=True)
class Lifetime:
    """How long a link is good, in seconds. None: the documents name no bound on that side."""

    least_seconds: float | None = None
    most_seconds: float | None = None


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A value of an answer.

    `must` are fields that are always there and never null; `may` are others. An open object may
    hold more than is documented. `is_price` marks what the whole request costs, in the provider's
    own unit.
    """

    form: Form
    must: Mapping[str, "Shape"] = field(default_factory=dict)
    may: Mapping[str, "Shape"] = field(default_factory=dict)
    of: "Shape | None" = None  # what a list holds
    is_open: bool = False
    words: frozenset[str] = frozenset()
    pattern: str = ""
    lasts: Lifetime | None = None  # of a link
    is_price: bool = False


TEXT, FLAG, ANY = Shape(form=Form.TEXT), Shape(form=Form.FLAG), Shape(form=Form.ANY)
NUMBER, WHOLE = Shape(form=Form.NUMBER), Shape(form=Form.WHOLE)
TIME, EPOCH, LINK = Shape(form=Form.TIME), Shape(form=Form.EPOCH), Shape(form=Form.LINK)
OPEN = Shape(form=Form.OBJECT, is_open=True)


def an_id(pattern: str = "") -> Shape:
    return Shape(form=Form.ID, pattern=pattern)


def word(words: Collection[str]) -> Shape:
    return Shape(form=Form.WORD, words=frozenset(words))


def link(lasts: Lifetime) -> Shape:
    return Shape(form=Form.LINK, lasts=lasts)


def price() -> Shape:
    return Shape(form=Form.NUMBER, is_price=True)


def several(of: Shape) -> Shape:
    return Shape(form=Form.LIST, of=of)


def each(shape: Shape, names: str) -> dict[str, Shape]:
    """Return fields of one shape: "createdAt updatedAt"."""
    return dict.fromkeys(names.split(), shape)


def an_object(must: Mapping[str, Shape], may: Mapping[str, Shape] | None = None) -> Shape:
    return Shape(form=Form.OBJECT, must=must, may=may or {})


@dataclass(frozen=True)
class Header:
    """A header that a call's answer carries: always, or perhaps.

    `pattern` is the form of its value.
    """

    name: str
    pattern: str = ""
    is_always: bool = True


@dataclass(frozen=True)
class Call:
    """One call and how it is answered when it succeeds.

    No status: any of 2xx, for the documents name none.

    `path` is a pattern of what stands below the base URL; `params` must be among what is asked in
    the query.
    """

    name: str  # for people: "poll"
    method: str
    path: str
    shape: Shape | None
    source: str  # the contract's section
    statuses: tuple[int, ...] = ()
    params: tuple[str, ...] = ()
    headers: tuple[Header, ...] = ()
    content_type: str = "application/json"


def read(name: str, path: str, shape: Shape, source: str) -> Call:
    """Return a question that is answered with 200."""
    return Call(name, "GET", path, shape, source, statuses=(200,))


@dataclass(frozen=True, kw_only=True)
class Documents:
    """All that a provider's documents say of its answers.

    `refusal` is the body of an answer outside 2xx, by its status; under None, of every other.
    `unknown_id` is how an id looks that nobody has: a job by it is asked for, to see a refusal.
    `hosts` are where links lie, by their ending.
    """

    calls: tuple[Call, ...]
    refusals: Mapping[int | None, Shape]
    headers: tuple[Header, ...] = ()  # of every answer to a call
    refusal_headers: Mapping[int, tuple[Header, ...]] = field(default_factory=dict)
    unknown_id: str
    result_types: tuple[str, ...] = ("video/mp4",)  # content types of what links lead to
    link_lasts: Lifetime | None = None
    hosts: tuple[str, ...] = ()
    unsaid: tuple[
        str, ...
    ] = ()  # what the documents leave open, as sentences: a report answers them
