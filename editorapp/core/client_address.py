"""Client address: where a request comes from, also behind a proxy."""

from contextlib import suppress
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return where a request comes from: behind a proxy, what the nearest proxy saw, which is the
    last in the list.
    """
    if settings.CSRF_TRUSTED_ORIGINS:
        with suppress(ValueError):
            return str(ip_address(_seen_by_proxy(request)))
    return request.META.get("REMOTE_ADDR", "")


def _seen_by_proxy(request: HttpRequest) -> str:
    return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
