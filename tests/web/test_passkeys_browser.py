"""Passkeys in a real browser, with a device of its own that asks for a finger: added on one's page,
used at the door; and what is said where there can be none.
"""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from editorapp.teams.models import Passkey
from editorapp.teams.roles import Role
from tests.browser import new_context
from tests.factories import make_member, signed_in

pytest.importorskip("webauthn")
pytestmark = pytest.mark.browser
PASSWORD = "correct horse battery"


def window(chromium: Browser, address: str, *, width: int = 1440) -> BrowserContext:
    return new_context(chromium, base_url=address, viewport={"width": width, "height": 900})


def with_device(context: BrowserContext, *, finger: bool = True) -> Page:
    """Open a page of a browser that has a device which keeps passkeys."""
    page = context.new_page()
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": finger,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return page


@pytest.mark.parametrize("width", [1440, 390])
def test_a_passkey_is_added_and_signs_in_without_a_password(
    live_server, chromium: Browser, width: int
) -> None:
    olga = make_member(role=Role.ADMIN, name="Olga").user
    olga.set_password(PASSWORD)
    olga.save()
    address = live_server.url.replace("127.0.0.1", "localhost")
    context = window(chromium, address, width=width)
    page = with_device(context)

    page.goto("/sign-in")
    page.get_by_label("User name or e-mail").fill("olga")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    page.wait_for_url("**/studio/**")
    page.goto("/me/passkeys")
    page.get_by_label("What you call this device").fill("Olga's laptop")
    page.get_by_label("Your password").fill("wrong")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("That is not your password.")).to_be_visible()
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.get_by_text("Olga's laptop", exact=False).first).to_be_visible()
    expect(page.get_by_text("never used")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    context.clear_cookies()

    page.goto("/sign-in?next=/gallery/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page).to_have_url(f"{address}/gallery/")
    assert Passkey.objects.get().used_at is not None
    context.close()


def test_a_device_that_is_not_sure_whose_finger_it_is_lets_nobody_in(
    live_server, chromium: Browser
) -> None:
    context = window(chromium, live_server.url.replace("127.0.0.1", "localhost"))
    page = with_device(context, finger=False)

    page.goto("/sign-in")
    page.get_by_role("button", name="Sign in with a passkey").click()

    expect(page.get_by_text("No passkey was used.")).to_be_visible()
    expect(page.get_by_role("button", name="Sign in with a passkey")).to_be_enabled()
    context.close()


def test_an_address_that_is_a_number_says_why_there_are_none(live_server) -> None:
    olga = make_member(role=Role.ADMIN, name="Olga")

    page = signed_in(olga).get("/me/passkeys", headers={"host": "127.0.0.1:8000"})

    assert "this address is a number" in page.content.decode()
