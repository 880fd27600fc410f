"""Access: which act a view needs of its member, and by which methods it answers."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from editorapp.core import reasons
from editorapp.core.request_values import wants_json
from editorapp.teams.middleware import member_of
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

View = Callable[..., HttpResponseBase]


class MemberRequest(HttpRequest):
    """A request that has passed `needs`: somebody of a team asks."""

    member: Member


def needs(act: Act) -> Callable[[View], View]:
    """Return a decorator: strangers are sent to sign in, members whose role does not allow the act
    get 403.

    A script that wants JSON is told which of the two it is: 401 or 403, with a reason.
    """

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not request.user.is_authenticated:
                return _ask_to_sign_in(request)
            if not _may(request, act):
                return _refuse(request)
            return view(request, *args, **kwargs)

        return guarded

    return guard


def _may(request: HttpRequest, act: Act) -> bool:
    """Does the role of who asks allow this? Their member is then the row itself: a page with many
    rows asks it often, and each time through a lazy object took a tenth of the whole.
    """
    member = member_of(request)
    request.member = member  # type: ignore[attr-defined]
    return member is not None and member.may(act)


def _ask_to_sign_in(request: HttpRequest) -> HttpResponseBase:
    if wants_json(request):
        return reasons.refused(reasons.SIGNED_OUT)
    return redirect_to_login(request.get_full_path())


def _refuse(request: HttpRequest) -> HttpResponseBase:
    """Return why it is refused, to a script. Raises: PermissionDenied, for people."""
    if wants_json(request):
        return reasons.refused(reasons.ROLE)
    raise PermissionDenied


def page_for(act: Act) -> Callable[[View], View]:
    """Return a decorator for a view that shows something: GET and HEAD, by whose role allows the
    act.
    """
    return lambda view: require_safe(needs(act)(view))


def action_for(act: Act) -> Callable[[View], View]:
    """Return a decorator for a view that changes something: POST, by whose role allows the act."""
    return lambda view: require_POST(needs(act)(view))


def form_page_for(act: Act) -> Callable[[View], View]:
    """Return a decorator for a view that shows a form and takes it."""
    return lambda view: require_http_methods(["GET", "HEAD", "POST"])(needs(act)(view))
