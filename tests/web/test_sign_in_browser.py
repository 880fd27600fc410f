"""The doors in a real browser: a printed link, one button, and in; and out, with nothing left to go
back to.
"""

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect

from editorapp.teams.roles import Role
from editorapp.teams.sign_in import make_link
from tests.browser import new_context
from tests.factories import make_member

pytestmark = pytest.mark.browser


def test_a_link_is_one_button_away_from_the_studio_and_after_signing_out_back_shows_nothing(
    live_server, chromium: Browser
) -> None:
    owner = make_member(role=Role.ADMIN, name="Olga")
    token = make_link(owner.user, now=timezone.now())
    context = new_context(chromium, base_url=live_server.url)
    page, said = context.new_page(), []
    page.on(
        "console",
        lambda message: said.append(message.text) if message.type in ("error", "warning") else None,
    )

    page.goto(f"/in/{token}")
    expect(page.get_by_role("button")).to_have_count(1)
    expect(page.get_by_text("Olga")).to_be_visible()
    page.keyboard.press("Enter")  # the button has the focus
    page.wait_for_url("**/studio/")
    page.goto("/me")
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    page.locator("summary", has_text="Olga").click()
    page.get_by_role("button", name="Sign out", exact=True).click()
    page.wait_for_url("**/sign-in")
    page.go_back()
    page.wait_for_url("**/sign-in?next=/me")

    assert page.get_by_text("Olga").count() == 0
    context.close()
    assert said == []
