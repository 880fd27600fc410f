"""Cookies that outlast a session: what a browser remembers for a year."""

from django.conf import settings
from django.http import HttpResponse

YEAR = 60 * 60 * 24 * 365  # seconds


def remember(
    response: HttpResponse,
    name: str,
    value: str,
    *,
    is_for_scripts: bool = False,
) -> None:
    """Have the browser send this with every request to us for a year."""
    response.set_cookie(
        name,
        value,
        max_age=YEAR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=not is_for_scripts,
        samesite="Lax",
    )
