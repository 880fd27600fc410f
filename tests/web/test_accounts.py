"""The accounts page: what it shows, what it takes, what it refuses, and that no key ever leaves it
again.
"""

import logging
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.models import Pause
from editorapp.generations.states import State
from editorapp.providers import accounts, registry
from editorapp.providers.models import KeyOrigin, ProviderAccount, StagedFile, TeamAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import (
    default_account,
    make_asset,
    make_generation,
    make_member,
    make_reserved,
    signed_in,
)
from tests.queries import queries_of
from tests.queued import waiting
from tests.simulator_process import SimulatorProcess

pytestmark = pytest.mark.django_db
KEY = "luma-api-0123456789-wxyz"
GIVEN = {
    "name": "Second team",
    "key_1": KEY,
    "max_concurrent": "4",
    "requests_per_minute": "12",
    "base_url": "",
}
SCENARIO = {
    **GIVEN,
    "key_1": "api_0123456789",
    "key_2": "secret_9876543210",
    "unit_price_usd": "0.02",
    "option_projectId": "proj_7",
}


@pytest.fixture
def client(admin: Member) -> Client:
    return signed_in(admin)


def add(client: Client, provider: str = "luma-agents", **given: Any) -> Any:
    return client.post(f"/accounts/new/{provider}", GIVEN | given)


def entered(**fields: Any) -> ProviderAccount:
    account = ProviderAccount(
        **({"provider": "luma-agents", "name": "Ours", "proven_at": timezone.now()} | fields)
    )
    account.set_key(KEY)
    account.save()
    return account


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_without_a_key_every_provider_stands_there_with_its_simulated_account(
    client: Client,
) -> None:
    html = text(client.get("/accounts/"))

    for slug in registry.slugs():
        assert registry.get(slug).SPEC.name in html
    assert "Everything is simulated now." in html
    assert html.count("Used while no real account has passed its test.") == len(registry.slugs())


def test_a_key_entered_once_makes_a_real_account_that_is_tested_by_the_queue(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    accounts.made()  # the simulated ones, from the days before

    with django_capture_on_commit_callbacks(execute=True):
        answer = add(client)

    account = ProviderAccount.objects.get(name="Second team")
    assert answer["Location"] == f"/accounts/#account-{account.pk}"
    assert (account.origin, account.max_concurrent, account.requests_per_minute) == (
        KeyOrigin.ADMIN,
        4,
        12,
    )
    assert account.access().secret == KEY
    assert [args for _task, args in waiting()] == [(account.pk,)]
    html = text(client.get("/accounts/"))
    assert "Entered here, ends in wxyz" in html
    assert (
        "Second team has not passed its test yet" in html
        and "Being tested: the simulator answers" in html
    )
    assert f'hx-get="/accounts/{account.pk}/"' in html
    ProviderAccount.objects.filter(pk=account.pk).update(
        tested_at=timezone.now(), test_ok=True, proven_at=timezone.now()
    )
    html = text(client.get("/accounts/"))
    assert "Everything is simulated" not in html
    assert "not used now, because there is a real account." in html


def test_a_key_of_two_parts_an_organisation_and_a_price_reach_every_call(client: Client) -> None:
    assert client.post("/accounts/new/scenario", SCENARIO).status_code == 302
    assert (
        add(
            client, "gmi-cloud", key_1="gmi-0123456789", **{"option_X-Organization-ID": "org-1"}
        ).status_code
        == 302
    )

    scenario = ProviderAccount.objects.get(provider="scenario").access()
    gmi = ProviderAccount.objects.get(provider="gmi-cloud").access()
    assert scenario.secret == "api_0123456789:secret_9876543210"
    assert (scenario.params, scenario.unit_price_usd) == ({"projectId": "proj_7"}, Decimal("0.02"))
    assert (gmi.headers, gmi.unit_price_usd) == ({"X-Organization-ID": "org-1"}, None)
    html = text(client.get("/accounts/"))
    assert "proj_7" in html and "org-1" in html and "$0.02, set here" in html


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"key_1": ""}, "This is needed."),
        ({"key_1": "a key"}, "holds characters that no key has"),
        ({"name": ""}, "This field is required."),
        ({"name": "taken"}, "Another account of Luma Agents has this name."),
        ({"base_url": "luma.example.org"}, "This is not an address."),
        ({"base_url": "https://luma.example.org:port"}, "This is not an address."),
        ({"base_url": "http://luma.example.org/v1"}, "The key would travel unencrypted."),
        ({"base_url": "https://me:word@luma.example.org"}, "Only the address itself"),
        ({"base_url": "https://luma.example.org/v1?key=1"}, "Only the address itself"),
        ({"max_concurrent": "0"}, "greater than or equal to 1"),
        ({"requests_per_minute": "many"}, "Enter a whole number."),
    ],
)
def test_what_cannot_be_an_account_is_refused_in_words_and_keeps_what_was_typed(
    client: Client, given: dict[str, str], message: str
) -> None:
    entered(name="Taken")

    answer = add(client, **given)

    html = text(answer)
    assert answer.status_code == 422
    assert message.replace("'", "&#x27;") in html
    assert KEY not in html
    assert given.get("name", "Second team") in html
    assert ProviderAccount.objects.exclude(key_encrypted="").count() == 1


def test_a_key_of_another_provider_is_refused_before_it_is_kept(client: Client) -> None:
    answer = add(client, "gmi-cloud")

    assert answer.status_code == 422
    assert "This is a key of Luma Agents, not of GMI Cloud." in text(answer)
    assert not ProviderAccount.objects.exclude(key_encrypted="").exists()


@pytest.mark.parametrize("missing", ["key_1", "key_2"])
def test_half_a_key_is_refused(client: Client, missing: str) -> None:
    answer = client.post("/accounts/new/scenario", SCENARIO | {missing: ""})

    assert answer.status_code == 422
    assert "Enter every part of the key." in text(answer)


def test_an_unheard_of_provider_is_not_there(client: Client) -> None:
    assert client.get("/accounts/new/nobody").status_code == 404


def test_the_key_inputs_are_hidden_never_filled_and_never_remembered(client: Client) -> None:
    account = entered()

    html = client.get(f"/accounts/{account.pk}/edit").content.decode()

    field = html[html.index('<input type="password"') :].split(">")[0]
    assert 'autocomplete="off"' in field and "value=" not in field
    assert "keep the one that ends in wxyz" in html


def test_saving_without_a_key_keeps_the_one_that_is_there(client: Client) -> None:
    account = entered(tested_at=timezone.now(), test_ok=True)

    client.post(f"/accounts/{account.pk}/edit", GIVEN | {"key_1": "", "name": "Renamed"})

    account.refresh_from_db()
    assert (account.name, account.access().secret) == ("Renamed", KEY)
    assert account.test_ok


def test_another_key_forgets_what_was_known_of_the_old_one(client: Client, admin: Member) -> None:
    learned = {"models": {"edit/ray-3.2": {"max_source_seconds": 5}}}
    account = entered(tested_at=timezone.now(), test_ok=True, learned=learned)
    StagedFile.objects.create(
        account=account, asset=make_asset(admin), ref={"file_id": "x"}, staged_at=timezone.now()
    )

    client.post(f"/accounts/{account.pk}/edit", GIVEN | {"key_1": "luma-api-another-abcd"})

    account.refresh_from_db()
    assert (account.key_hint, account.learned, account.tested_at) == ("abcd", {}, None)
    assert not account.staged.exists()


def test_a_kept_key_is_never_sent_to_another_server(client: Client) -> None:
    account = entered()
    elsewhere = {"base_url": "https://collector.example.org/v1"}

    refused = client.post(f"/accounts/{account.pk}/edit", GIVEN | {"key_1": ""} | elsewhere)
    taken = client.post(f"/accounts/{account.pk}/edit", GIVEN | elsewhere)

    assert refused.status_code == 422
    assert "Enter the key again: with this base URL it would be sent to another server." in text(
        refused
    )
    assert taken.status_code == 302


@pytest.mark.parametrize("is_real", [True, False])
def test_of_an_account_that_nobody_entered_only_the_limits_can_be_set(
    client: Client, settings: Any, is_real: bool
) -> None:
    if is_real:
        settings.ENVIRONMENT = {
            **settings.ENVIRONMENT,
            "LUMA_AGENTS_API_KEY": "luma-api-of-the-environment",
        }
    account = default_account("luma-agents")

    page = text(client.get(f"/accounts/{account.pk}/edit"))
    client.post(
        f"/accounts/{account.pk}/edit", GIVEN | {"base_url": "https://collector.example.org"}
    )

    assert "password" not in page and "base_url" not in page
    account.refresh_from_db()
    assert (account.max_concurrent, account.requests_per_minute) == (4, 12)
    assert (account.name, account.key_encrypted, account.base_url) == (
        default_account("luma-agents").name,
        "",
        "",
    )


def test_an_account_of_the_environment_says_where_its_key_lies_and_shows_none_of_it(
    client: Client, settings: Any
) -> None:
    settings.ENVIRONMENT = {
        **settings.ENVIRONMENT,
        "LUMA_AGENTS_API_KEY": "luma-api-of-the-environment",
    }

    html = text(client.get("/accounts/"))

    assert "From the environment (LUMA_AGENTS_API_KEY)" in html
    assert "of-the-environment" not in html


def test_no_page_and_no_log_holds_a_key(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    add(client, base_url="http://127.0.0.1:9/v1")
    account = ProviderAccount.objects.get(name="Second team")

    pages = [
        client.post(f"/accounts/{account.pk}/test", follow=True),
        client.post(f"/accounts/{account.pk}/test", headers={"HX-Request": "true"}),
        client.get("/accounts/"),
        client.get(f"/accounts/{account.pk}/edit"),
        client.get(f"/accounts/{account.pk}/", headers={"HX-Request": "true"}),
    ]

    for page in pages:
        assert page.status_code == 200
        assert (
            KEY not in page.content.decode() and account.key_encrypted not in page.content.decode()
        )
    assert KEY not in caplog.text


def test_a_test_of_the_connection_answers_on_the_card_and_without_scripts_on_the_page(
    client: Client, simulator: SimulatorProcess
) -> None:
    account = default_account("luma-agents")

    part = client.post(f"/accounts/{account.pk}/test", headers={"HX-Request": "true"})
    page = client.post(f"/accounts/{account.pk}/test", follow=True)

    assert text(part).startswith("<article") or 'id="account-' in text(part)
    assert "<html" not in text(part) and "The simulator answers." in text(part)
    assert "<html" in text(page) and "The simulator answers." in text(page)


def test_a_failed_test_says_what_is_wrong(client: Client) -> None:
    account = entered(base_url="http://127.0.0.1:9/v1")

    html = text(client.post(f"/accounts/{account.pk}/test", headers={"HX-Request": "true"}))

    assert "Test failed" in html
    assert "What is at http://127.0.0.1:9/v1 did not answer as Luma Agents does." in html


def test_a_card_asks_for_itself_until_it_was_tested(client: Client) -> None:
    account = entered()

    waiting = text(client.get(f"/accounts/{account.pk}/", headers={"HX-Request": "true"}))
    ProviderAccount.objects.update(tested_at=timezone.now(), test_ok=True, test_message="It works.")
    done = text(client.get(f"/accounts/{account.pk}/", headers={"HX-Request": "true"}))

    assert f'hx-get="/accounts/{account.pk}/"' in waiting and "Not tested yet" in waiting
    assert "hx-get" not in done and "It works." in done and "Ready" in done


def test_switching_off_and_on_is_said_with_what_it_means(client: Client) -> None:
    account = entered()

    off = text(client.post(f"/accounts/{account.pk}/switch", {"on": "0"}, follow=True))
    account.refresh_from_db()
    assert not account.is_enabled
    assert "what is under way is followed to its end" in off
    assert "No account can be used." in off

    on = text(client.post(f"/accounts/{account.pk}/switch", {"on": "1"}, follow=True))
    account.refresh_from_db()
    assert account.is_enabled
    assert "No account can be used." not in on


def test_the_teams_default_is_chosen_among_those_that_can_be_used(
    client: Client, admin: Member
) -> None:
    entered(name="A")
    second, off = entered(name="B"), entered(name="C", is_enabled=False)

    client.post(f"/accounts/{second.pk}/default")
    refused = text(client.post(f"/accounts/{off.pk}/default", follow=True))

    assert TeamAccount.objects.get(team=admin.team).account == second
    assert accounts.of_team(admin.team) == second
    assert "cannot be used now" in refused


def test_one_team_chooses_nothing_for_another(client: Client) -> None:
    entered(name="A")
    second, other = entered(name="B"), make_member(role=Role.ADMIN)

    client.post(f"/accounts/{second.pk}/default")

    assert accounts.of_team(other.team).name == "A"


def test_an_account_is_deleted_only_while_nothing_was_made_with_it(
    client: Client, admin: Member
) -> None:
    unused, used = entered(name="Unused"), entered(name="Used")
    make_generation(admin, account=used, state=State.SUCCEEDED)

    offered, kept = (text(client.get(f"/accounts/{one.pk}/edit")) for one in (unused, used))
    client.post(f"/accounts/{unused.pk}/delete")
    refused = text(client.post(f"/accounts/{used.pk}/delete", follow=True))

    assert "Delete account" in offered
    assert "Delete account" not in kept and "Switch it off instead" in kept
    assert not ProviderAccount.objects.filter(pk=unused.pk).exists()
    assert ProviderAccount.objects.filter(pk=used.pk).exists()
    assert "cannot be deleted. Switch it off" in refused


def test_an_account_that_nobody_entered_is_not_deleted(client: Client) -> None:
    account = default_account("luma-agents")

    client.post(f"/accounts/{account.pk}/delete")

    assert ProviderAccount.objects.filter(pk=account.pk).exists()


def test_a_card_counts_what_is_under_way_and_what_waits(client: Client, admin: Member) -> None:
    account = default_account("luma-agents")
    for state in (State.RUNNING, State.RUNNING, State.QUEUED, State.SUCCEEDED):
        make_generation(admin, account=account, state=state)
    Pause.objects.create(
        account=account, until=timezone.now() + timedelta(minutes=1), reason="Too many requests."
    )

    html = text(client.get("/accounts/"))

    assert "2 of 10 under way, 1 waiting" in html
    assert "Too many requests." in html


def test_a_card_shows_what_the_team_was_charged_this_month_and_nobody_elses(
    client: Client, admin: Member
) -> None:
    account = default_account("luma-agents")
    for member, amount in ((admin, "1.08"), (admin, "0.50"), (make_member(), "7.00")):
        take = make_reserved(member, account=account, state=State.RUNNING)
        ledger.charge(
            [Charge(take.attempts.get().pk, Decimal(amount), is_estimated=True)], now=timezone.now()
        )[0]

    html = text(client.get("/accounts/"))

    assert '">$1.58</a>' in html.split("<dt>This month</dt>")[1].split("</dd>")[0]
    assert "$7" not in html and "$8" not in html


def test_a_price_in_the_environment_that_is_no_amount_is_said(
    client: Client, settings: Any
) -> None:
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "SCENARIO_CU_PRICE_USD": "cheap"}
    entered(provider="scenario")

    html = text(client.get("/accounts/"))

    assert "SCENARIO_CU_PRICE_USD is no amount in dollars" in html


def test_what_a_provider_told_is_shown_in_words(client: Client) -> None:
    entered(learned={"models": {"edit/ray-3.2": {"max_source_seconds": 12.5}}})

    html = text(client.get("/accounts/"))

    assert "Limits that Luma Agents told this account" in html
    assert "Longest source: 12.5 s" in html


def test_a_key_that_cannot_be_read_is_said_on_its_card(client: Client, settings: Any) -> None:
    entered()
    settings.SECRET_KEY = "another"
    client = Client()
    client.force_login(make_member(role=Role.ADMIN).user)

    html = text(client.get("/accounts/"))

    assert "secret has changed: enter the key again." in html
    assert "Cannot be used" in html


def test_the_number_of_queries_does_not_grow_with_the_accounts(client: Client) -> None:
    entered(name="First")
    asked = [queries_of(client, "/accounts/")]
    for number in range(5):
        entered(name=f"More {number}")
    asked.append(queries_of(client, "/accounts/"))

    assert asked[0] == asked[1] <= 18


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER])
def test_only_admins_come_here_and_only_they_see_the_way(role: str) -> None:
    account, client = entered(), Client()
    client.force_login(make_member(role=role).user)

    doors = ["", "new/luma-agents", f"{account.pk}/", f"{account.pk}/edit"]
    acts = [
        "new/luma-agents",
        *(f"{account.pk}/{act}" for act in ("edit", "test", "switch", "default", "delete")),
    ]

    assert {client.get(f"/accounts/{door}").status_code for door in doors} == {403}
    assert {client.post(f"/accounts/{act}", GIVEN).status_code for act in acts} == {403}
    assert 'href="/accounts/"' not in client.get("/gallery/").content.decode()
    account.refresh_from_db()
    assert account.is_enabled and account.tested_at is None


def test_a_stranger_is_sent_to_sign_in() -> None:
    assert Client().get("/accounts/")["Location"].startswith("/sign-in")


def test_the_shell_leads_an_admin_here(client: Client) -> None:
    assert 'href="/accounts/" aria-current="page"' in text(client.get("/accounts/"))
