"""Readable requests: what no view has to think of, because it is refused before any of them: an
address with control characters in it, and a form in letters other than UTF-8.
"""

import codecs
from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import get_resolver

from editorapp.core.request_values import BadValue
from editorapp.core.typed_text import wrong_in

UTF_8 = codecs.lookup("utf-8")


class ReadableRequest:
    """Refuse with 400 what cannot be read: see `check_address` and `check_charset`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            check_charset(request)
            check_address(request)
        except BadValue as error:
            return refused(request, error)
        return self.get_response(request)

    def process_exception(
        self,
        request: HttpRequest,
        exception: Exception,
    ) -> HttpResponse | None:
        """Answer what a view's readers refuse.

        Left to Django, each would be a traceback in the log.
        """
        return refused(request, exception) if isinstance(exception, BadValue) else None

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponseBase],
        args: Any,
        kwargs: dict[str, Any],
    ) -> None:
        """Find nothing under a number that no row has: the digits of a route may be thousands."""
        for value in kwargs.values():
            if isinstance(value, int) and value.bit_length() > 63:
                raise Http404("There is nothing with such a number.")


def refused(request: HttpRequest, error: BadValue) -> HttpResponse:
    """Return the project's answer for what cannot be read: its handler400."""
    answer: HttpResponse = get_resolver().resolve_error_handler(400)(request, exception=error)  # type: ignore[call-arg]
    return answer


def check_charset(request: HttpRequest) -> None:
    """Raises: BadValue, where a body says that it is in other letters than UTF-8: no browser sends
    our forms so.
    """
    charset = (request.content_params or {}).get("charset")
    if charset is not None and not _is_utf_8(charset):
        request.encoding = "utf-8"  # what renders the answer reads the address once more
        raise BadValue("charset", "only UTF-8 is read here: send it in UTF-8.")


def _is_utf_8(charset: str) -> bool:
    try:
        return codecs.lookup(charset.strip("\"' ")) == UTF_8
    except (LookupError, ValueError):
        return False


def check_address(request: HttpRequest) -> None:
    """Raises: BadValue, where the address or a value in it holds a control character."""
    if wrong_in(request.path_info):
        raise BadValue(
            "The address", "there is a control character in it. Open the page from a link."
        )
    for name, values in request.GET.lists():
        _check_words(name, [name, *values])


def _check_words(name: str, words: list[str]) -> None:
    for word in words:
        if wrong := wrong_in(word):
            raise BadValue(name, wrong)
