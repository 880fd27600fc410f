"""Is a job on a provider's list the one that was posted? Pure.

A provider may show what was asked in another order, with its defaults written out, shortened, or
not at all. Money hangs on the answer, so there are three: what is not plainly the same or plainly
another is for a person to judge.
"""

import base64
import binascii
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from editorapp.core.sanitizing import clean_text
from editorapp.providers.http.inline_body import STORED
from editorapp.providers.spec import Model, Parameter

SHORTEST_START = 20  # characters of a shortened text that say anything


class JobMatch(StrEnum):
    SAME = "same"
    UNCLEAR = "unclear"  # all that can be compared agrees, but not everything can
    OTHER = "other"


def compare(sent: Mapping[str, Any], shown: Any, model: Model) -> JobMatch:
    """Compare a body that was posted with what a provider's list shows of a job.

    SAME: all that was sent is shown, and what is shown beyond it is a default of the model. OTHER:
    something differs.
    """
    if not isinstance(shown, Mapping):
        return JobMatch.UNCLEAR
    ours, theirs = dict(_leaves(sent)), dict(_leaves(shown))
    found = {_pair(value, theirs.get(path)) for path, value in ours.items()}
    rows = {path: row for row in model.parameters for path in row.paths}
    found |= {_extra(value, rows.get(path)) for path, value in theirs.items() if path not in ours}
    for one in (JobMatch.OTHER, JobMatch.UNCLEAR):
        if one in found:
            return one
    return JobMatch.SAME


def could_be(sent: Mapping[str, Any], shown: Any, model: Model, models: Iterable[Model]) -> bool:
    """Could it be the same request, whatever its settings say? Also where the list shows nothing of
    it.

    It is another one where its words or its source are others, or where it has an input that the
    model does not know and another of the provider's `models` does: a list need not name the model.
    """
    if not isinstance(shown, Mapping):
        return True
    ours, theirs = dict(_leaves(sent)), dict(_leaves(shown))
    own = {path for row in model.parameters for path in row.paths}
    foreign = {path for other in models for row in other.parameters for path in row.paths} - own
    if any(path in foreign and not _is_nothing(value) for path, value in theirs.items()):
        return False
    told = [row for row in model.parameters if row.field in {"prompt", "source"}]
    pairs = [_pair(ours.get(path), theirs.get(path)) for row in told for path in row.paths]
    return JobMatch.OTHER not in pairs


def _leaves(body: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in body.items():
        if isinstance(value, Mapping) and value:
            yield from _leaves(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _pair(ours: Any, theirs: Any) -> JobMatch:
    """Compare one value that was sent with what is shown in its place."""
    stored = STORED.fullmatch(ours) if isinstance(ours, str) else None
    if stored:
        return _bytes(stored[1], theirs)
    if theirs is None:
        return JobMatch.SAME if _is_nothing(ours) else JobMatch.UNCLEAR
    if _plain(ours) == _plain(theirs) and isinstance(ours, bool) == isinstance(theirs, bool):
        return JobMatch.SAME
    if isinstance(ours, str) and isinstance(theirs, str):
        return _texts(_plain(ours), _plain(theirs))
    is_same_kind = _kind(ours) == _kind(theirs)
    return JobMatch.OTHER if is_same_kind and _kind(ours) != "other" else JobMatch.UNCLEAR


def _texts(ours: str, theirs: str) -> JobMatch:
    """Two texts that are not equal: shortened ones and addresses, which may be rewritten, say
    nothing.
    """
    if ours.startswith(("http://", "https://")) or theirs.startswith(("http://", "https://")):
        return JobMatch.UNCLEAR
    start = theirs.rstrip("….").rstrip()
    is_shortened = theirs != start and len(start) >= SHORTEST_START and ours.startswith(start)
    return JobMatch.UNCLEAR if is_shortened else JobMatch.OTHER


def _bytes(sha256: str, shown: Any) -> JobMatch:
    """A stored file went in as base64: the list may show the bytes, a shortened form of them, or
    nothing.
    """
    if not isinstance(shown, str):
        return JobMatch.UNCLEAR
    try:
        given = base64.b64decode(shown, validate=True)
    except (binascii.Error, ValueError):
        return JobMatch.UNCLEAR
    return JobMatch.SAME if hashlib.sha256(given).hexdigest() == sha256 else JobMatch.UNCLEAR


def _extra(shown: Any, row: Parameter | None) -> JobMatch:
    """Something is shown that was not sent: a default, or what makes it another request."""
    if _is_nothing(shown):
        return JobMatch.SAME
    if row is None:
        return JobMatch.UNCLEAR
    said = re.split("[,;]", row.default)[0]  # "adhere_1, where Auto is off"
    if said == "off":
        return JobMatch.OTHER
    if said not in row.choices:
        return JobMatch.UNCLEAR  # "the model's own choice": nobody knows what that is
    return JobMatch.SAME if _plain(shown) == _plain(row.values.get(said, said)) else JobMatch.OTHER


def _is_nothing(value: Any) -> bool:
    """Does a value say the same as leaving it out? A number never: 0 is a value."""
    return (
        value is None or value is False or (isinstance(value, str | list | Mapping) and not value)
    )


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return " ".join(
            unicodedata.normalize("NFC", clean_text(value)).split()
        )  # what a list shows is clean
    if isinstance(value, int | float) and not isinstance(value, bool):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "flag"
    return (
        "number"
        if isinstance(value, int | float)
        else "text"
        if isinstance(value, str)
        else "other"
    )
