"""The main job, clicked as a person clicks it, in a real browser on a real studio."""

import contextlib
import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.journeys.conftest import Person
from tests.sign_in_link import follow
from tests.studio_process import StudioProcess
from tests.video import write_clip

NewPerson = Callable[[], Person]
RENDERED = 120_000  # ms: how long a render may take on a busy machine


def chip(page: Page, label: str) -> Locator:
    """A choice shown as a chip: people click its words, not its hidden radio button."""
    return page.locator("label.chip", has_text=re.compile(rf"^\s*{re.escape(label)}\s*$"))


def the_request(page: Page) -> dict:
    """Read the exact JSON that the page says it would send."""
    return json.loads(page.locator("#request-json").text_content() or "")


def wait_for_take(page: Page) -> None:
    """Wait, without a reload, until the newest take of this source is done."""
    take = page.locator("#takes [data-panel]").last
    expect(take).to_have_attribute("data-tone", "done", timeout=RENDERED)


def play(page: Page) -> tuple[float, float]:
    """Play what the stage shows for a moment; return its duration and where it is, in seconds."""
    shown = page.locator(".stage-layer.is-lead video")
    expect(shown).to_have_js_property("paused", True)
    page.wait_for_function("() => document.querySelector('.is-lead video').readyState >= 2")
    shown.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("() => document.querySelector('.is-lead video').currentTime > 0.2")
    return tuple(shown.evaluate("video => [video.duration, video.currentTime]"))


def test_a_clip_is_uploaded_mended_edited_and_edited_again(
    studio: StudioProcess, new_person: NewPerson, real_media: Path, owner: Person
) -> None:
    page = owner.page
    page.goto("/studio/")
    page.locator("[data-upload=source]").set_input_files(real_media / "bunny_720p_5s.mp4")
    facts = page.locator(".facts")
    expect(facts).to_contain_text("bunny_720p_5s.mp4")
    expect(facts).to_contain_text("132 frames")
    expect(facts).to_contain_text("25 fps")

    # What should change, and the price beside it.
    page.get_by_label("Prompt", exact=True).fill("Rainy neon evening")
    expect(page.locator("#estimate")).to_contain_text("$2.16")  # 5.28 s at 720p: the 10 s rate
    page.get_by_label("Restyle 2").click(force=True)

    # What cannot be combined is greyed out with its reason before it is broken, and a way out.
    page.get_by_label("HDR", exact=True).check()
    expect(page.locator("#estimate")).to_contain_text("$4.32")
    closed = page.locator("label", has=page.locator('[name="resolution"][value="360p"]'))
    closed.hover()
    why = page.locator("#why")
    expect(why).to_contain_text("HDR needs 720p or 1080p")
    why.get_by_role("button", name="Turn HDR off").click()
    expect(page.get_by_label("HDR", exact=True)).not_to_be_checked()
    chip(page, "360p").click()
    expect(page.locator("#estimate")).to_contain_text("$1.08")

    # A rule is broken, and mended by the way out that the page offers.
    chip(page, "Keyframes").click()
    page.get_by_role("button", name="Guide frame here").click()
    index = page.locator("[name=keyframe_index]").first
    expect(index).to_have_value("0")
    page.locator(".exact > summary").click()
    index.fill("999")
    guides = page.locator("#notes-guides")
    expect(guides).to_contain_text("the source ends at frame 131")
    expect(page.locator("[data-can-send]")).to_have_attribute("data-can-send", "no")
    owner.look("studio-broken-rule")
    guides.get_by_role("button", name="Move it to the last frame (131)").click()
    expect(index).to_have_value("131")
    expect(page.locator("[data-can-send]")).to_have_attribute("data-can-send", "yes")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Rainy neon evening")
    wanted = the_request(page)
    assert wanted["video"]["edit"]["strength"] == "flex_2"
    assert wanted["video"]["edit"]["keyframe_indexes"] == [131]

    page.get_by_role("button", name="Queue edit").click()
    wait_for_take(page)
    owner.look("studio-with-take")

    # The result stands in the gallery beside its source, and plays.
    page.get_by_role("link", name="Gallery").click()
    card = page.locator("li.card", has_text="Rainy neon evening").first
    expect(card).to_contain_text("Simulated")
    expect(card).to_contain_text("from bunny_720p_5s")
    owner.look("gallery")
    card.get_by_role("heading").get_by_role("link").click()
    duration, at = play(page)
    assert abs(duration - 5.28) < 0.05 and at > 0
    owner.look("take")
    chain = page.get_by_role("region", name="How it came about")
    first_id = chain.locator("code").last.text_content() or ""
    assert re.fullmatch(r"[0-9a-f-]{36}", first_id)

    # It is the source of the next edit, by its generation id.
    page.get_by_role("link", name="Edit this").first.click()
    page.get_by_label("Prompt", exact=True).fill("Snowy morning")
    chip(page, "360p").click()
    expect(page.locator("[data-can-send]")).to_have_attribute("data-can-send", "yes")
    expect(page.locator("#request-json")).to_contain_text("Snowy morning")
    assert the_request(page)["source"] == {"generation_id": first_id}
    page.get_by_role("button", name="Queue edit").click()
    wait_for_take(page)

    # Both stand in one lineage.
    page.get_by_role("link", name="Gallery").click()
    page.locator("li.card", has_text="Snowy morning").first.get_by_role("heading").get_by_role(
        "link"
    ).click()
    chain = page.get_by_role("region", name="How it came about")
    expect(chain).to_contain_text("bunny_720p_5s.mp4")
    expect(chain).to_contain_text("Rainy neon evening")
    expect(chain).to_contain_text(first_id)
    owner.look("take-of-take")


def test_a_clip_that_is_too_long_is_cut_by_the_offered_way_out(
    owner: Person, tmp_path: Path
) -> None:
    long = write_clip(tmp_path / "long walk.mp4", frames=215, fps=10, size=(320, 180))
    page = owner.page
    page.goto("/studio/")
    page.locator("[data-upload=source]").set_input_files(long)
    expect(page.locator(".facts")).to_contain_text("21.50 s")
    page.get_by_label("Prompt", exact=True).fill("Sepia")
    chip(page, "720p").click()  # what was chosen last goes along to a new clip
    notes = page.locator("#notes-source")
    expect(notes).to_contain_text("Luma Agents edits clips up to 18 s. This one is 21.5")

    notes.get_by_role("button", name=re.compile("18 s")).click()

    expect(page.locator(".facts")).to_contain_text("18.00 s")
    expect(page.locator(".facts")).to_contain_text("180 frames")
    expect(page.locator("[data-can-send]")).to_have_attribute("data-can-send", "yes")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Sepia")
    expect(page.locator("#estimate")).to_contain_text("$2.16 to $4.32")


def test_a_clip_that_is_too_long_for_one_provider_is_sent_to_another_with_every_value(
    owner: Person, tmp_path: Path
) -> None:
    long = write_clip(tmp_path / "long tide.mp4", frames=210, fps=10, size=(320, 180))
    page = owner.page
    page.goto("/studio/")
    page.locator("[data-upload=source]").set_input_files(long)
    expect(page.locator(".facts")).to_contain_text("21.00 s")
    page.get_by_label("Prompt", exact=True).fill("Copper tide")
    page.get_by_label("Reinvent 1").check(force=True)
    page.locator("summary", has_text="Follow the source").click()
    page.get_by_label("Depth", exact=True).check()
    page.locator("#depth_blur").fill("0.25")
    chip(page, "540p").click()

    # Luma refuses it, with two ways out: a shorter clip, or somebody who takes it as it is.
    notes = page.locator("#notes-source")
    expect(notes).to_contain_text("Luma Agents edits clips up to 18 s. This one is 21.00 s")
    notes.locator(".note").first.hover()  # every way out is shown then
    expect(notes.get_by_role("button", name=re.compile("Trim to the first 18 s"))).to_be_visible()
    expect(page.locator("#queue-button")).to_have_attribute("aria-disabled", "true")
    quote = page.locator(".quote", has_text="GMI Cloud")
    expect(quote).to_contain_text("$3.60")  # five blocks of 5 s at 540p
    owner.look("studio-too-long")

    notes.get_by_role("button", name="Send to GMI Cloud, which takes 30 s").click()

    expect(page.locator(".quote.is-chosen")).to_contain_text("GMI Cloud")
    expect(page.locator("#estimate")).to_contain_text("$3.60")
    expect(notes).not_to_contain_text("Luma Agents edits clips")
    expect(page.get_by_label("Prompt", exact=True)).to_have_value("Copper tide")
    wanted = the_request(page)
    assert wanted["model"] == "luma-ray-3-2-edit"
    kept = {"edit_strength": "reimagine_1", "depth_blur": 0.25, "resolution": "540p"}
    assert kept.items() <= wanted["payload"].items()
    owner.look("studio-at-gmi")

    page.get_by_role("button", name="Queue edit").click()
    wait_for_take(page)
    page.get_by_role("link", name="Gallery").click()
    card = page.locator("li.card", has_text="Copper tide").first
    expect(card).to_contain_text("Simulated")
    card.get_by_role("heading").get_by_role("link").click()
    duration, _at = play(page)
    assert abs(duration - 21.0) < 0.2
    expect(page.locator("main")).to_contain_text("GMI Cloud")


def test_a_price_that_nobody_publishes_is_asked_for_and_then_holds(
    owner: Person, tmp_path: Path
) -> None:
    clip = write_clip(tmp_path / "lamp.mp4", frames=24, size=(320, 180))
    page = owner.page
    page.goto("/studio/")
    page.locator("[data-upload=source]").set_input_files(clip)
    expect(page.locator(".facts")).to_contain_text("lamp.mp4")
    page.get_by_label("Prompt", exact=True).fill("Paper lantern")

    page.locator(".quotes-pop > summary").click()
    page.locator(".quote-choose", has_text="Scenario").click()

    # Chosen, it asks by itself; its own units stand beside the dollars.
    expect(page.locator(".quote.is-chosen")).to_contain_text(re.compile(r"Scenario.*\$", re.S))
    expect(page.locator("#basis")).to_contain_text("CU")
    price = page.locator(".quote.is-chosen .money").text_content() or ""
    owner.look("studio-asked-price")
    page.get_by_role("button", name="Queue edit").click()
    wait_for_take(page)

    # What was told is what is charged.
    page.locator("#takes [data-panel]").last.click()
    page.locator("[data-take-page]").click()
    expect(page.locator("main")).to_contain_text(price.strip())
    expect(page.locator("main")).to_contain_text("Scenario")


def test_a_colleague_reviews_and_the_admin_reads_the_month(
    studio: StudioProcess, new_person: NewPerson, owner: Person, small_clip: Path
) -> None:
    done = studio.manage(
        "edit", str(small_clip), "--prompt", "Foggy harbour", "--resolution", "360p", "--wait"
    )
    assert done.returncode == 0, done.stderr

    # The owner invites a reviewer by link.
    owner.page.goto("/people/")
    owner.page.get_by_label("Role").last.select_option("reviewer")
    owner.page.get_by_role("button", name="Make invitation link").click()
    link = owner.page.locator("#fresh-link").text_content() or ""
    owner.look("people")

    # The reviewer joins, finds the take, and asks for changes.
    reviewer = new_person()
    page = reviewer.page
    page.goto(link.strip())
    reviewer.look("invite")
    page.get_by_label("Your name, as others see it").fill("Rita")
    page.get_by_label("User name or e-mail").fill("rita")
    page.get_by_label("Password").fill("a long and quiet river")
    page.get_by_role("button", name=re.compile("^Join")).click()
    page.get_by_role("link", name="Gallery").click()
    page.locator("li.card", has_text="Foggy harbour").first.get_by_role("heading").get_by_role(
        "link"
    ).click()
    page.get_by_label(re.compile("^Note")).fill("The boats are gone: bring them back.")
    page.get_by_role("button", name="Needs changes").click()
    expect(page.locator("#verdicts")).to_contain_text("bring them back")
    assert page.get_by_role("link", name="Edit this").count() == 0  # a reviewer spends nothing

    # The creator sees the note; the admin reads the month, down to its lines, and as CSV.
    owner.page.goto("/gallery/")
    card = owner.page.locator("li.card", has_text="Foggy harbour").first
    expect(card).to_contain_text("Needs changes")
    card.get_by_role("heading").get_by_role("link").click()
    expect(owner.page.locator("#verdicts")).to_contain_text("bring them back")
    owner.page.get_by_role("link", name="Costs").click()
    expect(owner.page.locator("main")).to_contain_text("simulated", ignore_case=True)
    owner.look("costs")
    with owner.page.expect_download() as saved:
        owner.page.get_by_role("link", name=re.compile("CSV")).first.click()
    rows = list(
        csv.DictReader(io.StringIO(Path(saved.value.path()).read_text(encoding="utf-8-sig")))
    )
    assert any("Foggy" in " ".join(row.values()) or row for row in rows)
    owner.page.get_by_role("link", name="Queue").click()
    owner.look("queue")


def test_the_owner_sets_a_password_and_signs_in_with_it(
    studio: StudioProcess, owner: Person, new_person: NewPerson
) -> None:
    owner.page.goto("/me")
    for field in owner.page.locator("input[type=password]").all():
        field.fill("a long and quiet river")
    owner.page.get_by_role("button", name=re.compile("password", re.I)).click()
    owner.look("me")

    person = new_person()
    person.page.goto("/studio/")
    person.look("sign-in")
    person.page.get_by_label("User name").fill("owner")
    person.page.get_by_label("Password").fill("a long and quiet river")
    person.page.get_by_role("button", name="Sign in", exact=True).click()

    expect(person.page.get_by_role("heading", name="Edit", exact=True)).to_be_visible()


def web_processes(studio: StudioProcess) -> set[int]:
    """Return the web server of this studio and its workers."""
    parents, servers = {}, set()
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            words = (process / "cmdline").read_bytes().split(b"\0")
            parents[int(process.name)] = int(
                (process / "stat").read_text().rpartition(")")[2].split()[1]
            )
            if b"granian" in words and str(studio.port).encode() in words:
                servers.add(int(process.name))
    return servers | {process for process, parent in parents.items() if parent in servers}


@pytest.mark.parametrize(
    ("address", "sent", "goes_on"),
    [
        ("/media/uploads", b"[" * 100_000, True),
        ("/nowhere", b"x" * 100_000, True),
        ("/nowhere", b"x" * 3_000_000, False),
    ],
    ids=["refused by its length", "not found", "too long to be read for nothing"],
)
def test_a_connection_goes_on_after_a_body_that_nobody_read_or_is_said_to_end(
    studio: StudioProcess, address: str, sent: bytes, goes_on: bool
) -> None:
    for _time in range(20):  # one in three was ended without a word
        with httpx.Client(base_url=studio.url, trust_env=False, timeout=30) as client:
            refused = client.post(address, content=sent)

            assert refused.status_code in (403, 404)
            assert refused.headers.get("Connection") == (None if goes_on else "close")
            assert client.get("/healthz").status_code == 200


def test_the_worst_requests_are_answered_and_cost_no_process(studio: StudioProcess) -> None:
    before = web_processes(studio)
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-16"}
    deep, endless = b"[" * 100_000, b'{"name": "a", "size": 1e400}'

    with httpx.Client(base_url=studio.url, trust_env=False, timeout=30) as client:
        follow(client, studio.manage("link", "--port", str(studio.port)).stdout.strip())
        token = re.search(r'"X-CSRFToken": "(\w+)"', client.get("/gallery/").text)[1]
        scripted = {"X-CSRFToken": token, "Content-Type": "application/json"}
        answers = [
            client.get("/gallery/live?live=01.x"),
            client.get("/gallery/?person=" + "9" * 5_000),
            client.get("/gallery/?person=%D9%A1"),
            client.get("/in/%00"),
            client.get("/takes/" + "9" * 5_000),
            client.get("/", headers={"Host": "elsewhere.example"}),
            client.get("/gallery/?q=%00"),
            client.post("/media/uploads", content=deep, headers=scripted),
            client.post("/media/uploads", content=endless, headers=scripted),
            client.post(
                "/studio/check", content=b"prompt=x", headers={**form, "X-CSRFToken": token}
            ),
        ]

        assert {answer.status_code for answer in answers} <= {286, 400, 404}
        assert client.get("/gallery/").status_code == 200
    assert before and web_processes(studio) == before
