"""Door: who comes by a link, and what every answer below /s/ carries.

A guest is known by a key in a cookie of this link alone. Nothing of a session of the team is read
but to tell a member that they look at what guests see.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_http_methods

from editorapp.core.htmx import Context
from editorapp.review import shares
from editorapp.review.models import Guest, Share
from editorapp.review.shares import NoSuchShare

HEADERS = {
    # A link in the page would name the token to another site; our own forms need to say whence.
    "Referrer-Policy": "same-origin",
    "X-Robots-Tag": "noindex, nofollow, noarchive, noimageindex",
    # Also by the browser itself: what is revoked is seen no more.
    "Cache-Control": "private, no-store",
}
View = Callable[..., HttpResponseBase]


class LinkRequest(HttpRequest):
    """A request by a link that is open; `guest` is who is known by it, if anybody."""

    share: Share
    token: str
    guest: Guest | None


class GuestRequest(LinkRequest):
    """A request of somebody who has come in by a link."""

    guest: Guest


def by_link(*methods: str) -> Callable[[View], View]:
    """Return a decorator for a view of an open link: (request, ...), the token taken off.

    What is closed, or was never there, is answered with 410; never said which.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, token: str, *args: Any, **more: Any) -> HttpResponseBase:
            response = _answer(view, request, token, *args, **more)
            for name, value in HEADERS.items():
                response.headers[name] = value
            patch_vary_headers(response, ["Cookie"])
            return response

        return require_http_methods(list(methods or ("GET", "HEAD")))(guarded)

    return guard


def for_guests(*methods: str, sends_to_door: bool = False) -> Callable[[View], View]:
    """Return a decorator as `by_link`, for who has come in; others get 403, or the door."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: LinkRequest, *args: Any, **more: Any) -> HttpResponseBase:
            if request.guest is not None:
                return view(request, *args, **more)
            if sends_to_door:
                return _to_door(request)
            raise PermissionDenied

        return by_link(*methods)(guarded)

    return guard


def _to_door(request: LinkRequest) -> HttpResponse:
    """Lead to the door; a page that polls, by having it loaded anew."""
    if request.headers.get("HX-Request"):
        return HttpResponse(headers={"HX-Refresh": "true"})
    return redirect("guests:page", request.token)


def _answer(
    view: View,
    request: HttpRequest,
    token: str,
    *args: Any,
    **more: Any,
) -> HttpResponseBase:
    try:
        made = shares.opened(token, now=timezone.now())
    except NoSuchShare:
        return closed(request)
    request.share, request.token = made, token  # type: ignore[attr-defined]
    request.guest = _guest(request, made)  # type: ignore[attr-defined]
    try:
        return view(request, *args, **more)
    except Http404:
        return shown(request, "guests/nothing.html", status=404)
    except PermissionDenied:
        return shown(request, "guests/nothing.html", status=403)


def _guest(request: HttpRequest, made: Share) -> Guest | None:
    guest = shares.guest_of(made, request.COOKIES.get(cookie_of(made), ""))
    if guest is not None:
        guest.share = made
    return guest


def closed(request: HttpRequest) -> HttpResponse:
    """Say that a link leads nowhere; to a page that polls, by having it loaded anew."""
    response = shown(request, "guests/closed.html", status=410)
    if request.headers.get("HX-Request"):
        response = HttpResponse(headers={"HX-Refresh": "true"})
    return response


def shown(
    request: HttpRequest,
    template: str,
    context: Context | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    """Render a page for guests: without anything of who is signed in, but for a hint."""
    signed_in = request.user if request.user.is_authenticated else None
    own: Context = {"member": None, "messages": (), "signed_in": signed_in}
    own |= {"share": getattr(request, "share", None), "guest": getattr(request, "guest", None)}
    own |= {"token": getattr(request, "token", "")}
    return render(request, template, own | (context or {}), status=status)


def cookie_of(made: Share) -> str:
    """Return the name of the cookie by which guests of a link are known."""
    prefix = "__Secure-" if settings.IS_HTTPS else ""
    return f"{prefix}rushes_guest_{made.pk}"


def let_in(response: HttpResponse, made: Share, token: str, key: str) -> None:
    """Have a browser known as a guest's, at this link and nowhere else, until the link is over."""
    response.set_cookie(
        cookie_of(made),
        key,
        max_age=_seconds_left(made),
        path=_path(token),
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse, made: Share, token: str) -> None:
    """Have a browser known as nobody's."""
    response.delete_cookie(cookie_of(made), path=_path(token), samesite="Lax")


def _path(token: str) -> str:
    return f"/s/{token}/"


def _seconds_left(made: Share) -> int:
    most = 90 * 24 * 60 * 60
    if made.expires_at is None:
        return most
    return min(most, max(1, int((made.expires_at - timezone.now()).total_seconds())))
