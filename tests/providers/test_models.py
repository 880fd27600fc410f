"""Accounts: which one is used, and how it is reached."""

from typing import Any

import pytest

from editorapp.providers import registry
from editorapp.providers.models import ProviderAccount, simulator_url
from editorapp.providers.vendors import luma_agents
from tests.factories import default_account

pytestmark = pytest.mark.django_db


def test_without_a_key_the_account_is_the_simulator_and_says_so(settings: Any) -> None:
    settings.SIMULATOR_URL = "http://127.0.0.1:9999/"

    account = default_account("luma-agents")
    access = account.access()

    assert (account.name, account.is_simulated) == ("Luma Agents (simulated)", True)
    assert access.base_url == "http://127.0.0.1:9999/luma-agents/v1"
    assert (access.secret, access.is_simulated) == (luma_agents.SPEC.simulated_key, True)


def test_with_a_key_the_account_is_the_real_one(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}

    access = default_account("luma-agents").access()

    assert access.base_url == "https://agents.lumalabs.ai/v1"
    assert (access.secret, access.is_simulated) == ("luma-api-real", False)
    assert "luma-api-real" not in repr(access)


def test_a_real_key_at_a_loopback_address_is_still_the_account_as_configured(settings: Any) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}
    settings.ENVIRONMENT = {
        **settings.ENVIRONMENT,
        "LUMA_AGENTS_BASE_URL": "http://127.0.0.1:7000/luma-agents/v1",
    }
    settings.SIMULATOR_URL = "http://127.0.0.1:9999"

    account = default_account("luma-agents")

    assert account.name == "Luma Agents"
    assert account.access().base_url == "http://127.0.0.1:7000/luma-agents/v1"
    assert not account.access().is_simulated


def test_a_simulated_account_never_gets_the_real_key_or_address(settings: Any) -> None:
    simulated = default_account("luma-agents")
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-real"}

    real = default_account("luma-agents")

    assert real != simulated
    assert simulated.access().secret == luma_agents.SPEC.simulated_key
    assert "lumalabs" not in simulated.access().base_url


def test_an_account_is_made_once() -> None:
    assert default_account("luma-agents") == default_account("luma-agents")
    assert ProviderAccount.objects.count() == 1


def test_the_running_simulator_is_found_by_its_note(settings: Any, tmp_path: Any) -> None:
    settings.RUN_DIR, settings.SIMULATOR_URL = tmp_path, ""

    assert simulator_url() == "http://127.0.0.1:8001"
    (tmp_path / "simulator.url").write_text("http://127.0.0.1:4321\n")
    assert simulator_url() == "http://127.0.0.1:4321"


def test_an_unheard_of_provider_is_named() -> None:
    with pytest.raises(registry.UnknownProvider, match="nobody"):
        default_account("nobody")
