"""Which accounts can be used: the environment's, those of admins, simulated ones; and a team's
default.
"""

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from editorapp.providers import accounts, capability_discovery, registry
from editorapp.providers.models import KeyOrigin, ProviderAccount, TeamAccount
from editorapp.teams.models import Team
from tests.factories import default_account

pytestmark = pytest.mark.django_db


def entered(name: str, *, provider: str = "luma-agents", **fields: Any) -> ProviderAccount:
    account = ProviderAccount(
        provider=provider, name=name, **({"proven_at": timezone.now()} | fields)
    )
    account.set_key("luma-api-0123456789")
    account.save()
    return account


@pytest.fixture
def team() -> Team:
    return Team.objects.create(name="Night shift")


@pytest.fixture
def luma_key(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}
    default_account("luma-agents")
    ProviderAccount.objects.update(proven_at=timezone.now())


def test_without_any_key_every_provider_has_its_simulated_account_in_the_registrys_order() -> None:
    found = accounts.usable()

    assert [account.provider for account in found] == list(registry.slugs())
    assert {account.origin for account in found} == {KeyOrigin.SIMULATED}
    assert accounts.all_simulated()
    assert accounts.usable() == found


def test_a_key_in_the_environment_leaves_only_real_accounts(luma_key: None) -> None:
    accounts.made()

    found = accounts.usable()

    assert [(account.provider, account.origin) for account in found] == [
        ("luma-agents", KeyOrigin.ENVIRONMENT)
    ]
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

    assert [account.name for account in accounts.usable(provider="luma-agents")] == [
        "beta",
        "Luma Agents",
        "Zeta",
    ]


def test_a_switched_off_account_is_not_used_and_brings_no_simulation_back() -> None:
    entered("Ours", is_enabled=False)

    assert accounts.usable() == []
    assert not accounts.all_simulated()


def test_an_account_of_the_environment_whose_key_is_gone_is_not_used(
    luma_key: None, settings: Any
) -> None:
    account = default_account("luma-agents")
    own = entered("Ours")

    settings.ENVIRONMENT = {}

    assert "LUMA_AGENTS_API_KEY" in account.problem
    assert accounts.usable() == [own]


def test_the_teams_default_comes_before_the_first(
    team: Team,
) -> None:
    first, second = entered("A"), entered("B")

    assert accounts.of_team(team) == first
    TeamAccount.objects.filter(team=team).update(account=second)
    assert accounts.of_team(team) == second
    assert accounts.of_team(Team.objects.create(name="Others")) == first


def test_a_default_that_cannot_be_used_now_gives_way(team: Team) -> None:
    first, second = entered("A"), entered("B", is_enabled=False)
    TeamAccount.objects.create(team=team, account=second)

    assert accounts.of_team(team) == first


def failed(name: str, **fields: Any) -> ProviderAccount:
    """Make an account whose key was refused."""
    said = {
        "tested_at": timezone.now(),
        "test_message": "Luma Agents does not accept the key.",
        "proven_at": None,
    }
    return entered(name, **(said | fields))


def passed(name: str, **fields: Any) -> ProviderAccount:
    return entered(name, **({"tested_at": timezone.now(), "test_ok": True} | fields))


def test_the_default_is_fixed_at_first_use_and_another_account_that_sorts_before_it_moves_nothing(
    team: Team,
) -> None:
    ours = passed("Ours")
    assert accounts.of_team(team) == ours

    passed("A new one")
    entered("An untested one", proven_at=None)

    assert accounts.of_team(team) == ours == TeamAccount.objects.get(team=team).account
    assert [one.name for one in accounts.usable()] == ["A new one", "An untested one", "Ours"]


def test_a_refused_account_is_never_chosen_by_itself_however_its_name_sorts(team: Team) -> None:
    failed("A")
    sound = passed("B")

    assert accounts.of_team(team) == sound
    assert TeamAccount.objects.get(team=team).account == sound


def test_a_default_that_was_refused_gives_way_and_is_not_moved(team: Team) -> None:
    ours, other = passed("Ours"), passed("Other")
    TeamAccount.objects.create(team=team, account=ours)
    ProviderAccount.objects.filter(pk=ours.pk).update(test_ok=False)

    assert accounts.of_team(team) == other
    ProviderAccount.objects.filter(pk=ours.pk).update(test_ok=True)
    assert accounts.of_team(team) == ours


def test_where_every_account_was_refused_only_the_fixed_one_is_used_and_else_none(
    team: Team,
) -> None:
    ours = failed("Ours", proven_at=timezone.now())
    failed("Other")

    with pytest.raises(accounts.NoAccount, match="does not accept the key"):
        accounts.of_team(team)
    TeamAccount.objects.create(team=team, account=ours)
    assert accounts.of_team(team) == ours


def test_one_that_passed_is_chosen_before_one_that_was_not_tested_and_chance_fixes_nothing(
    team: Team,
) -> None:
    untested, tested = entered("A", proven_at=None), passed("B")

    assert accounts.of_team(team) == tested
    assert not TeamAccount.objects.exists()  # the first test may merely have been over first
    ProviderAccount.objects.filter(pk=untested.pk).update(tested_at=timezone.now(), test_ok=True)
    assert accounts.of_team(team) == untested == TeamAccount.objects.get(team=team).account


def test_a_simulated_default_gives_its_place_to_the_first_real_one(team: Team) -> None:
    assert (
        accounts.of_team(team).is_simulated
        and TeamAccount.objects.get(team=team).account.is_simulated
    )

    ours = passed("Ours")

    assert accounts.of_team(team) == ours == TeamAccount.objects.get(team=team).account


@pytest.mark.parametrize("how", ["mistyped", "not tested yet", "switched off"])
def test_only_an_account_that_passed_its_test_takes_the_simulator_away(
    how: str, team: Team
) -> None:
    if how == "mistyped":
        failed("Ours")
    else:
        entered("Ours", proven_at=None, is_enabled=how != "switched off")

    assert accounts.all_simulated()
    assert [one.is_simulated for one in accounts.usable()] == [True] * len(registry.slugs())
    assert accounts.of_team(team).is_simulated
    assert [one.name for one in accounts.unproven(accounts.made())] == (
        [] if how == "switched off" else ["Ours"]
    )


def test_once_an_account_has_passed_no_later_refusal_and_no_other_key_brings_the_simulator_back() -> (
    None
):
    ours = passed("Ours")
    ours.set_key("luma-api-mistyped")
    ours.forget_tests()
    ours.test_message, ours.tested_at = "refused", timezone.now()
    ours.save()

    assert not accounts.all_simulated() and accounts.usable() == [ours]


def test_a_key_in_the_environment_counts_from_its_test_on(settings: Any, monkeypatch: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}
    own = next(one for one in accounts.made() if not one.is_simulated)
    assert accounts.all_simulated() and own not in accounts.usable()

    async def answers(*_args: Any) -> capability_discovery.Tested:
        return capability_discovery.Tested(True, "Luma Agents accepts the key.")

    monkeypatch.setattr(capability_discovery, "_tried", answers)
    capability_discovery.test(own)

    assert not accounts.all_simulated() and accounts.usable() == [own]


def test_what_the_studio_shows_where_nothing_can_be_used_is_what_could_be(team: Team) -> None:
    off = passed("Ours", is_enabled=False)

    shown = accounts.to_show(team)

    assert shown[:2] == ([off], off) and "switched off" in shown.first.problem
    assert not TeamAccount.objects.exists()


def test_where_there_is_no_account_the_reason_is_given(team: Team) -> None:
    entered("Ours", is_enabled=False)

    with pytest.raises(accounts.NoAccount, match="Ours is switched off"):
        accounts.of_team(team)


def test_the_environments_account_finds_a_name_where_an_admin_took_it(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}
    entered("Luma Agents")

    account = default_account("luma-agents")

    assert (account.origin, account.name) == (KeyOrigin.ENVIRONMENT, "Luma Agents (environment)")
    assert default_account("luma-agents") == account


def test_an_admins_address_comes_before_the_environments_and_that_before_the_providers(
    settings: Any,
) -> None:
    own = entered("Ours", base_url="https://luma.example.org/v1")
    plain = entered("Plain")

    assert own.address() == "https://luma.example.org/v1"
    assert plain.address() == "https://agents.lumalabs.ai/v1"
    settings.ENVIRONMENT = {
        **settings.ENVIRONMENT,
        "LUMA_AGENTS_BASE_URL": "https://proxy.example.org/v1",
    }
    assert plain.address() == "https://proxy.example.org/v1"


@pytest.fixture
def all_keys(settings: Any) -> None:
    own = {
        "GMI_API_KEY": "gmi-0123456789abcdef",
        "GMI_ORG_ID": " org-env ",
        "SCENARIO_SDK_API_KEY": "api_0123",
        "SCENARIO_SDK_API_SECRET": "secret_4567",
        "SCENARIO_PROJECT_ID": "proj-env",
        "SCENARIO_CU_PRICE_USD": "0.03",
    }
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, **own}


def test_what_the_environment_says_beside_a_key_goes_with_that_key_and_no_other(
    all_keys: None,
) -> None:
    gmi, scenario = default_account("gmi-cloud").access(), default_account("scenario").access()
    own = entered("Ours", provider="gmi-cloud").access()

    assert (gmi.headers, gmi.params) == ({"X-Organization-ID": "org-env"}, {})
    assert (scenario.headers, scenario.params) == ({}, {"projectId": "proj-env"})
    assert scenario.secret == "api_0123:secret_4567"
    assert own.headers == {}


def test_a_simulated_account_takes_nothing_from_the_environment_of_a_real_one(
    settings: Any,
) -> None:
    simulated = default_account("scenario")
    settings.ENVIRONMENT = {
        **settings.ENVIRONMENT,
        "SCENARIO_PROJECT_ID": "proj",
        "SCENARIO_CU_PRICE_USD": "0.03",
    }

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
