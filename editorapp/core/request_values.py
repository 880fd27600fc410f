"""Request values: the typed readers of what an address, a form, a header or a JSON body says.

Each returns a value that every database, every header and every reckoning can hold, or raises
BadValue, which Django answers with 400 and our page for it (web/shell/views.py). Nothing else in a
view turns text into a number.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, TypeGuard

from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict

from editorapp.core import strict_json
from editorapp.core.typed_text import wrong_in

MOST_ID = 2**63 - 1  # what a database's id can be
MOST_IDS = 1_000  # in one form
LONGEST_JSON = 64 * 1024  # bytes
LONGEST_VALUE = 4_000  # characters of a value in an address
_WHOLE = re.compile(r"[0-9]{1,19}")
_DECIMAL = re.compile(r"-?([0-9]{1,12}(\.[0-9]{0,12})?|\.[0-9]{1,12})([eE]-?[0-9]{1,2})?")


class BadValue(BadRequest):
    """A value of a request cannot be read.

    `name` says which; the message is a sentence for a person.
    """

    def __init__(self, name: str, says: str) -> None:
        self.name = name
        super().__init__(f"{shown(name)}: {says}")


def shown(name: str) -> str:
    """Return a parameter's name as it can be said in a sentence: names come from outside, too."""
    return "".join(one if one.isprintable() else "?" for one in name[:60]) or "(no name)"


def as_whole(text: str) -> int | None:
    """Return the whole number that ASCII digits write, up to MOST_ID; None for any other text.

    For what is kept as it was typed and judged elsewhere, with a reason beside its field.
    """
    if not _WHOLE.fullmatch(text) or (number := int(text)) > MOST_ID:
        return None
    return number


def as_decimal(text: str) -> Decimal | None:
    """Return the number that ASCII digits write, with a point or an exponent of two digits; None
    for any other text.
    """
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def whole(values: Mapping[str, str], name: str, *, low: int = 0) -> int | None:
    """Return a whole number from `low` on; None where it is not said. Raises: BadValue."""
    text = values.get(name, "")
    if text == "":
        return None
    number = as_whole(text)
    if number is None or number < low:
        raise BadValue(name, f"{_a_whole_number(low)}, in the digits 0 to 9.")
    return number


def _a_whole_number(low: int) -> str:
    return f"a whole number from {low} to {MOST_ID} belongs here"


def needed_whole(values: Mapping[str, str], name: str) -> int:
    """Return a whole number that must be said. Raises: BadValue."""
    if (number := whole(values, name)) is None:
        raise BadValue(name, "this must be said: a whole number.")
    return number


def row_id(values: Mapping[str, str], name: str) -> int | None:
    """Return the id of a row; None where none is said. Raises: BadValue."""
    return whole(values, name, low=1)


def row_ids(values: QueryDict, name: str) -> list[int]:
    """Return the ids of rows that are said under a name, each once, in their order: one in a
    field, or several with commas between them.

    Raises: BadValue.
    """
    said = [one.strip() for part in values.getlist(name) for one in part.split(",")]
    numbers = [as_whole(one) for one in dict.fromkeys(filter(None, said))]
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers) or len(found) > MOST_IDS:
        says = f"numbers belong here, with commas between them, at most {MOST_IDS:,}."
        raise BadValue(name, says)
    return list(dict.fromkeys(found))


def text(values: Mapping[str, str], name: str, *, most: int = LONGEST_VALUE) -> str:
    """Return a text without the space around it; "" where none is said.

    Raises: BadValue, see typed_text.py.
    """
    found = values.get(name, "").strip()
    if wrong := wrong_in(found, most=most):
        raise BadValue(name, wrong)
    return found


def json_object(request: HttpRequest) -> dict[str, Any]:
    """Return a request's body as a JSON object.

    Raises: BadValue, also where it has more than LONGEST_JSON bytes.
    """
    name = "The body"
    header = "Content-Length"
    said = {header: request.headers.get(header) or "0"}
    if needed_whole(said, header) > LONGEST_JSON:
        raise BadValue(name, f"at most {LONGEST_JSON:,} bytes of JSON are read here.")
    try:
        body = strict_json.parse(request.body)
    except strict_json.NotJson as error:
        raise BadValue(name, str(error)) from error
    if not isinstance(body, dict):
        raise BadValue(name, "a JSON object belongs here.")
    return body


def json_text(body: Mapping[str, Any], name: str) -> str:
    """Return a text of a JSON object that must be there, as it is: no person types it.

    Raises: BadValue.
    """
    found = body.get(name)
    if not isinstance(found, str) or len(found) > LONGEST_VALUE:
        raise BadValue(name, f"a text of at most {LONGEST_VALUE:,} characters belongs here.")
    return found


def json_whole(body: Mapping[str, Any], name: str) -> int:
    """Return a whole number of a JSON object that must be there. Raises: BadValue."""
    found = body.get(name)
    if not _is_whole(found):
        raise BadValue(name, f"{_a_whole_number(0)}.")
    return found


def _is_whole(found: Any) -> TypeGuard[int]:
    is_number = isinstance(found, int) and not isinstance(found, bool)
    return is_number and 0 <= found <= MOST_ID


def wants_json(request: HttpRequest) -> bool:
    """Is the answer read by a script? It sent JSON, or would rather have JSON than a page."""
    if request.content_type == "application/json":
        return True
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"
