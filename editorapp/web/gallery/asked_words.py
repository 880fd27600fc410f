"""Asked words: what the gallery was searched for, so that its cards can mark it."""

from urllib.parse import urlsplit

from django.http import HttpRequest, QueryDict

from editorapp.core.request_values import BadValue
from editorapp.library.folding import SearchedWords, searched
from editorapp.web.gallery.filters import Filters


def asked_words(filters: Filters) -> SearchedWords | None:
    """Return what is searched for; None for no search."""
    return searched(filters.q) if filters.q else None


def asked_by_page(request: HttpRequest) -> SearchedWords | None:
    """Return what the page was searched for that asks for a part of itself."""
    try:
        here = urlsplit(request.headers.get("HX-Current-URL", "")).query
        return asked_words(Filters.read(QueryDict(here)))
    except (BadValue, ValueError):  # an address that this page never had
        return None
