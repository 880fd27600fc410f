# ruff: noqa: F811 (fixtures of another module)
"""Review in a real Chromium: a round of 20 takes by keys alone, a playlist by drag and by buttons,
the verdict in the studio, and all of it on a phone.
"""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review import approval, playlists
from editorapp.review.models import Decision, Playlist
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser_look import look
from tests.factories import make_generation, make_member
from tests.media.clips import make_clip
from tests.web.stage_pages import stage
from tests.web.take_pages import NOW
from tests.web.test_frames_shown_browser import keep  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
READY = """() => {
    const { stage } = window.rushes || {};
    return document.readyState === "complete" && stage.of(document.body).clock.starts;
}"""
SMALL = {"frames": 12, "size": (160, 90)}


@pytest.fixture
def make_takes(creator: Member, keep, tmp_path: Path) -> Callable[[int], list[Generation]]:
    """Make done takes of one source, all with the same small picture."""

    def made(count: int) -> list[Generation]:
        source = keep(make_clip(tmp_path / "source.mp4", **SMALL))
        result = keep(make_clip(tmp_path / "take.mp4", options={"g": "5"}, **SMALL))
        return [
            make_generation(
                creator,
                state=State.SUCCEEDED,
                source=source,
                result=result,
                prompt=f"Rainy neon evening, look {number}",
            )
            for number in range(count)
        ]

    return made


def at(page: Page, take: int) -> None:
    """Wait until the round shows a take, and its keys work."""
    expect(page).to_have_url(re.compile(rf"/{take}$"))
    page.wait_for_function(READY)


def test_twenty_takes_are_gone_through_by_keys_alone(make_takes, creator, reviewer, open_page):
    takes = make_takes(20)
    approval.ask(takes[4], [reviewer], by=creator, now=NOW)
    order = [takes[4].pk, *(one.pk for one in reversed(takes) if one.pk != takes[4].pk)]
    page = open_page(reviewer, "/review/")

    for place, take in enumerate(order):
        at(page, take)
        if place % 3 == 0:
            page.keyboard.press("a")
        elif place % 3 == 1:
            page.keyboard.press("r")
            expect(page.locator("#verdict-note")).to_be_focused()
            page.keyboard.type(f"Rather no A, N or P in look {place}")
            page.keyboard.press("Control+Enter")
        else:
            page.keyboard.press("n")

    expect(page.get_by_role("heading", name="You are through")).to_be_visible()
    said = dict(Decision.objects.values_list("generation_id", "verdict"))
    verdicts = ("approved", "needs_changes", None)
    assert [said.get(take) for take in order] == [verdicts[place % 3] for place in range(20)]
    notes = Decision.objects.filter(verdict="needs_changes").order_by("pk")
    assert [one.note for one in notes] == [
        f"Rather no A, N or P in look {place}" for place in range(1, 20, 3)
    ]
    expect(page.locator("#asked")).to_be_hidden()


def test_one_goes_back_by_key_changes_ones_mind_and_comes_on(make_takes, reviewer, open_page):
    first, second, third = (one.pk for one in reversed(make_takes(3)))
    page = open_page(reviewer, "/review/")
    at(page, first)
    page.keyboard.press("a")
    at(page, second)
    page.keyboard.press("n")
    at(page, third)

    page.keyboard.press("p")
    at(page, second)
    page.keyboard.press("p")
    at(page, first)
    expect(page.locator("#verdicts")).to_contain_text("You said: approved")
    page.keyboard.press("r")
    page.keyboard.type("On second thoughts")
    page.keyboard.press("Escape")
    page.keyboard.press("r")
    page.keyboard.press("Control+Enter")

    at(page, second)
    page.keyboard.press("n")
    at(page, third)
    assert Generation.objects.get(pk=first).review == "needs_changes"
    assert Decision.objects.first().note == "On second thoughts"


def test_the_rounds_keys_come_before_the_stages_and_are_listed(make_takes, reviewer, open_page):
    takes = make_takes(2)
    page = open_page(reviewer, f"/review/{takes[1].pk}")
    at(page, takes[1].pk)

    page.keyboard.press("r")
    page.keyboard.press("Escape")
    assert stage(page, "stage.loops") is True, "R is not the stage's here"
    page.keyboard.press("?")
    keys = page.locator("[data-keys-dialog]")
    expect(keys).to_contain_text("Approve, and go on")
    expect(keys).not_to_contain_text("Loop, or stop at the end")
    page.keyboard.press("a")  # a dialog is open: nothing is decided
    keys.get_by_role("button", name="Close").click()

    page.get_by_role("button", name="Wipe", exact=True).last.click()
    expect(page.locator("[data-stage]")).to_have_attribute("data-mode", "wipe")
    assert stage(page, "[stage.clips[stage.against].take.number, stage.lead.take.number]") == [
        takes[0].pk,
        takes[1].pk,
    ]
    assert not Decision.objects.exists()


def test_the_round_looks_right_on_a_desk_and_on_a_phone(make_takes, creator, reviewer, open_page):
    takes = make_takes(3)
    approval.ask(takes[1], [reviewer], by=creator, now=NOW)
    page = open_page(reviewer, f"/review/{takes[1].pk}")
    at(page, takes[1].pk)
    look(page, "round")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("button", name="Approve").click()  # in sight without scrolling
    at(page, takes[2].pk)
    page.get_by_role("button", name="Next").click()
    at(page, takes[0].pk)
    assert Generation.objects.get(pk=takes[1].pk).review == "approved"


@pytest.fixture
def playlist(make_takes, reviewer) -> Playlist:
    made = playlists.make("Monday", by=reviewer, now=NOW)
    playlists.add(made, [one.pk for one in make_takes(3)], by=reviewer)
    return made


def test_a_playlist_is_put_in_order_by_keys_and_by_drag_and_played(playlist, reviewer, open_page):
    a, b, c = playlist.items.values_list("generation_id", flat=True)
    page = open_page(reviewer, f"/review/playlists/{playlist.pk}/")

    def shown() -> list[str | None]:
        return [one.get_attribute("id") for one in page.locator(".playlist-item").all()]

    page.locator(f"#up-{c}").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".playlist-item").nth(1)).to_have_id(f"item-{c}")
    expect(page.locator(f"#up-{c}")).to_be_focused()
    page.locator(f"#item-{b}").drag_to(page.locator(f"#item-{a}"))
    expect(page.locator(".playlist-item").nth(0)).to_have_id(f"item-{b}")
    assert shown() == [f"item-{one}" for one in (b, a, c)]
    look(page, "playlist")

    page.set_viewport_size({"width": 1440, "height": 900})
    page.get_by_role("link", name="Play through").click()
    for take, key in ((b, "a"), (a, "n"), (c, "a")):
        at(page, take)
        page.keyboard.press(key)
    expect(page).to_have_url(re.compile(rf"/playlists/{playlist.pk}/$"))
    assert set(Decision.objects.values_list("generation_id", flat=True)) == {b, c}


def test_on_the_take_page_a_verdict_and_a_request_are_made_in_place(
    make_takes, creator, reviewer, open_page
):
    (take,) = make_takes(1)
    make_member(role=Role.REVIEWER, team=creator.team, name="Sam")
    page = open_page(reviewer, f"/takes/{take.pk}")
    page.evaluate("() => { window.isSame = true; }")

    page.get_by_label("Note for Cleo").fill("Lovely.")
    page.get_by_role("button", name="Approve").click()
    expect(page.locator("#verdicts")).to_contain_text("Approved by Rae.")
    expect(page.locator("#review-badge")).to_have_text("Approved")
    page.get_by_text("Ask for a review").click()
    page.get_by_label("Sam").check()
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.locator("#verdicts")).to_contain_text("Sam is asked.")
    assert page.evaluate("() => window.isSame") is True
    look(page, "take-verdicts", themes=("dark",))


def test_the_studio_says_how_a_take_stands_and_approves_it_on_the_stage(
    make_takes, reviewer, open_page
):
    (take,) = make_takes(1)
    page = open_page(reviewer, f"/studio/?source={take.source_asset_id}")

    page.locator(f"#take-{take.pk}").click()
    page.locator("[data-verdict-more] > summary").click()
    line = page.locator("[data-verdict-line]")
    expect(line).to_contain_text("Nobody has decided yet")
    line.get_by_role("button", name="Approve").click()

    expect(line).to_contain_text("Approved by Rae.")
    expect(page.locator("[data-verdict-more] .verdict-good")).to_be_visible()
    assert Generation.objects.get(pk=take.pk).review == "approved"
    look(page, "studio-verdict", themes=("dark",))
