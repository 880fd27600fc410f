"""Cliffs of the price: told where a few frames cost much, and cut away by one press."""

import re
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from editorapp.costs.estimate import cheaper_lengths, estimate
from editorapp.generations.request.draft import Draft
from editorapp.media import tasks
from editorapp.media.facts import MediaFacts
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.prices import HDR, HDR_EXR, Counted
from editorapp.web.studio import price_cliffs
from editorapp.web.studio.notes import NoteSlot
from tests.factories import default_account, make_asset, signed_in
from tests.media.clips import make_clip
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db
SMALL = (64, 36)
# Every line of every published price that counts a source's length: provider, task, range, size.
LINES = [
    (provider, name.partition("/")[0], dynamic_range, size)
    for provider in ("luma-agents", "gmi-cloud", "scenario")
    for name, table in getattr(registry.get(provider), "PRICES", {}).items()
    if table.counted is not Counted.DURATION
    for dynamic_range, size in dict.fromkeys((row[0], row[1]) for row in table.rows())
]


def wanted(**fields: Any) -> GenerationRequest:
    return GenerationRequest(**{"prompt": "Snow", "model": "ray-3.2", "task": "edit", **fields})


def clip(frames: int, rate: Fraction | int = 24, **facts: Any) -> MediaFacts:
    seconds = round(Decimal(frames * Fraction(rate).denominator) / Fraction(rate).numerator, 6)
    made = MediaFacts("video", "mp4", "h264", 1280, 720, 1_000_000)
    return replace(made, fps=Fraction(rate), frame_count=frames, duration_seconds=seconds, **facts)


def notes_of(provider: str, facts: MediaFacts, *, count: int = 1, **fields: Any) -> list[Any]:
    draft = Draft(wanted(**fields), default_account(provider))
    draft.__dict__["facts"] = facts
    slots = {name: NoteSlot(name) for name in ("source", "price")}
    price_cliffs.tell(slots, draft, count=count)
    return slots["source"].notes + slots["price"].notes


def labels_of(provider: str, facts: MediaFacts, **fields: Any) -> list[str]:
    return [button.label for one in notes_of(provider, facts, **fields) for button in one.buttons]


def test_a_few_frames_too_many_are_said_to_double_the_price():
    (note,) = notes_of("luma-agents", clip(132, 25))

    assert (note.tone, note.field) == ("warn", "source")
    assert note.message == "7 frames over 5 s double the price."
    (button,) = note.buttons
    assert (button.label, button.value) == ("Cut to 5.00 s: $1.08", "trim_to_seconds=5")
    assert button.is_cut


def test_a_single_frame_too_many_doubles_it():
    (note,) = notes_of("gmi-cloud", clip(121))

    assert note.message == "1 frame over 5 s doubles the price."


def test_the_cut_is_named_by_what_it_keeps_to_the_frame():
    assert labels_of("luma-agents", clip(151, Fraction(30000, 1001))) == ["Cut to 4.97 s: $1.08"]
    assert labels_of("luma-agents", clip(132, 25, variable_frame_rate=True)) == [
        "Cut to 5 s: $1.08"
    ]


def test_a_clip_of_21_s_is_offered_at_20_15_and_10_s():
    (note,) = notes_of("gmi-cloud", clip(21 * 24))

    assert note.message == "24 frames over 20 s cost $1.08 more."
    assert [button.label for button in note.buttons] == [
        "Cut to 20.00 s: $4.32",
        "Cut to 15.00 s: $3.24",
        "Cut to 10.00 s: $2.16",
    ]


def test_where_the_price_is_a_range_what_would_be_held_is_said():
    (note,) = notes_of("luma-agents", clip(11 * 24))

    assert note.message == "24 frames over 10 s hold $1.08 more."
    assert note.buttons[0].label == "Cut to 10.00 s: $2.16"


@pytest.mark.parametrize(
    ("provider", "facts", "fields"),
    [
        ("luma-agents", clip(120), {}),  # 5 s: there is nothing to save
        ("luma-agents", clip(8 * 24), {}),  # a cut of more than a third
        ("luma-agents", clip(230), {"task": "reframe", "aspect_ratio": "1:1"}),  # by the second
        ("scenario", clip(121), {}),  # asked for each draft
        ("luma-agents", clip(121), {"task": "generate", "duration": "5s"}),
    ],
    ids=["at the step", "far from it", "by the second", "no list", "no source"],
)
def test_without_a_cliff_nothing_is_said(provider, facts, fields):
    assert notes_of(provider, facts, **fields) == []


def test_a_price_that_follows_the_length_is_no_cliff():
    # 17.9 s at five-second blocks: to save a quarter, a sixth would be cut.
    assert notes_of("luma-agents", clip(430)) == []


def test_several_takes_are_priced_each():
    assert labels_of("luma-agents", clip(121), count=3) == ["Cut to 5.00 s: $1.08 each"]


def test_keyframes_in_what_is_cut_off_are_counted():
    fields = {"keyframes": (), "keyframe_indexes": (0, 119, 120)}

    assert labels_of("luma-agents", clip(121), **fields) == [
        "Cut to 5.00 s: $1.08, without 1 keyframe"
    ]


@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_at_every_step_of_every_price_one_frame_more_is_dearer_and_the_cut_lands(line):
    provider, task, dynamic_range, size = line
    asked = wanted(
        task=task,
        resolution=size,
        hdr=True if dynamic_range in (HDR, HDR_EXR) else None,
        exr=True if dynamic_range == HDR_EXR else None,
    )
    for rate in (24, 25, Fraction(30000, 1001), 60):
        facts = clip(int(17.5 * rate), rate)
        steps = cheaper_lengths(asked, facts.duration_seconds, provider=provider)
        assert steps == sorted(steps, reverse=True) and steps[0] < facts.duration_seconds
        for seconds in steps:
            count = int(Fraction(seconds) * rate)
            below = estimate(asked, clip(count, rate), provider=provider)
            above = estimate(asked, clip(count + 1, rate), provider=provider)
            promised = estimate(asked, replace(facts, duration_seconds=seconds), provider=provider)
            assert below == promised and below.high_usd < above.high_usd


def test_some_published_price_steps_with_the_length_at_two_providers():
    assert {provider for provider, *_more in LINES} == {"luma-agents", "gmi-cloud"}


# On the page


def said(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def checked(browser, asset: Asset, provider: str, **fields: Any) -> str:
    answer = browser.post("/studio/check", form_of(asset, provider) | fields)
    assert answer.status_code == 200
    return said(answer.content.decode())


def form_of(asset: Asset, provider: str) -> dict[str, Any]:
    account = default_account(provider)
    return {
        "task": "edit",
        "prompt": "Snow",
        "conditioning": "auto",
        "account": account.pk,
        "source_kind": "asset",
        "source_asset": asset.pk,
    }


KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "luma 25.mp4": ("luma-agents", {"frames": 132, "rate": 25}),
    "gmi 23.976.mp4": ("gmi-cloud", {"frames": 121, "rate": Fraction(24000, 1001)}),
    "luma 29.97.mkv": ("luma-agents", {"frames": 152, "rate": Fraction(30000, 1001)}),
    "gmi 30 in whole ms.mkv": (
        "gmi-cloud",
        {
            "frames": 152,
            "rate": 30,
            "times": [round(7 + at * 1000 / 30) for at in range(152)],
            "base": Fraction(1, 1000),
        },
    ),
    "luma varying.mkv": (
        "luma-agents",
        {
            "frames": 150,
            "times": [at * 34 + (at % 7) * 3 for at in range(150)],
            "base": Fraction(1, 1000),
        },
    ),
}


@pytest.mark.parametrize("name", KINDS)
def test_one_press_cuts_the_clip_to_the_price_that_was_said(
    creator, tmp_path: Path, name, settings
):
    settings.MEDIA_ROOT = tmp_path / "media"
    provider, how = KINDS[name]
    made = make_clip(tmp_path / name, size=SMALL, **how)
    asset = take_in(made, name=name, team=creator.team, user=creator.user)
    browser = signed_in(creator)
    words = checked(browser, asset, provider)
    assert re.search("over 5 s doubles? the price.", words) and ": $1.08" in words

    fields = form_of(asset, provider) | {"mend": "trim_to_seconds=5"}
    browser.post("/studio/mend", fields)
    tasks.make_source_copies()
    answer = browser.post("/studio/mend", fields)

    assert answer.status_code == 200
    cut = Asset.objects.exclude(pk=asset.pk).get()
    assert Asset.objects.filter(pk=asset.pk).exists(), "the original is kept"
    assert cut.duration_seconds <= 5
    found = estimate(wanted(), cut.facts(), provider=provider)
    assert found.high_usd == Decimal("1.08")
    longer = estimate(wanted(), asset.facts(), provider=provider)
    assert longer.high_usd == Decimal("2.16")
    assert "over 5 s" not in checked(browser, cut, provider)


def test_a_clip_that_is_too_long_is_offered_shorter_with_each_price(creator):
    asset = make_asset(creator, frame_count=21 * 24, duration_seconds=Decimal(21))

    words = checked(signed_in(creator), asset, "luma-agents")

    assert "Trim to the first 18 s: $2.16 to $4.32" in words
    assert "Cut to 15.00 s: $2.16 to $3.24" in words
    assert "Cut to 10.00 s: $2.16" in words and "Cut to 5.00 s: $1.08" in words
    assert "over 20 s" not in words


def test_where_the_vendor_behind_may_refuse_the_way_out_has_its_price(creator):
    asset = make_asset(creator, frame_count=21 * 24, duration_seconds=Decimal(21))

    words = checked(signed_in(creator), asset, "gmi-cloud")

    assert "Trim to the first 18 s: $4.32" in words
    assert "24 frames over 20 s cost $1.08 more. Cut to 20.00 s: $4.32" in words
