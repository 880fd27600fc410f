"""Ids in Scenario's style."""

import secrets
import string

_ALPHABET = string.ascii_letters + string.digits


def new_id(kind: str) -> str:
    """Return a new id: "job_ocZCnG1Df35XRL1QyCZSRxAG"."""
    return f"{kind}_{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"
