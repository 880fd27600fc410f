"""People page: the team's people and their roles, its invitations, its name."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.models.generation_queryset import RESPONSIBLE
from editorapp.generations.queue import offboarding, senders
from editorapp.generations.queue.offboarding import HandOver, Offboarding
from editorapp.generations.states import CANCELABLE
from editorapp.teams import invitations, people, second_factor, standing_in
from editorapp.teams.access import (
    MemberRequest,
    action_for,
    form_page_for,
    page_for,
)
from editorapp.teams.models import Invite, Member
from editorapp.teams.roles import Act, Role, acts_of, allows_less, assignable_by, may
from editorapp.web.people import rule_views
from editorapp.web.people.forms import InviteForm, OffboardingForm, TeamForm
from editorapp.web.people.rule_views import rule_form
from editorapp.web.sign_in.views import stay_in


@page_for(Act.MANAGE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the team: its people, its open invitations and its name."""
    return _page(request)


@action_for(Act.MANAGE)
def make_invite(request: MemberRequest) -> HttpResponse:
    """Make an invitation and show its link, this once."""
    form = InviteForm(request.POST, by=request.member)
    if not form.is_valid():
        return _page(request, invite_form=form, status=422)
    made, token = invitations.invite(request.member, now=timezone.now(), **form.cleaned_data)
    link = request.build_absolute_uri(reverse("people:invite", args=[token]))
    return _page(request, fresh={"invite": made, "link": link}, status=201)


@action_for(Act.MANAGE)
def revoke_invite(request: MemberRequest, pk: int) -> HttpResponse:
    """Close an open invitation."""
    invite = get_object_or_404(Invite, pk=pk, team=request.member.team)
    invitations.revoke(invite, now=timezone.now(), by=request.member)
    said = "The invitation is revoked: its link no longer works."
    return _back(request, messages.success, said)


@action_for(Act.MANAGE)
def change_role(request: MemberRequest, pk: int) -> HttpResponse:
    """Give somebody another role; where takes of theirs wait that it could not send, ask first what
    becomes of them.
    """
    member = _member(request, pk)
    role = request.POST.get("role", "")
    if not _may_give(request, role, member.role):
        return _no_such_role(request)
    if "choice" not in request.POST and member.is_active and offboarding.would_ask(member, role):
        return _question(request, member, "role", role=role)
    ended = " They sign in again wherever they were." if allows_less(role, member.role) else ""
    return _done(
        request,
        member,
        "role",
        partial(offboarding.change_role, member, role),
        said=f"{member.user} is now {Role(role).label.lower()}.{ended}",
        role=role,
    )


@action_for(Act.MANAGE)
def make_link(request: MemberRequest, pk: int) -> HttpResponse:
    """Make a sign-in link for somebody who cannot sign in, and show it, this once."""
    member, now = _member(request, pk), timezone.now()
    try:
        token = standing_in.reset_link(member, by=request.member, now=now)
    except PermissionDenied as error:
        return _back(request, messages.error, str(error))
    link = request.build_absolute_uri(reverse("people:link", args=[token]))
    return _page(request, fresh_link={"member": member, "link": link}, status=201)


@action_for(Act.MANAGE)
def remove_factor(request: MemberRequest, pk: int) -> HttpResponse:
    """Ask somebody for no code any more, who lost phone and recovery codes."""
    member = _member(request, pk)
    try:
        second_factor.remove_of(member, by=request.member)
    except PermissionDenied as error:
        return _back(request, messages.error, str(error))
    said = f"{member.user} signs in without a second factor now, until they set up another."
    return _back(request, messages.success, said)


@form_page_for(Act.MANAGE)
def disable(request: MemberRequest, pk: int) -> HttpResponse:
    """End somebody's membership, after asking what becomes of what waits of theirs.

    They can be brought back.
    """
    member = _member(request, pk)
    if not member.is_active:
        return _back(request, messages.warning, f"{member.user} is disabled already.")
    if not request.member.may_assign(member.role):
        return _no_such_role(request)
    if request.method != "POST":
        return _question(request, member, "disable")
    return _done(
        request,
        member,
        "disable",
        partial(offboarding.disable, member),
        said=f"{member.user} is disabled, and signed out everywhere. What they made stays under their name.",
    )


@form_page_for(Act.MANAGE)
def decide_takes(request: MemberRequest, pk: int) -> HttpResponse:
    """Say what becomes of what still waits of somebody who may not send it."""
    member = _member(request, pk)
    if member.may(Act.CREATE):
        return _back(request, messages.warning, f"{member.user} answers for their own takes.")
    if request.method != "POST":
        return _question(request, member, "takes")
    return _done(request, member, "takes", partial(offboarding.decide, member))


@action_for(Act.MANAGE)
def bring_back(request: MemberRequest, pk: int) -> HttpResponse:
    """Let somebody in again who was disabled, under the same name."""
    member = _member(request, pk)
    role = request.POST.get("role") or member.role
    if not _may_give(request, role, member.role):
        return _no_such_role(request)
    if member.is_active:
        return _back(request, messages.error, "They are in the team.")
    people.bring_back(member, role, by=request.member)
    label, paused = Role(role).label.lower(), _paused(member)
    said = (
        f"{member.user} is back as {label}, and signs in with the same name and password.{paused}"
    )
    return _back(request, messages.success, said)


def _paused(member: Member) -> str:
    """Say how many takes of somebody who is back are paused; "" where none is."""
    count = offboarding.affairs(member).waiting.count
    if not count:
        return ""
    return f" {_takes_are(count)} still paused: they or an admin can let them go, in the queue."


def _may_give(request: MemberRequest, role: str, instead_of: str) -> bool:
    return all(request.member.may_assign(one) for one in (role, instead_of))


def _no_such_role(request: MemberRequest) -> HttpResponse:
    return _back(request, messages.error, "There is no such role, or it is not yours to give.")


def _back(
    request: MemberRequest,
    tell: Callable[[HttpRequest, str], None],
    said: str,
) -> HttpResponse:
    """Say something on the page of the team."""
    tell(request, said)
    return redirect("people:page")


@action_for(Act.MANAGE)
def change_team(request: MemberRequest) -> HttpResponse:
    """Change the team's name."""
    form = TeamForm(request.POST)
    if not form.is_valid():
        return _page(request, team_form=form, status=422)
    people.rename_team(request.member.team, form.cleaned_data["name"], by=request.member)
    return _back(request, messages.success, "The team is saved.")


def _question(
    request: MemberRequest,
    member: Member,
    act: str,
    *,
    form: OffboardingForm | None = None,
    role: str = "",
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
    request: MemberRequest,
    member: Member,
    act: str,
    do: Callable[..., int],
    *,
    said: str = "",
    role: str = "",
) -> HttpResponse:
    """Do what was asked, with the takes as chosen, and say so; ask again where it cannot be done
    so.
    """
    affairs = offboarding.affairs(member)
    form = OffboardingForm(request.POST, member=member, by=request.member, affairs=affairs)
    if not form.is_valid():
        return _question(request, member, act, form=form, role=role)
    change = form.change()
    try:
        count = do(change, now=timezone.now())
    except offboarding.NotChosen as error:
        form.add_error(None, str(error))
        return _question(request, member, act, form=form, role=role)
    except people.LastAdmin as error:
        return _back(request, messages.error, str(error))
    kept = _said_of(change, count) if count else ""
    messages.success(request, " ".join(filter(None, [said, kept])) or "Done.")
    if member.pk == request.member.pk and act == "role":
        return _stay_in(request, member, role)
    return redirect("people:page")


def _stay_in(
    request: MemberRequest,
    member: Member,
    role: str,
) -> HttpResponse:
    """Go on in this session, after an own role was changed."""
    member.user.refresh_from_db()
    onward = "people:page" if may(role, Act.MANAGE) else "people:me"
    return stay_in(request, member.user, redirect(onward))


def _said_of(change: Offboarding, count: int) -> str:
    """Say what became of somebody's takes."""
    words = {
        HandOver.HOLD: "paused, with their money held.",
        HandOver.CANCEL: "canceled, and their money is free again.",
        HandOver.HAND_OVER: f"{change.to.user if change.to else ''}’s to answer for now.",
        HandOver.KEEP: "sent when their turn comes, and you answer for them.",
    }
    return f"{_takes_are(count)} {words[change.choice]}"


def _takes_are(count: int) -> str:
    return f"{count} take{'' if count == 1 else 's'} of theirs {'is' if count == 1 else 'are'}"


def _page(
    request: MemberRequest,
    *,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    team, rows = request.member.team, _people(request.member)
    invites = team.invites.select_related("invited_by")
    context = {
        "here": "people",
        "members": [row for row in rows if row[0].is_active],
        "former": [row for row in rows if not row[0].is_active],
        "invites": invites.filter(used_at=None, expires_at__gt=timezone.now()).order_by("-pk"),
        "roles": [(role, acts_of(role)) for role in Role],
        "assignable": assignable_by(request.member.role),
        "invite_form": InviteForm(by=request.member),
        "team_form": TeamForm(initial={"name": team.name}),
        "rule_form": rule_form(team),
    }
    return render(request, "people/page.html", context | more, status=status)


def _people(by: Member) -> list[tuple[Member, int]]:
    """Return everybody who is or was in the team, each with how many takes wait that they may not
    send.
    """
    waiting = Generation.objects.visible_to(by).filter(senders.nobody(), state__in=CANCELABLE)
    stuck = Counter(waiting.order_by().values_list(RESPONSIBLE, flat=True))
    everybody = by.team.members.select_related("user__second_factor", "disabled_by")
    in_order = everybody.order_by("user__display_name", "user__username")
    return [(one, stuck[one.user_id]) for one in in_order]


def _member(request: MemberRequest, pk: int) -> Member:
    rows = Member.objects.select_related("user")
    return get_object_or_404(rows, pk=pk, team=request.member.team)


urlpatterns = [
    path("people/", page, name="page"),
    path("people/team", change_team, name="team"),
    *rule_views.urlpatterns,
    path("people/invites", make_invite, name="make_invite"),
    path("people/invites/<int:pk>/revoke", revoke_invite, name="revoke_invite"),
    path("people/<int:pk>/role", change_role, name="role"),
    path("people/<int:pk>/link", make_link, name="make_link"),
    path("people/<int:pk>/factor", remove_factor, name="remove_factor"),
    path("people/<int:pk>/disable", disable, name="disable"),
    path("people/<int:pk>/takes", decide_takes, name="takes"),
    path("people/<int:pk>/bring-back", bring_back, name="bring_back"),
]
