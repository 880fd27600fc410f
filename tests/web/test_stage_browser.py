# ruff: noqa: F811 (fixtures of another module)
"""The stage in a real Chromium: exact when it stands, in step when it plays, and what its keys and buttons do."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page

from editorapp.generations.states import State
from editorapp.teams.models import Member
from tests.environment import MEDIA
from tests.factories import make_generation
from tests.media.clips import make_clip
from tests.media.test_probe import CASES
from tests.web.stage_pages import SCRUB, STEP, WATCH, stage
from tests.web.test_frames_shown_browser import keep  # noqa: F401

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]
FRAMES = 60
CLIPS = sorted(path for path in MEDIA.glob("*.*") if path.suffix in {".mp4", ".mov", ".webm"})


@pytest.fixture
def compare(creator: Member, keep, open_page, tmp_path: Path) -> Callable[..., Page]:
    """Open the page of a take beside its source, both of numbered frames."""

    def opened(source: dict | None = None, result: dict | None = None, **options) -> Page:
        clips = []
        for name, made in (("source.mp4", source), ("result.mp4", result)):
            facts = {"frames": FRAMES, "options": {"g": "24", "bf": "2"}, **(made or {})}
            clips.append(keep(make_clip(tmp_path / name, **facts)))
        query = options.pop("query", "")
        take = make_generation(
            creator, state=State.SUCCEEDED, source=clips[0], result=clips[1], pk=42
        )
        page = open_page(creator, f"/takes/{take.pk}{query}", **options)
        page.wait_for_function("() => window.rushes.stage.of(document.body).clock.starts")
        return page

    return opened


@pytest.mark.parametrize("mode", ["single", "wipe"])
def test_standing_still_200_of_200_frames_are_the_ones_that_were_asked_for(compare, mode):
    page = compare(source=CASES["late-start.mp4"].made)
    stage(page, "stage.setMode(argument)", mode)
    frames = random.Random(7).choices(range(FRAMES), k=200)

    shown = page.evaluate(STEP, frames)

    count = 1 if mode == "single" else 2
    wrong = [
        (frame, seen) for frame, seen in zip(frames, shown, strict=True) if seen != [frame] * count
    ]
    assert wrong == []


def test_clips_of_other_rates_and_sizes_stand_at_the_same_moment(compare):
    page = compare(
        source={"rate": 50, "frames": 2 * FRAMES, "size": (180, 320)}, result={"size": (640, 360)}
    )
    stage(page, "stage.setMode('side')")
    frames = [0, 1, 17, 29, 30, 58, 59]

    shown = page.evaluate(STEP, frames)

    assert shown == [[2 * frame, frame] for frame in frames]


@pytest.mark.parametrize("rate", [0.25, 0.5, 1, 2])
def test_playing_clips_are_at_most_one_frame_apart_also_where_the_loop_turns(compare, rate):
    page = compare(source={"options": {"g": "50", "bf": "3"}})
    stage(page, "stage.setMode('side')")
    stage(page, "stage.setRange(10, argument)", last := 10 + round(24 * max(rate, 0.5)) - 4)
    stage(page, "stage.setRate(argument)", rate)
    stage(page, "stage.play()")

    seen = page.evaluate(WATCH, 4)

    assert stage(page, "stage.isPlaying")
    apart = [abs(one - other) for one, other in seen]
    print(f"{rate}x: {len(seen)} looks, at most {max(apart)} apart, {sum(map(bool, apart))} apart")
    assert max(apart) <= 1
    lead = [number for _source, number in seen]
    turns = sum(after < before for before, after in zip(lead, lead[1:], strict=False))
    assert turns >= 1, lead
    assert len(set(lead)) >= 8, "it plays"
    assert (min(lead) >= 9, max(lead) <= last) == (True, True), (min(lead), max(lead), last)


@pytest.mark.parametrize("path", CLIPS, ids=lambda path: path.name)
def test_fast_dragging_paints_at_least_30_pictures_in_3_seconds(
    real_media, creator, keep, open_page, path
):
    asset = keep(path)
    page = open_page(creator, f"/studio/?source={asset.pk}")
    page.wait_for_function("() => window.rushes.stage.of(document.body).clock.starts")
    page.evaluate("() => window.rushes.film(window.rushes.stage.of(document.body).lead).ready")

    count = page.evaluate(SCRUB, 3)
    print(f"{path.name}: {count} pictures")

    assert count >= 30
    stage(page, "stage.settled()")
    assert stage(page, "stage.member(0).cover.hidden"), "in the end the exact frame is shown"
