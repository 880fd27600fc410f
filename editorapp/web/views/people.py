"""Who is here: signing in and out, one's own account, the team and its invitations."""

from collections import Counter
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import login, logout, update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import PasswordChangeForm, SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render, resolve_url
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from editorapp.generations.line import offboarding, senders
from editorapp.generations.line.offboarding import Change, Choice
from editorapp.generations.models import Generation
from editorapp.generations.models.generation import RESPONSIBLE
from editorapp.generations.states import CANCELABLE
from editorapp.teams import people, sign_in
from editorapp.teams.access import MemberRequest, needs
from editorapp.teams.models import Invite, Member, User
from editorapp.teams.roles import GRANTS, Act, Role
from editorapp.web.people_forms import (
    AcceptForm,
    AlertsForm,
    InviteForm,
    NameForm,
    OffboardingForm,
    SignInForm,
    TeamForm,
)

BACKEND = "editorapp.teams.backends.TeamBackend"
SAVED = {
    "name": "Your name is saved.",
    "password": "Your password is set.",
    "alerts": "Where alerts are sent is saved.",
}
CHANGES = {"name": ["display_name"], "password": ["password"], "alerts": ["email"]}


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in_page(request: HttpRequest) -> HttpResponse:
    """Let a person in by name and password."""
    onward = _onward(request)
    if request.user.is_authenticated:
        return redirect(onward)
    form = SignInForm(request.POST or None)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            given = form.cleaned_data
            user = sign_in.sign_in(given["username"], given["password"], address=_address(request), now=timezone.now())
        except sign_in.NotSignedIn as error:
            form.add_error(None, str(error))
        else:
            login(request, user, backend=BACKEND)
            return redirect(onward)
    if form.errors:
        status = 422
    return render(
        request,
        "people/sign_in.html",
        {"form": form, "next": request.POST.get("next") or request.GET.get("next", "")},
        status=status,
    )


@never_cache
@require_GET
def link(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in whoever opens a one-time link. A browser that only fetches ahead does not use it up."""
    if "prefetch" in request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", ""):
        return HttpResponse(status=204)
    try:
        user = sign_in.follow(token, now=timezone.now())
    except sign_in.LinkNotUsable:
        if request.user.is_authenticated:  # the same link, opened twice: they are in
            return redirect(settings.LOGIN_REDIRECT_URL)
        return render(request, "people/link_used.html", status=410)
    login(request, user, backend=BACKEND)
    request.session["signed_in_by_link"] = True  # may set a password without the old one
    return redirect(settings.LOGIN_REDIRECT_URL)


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End this session."""
    logout(request)
    return redirect(settings.LOGOUT_REDIRECT_URL)


@never_cache
@login_required
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def me(request: HttpRequest) -> HttpResponse:
    """Show one's own account; change the name that others see, the password, or where an admin is told of alerts."""
    user = request.user
    assert isinstance(user, User)
    needs_old = user.has_usable_password() and not request.session.get("signed_in_by_link")
    password_form = PasswordChangeForm if needs_old else SetPasswordForm
    which = "password" if "new_password1" in request.POST else "name"
    if "email" in request.POST and request.member and request.member.may_manage:  # type: ignore[attr-defined]
        which = "alerts"
    given = {which: request.POST} if request.method == "POST" else {}
    password: SetPasswordForm = password_form(user, given.get("password"))
    every: dict[str, NameForm | SetPasswordForm | AlertsForm] = {
        "name": NameForm(given.get("name"), instance=user),
        "password": password,
        "alerts": AlertsForm(given.get("alerts"), instance=user),
    }
    changed = every[which]
    if request.method == "POST" and changed.is_valid():
        # Only what the form is about: who is removed from the team in this moment stays switched off.
        changed.save(commit=False)
        user.save(update_fields=CHANGES[which])
        if which == "password":
            update_session_auth_hash(request, user)
            request.session.pop("signed_in_by_link", None)
        messages.success(request, SAVED[which])
        return redirect("people:me")
    forms = {f"{name}_form": form for name, form in every.items()}
    context = {**forms, "needs_old": needs_old, "has_mail": settings.EMAIL_IS_SET}
    return render(request, "people/me.html", context, status=422 if changed.is_bound else 200)


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def invite(request: HttpRequest, token: str) -> HttpResponse:
    """Let an invited person choose a name and a password, and join."""
    try:
        invitation = people.open_invite(token, now=timezone.now())
        form = AcceptForm(request.POST or None)
        if request.method == "POST" and not request.user.is_authenticated and form.is_valid():
            member = people.accept(token, **form.cleaned_data, now=timezone.now())
            login(request, member.user, backend=BACKEND)
            messages.success(request, f"Welcome to {member.team}. You are in as {member.get_role_display().lower()}.")
            return redirect("studio:page" if member.may_create else "gallery:page")
    except people.InviteNotUsable:
        return render(request, "people/invite_used.html", status=410)
    except ValidationError as error:
        for field, found in error.message_dict.items():
            form.add_error(field, found)
    context = {"invite": invitation, "form": form, "acts": _acts_of(invitation.role)}
    return render(request, "people/invite.html", context, status=422 if form.errors else 200)


@require_GET
@needs(Act.MANAGE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the team: its people, its open invitations, its name and its monthly limit."""
    return _page(request)


@require_POST
@needs(Act.MANAGE)
def make_invite(request: MemberRequest) -> HttpResponse:
    """Make an invitation and show its link, this once."""
    form = InviteForm(request.POST, team=request.member.team)
    if not form.is_valid():
        return _page(request, invite_form=form, status=422)
    assert isinstance(request.user, User)
    made, token = Invite.make(request.member.team, invited_by=request.user, now=timezone.now(), **form.cleaned_data)
    link = request.build_absolute_uri(reverse("people:invite", args=[token]))
    return _page(request, fresh={"invite": made, "link": link}, status=201)


@require_POST
@needs(Act.MANAGE)
def revoke_invite(request: MemberRequest, pk: int) -> HttpResponse:
    """Close an open invitation."""
    people.revoke(get_object_or_404(Invite, pk=pk, team=request.member.team), now=timezone.now())
    messages.success(request, "The invitation is revoked: its link no longer works.")
    return redirect("people:page")


@require_POST
@needs(Act.MANAGE)
def change_role(request: MemberRequest, pk: int) -> HttpResponse:
    """Give somebody another role; where takes of theirs wait that it could not send, ask first what becomes of them."""
    member = _member(request, pk)
    role = request.POST.get("role", "")
    if role not in Role.values:
        messages.error(request, "There is no such role.")
        return redirect("people:page")
    if "choice" not in request.POST and member.is_active and offboarding.would_ask(member, role):
        return _question(request, member, "role", role=role)
    return _done(
        request, member, "role", lambda change: offboarding.change_role(member, role, change, now=timezone.now()),
        said=f"{member.user} is now {Role(role).label.lower()}.", role=role,
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Act.MANAGE)
def disable(request: MemberRequest, pk: int) -> HttpResponse:
    """End somebody's membership, after asking what becomes of what waits of theirs. They can be brought back."""
    member = _member(request, pk)
    if not member.is_active:
        messages.warning(request, f"{member.user} is disabled already.")
        return redirect("people:page")
    if request.method != "POST":
        return _question(request, member, "disable")
    return _done(
        request, member, "disable", lambda change: offboarding.disable(member, change, now=timezone.now()),
        said=f"{member.user} is disabled, and signed out everywhere. What they made stays under their name.",
    )  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Act.MANAGE)
def decide_takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what becomes of what still waits of somebody who may not send it."""
    member = _member(request, pk)
    if member.may(Act.CREATE):
        messages.warning(request, f"{member.user} answers for their own takes.")
        return redirect("people:page")
    if request.method != "POST":
        return _question(request, member, "takes")
    return _done(request, member, "takes", lambda change: offboarding.decide(member, change, now=timezone.now()))


@require_POST
@needs(Act.MANAGE)
def bring_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Let somebody in again who was disabled, under the same name."""
    member = _member(request, pk)
    role = request.POST.get("role") or member.role
    if role not in Role.values or member.is_active:
        messages.error(request, "There is no such role." if role not in Role.values else "They are in the team.")
        return redirect("people:page")
    people.bring_back(member, role)
    paused = offboarding.affairs(member).waiting.count
    more = f" {_takes_are(paused)} still paused: they or an admin can let them go, in the queue." if paused else ""
    messages.success(
        request,
        f"{member.user} is back as {Role(role).label.lower()}, and signs in with the same name and password.{more}",
    )
    return redirect("people:page")


@require_POST
@needs(Act.MANAGE)
def change_team(request: MemberRequest) -> HttpResponse:
    """Change the team's name and, with a note, what it may spend in a month."""
    form = TeamForm(request.POST, instance=request.member.team)
    if not form.is_valid() or not form.keep(by=request.member, now=timezone.now()):
        return _page(request, team_form=form, status=422)
    messages.success(request, "The team is saved.")
    return redirect("people:page")


def _question(
    request: MemberRequest, member: Member, act: str, *, form: OffboardingForm | None = None, role: str = ""
) -> HttpResponse:
    """Ask what becomes of somebody's takes: with their number and money, and what each choice does."""
    affairs = offboarding.affairs(member)
    context = {
        "here": "people",
        "one": member,
        "act": act,
        "role": Role(role) if role else None,
        "affairs": affairs,
        "form": form or OffboardingForm(member=member, by=request.member, affairs=affairs),
    }
    return render(request, "people/leave.html", context, status=422 if form else 200)


def _done(
    request: MemberRequest, member: Member, act: str, do: Callable[[Change], int], *, said: str = "", role: str = ""
) -> HttpResponse:
    """Do what was asked, with the takes as chosen, and say so; ask again where it cannot be done so."""
    form = OffboardingForm(request.POST, member=member, by=request.member, affairs=offboarding.affairs(member))
    if not form.is_valid():
        return _question(request, member, act, form=form, role=role)
    change = form.change()
    try:
        count = do(change)
    except offboarding.NotChosen as error:
        form.add_error(None, str(error))
        return _question(request, member, act, form=form, role=role)
    except people.LastAdmin as error:
        messages.error(request, str(error))
        return redirect("people:page")
    words = {
        Choice.HOLD: f"{_takes_are(count)} paused, with their money held.",
        Choice.CANCEL: f"{_takes_are(count)} canceled, and their money is free again.",
        Choice.HAND_OVER: f"{_takes_are(count)} {change.to.user}’s to answer for now." if change.to else "",
        Choice.KEEP: f"{_takes_are(count)} sent when their turn comes, and you answer for them.",
    }
    messages.success(request, " ".join(filter(None, [said, words[change.choice] if count else ""])) or "Done.")
    is_self = member.pk == request.member.pk
    return redirect("people:me" if is_self and act == "role" and role != Role.ADMIN else "people:page")


def _takes_are(count: int) -> str:
    return f"{count} take{'' if count == 1 else 's'} of theirs {'is' if count == 1 else 'are'}"


def _page(request: MemberRequest, *, status: int = 200, **more: Any) -> HttpResponse:
    team = request.member.team
    everybody = team.members.select_related("user", "disabled_by").order_by("user__display_name", "user__username")
    waiting = Generation.objects.visible_to(request.member).filter(senders.nobody(), state__in=CANCELABLE)
    stuck = Counter(waiting.order_by().values_list(RESPONSIBLE, flat=True))
    rows = [(one, stuck[one.user_id]) for one in everybody]
    context = {
        "here": "people",
        "members": [row for row in rows if row[0].is_active],
        "former": [row for row in rows if not row[0].is_active],
        "invites": team.invites.select_related("invited_by")
        .filter(used_at=None, expires_at__gt=timezone.now())
        .order_by("-pk"),
        "roles": [(role, _acts_of(role)) for role in Role],
        "invite_form": InviteForm(team=team),
        "team_form": TeamForm(instance=team),
        "limit_changes": team.limit_changes.select_related("person").order_by("-pk")[:3],
    }
    response = render(request, "people/page.html", context | more, status=status)
    response.headers["Cache-Control"] = "no-store"  # a fresh link is shown once
    return response


def _member(request: MemberRequest, pk: int) -> Member:
    return get_object_or_404(Member.objects.select_related("user"), pk=pk, team=request.member.team)


def _acts_of(role: str) -> list[str]:
    return [act.label for act in Act if act in GRANTS[Role(role)]]


def _onward(request: HttpRequest) -> str:
    """Return where to go after signing in: the page asked for, if it is one of ours. Only a path is an address: another
    word would be taken for the name of a view.
    """
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    ours = wanted.startswith("/") and url_has_allowed_host_and_scheme(
        wanted, {request.get_host()}, require_https=request.is_secure()
    )
    return wanted if ours else resolve_url(settings.LOGIN_REDIRECT_URL)


def _address(request: HttpRequest) -> str:
    """Return where a request comes from: behind a proxy, what the nearest proxy saw."""
    if settings.SECURE_PROXY_SSL_HEADER:
        return request.headers.get("X-Forwarded-For", "").split(",")[-1].strip()[:45]
    return request.META.get("REMOTE_ADDR", "")


urlpatterns = [
    path("sign-in", sign_in_page, name="sign_in"),
    path("in/<str:token>", link, name="link"),
    path("sign-out", sign_out, name="sign_out"),
    path("me", me, name="me"),
    path("invite/<str:token>", invite, name="invite"),
    path("people/", page, name="page"),
    path("people/team", change_team, name="team"),
    path("people/invites", make_invite, name="make_invite"),
    path("people/invites/<int:pk>/revoke", revoke_invite, name="revoke_invite"),
    path("people/<int:pk>/role", change_role, name="role"),
    path("people/<int:pk>/disable", disable, name="disable"),
    path("people/<int:pk>/takes", decide_takes, name="takes"),
    path("people/<int:pk>/bring-back", bring_back, name="bring_back"),
]
