"""Form token: a word that a form carries, so that what is sent twice is done once."""

import uuid

from django.http import QueryDict

from editorapp.core.request_values import text

LONGEST_TOKEN = 40  # characters


def new_token() -> str:
    """Return a token for a form that is yet to be sent."""
    return uuid.uuid4().hex


def token_of(form: QueryDict) -> str:
    """Return the token of a form (`form_token`); a new one where it has none. Raises: BadValue."""
    return text(form, "form_token", most=LONGEST_TOKEN) or new_token()
