"""Themes: what the pages can be drawn in, and how a browser's choice is kept."""

from django.http import HttpRequest

THEMES = (("", "System"), ("dark", "Dark"), ("light", "Light"))
COOKIE = "rushes_theme"


def is_theme(wanted: str) -> bool:
    return wanted in dict(THEMES)


def chosen(request: HttpRequest) -> str:
    """Return the theme that this browser chose; "" for the system's."""
    kept = request.COOKIES.get(COOKIE, "")
    return kept if is_theme(kept) else ""
