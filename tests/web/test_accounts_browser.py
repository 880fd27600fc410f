"""The accounts page in a real Chromium: adding a key, testing it, and how it looks at both widths
in both themes.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Browser, Page, expect

from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from tests.browser import new_context
from tests.browser_look import look
from tests.factories import default_account
from tests.simulator_process import SimulatorProcess

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def open_page(chromium: Browser, live_server: Any, admin: Member) -> Iterator[Callable[..., Page]]:
    """Open pages of the admin's; nothing may be complained of in their consoles."""
    client = Client()
    client.force_login(admin.user)
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
    }
    complaints: list[str] = []
    contexts = []

    def open_it(address: str = "/accounts/", **options: Any) -> Page:
        context = new_context(
            chromium, viewport={"width": 1440, "height": 900}, base_url=live_server.url, **options
        )
        context.add_cookies([cookie | {"url": live_server.url}])
        contexts.append(context)
        page = context.new_page()
        page.on(
            "console",
            lambda message: complaints.append(message.text) if message.type == "error" else None,
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(address)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert complaints == []


def entered(
    name: str, provider: str = "luma-agents", key: str = "luma-api-0123456789", **fields: Any
) -> None:
    said = {"test_ok": True, "test_message": "It accepts the key."} | fields
    account = ProviderAccount(provider=provider, name=name, tested_at=timezone.now(), **said)
    account.set_key(key)
    account.save()


def test_an_admin_enters_a_key_and_sees_that_it_works(
    open_page: Callable[..., Page], simulator: SimulatorProcess
) -> None:
    page = open_page()
    page.get_by_role("link", name="Add an account with Luma Agents").click()
    page.get_by_label("Name").fill("Night shift")
    page.get_by_label("API key").fill("luma-api-0123456789")
    page.get_by_label("Base URL").fill(default_account("luma-agents").address())
    page.get_by_role("button", name="Add account").click()

    page.get_by_role("button", name="Test connection of Night shift").click()

    card = page.locator("article", has=page.get_by_role("heading", name="Night shift"))
    expect(card).to_contain_text("Luma Agents accepts the key.")
    expect(card).to_contain_text("Ready")
    # It has taken the simulated accounts' place, and the page says so by itself.
    expect(page.get_by_text("not used now, because there is a real account").first).to_be_visible()
    page.get_by_role("button", name="Test connection of Night shift").click()
    expect(page.get_by_role("button", name="Test connection of Night shift")).to_be_focused()


def test_without_scripts_an_account_is_tested_switched_off_and_deleted(
    open_page: Callable[..., Page], simulator: SimulatorProcess
) -> None:
    entered("Ours", base_url=default_account("luma-agents").address())
    page = open_page(java_script_enabled=False)

    page.get_by_role("button", name="Test connection of Ours").click()
    expect(page.locator("#notices")).to_contain_text("Ours: Luma Agents accepts the key.")
    page.locator("summary", has_text="More for Ours").click()
    page.get_by_role("button", name="Switch off Ours").click()
    expect(page.get_by_text("Switched off", exact=True)).to_be_visible()
    page.get_by_role("link", name="Edit of Ours").click()
    page.get_by_role("button", name="Delete account").click()

    expect(page.locator("#notices")).to_contain_text("Ours is deleted, and its key with it.")


def test_the_page_and_its_form_hold_in_every_size_and_theme(open_page: Callable[..., Page]) -> None:
    look(open_page(), "accounts-simulated")
    entered("Luma of the day shift")
    entered("Luma of the night shift", max_concurrent=4)
    entered("Old", is_enabled=False)
    entered(
        "Scenario",
        "scenario",
        "api_0123:secret_4567",
        options={"projectId": "proj_0123456789"},
        test_message="Scenario accepts the key. It told its own limits for 2 models.",
        learned={
            "models": {
                "edit/ray-3.2": {
                    "max_source_seconds": 12,
                    "keyframe_keys": ["image", "frameIndex"],
                },
                "modify/modify-video": {"prompt_max": 3000},
            }
        },
    )
    entered("GMI with a mistake", "gmi-cloud", "gmi-0123456789")
    ProviderAccount.objects.filter(name="GMI with a mistake").update(
        test_ok=False,
        test_message="GMI Cloud does not accept the key. Copy the key again, whole, or make a new one.",
    )

    page = open_page()
    page.get_by_text("Limits that Scenario told this account").click()
    look(page, "accounts")
    look(open_page("/accounts/new/scenario"), "accounts-new")
    kept = ProviderAccount.objects.get(name="GMI with a mistake")
    look(open_page(f"/accounts/{kept.pk}/edit"), "accounts-edit")
