"""Letting in: a session begins, or goes on where all others end, and the browser is known from then."""

from django.conf import settings
from django.contrib.auth import login, update_session_auth_hash
from django.http import HttpRequest, HttpResponse

from editorapp.teams.known_browsers import KnownBrowser
from editorapp.teams.models import User
from editorapp.web.shell.cookies import remember

BACKEND = "editorapp.teams.backends.TeamBackend"


def let_in(request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
    """Begin a session, and have the browser known as one of this person's."""
    login(request, user, backend=BACKEND)
    return _known(request, user, response)


def stay_in(request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
    """Keep this session where all others of the person have just ended."""
    update_session_auth_hash(request, user)
    return _known(request, user, response)


def needs_password(request: HttpRequest, user: User) -> bool:
    """Must one's password be typed before it is changed, or what signs in without it is set up?"""
    return user.has_usable_password() and not request.session.get("signed_in_by_link", False)


def browser_of(request: HttpRequest) -> KnownBrowser:
    return KnownBrowser.read(request.COOKIES.get(settings.KNOWN_BROWSER_COOKIE_NAME, ""))


def _known(request: HttpRequest, user: User, response: HttpResponse) -> HttpResponse:
    known = browser_of(request).used_by(user)
    remember(response, settings.KNOWN_BROWSER_COOKIE_NAME, known)
    return response
