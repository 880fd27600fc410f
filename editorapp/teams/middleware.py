"""Middleware: `request.member`, the signed-in person's place in their team, read once and only when asked for."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.functional import SimpleLazyObject

from editorapp.teams.models import Member


class Membership:
    """Give each request its `member` (a falsy lazy object for strangers)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = SimpleLazyObject(lambda: member_of(request))  # type: ignore[attr-defined]
        return self.get_response(request)


def member_of(request: HttpRequest) -> Member | None:
    """Return the place of who is signed in; None for strangers, and for who is in no team."""
    if not request.user.is_authenticated:
        return None
    known = getattr(request.user, "membership", None)  # read with the session: see backends.py
    return known or Member.objects.of_user(request.user.pk)
