"""Which accounts can be used: the environment's, those of admins, simulated ones; and a team's default."""

from decimal import Decimal
from typing import Any

import pytest

from editorapp.providers import accounts, registry
from editorapp.providers.models import Origin, ProviderAccount, TeamAccount, default_account
from editorapp.teams.models import Team

pytestmark = pytest.mark.django_db


def entered(name: str, *, provider: str = "luma-agents", **fields: Any) -> ProviderAccount:
    account = ProviderAccount(provider=provider, name=name, **fields)
    account.set_key("luma-api-0123456789")
    account.save()
    return account


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Night shift")


@pytest.fixture
def luma_key(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}


def test_without_any_key_every_provider_has_its_simulated_account_in_the_registrys_order() -> None:
    found = accounts.usable()

    assert [account.provider for account in found] == list(registry.slugs())
    assert {account.origin for account in found} == {Origin.SIMULATED}
    assert accounts.all_simulated()
    assert accounts.usable() == found


def test_a_key_in_the_environment_leaves_only_real_accounts(luma_key: None) -> None:
    accounts.made()

    found = accounts.usable()

    assert [(account.provider, account.origin) for account in found] == [("luma-agents", Origin.ENVIRONMENT)]
    assert not accounts.all_simulated()


def test_a_key_of_an_admin_leaves_only_real_accounts_too() -> None:
    simulated = accounts.usable()

    own = entered("Ours")

    assert accounts.usable() == [own]
    assert own not in simulated
    assert not accounts.all_simulated()


def test_several_accounts_of_one_provider_stand_side_by_side(luma_key: None) -> None:
    entered("Zeta")
    entered("beta")

    assert [account.name for account in accounts.usable(provider="luma-agents")] == ["beta", "Luma Agents", "Zeta"]


def test_a_switched_off_account_is_not_used_and_brings_no_simulation_back() -> None:
    entered("Ours", is_enabled=False)

    assert accounts.usable() == []
    assert not accounts.all_simulated()


def test_an_account_of_the_environment_whose_key_is_gone_is_not_used(luma_key: None, settings: Any) -> None:
    account = default_account("luma-agents")
    own = entered("Ours")

    settings.ENVIRONMENT = {}

    assert "LUMA_AGENTS_API_KEY" in account.problem
    assert accounts.usable() == [own]


def test_the_account_asked_for_comes_before_the_teams_default_and_that_before_the_first(team: Team) -> None:
    first, second, third = entered("A"), entered("B"), entered("C")

    assert accounts.of_team(team) == first
    TeamAccount.objects.create(team=team, account=second)
    assert accounts.of_team(team) == second
    assert accounts.of_team(team, pk=third.pk) == third
    assert accounts.of_team(Team.objects.create(name="Others")) == first


def test_a_default_that_cannot_be_used_now_gives_way(team: Team) -> None:
    first, second = entered("A"), entered("B", is_enabled=False)
    TeamAccount.objects.create(team=team, account=second)

    assert accounts.of_team(team) == first
    assert accounts.of_team(team, pk=second.pk) == first
    assert accounts.of_team(team, pk=987_654) == first


def test_where_there_is_no_account_the_reason_is_given(team: Team) -> None:
    entered("Ours", is_enabled=False)

    with pytest.raises(accounts.NoAccount, match="Ours is switched off"):
        accounts.of_team(team)


def test_the_environments_account_finds_a_name_where_an_admin_took_it(luma_key: None) -> None:
    entered("Luma Agents")

    account = default_account("luma-agents")

    assert (account.origin, account.name) == (Origin.ENVIRONMENT, "Luma Agents (environment)")
    assert default_account("luma-agents") == account


def test_an_admins_address_comes_before_the_environments_and_that_before_the_providers(settings: Any) -> None:
    own = entered("Ours", base_url="https://luma.example.org/v1")
    plain = entered("Plain")

    assert own.address() == "https://luma.example.org/v1"
    assert plain.address() == "https://agents.lumalabs.ai/v1"
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_BASE_URL": "https://proxy.example.org/v1"}
    assert plain.address() == "https://proxy.example.org/v1"


@pytest.fixture
def all_keys(settings: Any) -> None:
    own = {
        "GMI_API_KEY": "gmi-0123456789abcdef", "GMI_ORG_ID": " org-env ", "SCENARIO_SDK_API_KEY": "api_0123",
        "SCENARIO_SDK_API_SECRET": "secret_4567", "SCENARIO_PROJECT_ID": "proj-env", "SCENARIO_CU_PRICE_USD": "0.03",
    }  # fmt: skip
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, **own}


def test_what_the_environment_says_beside_a_key_goes_with_that_key_and_no_other(all_keys: None) -> None:
    gmi, scenario = default_account("gmi-cloud").access(), default_account("scenario").access()
    own = entered("Ours", provider="gmi-cloud").access()

    assert (gmi.headers, gmi.params) == ({"X-Organization-ID": "org-env"}, {})
    assert (scenario.headers, scenario.params) == ({}, {"projectId": "proj-env"})
    assert scenario.secret == "api_0123:secret_4567"
    assert own.headers == {}


def test_a_simulated_account_takes_nothing_from_the_environment_of_a_real_one(settings: Any) -> None:
    simulated = default_account("scenario")
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "SCENARIO_PROJECT_ID": "proj", "SCENARIO_CU_PRICE_USD": "0.03"}

    access = simulated.access()

    assert (access.params, access.unit_price_usd) == ({}, Decimal("0.01"))


def test_half_a_key_in_the_environment_is_none(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "SCENARIO_SDK_API_KEY": "api_0123"}

    assert accounts.all_simulated()
    assert default_account("scenario").is_simulated


@pytest.mark.parametrize(
    ("own", "environment", "told", "price"),
    [
        ("0.05", "0.03", "0.02", "0.05"),
        (None, "0.03", "0.02", "0.03"),
        (None, "", "0.02", "0.02"),
        (None, "cheap", "0.02", "0.02"),
        (None, "", "free", None),
    ],
)
def test_a_units_price_is_the_admins_else_the_environments_else_the_providers(
    settings: Any, own: str | None, environment: str, told: str, price: str | None
) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "SCENARIO_CU_PRICE_USD": environment}
    account = entered("Ours", provider="scenario", learned={"unit_price_usd": told})
    account.unit_price_usd = Decimal(own) if own else None

    assert account.access().unit_price_usd == (Decimal(price) if price else None)


def test_a_provider_that_counts_in_dollars_has_no_price_of_a_unit() -> None:
    assert entered("Ours", unit_price_usd=Decimal("0.05")).access().unit_price_usd is None
