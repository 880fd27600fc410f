"""Passkey views: one's own passkeys, and signing in with one.

A challenge is kept in the session, is good once and for a few minutes.
"""

from base64 import b64decode, b64encode
from datetime import datetime, timedelta
from ipaddress import ip_address

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from editorapp.core import reasons
from editorapp.core.client_address import address_of
from editorapp.teams import passkeys, password_throttle
from editorapp.teams.models import User
from editorapp.teams.passkeys import PasskeyRefused, Site
from editorapp.web.sign_in.let_in import browser_of, let_in, needs_password
from editorapp.web.sign_in.onward import page_after
from editorapp.web.sign_in.second_factor_views import HALF_IN

ASKED = "passkey_asked"  # in the session: the open challenge, and for what
GOOD_FOR = timedelta(minutes=5)
TO_ADD, TO_SIGN_IN = "add", "sign in"
WRONG_PASSWORD = "That is not your password."
TOO_LATE = "That took too long, or was begun in another window. Try again."


@never_cache
@login_required
@require_safe
def own_passkeys(request: HttpRequest) -> HttpResponse:
    """List one's passkeys, with the form that adds one."""
    return _own(request)


@never_cache
@login_required
@sensitive_post_parameters("password")
@require_POST
def ask_to_add(request: HttpRequest) -> HttpResponse:
    """Answer with what the browser tells a device, after the password where the person has one."""
    user = _signed_in(request)
    now = timezone.now()
    if needs_password(request, user) and (wrong := _wrong_password(request, user, now)):
        return reasons.answer("wrong_password", wrong, status=422)
    return _asked(request, TO_ADD, passkeys.ask_to_add(user, _site(request)), now)


@never_cache
@login_required
@require_POST
def add(request: HttpRequest) -> HttpResponse:
    """Keep what the device has made."""
    user, now = _signed_in(request), timezone.now()
    try:
        passkeys.add(
            user,
            request.POST.get("credential", ""),
            name=request.POST.get("name", ""),
            challenge=_challenge(request, TO_ADD, now),
            site=_site(request),
            now=now,
        )
    except PasskeyRefused as error:
        return _own(request, problem=str(error), status=422)
    messages.success(request, "The passkey is kept: sign in with it next time.")
    return redirect("people:passkeys")


@never_cache
@login_required
@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one's own passkey away."""
    user = _signed_in(request)
    try:
        passkeys.remove(user, pk)
    except PermissionDenied as error:
        raise Http404(str(error)) from error
    messages.success(request, "The passkey signs nobody in any more. Delete it on the device too.")
    return redirect("people:passkeys")


@never_cache
@require_POST
def ask_to_sign_in(request: HttpRequest) -> HttpResponse:
    """Answer with what the browser tells a device that shall sign somebody in."""
    _is_there()
    asked = passkeys.ask_to_sign_in(_site(request))
    return _asked(request, TO_SIGN_IN, asked, timezone.now())


@never_cache
@require_POST
def sign_in(request: HttpRequest) -> HttpResponse:
    """Let in whom the device stands for; no code is asked for after it."""
    _is_there()
    now = timezone.now()
    try:
        user = passkeys.sign_in(
            request.POST.get("credential", ""),
            challenge=_challenge(request, TO_SIGN_IN, now),
            site=_site(request),
            now=now,
        )
    except PasskeyRefused as error:
        messages.error(request, str(error))
        return redirect("people:sign_in")
    half = request.session.pop(HALF_IN, None) or {}
    onward = half.get("onward") or request.POST.get("next", "")
    return let_in(request, user, redirect(page_after(request, user, onward)))


def _own(request: HttpRequest, *, problem: str = "", status: int = 200) -> HttpResponse:
    user = _signed_in(request)
    context = {
        "passkeys": list(user.passkeys.all()),
        "needs_password": needs_password(request, user),
        "has_name": _is_name(_site(request).host),
        "problem": problem,
    }
    return render(request, "people/passkeys.html", context, status=status)


def _signed_in(request: HttpRequest) -> User:
    _is_there()
    assert isinstance(request.user, User)
    return request.user


def _is_there() -> None:
    if not passkeys.is_available():
        raise Http404("The library for passkeys is not installed.")


def _wrong_password(request: HttpRequest, user: User, now: datetime) -> str:
    try:
        turn = password_throttle.take_turn(
            user.username,
            address_of(request),
            browser_of(request) if browser_of(request).is_of(user) else None,
            now=now,
        )
    except password_throttle.TooSoon as error:
        return str(error)
    if not user.check_password(request.POST.get("password", "")[:200]):
        return WRONG_PASSWORD
    turn.forget()
    return ""


def _asked(
    request: HttpRequest,
    purpose: str,
    asked: tuple[str, bytes],
    now: datetime,
) -> HttpResponse:
    told, challenge = asked
    request.session[ASKED] = {
        "for": purpose,
        "challenge": b64encode(challenge).decode(),
        "at": now.isoformat(),
    }
    return HttpResponse(told, content_type="application/json")


def _challenge(request: HttpRequest, purpose: str, now: datetime) -> bytes:
    """Return the open challenge, which is good no more after this. Raises: PasskeyRefused."""
    kept = request.session.pop(ASKED, None)
    if not kept or kept["for"] != purpose or datetime.fromisoformat(kept["at"]) < now - GOOD_FOR:
        raise PasskeyRefused(TOO_LATE)
    return b64decode(kept["challenge"])


def _site(request: HttpRequest) -> Site:
    address = request.get_host()
    return Site(split_domain_port(address)[0], f"{request.scheme}://{address}")


def _is_name(host: str) -> bool:
    """Is this a host's name, and not its number? Browsers bind passkeys to names alone."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False


urlpatterns = [
    path("me/passkeys", own_passkeys, name="passkeys"),
    path("me/passkeys/ask", ask_to_add, name="ask_passkey"),
    path("me/passkeys/add", add, name="add_passkey"),
    path("me/passkeys/<int:pk>/remove", remove, name="remove_passkey"),
    path("sign-in/passkey/ask", ask_to_sign_in, name="ask_sign_in_passkey"),
    path("sign-in/passkey", sign_in, name="sign_in_passkey"),
]
