"""The queue in a real Chromium: arranged without a reload, heard from other tabs, and how it looks
at both widths.
"""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.queue import pause
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.browser_look import look
from tests.factories import make_generation, make_member
from tests.taken_in import take_in

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def admin(creator) -> Member:
    return make_member(role=Role.ADMIN, name="Ada", team=creator.team)


@pytest.fixture
def full(creator, admin) -> list[Generation]:
    """A queue in which everything occurs."""
    long = "Rainy neon evening, wet asphalt, the dancer in a red coat, reflections in every window of the street"
    singles = [
        make_generation(member, prompt=long, source=None, parent=None)
        for member in (creator, admin, creator)
    ]
    batch = uuid.uuid4()
    several = [make_generation(creator, batch=batch, source=None, parent=None) for _ in range(3)]
    Attempt.objects.filter(generation__in=several).update(priority=Priority.BATCH)
    make_generation(creator, state=State.RUNNING, source=None, parent=None)
    make_generation(
        admin, state=State.UNKNOWN, failure_message="No answer came.", source=None, parent=None
    )
    make_generation(creator, state=State.CANCELED, source=None, parent=None)
    pause.hold(singles[2], member=creator, now=timezone.now())
    return [*singles, *several]


def order(page: Page) -> list[str]:
    rows = page.locator('section[aria-labelledby="waiting-head"] .queue-row')
    return [row.get_attribute("id").removeprefix("row-") for row in rows.all()]


def test_a_job_is_moved_and_paused_in_place_and_the_focus_stays(creator, open_page):
    first, second = (make_generation(creator, source=None, parent=None) for _ in range(2))
    page = open_page(creator, "/queue/")
    page.evaluate("() => { window.isSame = true; }")

    page.locator(f"#up-{second.pk}").click()

    expect(page.locator(f"#row-{second.pk}")).to_contain_text("Next in line")
    assert order(page) == [str(second.pk), str(first.pk)]
    expect(page.locator(f"#up-{second.pk}")).to_be_focused()
    page.locator(f"#hold-{first.pk}").click()
    expect(page.locator(f"#row-{first.pk}")).to_contain_text("Cleo paused it.")
    expect(page.locator(f"#hold-{first.pk}")).to_have_text(f"Resume #{first.pk}")
    assert page.evaluate("() => window.isSame") is True


def test_a_pause_in_another_tab_is_seen_without_a_reload(creator, admin, open_page):
    make_generation(creator, source=None, parent=None)
    page = open_page(creator, "/queue/")
    expect(page.locator("#rows")).not_to_contain_text("The queue is paused")

    Team.objects.update(
        queue_paused_at=timezone.now() - timedelta(minutes=5), queue_paused_by=admin.user
    )

    expect(page.locator("#rows")).to_contain_text("The queue is paused by Ada, 5 min ago")


def test_the_queue_passes_axe_and_fits(admin, full, open_page):
    ProviderAccount.objects.update(max_concurrent=1)
    page = open_page(admin, "/queue/")
    look(page, "queue")

    page.locator("#pause-queue").click()

    expect(page.locator("#rows")).to_contain_text("The queue is paused by Ada, just now")
    look(page, "queue-paused")
    page.locator("#pause-queue").click()
    expect(page.locator("#rows")).not_to_contain_text("The queue is paused")


def test_variants_show_their_total_and_fit(creator, open_page, real_media, tmp_path):
    copy = tmp_path / "bunny_720p_5s.mp4"
    copy.write_bytes((real_media / copy.name).read_bytes())
    take_in(copy, name=copy.name, team=creator.team, user=creator.user)
    page = open_page(creator, "/studio/")
    page.fill("#prompt", "Rainy neon evening")
    page.locator("summary", has_text="Variants").click()

    page.fill("#take-count", "3")
    page.fill("#more-prompts", "Fog over the harbour")

    expect(page.locator("#estimate")).to_contain_text("6 takes, $")
    look(page, "variants")
    page.set_viewport_size({"width": 1440, "height": 900})
    page.locator("#queue-button").click()
    expect(page.locator("#toasts")).to_contain_text("6 takes are queued.")
    expect(page.locator("#takes")).to_be_visible()
    assert Generation.objects.count() == 6
