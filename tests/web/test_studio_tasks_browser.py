"""Every task of the studio in a real browser: switching, quotes, and how it looks."""

import os
import re
import shutil
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from editorapp.media.intake import take_in
from editorapp.teams.models import Member
from tests.factories import make_generation, make_member

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
TASKS = ("edit", "generate", "reframe", "modify")


@pytest.fixture
def member() -> Member:
    return make_member(name="Ada")


@pytest.fixture
def keep(member, real_media, tmp_path):
    def keep(name: str, **options):
        copy = tmp_path / name
        shutil.copy(real_media / name, copy)
        return take_in(copy, name=name, team=member.team, user=member.user, **options)

    return keep


def look(page: Page, name: str) -> None:
    """Keep a picture where a person asked for them."""
    folder = os.environ.get("RUSHES_SCREENSHOTS")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)


@pytest.mark.parametrize(("width", "scheme"), [(1440, "dark"), (390, "light"), (1440, "light"), (390, "dark")])
def test_every_task_fits_its_screen_and_has_no_serious_barrier(member, keep, open_page, width, scheme):
    source, result = keep("bunny_720p_5s.mp4"), keep("frog_vp9_8s.webm", origin="result", is_simulated=True)
    make_generation(
        member, source=source, state="succeeded", result=result, chain_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
    )
    page = open_page(member, "/studio/", width=width, color_scheme=scheme)

    for task in TASKS:
        page.locator(f'[name="task"][value="{task}"]').check(force=True)
        expect(page.locator("#task-head")).to_have_text(re.compile(task, re.I))
        expect(page.locator("#compose")).not_to_have_attribute("aria-busy", "true")
        page.wait_for_timeout(300)
        look(page, f"{task}-{width}-{scheme}")
        found = Axe().run(page).response["violations"]
        serious = [(one["id"], [node["html"][:160] for node in one["nodes"]]) for one in found
                   if one["impact"] in ("serious", "critical")]  # fmt: skip
        assert serious == [], task
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width, task
