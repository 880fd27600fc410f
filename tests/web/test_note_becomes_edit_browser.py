"""From a note to an edit to an approval: two people in two browsers, a whole studio, the simulator."""

import re
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Person
from tests.journeys.conftest import new_person as new_person
from tests.journeys.conftest import owner as owner
from tests.journeys.conftest import owner_cookies as owner_cookies
from tests.journeys.conftest import studio as studio
from tests.studio_process import StudioProcess

RENDERED = 180_000  # ms: how long a render may take on a busy machine
TOLD = 60_000  # ms: the shell asks every twenty seconds
SAY = """
from django.utils import timezone
from editorapp.generations.models import Generation
from editorapp.review import comments
from editorapp.review.comments import CommentText
from editorapp.teams.models import Member
box = {{"kind": "box", "colour": "red", "points": [[0.2, 0.2], [0.6, 0.7]]}}
take = Generation.objects.get(pk={take})
mia = Member.objects.get(user__username="mia")
says = CommentText("@Owner, more lanterns here", (90, 90), [box])
note = comments.add(take, says, by=mia, form_token="a", now=timezone.now())
print(f"note {{note.pk}}")
"""


def bell(page: Page) -> Locator:
    return page.locator("#bell")


def number_of(page: Page) -> int:
    return int(re.search(r"/takes/(\d+)", page.url)[1])


def edit(page: Page, clip: Path, prompt: str) -> int:
    """Upload a clip, edit it, and wait for the take; return its number."""
    page.goto("/studio/")
    page.locator("[data-upload=source]").set_input_files(clip)
    expect(page.locator(".facts")).to_contain_text("132 frames")
    page.get_by_label("Prompt", exact=True).fill(prompt)
    return queue(page)


def queue(page: Page) -> int:
    expect(page.locator("[data-can-send]")).to_have_attribute("data-can-send", "yes")
    before = page.locator("#takes [data-tab]:not([data-tab=source])").count()
    page.locator("#queue-button").click()
    tabs = page.locator("#takes [data-tab]:not([data-tab=source])")
    expect(tabs).to_have_count(before + 1)
    expect(tabs.last).to_have_attribute("data-tone", "done", timeout=RENDERED)
    return int(tabs.last.get_attribute("data-tab") or "")


def joined(owner: Person, mia: Person) -> Page:
    """Let a reviewer join by the owner's link."""
    owner.page.goto("/people/")
    owner.page.get_by_label("Role").last.select_option("reviewer")
    owner.page.get_by_role("button", name="Make invitation link").click()
    page = mia.page
    page.goto((owner.page.locator("#fresh-link").text_content() or "").strip())
    page.get_by_label("Your name, as others see it").fill("Mia")
    page.get_by_label("User name or e-mail").fill("mia")
    page.get_by_label("Password").fill("a long and quiet river")
    page.get_by_role("button", name=re.compile("^Join")).click()
    expect(bell(page)).to_be_visible()
    return page


def test_a_note_at_a_frame_becomes_an_edit_that_its_author_approves(
    studio: StudioProcess,
    owner: Person,
    new_person: Callable[[], Person],
    real_media: Path,
) -> None:
    cleo = owner.page
    first = edit(cleo, real_media / "bunny_720p_5s.mp4", "Rainy neon evening")
    mia = joined(owner, new_person())

    # Mia draws on frame 90; the bell of who made the take rings on a page that is open.
    cleo.goto("/gallery/")
    expect(bell(cleo)).not_to_have_attribute("data-unread", re.compile("."))
    said = studio.manage("shell", "-c", SAY.format(take=first))
    note = re.search(r"note (\d+)", said.stdout)[1]
    expect(bell(cleo)).to_have_attribute("data-unread", "1", timeout=TOLD)

    # It leads to the note, and the note to an edit.
    bell(cleo).click()
    owner.look("inbox")
    cleo.locator(".told-link").first.click()
    cleo.wait_for_url(f"**/takes/{first}#comment-{note}")
    expect(bell(cleo)).not_to_have_attribute("data-unread", re.compile("."))
    thread = cleo.locator(f'[data-thread="{note}"]')
    thread.get_by_role("button", name="Make this edit").click()
    cleo.wait_for_url(f"**/studio/?generation={first}&answers={note}")
    expect(cleo.get_by_label("Prompt", exact=True)).to_have_value("more lanterns here")
    band = cleo.locator("#answering")
    expect(band).to_contain_text(f"Answers Mia’s note on frame 90 of #{first}")
    plain = band.get_by_role("button", name="As it is")
    expect(plain).to_have_attribute("aria-pressed", "true")
    expect(cleo.locator("[data-keyframes] [name=keyframe_index]")).to_have_value("90")
    as_it_is = cleo.locator("[data-keyframes] [name=keyframe_asset]").input_value()
    owner.look("studio-answers-a-note")

    # Both ways can be looked at, and gone back from; nothing is sent until the button is pressed.
    band.get_by_role("button", name="With drawing").click()
    pinned = cleo.locator("[data-keyframes] [name=keyframe_asset]")
    expect(pinned).not_to_have_value(as_it_is)
    band.get_by_role("button", name="As it is").click()
    expect(pinned).to_have_value(as_it_is)
    expect(cleo.locator("#estimate")).to_contain_text("$")
    second = queue(cleo)

    # Its author is told, compares both, and says that it does it.
    mia.goto("/gallery/")
    expect(bell(mia)).to_have_attribute("data-unread", "1", timeout=TOLD)
    bell(mia).click()
    mia.locator(".told-link").first.click()
    mia.wait_for_url(f"**/takes/{second}#answers")
    answers = mia.locator("#answers")
    expect(answers).to_contain_text("more lanterns here")
    compare = answers.get_by_role("link", name="Compare both at frame 90")
    assert "at=90" in (compare.get_attribute("href") or "")
    answers.get_by_role("button", name="Yes").click()
    expect(mia.locator("#answers")).to_contain_text("Does it")
    mia.locator("#verdict-approve").click()
    expect(mia.locator("#verdicts")).to_contain_text("Approved", ignore_case=True)

    # Who made it is told of both, and the note is resolved.
    mia.goto(f"/takes/{first}")
    thread = mia.locator(f'[data-thread="{note}"]')
    expect(thread).to_have_class(re.compile("is-resolved"))
    cleo.goto("/inbox/?unread=1")
    told = cleo.locator(".told")
    expect(told).to_contain_text(f"yes, #{second} does what was asked on frame 90 of #{first}")
    expect(told).to_contain_text("approved")
