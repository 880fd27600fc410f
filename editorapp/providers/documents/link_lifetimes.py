"""How long a signed link is good, as far as it says so itself.

Only seconds leave here: the rest of it is a secret.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from editorapp.providers.http.retry_after import instant

# when it was signed, and for how long
_SIGNED = (
    ("x-amz-date", "x-amz-expires"),
    ("x-goog-date", "x-goog-expires"),
)
_COMPACT = "%Y%m%dT%H%M%SZ"


def seconds_left(
    url: str,
    at: datetime,
    headers: Mapping[str, str] | None = None,
) -> float | None:
    """Return for how many seconds from `at` a link works; None where it does not say.

    Read are the signatures of S3, Google's and Azure's storages, CloudFront's policy, a plain
    `expires`, and at last the answer's own header.
    """
    try:
        asked = {name.lower(): value for name, value in parse_qsl(urlsplit(url).query)}
    except ValueError:
        return None
    ends = _end_of(asked)
    if ends is None and headers is not None:
        ends = instant(headers.get("Expires", ""))
    return None if ends is None else ends - at.timestamp()


def _end_of(asked: Mapping[str, str]) -> float | None:
    try:
        for signed, lasts in _SIGNED:
            if signed in asked and lasts in asked:
                at = datetime.strptime(asked[signed], _COMPACT).replace(tzinfo=UTC)
                return at.timestamp() + float(asked[lasts])
        if "policy" in asked:
            return _of_policy(asked["policy"])
        if "se" in asked:
            return datetime.fromisoformat(asked["se"]).timestamp()
        return float(asked["expires"]) if "expires" in asked else None
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return None


def _of_policy(text: str) -> float:
    """Read CloudFront's policy: base64 in which three characters are replaced."""
    plain = text.translate(str.maketrans("-_~", "+=/"))
    said: Any = json.loads(base64.b64decode(plain + "=" * (-len(plain) % 4)))
    return float(said["Statement"][0]["Condition"]["DateLessThan"]["AWS:EpochTime"])
