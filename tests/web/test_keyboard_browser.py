"""The main job with a keyboard alone: from the sign-in page to a chosen take, by keys that a person
without a mouse has, and with a visible focus at every stop.
"""

import re

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser import new_context
from tests.factories import make_generation, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
PASSWORD = "a long and quiet river"
MOST_TABS = 80
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
# Something that is drawn around or beside what has the focus, which is not there without it.
IS_SHOWN = """(one) => {
    const drawn = (at) => {
        const { outlineStyle, outlineWidth, boxShadow } = getComputedStyle(at);
        const isOutlined = outlineStyle !== "none" && parseFloat(outlineWidth) > 0;
        return isOutlined || boxShadow !== "none";
    };
    const near = [one, one.closest("label"), one.nextElementSibling, one.closest("li, article")];
    if (one.matches("[data-strip]")) near.push(document.querySelector("[data-playhead]"));
    const after = getComputedStyle(one, "::after");
    return near.some((at) => at && drawn(at)) || after.outlineStyle !== "none";
}"""


@pytest.fixture
def source(keep):
    return keep("bunny_720p_5s.mp4")


@pytest.fixture
def page(member, source, live_server, chromium: Browser):
    member.user.set_password(PASSWORD)
    member.user.save()
    Member.objects.filter(pk=member.pk).update(role=Role.ADMIN)
    context = new_context(
        chromium, base_url=live_server.url, viewport={"width": 1440, "height": 900}
    )
    yield context.new_page()
    context.close()


def tab_to(page: Page, goal: Locator, *, back: bool = False, most: int = MOST_TABS) -> int:
    """Press Tab until something has the focus; return how often. Each stop must be seen."""
    for count in range(1, most + 1):
        page.keyboard.press("Shift+Tab" if back else "Tab")
        here = page.locator(":focus")
        if here.count() and not here.evaluate(IS_SHOWN):
            raise AssertionError(
                f"Nobody sees the focus on {here.evaluate('one => one.outerHTML')[:200]}"
            )
        if goal.evaluate("one => one === document.activeElement"):
            return count
    raise AssertionError(f"{most} times Tab do not lead to {goal}")


def by_keys(page: Page, words: str, *keys: str) -> None:
    if words:
        page.keyboard.type(words)
    for key in keys:
        page.keyboard.press(key)


def finish(take: Generation, result) -> None:
    Generation.objects.filter(pk=take.pk).update(
        state="succeeded", result=result, chain_id=RESULT_ID
    )


def sign_in(page: Page, name: str) -> None:
    page.goto("/sign-in")
    tab_to(page, page.get_by_label("User name"))
    by_keys(page, name, "Tab")
    by_keys(page, PASSWORD, "Enter")
    page.wait_for_url("**/studio/**")


def test_the_main_job_is_done_with_keys_alone(page: Page, member, source, keep):
    other = keep("vertical_4s.mp4")
    results = [
        keep(name, origin="result", is_simulated=True)
        for name in ("frog_vp9_8s.webm", "crystal_9s.mp4")
    ]
    sign_in(page, member.user.username)
    expect(page.locator("#prompt")).to_be_focused()

    # Another clip: past the pane into the bin, then by arrows.
    chosen = page.locator(f'[name="source_asset"][value="{other.pk}"]')
    tab_to(page, chosen)
    page.keyboard.press("ArrowDown")
    first = page.locator(f'[name="source_asset"][value="{source.pk}"]')
    expect(first).to_be_focused()
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(source.pk))

    # The words, a strength, and off it goes.
    tab_to(page, page.locator("#prompt"), back=True)
    by_keys(page, "Rainy neon evening")
    strengths = page.locator('[name="strength"]:checked')
    tab_to(page, strengths.first)
    by_keys(page, "", "ArrowRight", "ArrowRight")
    expect(page.locator("#request-json")).to_contain_text('"reimagine_1"')
    page.keyboard.press("Control+Enter")
    expect(page.locator("#takes [data-panel]")).to_have_count(1)
    take = Generation.objects.get()
    assert take.prompt == "Rainy neon evening"

    # Done, it is a tab of the stage: wiped against its source, stepped, and edited further.
    finish(take, results[0])
    tab = page.locator(f'[data-tab="{take.pk}"]')
    expect(tab).to_have_attribute("data-tone", "done")
    tab_to(page, tab, back=True)
    page.keyboard.press("Enter")
    expect(tab).to_have_attribute("aria-current", "true")
    page.keyboard.press("w")
    stage = page.locator("[data-stage]")
    expect(stage).to_have_attribute("data-mode", "wipe")
    by_keys(page, "", "ArrowRight", "ArrowRight")
    expect(page.locator("[data-frame]")).to_have_text("2")
    page.keyboard.press("e")
    expect(page.locator("#prompt")).to_be_focused()
    by_keys(page, "Snow at dawn")
    expect(page.locator("#viewer")).to_have_attribute("data-asset", str(results[0].pk))
    expect(page.locator("[data-studio]")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#request-json")).to_contain_text("Snow at dawn")
    page.keyboard.press("Control+Enter")
    expect(page.locator("#takes [data-panel]")).to_have_count(1)
    finish(Generation.objects.latest("pk"), results[1])
    assert Generation.objects.latest("pk").parent_id == take.pk


def test_two_takes_are_compared_and_one_is_chosen_with_keys_alone(page: Page, member, source, keep):
    results = [
        keep(name, origin="result", is_simulated=True)
        for name in ("frog_vp9_8s.webm", "crystal_9s.mp4")
    ]
    maker = make_member(team=member.team)  # nobody approves their own
    takes = [
        make_generation(maker, source=source, state="succeeded", result=one, chain_id=RESULT_ID)
        for one in results
    ]
    sign_in(page, member.user.username)
    tab_to(page, page.get_by_role("link", name="Gallery"), back=True)
    page.keyboard.press("Enter")
    page.wait_for_url("**/gallery/")

    for take in reversed(takes):
        tab_to(page, page.locator(f'.take-pick input[value="{take.pk}"]'))
        page.keyboard.press("Space")
    tab_to(page, page.locator("[data-pick-compare]"))
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/compare/"))
    expect(page.locator(".stage-tab")).to_have_count(2)
    stage = page.locator("[data-stage]")
    for key, mode in (("g", "grid"), ("d", "difference"), ("w", "wipe")):
        page.keyboard.press(key)
        expect(stage).to_have_attribute("data-mode", mode)
    page.keyboard.press("2")
    shown = "() => window.rushes.stage.of(document.querySelector('[data-stage]')).leadIndex"
    assert page.evaluate(shown) == 1

    tab_to(page, page.locator(f'.compare-table a[href$="/takes/{takes[1].pk}"]').first)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(f"/takes/{takes[1].pk}"))
    tab_to(page, page.get_by_role("button", name="Approve"))
    page.keyboard.press("Enter")

    expect(page.locator("#verdicts")).to_contain_text("Approved")
    assert Generation.objects.get(pk=takes[1].pk).review == Generation.Review.APPROVED
