"""Accounts page: which provider accounts there are, how they are, and which the team uses.

Only admins come here.
"""

from copy import copy
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import ProtectedError
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils.cache import patch_vary_headers
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from editorapp.core.htmx import Context, is_part
from editorapp.core.request_values import row_id
from editorapp.generations.queue.account_teams import NotGiven, give
from editorapp.providers import accounts, capability_discovery, registry
from editorapp.providers.account_keepers import owned_teams
from editorapp.providers.models import (
    KeyOrigin,
    ProviderAccount,
    TeamAccount,
)
from editorapp.providers.spec import Spec
from editorapp.teams import audit
from editorapp.teams.access import (
    MemberRequest,
    action_for,
    form_page_for,
    page_for,
)
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Act
from editorapp.web.accounts.cards import card, shelves
from editorapp.web.accounts.forms import (
    LIMITS,
    AccountForm,
    LimitsForm,
    form_for,
    key_labels,
)
from editorapp.web.accounts.found import account_or_404, kept_account_or_404
from editorapp.web.presenters.outcome_messages import reported


@page_for(Act.MANAGE)
def page(request: MemberRequest) -> HttpResponse:
    """Show every account, by provider."""
    found = shelves(request.member)
    cards = [one for shelf in found for one in shelf.cards]
    context = {
        "here": "accounts",
        "shelves": found,
        "has_usable": any(one.is_usable for one in cards),
        "standing_by": [one for one in cards if one.is_standing_by],
    }
    return render(request, "accounts/page.html", context)


@page_for(Act.MANAGE)
def one(request: MemberRequest, pk: int) -> HttpResponse:
    """Show one account: to htmx its card, while a test of it is awaited; to others the page it
    stands on.
    """
    return _card(request, pk) if is_part(request) else redirect(_address(pk))


@never_cache
@sensitive_post_parameters()
@form_page_for(Act.MANAGE)
def add(request: MemberRequest, provider: str) -> HttpResponse:
    """Enter a key of another account with a provider."""
    form = AccountForm(request.POST or None, instance=_new(provider, request.member))
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            kept = form.keep()
            _record("account.added", request, kept, provider=kept.provider, key="entered")
        return _told(request, kept, "is added. It is being tested.")
    return _form(request, form)


@never_cache
@sensitive_post_parameters()
@form_page_for(Act.MANAGE)
def edit(request: MemberRequest, pk: int) -> HttpResponse:
    """Change an account. Of those in the environment, and of the simulated, only the limits."""
    account = kept_account_or_404(pk, request.member)
    form = form_for(copy(account), request.POST or None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            kept = form.keep()
            _record("account.changed", request, kept, **_differs(account, kept))
        is_tested = kept.origin is not KeyOrigin.ADMIN or kept.tested_at is not None
        return _told(request, kept, "is saved." if is_tested else "is saved. It is being tested.")
    return _form(request, form, account)


@action_for(Act.MANAGE)
def test(request: MemberRequest, pk: int) -> HttpResponse:
    """Try an account now. Spends nothing."""
    account = account_or_404(pk, request.member)
    tested = capability_discovery.test(account)
    _record("account.tested", request, account, is_ok=tested.is_ok)
    if is_part(request):
        return _card(request, pk)
    say = messages.success if tested.is_ok else messages.error
    say(request, f"{account.name}: {tested.message}")
    return redirect(_address(pk))


@action_for(Act.MANAGE)
def switch(request: MemberRequest, pk: int) -> HttpResponse:
    """Switch an account off or on. What is under way with it is followed to its end."""
    account = kept_account_or_404(pk, request.member)
    account.is_enabled = request.POST.get("on") == "1"
    with transaction.atomic():
        account.save(update_fields=["is_enabled"])
        act = "account.switched_on" if account.is_enabled else "account.switched_off"
        _record(act, request, account)
    off = (
        "switched off: nothing new is sent with it. What waits in the queue stays there, and "
        "what is under way is followed to its end."
    )
    said = "switched on." if account.is_enabled else off
    return _told(request, account, f"is {said}")


@action_for(Act.MANAGE)
def make_default(request: MemberRequest, pk: int) -> HttpResponse:
    """Make an account the one that the team uses unless somebody chooses another."""
    account, team = account_or_404(pk, request.member), request.member.team
    if account not in accounts.usable(team):
        messages.error(request, f"{account.name} cannot be used now, so it cannot be the default.")
    elif account.is_refused:
        messages.error(request, f"{account.doubt} It can be the default once it has passed.")
    else:
        with transaction.atomic():
            TeamAccount.objects.update_or_create(team=team, defaults={"account": account})
            _record("account.made_default", request, account)
        said = f"{team} uses {account.name} now, unless somebody chooses another."
        messages.success(request, said)
    return redirect(_address(pk))


@action_for(Act.OWN)
def give_it(request: MemberRequest, pk: int) -> HttpResponse:
    """Let an account serve one of one's own teams alone, or all teams."""
    account = account_or_404(pk, request.member)
    chosen = row_id(request.POST, "team")
    team = get_object_or_404(Team, pk=chosen) if chosen else None
    whom = f"is for {team} alone" if team else "serves all teams"
    with reported(request, f"{account.name} {whom} now.", errors=(NotGiven,)):
        give(account, team, by=request.member)
    is_gone = not account.serves(request.member.team_id)
    return redirect("accounts:page") if is_gone else redirect(_address(pk))


@action_for(Act.MANAGE)
def delete(request: MemberRequest, pk: int) -> HttpResponse:
    """Delete an account that nothing was made with, and its key."""
    account = kept_account_or_404(pk, request.member)
    try:
        if not _can_be_deleted(account):
            raise ProtectedError("", set())
        with transaction.atomic():
            _record("account.deleted", request, account)
            account.delete()
    except ProtectedError:  # takes name it, perhaps since a moment ago
        messages.error(
            request,
            f"{account.name} cannot be deleted. Switch it off: then nothing is sent with it.",
        )
        return redirect(_address(pk))
    messages.success(request, f"{account.name} is deleted, and its key with it.")
    return redirect("accounts:page")


def _record(act: str, request: MemberRequest, account: ProviderAccount, **facts: Any) -> None:
    subject = f"account:{account.pk}"
    audit.record(act, subject, by=request.member, about=account.name, **facts)


def _differs(before: ProviderAccount, after: ProviderAccount) -> dict[str, Any]:
    """Return what of an account was changed, for the log: of a key only that it was."""
    names = ("name", "base_url", *LIMITS)
    told = {name: [str(getattr(one, name)) for one in (before, after)] for name in names}
    facts: dict[str, Any] = {f"set_{name}": two for name, two in told.items() if two[0] != two[1]}
    if before.key_encrypted != after.key_encrypted:
        facts["key"] = "changed"
    return facts


def _new(provider: str, member: Member) -> ProviderAccount:
    """Return an account that is not kept yet, of the team of who enters it."""
    spec = _spec(provider)
    limits = {name: getattr(spec, name) for name in LIMITS}
    return ProviderAccount(provider=provider, team=member.team, **limits)


def _spec(provider: str) -> Spec:
    try:
        spec: Spec = registry.get(provider).SPEC
    except registry.UnknownProvider as error:
        raise Http404(str(error)) from error
    return spec


def _told(request: MemberRequest, account: ProviderAccount, said: str) -> HttpResponse:
    """Say what was done with an account, and go back to it."""
    messages.success(request, f"{account.name} {said}")
    return redirect(_address(account.pk))


def _can_be_deleted(account: ProviderAccount) -> bool:
    """Only what an admin entered, and only while nothing names it: takes keep the account that made
    them.
    """
    was_used = account.generations.exists() or account.attempts.exists()
    return account.origin is KeyOrigin.ADMIN and not was_used


def _address(pk: int) -> str:
    return f"{reverse('accounts:page')}#account-{pk}"


def _card(request: MemberRequest, pk: int) -> HttpResponse:
    found = card(request.member, pk)
    if found is None:
        raise Http404("There is no such account any more.")
    response = render(request, "accounts/_card.html", {"card": found})
    account = found.account
    if account.proven_at is not None and account.proven_at == account.tested_at:
        response["HX-Refresh"] = "true"  # it just passed: other cards say something else now, too
    patch_vary_headers(response, ["HX-Request"])
    return response


def _form(
    request: MemberRequest,
    form: LimitsForm,
    account: ProviderAccount | None = None,
) -> HttpResponse:
    spec = form.instance.spec
    context: Context = {
        "here": "accounts",
        "form": form,
        "spec": spec,
        "account": account,
        "is_own": isinstance(form, AccountForm),
        "can_be_deleted": account is not None and _can_be_deleted(account),
        "teams": owned_teams(request.member),
        "key_names": " and ".join(f"its {label}" for label in key_labels(spec)),
    }
    return render(request, "accounts/edit.html", context, status=422 if form.errors else 200)


urlpatterns = [
    path("", page, name="page"),
    path("new/<slug:provider>", add, name="add"),
    path("<int:pk>/", one, name="one"),
    path("<int:pk>/edit", edit, name="edit"),
    path("<int:pk>/test", test, name="test"),
    path("<int:pk>/switch", switch, name="switch"),
    path("<int:pk>/default", make_default, name="default"),
    path("<int:pk>/give", give_it, name="give"),
    path("<int:pk>/delete", delete, name="delete"),
]
