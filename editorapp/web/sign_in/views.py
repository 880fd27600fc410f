"""Sign-in views: signing in and out, one-time links, invitations, and one's own account."""

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from editorapp.core.client_address import address_of
from editorapp.core.htmx import Context
from editorapp.core.request_values import row_id
from editorapp.teams import (
    audit,
    invitations,
    passkeys,
    people,
    second_factor,
    several_teams,
    sign_in,
    single_sign_on,
)
from editorapp.teams.access import MemberRequest, action_for
from editorapp.teams.models import Team, User
from editorapp.teams.password_throttle import TooSoon
from editorapp.teams.roles import Act, acts_of
from editorapp.web.shell.context import home
from editorapp.web.sign_in.forms import (
    AcceptForm,
    AlertsForm,
    NameForm,
    SignInForm,
    TeamNameForm,
)
from editorapp.web.sign_in.let_in import browser_of, let_in, needs_password, stay_in
from editorapp.web.sign_in.onward import home_of, page_after, welcome
from editorapp.web.sign_in.second_factor_views import (
    HALF_IN,
    ask_code,
    checked,
    half_in,
    own_factor,
)

CHANGES = {
    "name": ("display_name", "Your name is saved."),
    "password": ("password", "Your password is set."),
    "alerts": ("email", "Where alerts are sent is saved."),
}
OwnForm = NameForm | SetPasswordForm | AlertsForm


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Let a person in by name and password."""
    if isinstance(request.user, User):
        return redirect(page_after(request, request.user, _asked(request)))
    form, wait = SignInForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            user = _signed_in(request, form)
            return _let_in_or_ask(request, user, page_after(request, user, _asked(request)))
        except (TooSoon, sign_in.NotSignedIn) as error:
            form.add_error(None, str(error))
            wait = getattr(error, "seconds", None)
    status = 429 if wait else 422 if form.errors else 200
    context = {
        "form": form,
        "next": _asked(request),
        "has_passkeys": passkeys.is_available(),
        "sign_on": single_sign_on.name(),
    }
    response = render(request, "people/sign_in.html", context, status=status)
    if wait:
        response.headers["Retry-After"] = str(wait)
    return response


def _signed_in(request: HttpRequest, form: SignInForm) -> User:
    return sign_in.sign_in(
        form.cleaned_data["username"],
        form.cleaned_data["password"],
        address=address_of(request),
        browser=browser_of(request),
        now=timezone.now(),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Show the button of a one-time link, and sign in whoever presses it.

    To open the link uses nothing up: what a chat, a mail scanner or a browser fetches ahead is not
    the person.
    """
    now = timezone.now()
    try:
        if request.method != "POST":
            return render(
                request,
                "people/link.html",
                {"person": sign_in.open_link(token, now=now).user},
            )
        passes = sign_in.open_link(token, now=now).passes_factor
        user = sign_in.follow(token, now=now)
    except sign_in.LinkNotUsable:
        return _link_used(request)
    if second_factor.is_asked_of(user) and not passes:
        return ask_code(request, user, home_of(user), by_link=True)
    response = let_in(request, user, redirect(home_of(user)))
    request.session["signed_in_by_link"] = True  # may set a password without the old one
    return response


def _let_in_or_ask(request: HttpRequest, user: User, onward: str) -> HttpResponse:
    """Begin a session, or ask for the second factor first where the person has one."""
    if second_factor.is_asked_of(user):
        return ask_code(request, user, onward, by_link=False)
    return let_in(request, user, redirect(onward))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def code_page(request: HttpRequest) -> HttpResponse:
    """Ask who has shown a password for the code of their phone, and let them in."""
    now = timezone.now()
    user = half_in(request, now)
    if user is None:
        return redirect("people:sign_in")
    has_keys = {"has_passkeys": user.passkeys.exists()}
    if request.method != "POST":
        return render(request, "people/code.html", has_keys)
    problem, status = checked(request, user, now=now)
    if problem:
        return render(request, "people/code.html", has_keys | {"problem": problem}, status=status)
    kept = request.session.pop(HALF_IN)
    response = let_in(request, user, redirect(kept["onward"]))
    if kept["by_link"]:
        request.session["signed_in_by_link"] = True
    return response


def _link_used(request: HttpRequest) -> HttpResponse:
    if isinstance(request.user, User):  # the same link, opened twice: they are in
        return redirect(home_of(request.user))
    return render(request, "people/link_used.html", status=410)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    if isinstance(request.user, User):
        audit.record_of_person("person.signed_out", request.user)
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@require_POST
@login_required
def sign_out_elsewhere(request: HttpRequest) -> HttpResponse:
    """End all other sessions of this person, and their open sign-in links."""
    assert isinstance(request.user, User)
    people.end_other_sessions(request.user)
    messages.success(
        request, "You are signed out everywhere else, and your open sign-in links have ended."
    )
    return stay_in(request, request.user, redirect("people:me"))


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Show one's own account; change the name that others see, the password, or where an admin is
    told of alerts.
    """
    assert isinstance(request.user, User)
    forms, needs_old = _own_forms(request, request.user)
    which = next((name for name, form in forms.items() if form.is_bound), "")
    if which and forms[which].is_valid():
        return _changed(request, request.user, which, forms[which])
    context: Context = {f"{name}_form": form for name, form in forms.items()}
    context |= {"needs_old": needs_old, "has_mail": settings.EMAIL_IS_SET}
    context |= {"has_second_factor": second_factor.is_available()}
    context |= {"has_passkeys": passkeys.is_available(), "sign_on": single_sign_on.name()}
    context |= {"teams": several_teams.teams_of(request.user), "team_form": TeamNameForm()}
    return render(request, "people/me.html", context, status=422 if which else 200)


def _own_forms(request: HttpRequest, user: User) -> tuple[dict[str, OwnForm], bool]:
    """Return the forms about oneself, with what was sent in the one that was sent; and whether a new
    password needs the old one.
    """
    given = {_sent_form(request): request.POST} if request.method == "POST" else {}
    needs_old = needs_password(request, user)
    password_form = PasswordChangeForm if needs_old else SetPasswordForm
    return {
        "name": NameForm(given.get("name"), instance=user),
        "password": password_form(user, given.get("password")),
        "alerts": AlertsForm(given.get("alerts"), instance=user),
    }, needs_old


def _sent_form(request: HttpRequest) -> str:
    if "email" in request.POST and request.member and request.member.may_manage:  # type: ignore[attr-defined]
        return "alerts"
    return "password" if "new_password1" in request.POST else "name"


def _changed(
    request: HttpRequest,
    user: User,
    which: str,
    form: OwnForm,
) -> HttpResponse:
    # Only what the form is about: who is removed from the team in this moment stays switched off.
    form.save(commit=False)
    field, said = CHANGES[which]
    with transaction.atomic():
        user.save(update_fields=[field])
        if which == "password":
            audit.record_of_person("person.password_changed", user)
    messages.success(request, said)
    if which != "password":
        return redirect("people:me")
    request.session.pop("signed_in_by_link", None)
    return stay_in(request, user, redirect("people:me"))


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person choose a name and a password, and join."""
    form = AcceptForm(request.POST or None)
    try:
        invitation = invitations.open_invite(token, now=timezone.now())
        if request.method == "POST" and isinstance(request.user, User):
            return _joined_too(request, token, request.user)
        if request.method == "POST" and form.is_valid():
            return _joined(request, token, form)
    except invitations.InviteNotUsable:
        return render(request, "people/invite_used.html", status=410)
    except ValidationError as error:
        for field, found in error.message_dict.items():
            form.add_error(field, found)
    context = {"invite": invitation, "form": form, "acts": acts_of(invitation.role)}
    context |= {"sign_on": single_sign_on.name(), "token": token}
    return render(request, "people/invite.html", context, status=422 if form.errors else 200)


def _joined(
    request: HttpRequest,
    token: str,
    form: AcceptForm,
) -> HttpResponse:
    member = invitations.accept(token, **form.cleaned_data, now=timezone.now())
    onward = redirect("studio:page" if member.may_create else "gallery:page")
    response = let_in(request, member.user, onward)
    messages.success(request, welcome(member))
    return response


def _joined_too(request: HttpRequest, token: str, user: User) -> HttpResponse:
    """Let somebody who has an account join another team with it."""
    try:
        member = several_teams.join(token, user, now=timezone.now())
    except several_teams.InTeamAlready as error:
        messages.error(request, str(error))
        return redirect("people:me")
    messages.success(request, f"Welcome to {member.team}. You work in it now.")
    return redirect(home(member).url)


@require_POST
@login_required
def switch_team(request: HttpRequest) -> HttpResponse:
    """Go over to another of one's teams."""
    assert isinstance(request.user, User)
    team = get_object_or_404(Team, pk=row_id(request.POST, "team"))
    several_teams.go_over(request.user, team)
    messages.success(request, f"You work in {team} now.")
    return redirect(home_of(request.user))


@action_for(Act.OWN)
def make_team(request: MemberRequest) -> HttpResponse:
    """Make another team, and go over to it."""
    form = TeamNameForm(request.POST)
    if not form.is_valid():
        messages.error(request, "Give the team a name of at most 80 letters.")
        return redirect("people:me")
    made = several_teams.make_team(request.member, form.cleaned_data["team_name"])
    messages.success(request, f"The team {made.team} is made, and you are its owner.")
    return redirect(home(made).url)


def _asked(request: HttpRequest) -> str:
    return request.POST.get("next") or request.GET.get("next", "")


urlpatterns = [
    path("sign-in", sign_in_page, name="sign_in"),
    path("sign-in/code", code_page, name="code"),
    path("in/<str:token>", link, name="link"),
    path("me/second-factor", own_factor, name="second_factor"),
    path("sign-out", sign_out, name="sign_out"),
    path("sign-out-elsewhere", sign_out_elsewhere, name="sign_out_elsewhere"),
    path("me", me, name="me"),
    path("me/team", switch_team, name="switch_team"),
    path("me/teams", make_team, name="make_team"),
    path("invite/<str:token>", invite, name="invite"),
]
