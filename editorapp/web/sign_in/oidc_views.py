"""OpenID Connect views: off to the provider, back with what it vouches for, and what that is for:
signing in, joining by an invitation, or linking with the account that one is signed in with.

What the provider has vouched for waits in the session for a few minutes; nothing is linked and
nobody joins before they have pressed a button that says so.
"""

from datetime import datetime, timedelta

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from editorapp.teams import audit, invitations, second_factor, single_sign_on
from editorapp.teams.models import User
from editorapp.teams.roles import acts_of
from editorapp.teams.single_sign_on import Identity, IdentityNotUsable
from editorapp.web.shell.context import home
from editorapp.web.sign_in.forms import IdentityForm
from editorapp.web.sign_in.let_in import let_in
from editorapp.web.sign_in.onward import page_after, welcome
from editorapp.web.sign_in.second_factor_views import ask_code

ASKED, VOUCHED = "oidc_asked", "oidc_vouched"  # in the session
GOOD_FOR = timedelta(minutes=10)
FAILED = "The sign-on service could not be asked, or did not let you in. Try again, or sign in another way."


@never_cache
@require_safe
def go(request: HttpRequest) -> HttpResponse:
    """Lead to the provider. `invite`: the token of an invitation; `next`: where to go after it."""
    _is_there()
    from editorapp.web.sign_in import oidc_client

    request.session[ASKED] = {
        "invite": request.GET.get("invite", "")[:200],
        "onward": request.GET.get("next", "")[:2000],
    }
    try:
        return oidc_client.lead(request, request.build_absolute_uri(reverse("people:oidc_back")))
    except oidc_client.ProviderFailed:
        return _failed(request)


@never_cache
@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """Take what the provider says: sign in, or go on to where it is linked or joined with."""
    _is_there()
    from editorapp.web.sign_in import oidc_client

    asked = request.session.pop(ASKED, {})
    try:
        identity = Identity.from_claims(oidc_client.claims(request))
    except oidc_client.ProviderFailed:
        return _failed(request)
    except IdentityNotUsable as error:
        return _failed(request, str(error))
    if isinstance(request.user, User):
        _keep(request, identity)
        return redirect("people:oidc")
    if asked.get("invite"):
        _keep(request, identity)
        return redirect("people:oidc_join", asked["invite"])
    return _signed_in(request, identity, asked.get("onward", ""))


def _signed_in(request: HttpRequest, identity: Identity, onward: str) -> HttpResponse:
    try:
        user = single_sign_on.person_of(identity)
    except IdentityNotUsable as error:
        return _failed(request, str(error))
    wanted = page_after(request, user, onward)
    if second_factor.is_asked_of(user):
        return ask_code(request, user, wanted, by_link=False)
    audit.record_of_person("person.signed_in", user, how="single sign-on")
    return let_in(request, user, redirect(wanted))


@never_cache
@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    """Show which outside accounts sign one in; link the one that was vouched for just now."""
    _is_there()
    assert isinstance(request.user, User)
    if request.method == "POST":
        return _linked(request, request.user)
    context = {
        "identities": list(request.user.outside_identities.all()),
        "fresh": _kept(request),
        "provider": single_sign_on.name(),
    }
    return render(request, "people/oidc.html", context)


def _linked(request: HttpRequest, user: User) -> HttpResponse:
    identity = _kept(request)
    request.session.pop(VOUCHED, None)
    if identity is None:
        messages.error(request, "That took too long. Try again.")
        return redirect("people:oidc")
    try:
        single_sign_on.link(user, identity, now=timezone.now())
    except IdentityNotUsable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, f"{identity.label} signs you in from now on.")
    return redirect("people:oidc")


@never_cache
@login_required
@require_POST
def unlink(request: HttpRequest, pk: int) -> HttpResponse:
    """Have an outside account sign one in no more."""
    _is_there()
    assert isinstance(request.user, User)
    try:
        single_sign_on.unlink(request.user, pk)
    except PermissionDenied as error:
        raise Http404(str(error)) from error
    except IdentityNotUsable as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "It signs you in no more.")
    return redirect("people:oidc")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: HttpRequest, token: str) -> HttpResponse:
    """Join by an invitation with the outside account that was vouched for just now."""
    _is_there()
    identity = _kept(request)
    if identity is None or isinstance(request.user, User):
        return redirect("people:invite", token)
    form = IdentityForm(request.POST or None, initial={"display_name": identity.name})
    try:
        invitation = invitations.open_invite(token, now=timezone.now())
        if request.method == "POST" and form.is_valid():
            return _joined(request, token, identity, form.cleaned_data["display_name"])
    except invitations.InviteNotUsable:
        return render(request, "people/invite_used.html", status=410)
    except IdentityNotUsable as error:
        return _failed(request, str(error))
    except ValidationError as error:
        form.add_error(None, error.messages)
    context = {
        "invite": invitation,
        "form": form,
        "identity": identity,
        "provider": single_sign_on.name(),
        "acts": acts_of(invitation.role),
    }
    status = 422 if form.errors else 200
    return render(request, "people/oidc_join.html", context, status=status)


def _joined(request: HttpRequest, token: str, identity: Identity, name: str) -> HttpResponse:
    member = single_sign_on.join(token, identity, name, now=timezone.now())
    request.session.pop(VOUCHED, None)
    messages.success(request, welcome(member))
    return let_in(request, member.user, redirect(home(member).url))


def _keep(request: HttpRequest, identity: Identity) -> None:
    request.session[VOUCHED] = {**vars(identity), "at": timezone.now().isoformat()}


def _kept(request: HttpRequest) -> Identity | None:
    """Return what the provider has vouched for lately, in this session."""
    kept = request.session.get(VOUCHED)
    if not kept or datetime.fromisoformat(kept["at"]) < timezone.now() - GOOD_FOR:
        return None
    return Identity(**{key: value for key, value in kept.items() if key != "at"})


def _failed(request: HttpRequest, why: str = FAILED) -> HttpResponse:
    messages.error(request, why)
    return redirect("people:oidc" if isinstance(request.user, User) else "people:sign_in")


def _is_there() -> None:
    if not single_sign_on.is_available():
        raise Http404("This installation has no sign-on service.")


urlpatterns = [
    path("sign-in/oidc", go, name="oidc_go"),
    path("sign-in/oidc/back", back, name="oidc_back"),
    path("me/oidc", own, name="oidc"),
    path("me/oidc/<int:pk>/unlink", unlink, name="oidc_unlink"),
    path("invite/<str:token>/oidc", join, name="oidc_join"),
]
