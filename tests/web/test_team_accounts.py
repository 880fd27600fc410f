"""An account belongs to a team, or serves all: who sees it, who spends with it, who changes it."""

import pytest
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.generations import alerting
from editorapp.generations.models import Attempt
from editorapp.generations.queue import pause
from editorapp.generations.queue.account_teams import NotGiven, give
from editorapp.generations.queue.slots import free_slots
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.request.retry import retry
from editorapp.generations.states import State
from editorapp.providers import accounts
from editorapp.providers.models import ProviderAccount, TeamAccount
from editorapp.teams.models import AuditEntry, Member
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.generations.test_enqueue import asked

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def owner() -> Member:
    return make_member(role=Role.OWNER, name="Olga")


@pytest.fixture
def stranger() -> Member:
    """An owner of another team."""
    return make_member(role=Role.OWNER, name="Stan")


def make_account(member: Member | None, name: str = "Theirs alone") -> ProviderAccount:
    account = ProviderAccount(
        provider="luma-agents", name=name, team=member and member.team, proven_at=NOW, tested_at=NOW
    )
    account.test_ok = True
    account.set_key("luma-api-1234567890")
    account.save()
    return account


@pytest.fixture
def own(owner) -> ProviderAccount:
    return make_account(owner)


def page(member: Member, address: str) -> str:
    answer = signed_in(member).get(address)
    return answer.content.decode() if answer.status_code == 200 else ""


def test_only_its_own_team_finds_an_account(own, owner, stranger):
    assert own in accounts.usable(owner.team) and own in accounts.made(owner.team)
    assert own not in accounts.made(stranger.team)
    assert own not in accounts.usable(stranger.team)
    assert own not in accounts.to_show(stranger.team).found
    assert not accounts.all_simulated(owner.team) and accounts.all_simulated(stranger.team)
    assert all(one.is_simulated for one in accounts.usable(stranger.team))


@pytest.mark.parametrize(
    "address",
    ["/accounts/", "/studio/", "/models/", "/queue/", "/status/", "/costs/?account_id={pk}", "/me"],
)
def test_no_page_of_another_team_names_it(own, stranger, address):
    own.paused_at = NOW
    own.save()
    alerting.open_for_account(own, f"{own.name} is out of funds.", now=NOW)
    make_generation(stranger)

    html = page(stranger, address.format(pk=own.pk))

    assert html and own.name not in html


def test_pages_of_its_own_team_name_it(own, owner):
    for address in ("/accounts/", "/status/"):
        assert own.name in page(owner, address), address
    assert "This team only" in page(owner, "/accounts/")


@pytest.mark.parametrize("address", ["", "edit"])
def test_another_teams_owner_finds_no_page_of_it(own, stranger, address):
    assert signed_in(stranger).get(f"/accounts/{own.pk}/{address}").status_code in (302, 404)
    assert own.name not in page(stranger, f"/accounts/{own.pk}/{address}")


@pytest.mark.parametrize("act", ["edit", "test", "switch", "default", "delete", "give"])
def test_another_teams_owner_changes_nothing_of_it(own, stranger, act):
    answer = signed_in(stranger).post(f"/accounts/{own.pk}/{act}")

    assert answer.status_code == 404
    own.refresh_from_db()
    assert own.is_enabled and own.team is not None


def test_another_teams_owner_neither_pauses_nor_verifies_it(own, stranger):
    client = signed_in(stranger)

    assert client.post(f"/queue/account/{own.pk}/pause").status_code == 404
    assert client.post(f"/verifying/begin/{own.pk}").status_code == 404
    with pytest.raises(PermissionDenied):
        pause.pause_account(own, member=stranger, now=NOW)


def test_another_team_spends_nothing_with_it_whatever_is_posted(own, stranger):
    clip = make_asset(stranger)

    with pytest.raises(PermissionDenied):
        enqueue(Draft(asked(clip), own, clip), member=stranger)
    signed_in(stranger).post(
        "/studio/submit",
        {"prompt": "Rain", "source": clip.pk, "account": own.pk, "form_token": "x"},
    )

    assert not Attempt.objects.filter(account=own).exists()


def test_what_was_made_with_an_account_before_is_not_sent_again_by_another_team(stranger, owner):
    account = make_account(None)
    take = make_generation(stranger, state=State.FAILED, account=account, can_retry=True)
    give(account, owner.team, by=owner)
    take = type(take).objects.get(pk=take.pk)

    with pytest.raises(PermissionDenied):
        retry(take, member=stranger, now=NOW)

    assert take.attempts.count() == 1


def test_a_new_account_is_its_teams_own(owner):
    client = signed_in(owner)
    fields = {
        "name": "Fresh",
        "key_1": "luma-api-abcdefghijk",
        "max_concurrent": 4,
        "requests_per_minute": 10,
        "base_url": "",
    }

    answer = client.post("/accounts/new/luma-agents", fields)

    assert answer.status_code == 302
    assert ProviderAccount.objects.get(name="Fresh").team == owner.team


def test_an_owner_lets_it_serve_all_teams_and_takes_it_back(own, owner, stranger):
    client = signed_in(owner)

    client.post(f"/accounts/{own.pk}/give", {"team": ""})
    assert own in accounts.usable(stranger.team)
    assert "All teams" in page(stranger, "/accounts/")

    client.post(f"/accounts/{own.pk}/give", {"team": owner.team_id})
    assert own not in accounts.usable(stranger.team)
    lines = AuditEntry.objects.filter(act="account.given").order_by("pk")
    assert [line.facts["whose"] for line in lines] == [
        [owner.team.name, "all teams"],
        ["all teams", owner.team.name],
    ]


def test_it_is_not_taken_from_a_team_whose_takes_with_it_are_not_over(owner, stranger):
    account = make_account(None)
    TeamAccount.objects.create(team=stranger.team, account=account)
    take = make_generation(stranger, state=State.RUNNING, account=account)

    with pytest.raises(NotGiven, match="1 take with Theirs alone that is not over"):
        give(account, owner.team, by=owner)
    type(take).objects.filter(pk=take.pk).update(state=State.SUCCEEDED)
    give(account, owner.team, by=owner)

    assert account.team == owner.team
    assert not TeamAccount.objects.filter(team=stranger.team).exists()


def test_it_is_given_only_to_a_team_that_one_owns(own, owner, stranger):
    with pytest.raises(PermissionDenied):
        give(own, stranger.team, by=owner)
    Member.objects.create(team=stranger.team, user=owner.user, role=Role.CREATOR)
    with pytest.raises(PermissionDenied):
        give(own, stranger.team, by=owner)
    Member.objects.filter(team=stranger.team, user=owner.user).update(role=Role.OWNER)
    give(own, stranger.team, by=owner)

    assert own.team == stranger.team


@pytest.mark.parametrize("role", [Role.ADMIN, Role.BILLING, Role.CREATOR, Role.REVIEWER])
def test_who_is_no_owner_decides_nothing_about_it(own, owner, role):
    client = signed_in(make_member(team=owner.team, role=role))

    assert client.post(f"/accounts/{own.pk}/give", {"team": ""}).status_code == 403
    own.refresh_from_db()
    assert own.team == owner.team


def test_the_account_of_the_environment_and_the_simulators_serve_all(owner):
    [simulated, *_] = accounts.made(owner.team)

    with pytest.raises(NotGiven):
        give(simulated, owner.team, by=owner)


def test_of_several_teams_only_an_owner_changes_an_account_that_serves_all(owner, stranger):
    shared = make_account(None, "Shared")
    admin = make_member(team=owner.team, role=Role.ADMIN)

    for act in ("edit", "switch", "delete"):
        assert signed_in(admin).post(f"/accounts/{shared.pk}/{act}").status_code == 403
    assert signed_in(admin).post(f"/queue/account/{shared.pk}/pause").status_code == 403
    assert "It serves all teams: an owner changes it." in page(admin, "/accounts/")
    assert signed_in(stranger).post(f"/accounts/{shared.pk}/switch", {"on": "0"}).status_code == 302


def test_the_only_teams_admin_changes_an_account_that_serves_all():
    admin = make_member(role=Role.ADMIN)
    shared = make_account(None, "Shared")

    assert signed_in(admin).post(f"/accounts/{shared.pk}/switch", {"on": "0"}).status_code == 302
    shared.refresh_from_db()
    assert not shared.is_enabled


def test_its_limits_hold_over_all_teams(owner, stranger):
    shared = make_account(None, "Shared")
    before = free_slots(shared, now=NOW)
    for member in (owner, stranger):
        make_generation(member, state=State.RUNNING, account=shared)
    Attempt.objects.update(submit_started_at=NOW)

    assert free_slots(shared, now=NOW) == before - 2


def test_an_alert_about_it_concerns_its_own_team(own, owner, stranger, client: Client):
    alerting.open_for_account(own, "Its key is refused.", now=NOW)

    [alert] = Alert.objects.all()
    assert alert.team == owner.team
    assert not Alert.objects.visible_to(stranger).exists()
