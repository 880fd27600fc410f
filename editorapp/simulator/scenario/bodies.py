"""Bodies of Scenario's calls, and ids in its style."""

import secrets
import string

from editorapp.core import strict_json
from editorapp.simulator.http import Request
from editorapp.simulator.tables import JsonObject

MAX_JSON_BYTES = 9_000_000  # a picture of 6 MB in base64, and some
_ALPHABET = string.ascii_letters + string.digits


async def json_of(request: Request) -> JsonObject:
    """Return the body as an object. Raises: TooLarge; ValueError, when it is none."""
    body = strict_json.parse(await request.body(MAX_JSON_BYTES) or b"{}")
    if not isinstance(body, dict):
        raise ValueError("no object")
    return body


def new_id(kind: str) -> str:
    """Return a new id: "job_ocZCnG1Df35XRL1QyCZSRxAG"."""
    return f"{kind}_{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"
