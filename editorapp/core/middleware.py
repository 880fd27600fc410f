"""Middleware: what every answer carries. Its headers, an id, and fewer bytes on the way."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

from editorapp.core import logs

log = logging.getLogger("rushes.request")


class Headers:
    """Send the policies of the settings with every answer (Django 6 will read SECURE_CSP by
    itself), and let nothing be kept by a browser or a proxy that does not say itself how it may be
    kept.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.defaults = {
            "Content-Security-Policy": _content_policy(),
            "Permissions-Policy": settings.PERMISSIONS_POLICY,
            # After signing out, "back" shows nothing of before. What was typed, the studio keeps as
            # a draft.
            "Cache-Control": "private, no-store",
        }

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.defaults.items():
            response.headers.setdefault(name, value)
        return response


def _content_policy() -> str:
    rows = settings.SECURE_CSP.items()
    return "; ".join(f"{name} {' '.join(values)}" for name, values in rows)


class Compression(GZipMiddleware):
    """Compress pages and what scripts read of them: nothing that is compressed already, streamed,
    or part of a file.

    No secret can be guessed from an answer's length (BREACH): the CSRF token is masked anew each
    time, a random number of bytes is added by Django, and no other site's page can have a browser
    ask with our cookies (SameSite).
    """

    TYPES = ("text/html", "text/plain", "application/json")

    def process_response(
        self,
        request: HttpRequest,
        response: HttpResponseBase,
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "").partition(";")[0]
        if response.streaming or response.status_code == 206 or kind not in self.TYPES:
            return response
        return super().process_response(request, response)


class RequestId:
    """Give each request an id: the caller's (a proxy's), else a new one.

    It is in every line and in the answer.

    A request that failed or was slow gets a line of its own. Never with the query: it may hold what
    somebody typed.
    """

    HEADER = "X-Request-ID"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        with logs.request(logs.clean_request_id(request.headers.get(self.HEADER, ""))):
            response = self.get_response(request)
            response.headers[self.HEADER] = logs.request_id()
            _note(request, response, time.monotonic() - began)
        return response


def _note(request: HttpRequest, response: HttpResponse, seconds: float) -> None:
    is_bad = response.status_code >= 500
    is_slow = seconds >= settings.SLOW_REQUEST_SECONDS
    level = logging.WARNING if is_bad or is_slow else logging.DEBUG
    if not log.isEnabledFor(level):
        return
    why = "failed" if is_bad else "slow" if is_slow else "answered"
    fields = {"status": response.status_code, "milliseconds": round(seconds * 1000)}
    log.log(level, "%s %s: %s", request.method, request.path, why, extra={"fields": fields})
