"""htmx: a page for a browser, or only the part of it that htmx asked for."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers

Context = dict[str, Any]  # what a template is given, by name


def is_part(request: HttpRequest) -> bool:
    """Is this a request by htmx for a part of a page? (A boosted link wants the whole page.)"""
    htmx = getattr(request, "htmx", None)
    return htmx is not None and bool(htmx) and not htmx.boosted and not htmx.history_restore_request


def page_or_part(
    request: HttpRequest,
    page: str,
    part: str,
    context: Context,
) -> HttpResponse:
    """Render `part` for htmx and `page` for everyone else."""
    response = render(request, part if is_part(request) else page, context)
    patch_vary_headers(response, ["HX-Request"])
    return response
