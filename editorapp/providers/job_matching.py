"""Is a job on a provider's list the one that was posted? Pure.

A provider may show what was asked in another order, with its defaults written out, shortened, or
not at all. Money hangs on the answer, so there are three: what is not plainly the same or plainly
another is for a person to judge.
"""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Any

from editorapp.core.sanitizing import clean_text
from editorapp.providers.http.inline_body import STORED
from editorapp.providers.output_kinds import WEB
from editorapp.providers.rules.conditions import is_number
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
    rows = _rows_by_path([model])
    found = {_pair(value, theirs.get(path)) for path, value in ours.items()}
    found |= {_extra(value, rows.get(path)) for path, value in theirs.items() if path not in ours}
    if JobMatch.OTHER in found:
        return JobMatch.OTHER
    return JobMatch.UNCLEAR if JobMatch.UNCLEAR in found else JobMatch.SAME


def could_be(
    sent: Mapping[str, Any],
    shown: Any,
    model: Model,
    models: Iterable[Model],
) -> bool:
    """Could it be the same request, whatever its settings say? Also where the list shows nothing of
    it.

    It is another one where its words or its source are others, or where it has an input that the
    model does not know and another of the provider's `models` does: a list need not name the model.
    """
    if not isinstance(shown, Mapping):
        return True
    ours, theirs = dict(_leaves(sent)), dict(_leaves(shown))
    own = _rows_by_path([model])
    foreign = _rows_by_path(models).keys() - own.keys()
    if any(path in foreign and not _is_nothing(value) for path, value in theirs.items()):
        return False
    told = [path for path, row in own.items() if row.field in {"prompt", "source"}]
    return all(_pair(ours.get(path), theirs.get(path)) != JobMatch.OTHER for path in told)


def _rows_by_path(models: Iterable[Model]) -> dict[str, Parameter]:
    return {path: row for model in models for row in model.parameters for path in row.paths}


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
    ours, theirs = _plain(ours), _plain(theirs)
    is_same_type = type(ours) is type(theirs)
    if ours == theirs and is_same_type:  # True is no 1
        return JobMatch.SAME
    if not is_same_type or not isinstance(ours, str | Decimal | bool):
        return JobMatch.UNCLEAR
    return _texts(ours, theirs) if isinstance(ours, str) else JobMatch.OTHER


def _texts(ours: str, theirs: str) -> JobMatch:
    """Two texts that are not equal: shortened ones and addresses, which may be rewritten, say
    nothing.
    """
    is_address = ours.startswith(WEB) or theirs.startswith(WEB)
    return JobMatch.UNCLEAR if is_address or _is_start(theirs, ours) else JobMatch.OTHER


def _is_start(shown: str, whole: str) -> bool:
    start = shown.rstrip("….").rstrip()
    return shown != start and len(start) >= SHORTEST_START and whole.startswith(start)


def _bytes(sha256: str, shown: Any) -> JobMatch:
    """A stored file went in as base64: the list may show the bytes, a shortened form of them, or
    nothing.
    """
    return JobMatch.SAME if _sha256_in(shown) == sha256 else JobMatch.UNCLEAR


def _sha256_in(shown: Any) -> str | None:
    if not isinstance(shown, str):
        return None
    try:
        given = base64.b64decode(shown, validate=True)
    except ValueError:
        return None
    return hashlib.sha256(given).hexdigest()


def _extra(shown: Any, row: Parameter | None) -> JobMatch:
    """Something is shown that was not sent: a default, or what makes it another request."""
    if _is_nothing(shown):
        return JobMatch.SAME
    return _beside_default(shown, row) if row is not None else JobMatch.UNCLEAR


def _beside_default(shown: Any, row: Parameter) -> JobMatch:
    said = re.split("[,;]", row.default)[0]  # "adhere_1, where Auto is off"
    if said == "off":
        return JobMatch.OTHER
    if said not in row.choices:
        return JobMatch.UNCLEAR  # "the model's own choice": nobody knows what that is
    return JobMatch.SAME if _plain(shown) == _plain(row.values.get(said, said)) else JobMatch.OTHER


def _is_nothing(value: Any) -> bool:
    """Does a value say the same as leaving it out? A number never: 0 is a value."""
    is_empty = isinstance(value, str | list | Mapping) and not value
    return value is None or value is False or is_empty


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        text = clean_text(value)  # what a list shows is clean
        return " ".join(unicodedata.normalize("NFC", text).split())
    if is_number(value):
        return Decimal(str(value))
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {key: _plain(one) for key, one in value.items()}
    return value
