"""What every answer carries: the Content-Security-Policy (Django 6 will read the setting by itself), and an id."""

import logging
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from editorapp.core import logs

log = logging.getLogger("rushes.request")


class ContentSecurityPolicy:
    """Send the policy of `settings.SECURE_CSP` with every answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.policy = "; ".join(f"{name} {' '.join(values)}" for name, values in settings.SECURE_CSP.items())

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class RequestId:
    """Give each request an id: the caller's (a proxy's), else a new one. It is in every line and in the answer.

    A request that failed or was slow gets a line of its own. Never with the query: it may hold what somebody typed.
    """

    HEADER = "X-Request-ID"

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.monotonic()
        with logs.request(logs.clean_request_id(request.headers.get(self.HEADER, ""))):
            response = self.get_response(request)
            response.headers[self.HEADER] = logs.request_id()
            seconds = time.monotonic() - began
            is_bad = response.status_code >= 500
            level = logging.WARNING if is_bad or seconds >= settings.SLOW_REQUEST_SECONDS else logging.DEBUG
            if log.isEnabledFor(level):
                fields = {"status": response.status_code, "milliseconds": round(seconds * 1000)}
                why = "failed" if is_bad else "slow" if level == logging.WARNING else "answered"
                log.log(level, "%s %s: %s", request.method, request.path, why, extra={"fields": fields})
        return response
