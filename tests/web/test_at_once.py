"""A form writes what it is about and nothing else: what others changed since its page was read
stays as it is.
"""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.models import Attempt
from editorapp.generations.queue import pause as pausing
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team, User
from editorapp.web.accounts.forms import AccountForm
from editorapp.web.people.forms import TeamForm
from editorapp.web.sign_in.forms import AlertsForm, NameForm
from tests.factories import make_generation, signed_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(admin: Member) -> Client:
    return signed_in(admin)


def meanwhile(monkeypatch: pytest.MonkeyPatch, form: Any, change: Any) -> None:
    """Let something change between the reading of a form's row and its writing: while it is
    checked.
    """
    check = form.full_clean

    def full_clean(self: Any) -> None:
        check(self)
        change()

    monkeypatch.setattr(form, "full_clean", full_clean)


def test_saving_the_team_keeps_a_pause_that_came_since(client, admin, monkeypatch):
    make_generation(admin)
    meanwhile(monkeypatch, TeamForm, lambda: pausing.pause_queue(admin, now=timezone.now()))

    client.post(
        "/people/team",
        {"name": "Night shift"},
    )

    team = Team.objects.get(pk=admin.team_id)
    assert team.name == "Night shift"
    assert team.queue_paused_at is not None and Attempt.objects.get().next_action_at is None


def test_saving_an_account_keeps_a_pause_and_a_switch_that_came_since(client, admin, monkeypatch):
    account = ProviderAccount(provider="luma-agents", name="Main")
    account.set_key("luma-api-1234567890abcdef")
    account.save()

    def pause() -> None:
        pausing.pause_account(
            ProviderAccount.objects.get(pk=account.pk), member=admin, now=timezone.now()
        )
        ProviderAccount.objects.filter(pk=account.pk).update(is_enabled=False, test_ok=True)

    meanwhile(monkeypatch, AccountForm, pause)

    client.post(
        f"/accounts/{account.pk}/edit",
        {"name": "Main", "max_concurrent": "7", "requests_per_minute": "30"},
    )

    account.refresh_from_db()
    assert account.max_concurrent == 7
    assert account.paused_at is not None and not account.is_enabled and account.test_ok


@pytest.mark.parametrize(
    ("form", "given"),
    [(NameForm, {"display_name": "Ada L."}), (AlertsForm, {"email": "ada@studio.test"})],
)
def test_who_is_switched_off_while_they_save_their_own_account_stays_so(
    client, admin, form, given, monkeypatch
):
    meanwhile(
        monkeypatch, form, lambda: User.objects.filter(pk=admin.user_id).update(is_active=False)
    )

    client.post("/me", given)

    kept = User.objects.get(pk=admin.user_id)
    assert not kept.is_active and all(getattr(kept, name) == value for name, value in given.items())
