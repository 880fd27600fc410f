"""The door of a view: which act a page needs."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase

from editorapp.teams.models import Member
from editorapp.teams.roles import Act

View = Callable[..., HttpResponseBase]


class MemberRequest(HttpRequest):
    """A request that has passed `needs`: somebody of a team asks."""

    member: Member


def needs(act: Act) -> Callable[[View], View]:
    """Return a decorator: strangers are sent to sign in, members whose role does not allow the act get 403."""

    def guard(view: View) -> View:
        @wraps(view)
        def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            member = request.member  # type: ignore[attr-defined]
            if not member or not member.may(act):
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(inner)

    return guard
