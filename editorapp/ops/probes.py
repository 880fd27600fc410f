"""Probes: `/healthz`, `/readyz` and `/metrics`, answered before sessions, sign-in and the host name's
check.

A probe calls by an address of its own (a pod's, a container's), and must not need a database to
learn that the process lives. So this is a middleware, and the first after the one that gives the
request its id.
"""

import hmac
from collections.abc import Callable
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port, validate_host
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from editorapp.ops import metrics, readiness

OWN_NAMES = ("localhost", "127.0.0.1", "[::1]")
FORWARDED = ("X-Forwarded-For", "Forwarded", "X-Real-IP")


class Probes:
    """Answer the three probes, and hand on everything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.probes = {"/healthz": healthz, "/readyz": readyz, "/metrics": metrics_page}

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        return require_safe(probe)(request)


def healthz(request: HttpRequest) -> HttpResponse:
    """Say that this process answers.

    Nothing else is looked at: a database that is away is no reason to kill it.
    """
    return HttpResponse("ok\n", content_type="text/plain")


def readyz(request: HttpRequest) -> HttpResponse:
    """Say whether this process can do its work, and what stands in the way.

    `?exclude=engine` leaves a check out: a balancer in front of several web hosts does not want to
    take all of them away because the workers are being replaced.
    """
    found = readiness.checks(timezone.now(), exclude=request.GET.getlist("exclude"))
    ready = all(problem == "" for problem in found.values())
    said = {
        "ready": ready,
        "checks": {name: problem or "ok" for name, problem in found.items()},
    }
    return JsonResponse(said, status=200 if ready else 503)


def metrics_page(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, if it may ask."""
    token = settings.METRICS_TOKEN
    if token:
        if not _has_token(request, token):
            refusal = "Send RUSHES_METRICS_TOKEN as a Bearer token.\n"
            return HttpResponse(refusal, "text/plain", 401, headers={"WWW-Authenticate": "Bearer"})
    elif not _is_from_this_machine(request):
        return HttpResponse(
            "From another machine only with RUSHES_METRICS_TOKEN set.\n",
            "text/plain",
            403,
        )
    return HttpResponse(metrics.exposition(timezone.now()), content_type=CONTENT_TYPE_LATEST)


def _has_token(request: HttpRequest, token: str) -> bool:
    given = request.headers.get("Authorization", "")
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def _is_from_this_machine(request: HttpRequest) -> bool:
    """Was it asked on this machine, and not through a proxy that runs here? Behind one, everybody
    is "local".

    Nor by a page in a browser here, whose own host's name was made to lead to this machine (DNS
    rebinding).
    """
    if settings.CSRF_TRUSTED_ORIGINS or any(name in request.headers for name in FORWARDED):
        return False
    try:
        is_local = ip_address(request.META.get("REMOTE_ADDR", "")).is_loopback
    except ValueError:
        return False
    host, _port = split_domain_port(request.headers.get("Host", "localhost"))
    return is_local and validate_host(host, [*settings.ALLOWED_HOSTS, *OWN_NAMES])
