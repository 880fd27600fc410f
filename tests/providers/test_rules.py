"""The rule table: sentences, ways out, and options that could not be added."""

import itertools
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.rules.apply_fixes import applied
from editorapp.providers.rules.unavailable import unavailable
from editorapp.providers.vendors.luma_agents import SPEC

CLIP = MediaFacts(
    "video",
    "mp4",
    "h264",
    1280,
    720,
    1_000_000,
    fps=Fraction(24),
    frame_count=120,
    duration_seconds=Decimal(5),
)
GUIDE = Ref(asset_id=2, media_type="image/png")


def edit(**said: Any) -> GenerationRequest:
    return GenerationRequest(**({"prompt": "Rainy neon evening", "source": Ref(asset_id=1)} | said))


def broken(wanted: GenerationRequest, source: MediaFacts | None = CLIP) -> dict[str, table.Broken]:
    return {one.rule_id: one for one in table.check(SPEC, wanted, source)}


def test_a_sound_edit_breaks_nothing() -> None:
    assert table.check(SPEC, edit(auto_controls=True, resolution="720p"), CLIP) == []


@pytest.mark.parametrize(
    ("seconds", "is_taken"), [("17.9", True), ("18", True), ("18.01", False), ("18.1", False)]
)
def test_an_edit_takes_a_source_of_up_to_18_seconds(seconds: str, is_taken: bool) -> None:
    found = table.check(SPEC, edit(), replace(CLIP, duration_seconds=Decimal(seconds)))

    assert (found == []) == is_taken


def test_a_source_too_long_says_by_how_much_and_offers_a_trim() -> None:
    found = broken(edit(), replace(CLIP, duration_seconds=Decimal("21.4"), frame_count=514))["E8"]

    assert found.message == "Luma Agents edits clips up to 18 s. This one is 21.40 s: trim it."
    assert found.fixes == (table.Fix("Trim to the first 18 s", {"trim_to_seconds": "18"}),)


def test_a_trim_takes_the_keyframes_after_the_cut_with_it() -> None:
    long = replace(CLIP, duration_seconds=Decimal(20), frame_count=480)
    wanted = edit(keyframes=(GUIDE, GUIDE), keyframe_indexes=(470, 0))

    (trim,) = broken(wanted, long)["E8"].fixes
    after, source = applied(wanted, long, trim.changes)

    assert dict(trim.changes) == {"trim_to_seconds": "18"}
    assert (after.keyframe_indexes, source.frame_count) == ((0,), 432)
    assert table.check(SPEC, after, source) == []


def test_a_reframe_takes_30_seconds() -> None:
    wanted = edit(task="reframe", aspect_ratio="1:1")

    assert broken(wanted, replace(CLIP, duration_seconds=Decimal(30))) == {}
    assert "R1" in broken(wanted, replace(CLIP, duration_seconds=Decimal("30.1")))


def test_a_source_by_url_has_200_mb_and_an_upload_more() -> None:
    big = replace(CLIP, size_bytes=200_000_001)
    url = Ref(url="https://media.example.org/clip.mp4", media_type="video/mp4")

    assert broken(edit(source=url), big)["E9"].status == 413
    assert broken(edit(source=Ref(asset_id=1)), big) == {}


def test_a_source_of_unknown_length_is_said_and_not_refused() -> None:
    found = broken(
        edit(source=Ref(url="https://media.example.org/clip.mp4", media_type="video/mp4")), None
    )

    assert list(found) == ["E8.unknown"]
    assert found["E8.unknown"].message.endswith("Luma Agents takes up to 18 s.")
    assert not found["E8.unknown"].is_refusal


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://media.example.org/clip.mov?sig=1.mp4", "video/quicktime"),
        ("https://media.example.org/clip.webm", "video/webm"),
        ("https://media.example.org/clip", "video/mp4"),
        ("https://media.example.org/clip.png", "video/mp4"),
    ],
)
def test_a_url_without_its_type_is_offered_the_one_that_its_name_says(url: str, kind: str) -> None:
    wanted = edit(source=Ref(url=url))

    (fix,) = broken(wanted, None)["E5"].fixes
    after, _ = applied(wanted, None, fix.changes)

    assert fix == table.Fix(f"Send it as {kind}", {"source_media_type": kind})
    assert table.refusals(table.check(SPEC, after, None)) == []


def test_a_task_that_nobody_has_is_refused_once() -> None:
    found = table.refusals(
        table.check(SPEC, GenerationRequest(task="image", model="uni-1", prompt="x"), None)
    )

    assert [one.detail for one in found] == ["Type 'image' is not supported for model 'uni-1'"]


@pytest.mark.parametrize("prompt", [None, "", "x" * 6001, 5])
def test_a_prompt_has_1_to_6000_characters(prompt: Any) -> None:
    found = broken(edit(prompt=prompt))["E2"]

    assert found.detail == "Prompt must be between 1 and 6000 characters"
    assert found.field == "prompt"


def test_a_prompt_too_long_says_by_how_much() -> None:
    assert broken(edit(prompt="x" * 6120))["E2"].message == (
        "The prompt has 6,120 characters, 120 more than the 6,000 allowed."
    )


def test_a_prompt_of_spaces_is_our_own_refusal() -> None:
    found = table.check(SPEC, edit(prompt="  \n"), CLIP)

    assert [one.rule_id for one in found] == ["E2.blank"]
    assert table.check(SPEC, edit(prompt="  \n"), CLIP, only_documented=True) == []


def test_a_keyframe_after_the_last_frame_offers_the_last_frame() -> None:
    found = broken(edit(keyframes=(GUIDE, GUIDE), keyframe_indexes=(0, 400)))["E22.beyond"]

    assert found.field == "keyframe_indexes.1"
    assert found.message == "Keyframe 2: the source ends at frame 119, and this is frame 400."
    assert [dict(fix.changes) for fix in found.fixes] == [
        {"keyframe_index": [0, 119]},
        {"drop_keyframes": [1]},
    ]


def test_a_frame_used_twice_offers_to_drop_the_second() -> None:
    found = broken(edit(keyframes=(GUIDE,) * 3, keyframe_indexes=(5, 9, 5)))["E22"]

    assert (
        found.message
        == "Keyframe 3: frame 5 is used twice. Give it a frame of its own, or drop it."
    )
    assert found.fixes == (table.Fix("Drop keyframe 3", {"drop_keyframes": [2]}),)


def test_sixteen_keyframes_pass_seventeen_warn_and_sixty_five_are_refused() -> None:
    def levels(count: int) -> list[tuple[str, str]]:
        wanted = edit(keyframes=(GUIDE,) * count, keyframe_indexes=tuple(range(count)))
        return [(one.rule_id, one.level) for one in table.check(SPEC, wanted, CLIP)]

    assert levels(16) == []
    assert levels(17) == levels(64) == [("E21.many", "warn")]
    assert levels(65) == [("E21", "refuse")]


@pytest.mark.parametrize("index", [-1, 1.5, "4", True, None])
def test_a_keyframe_position_is_a_whole_number_from_0(index: Any) -> None:
    assert "E22" in broken(edit(keyframes=(GUIDE,), keyframe_indexes=(index,)))


@pytest.mark.parametrize("value", [-0.01, 1.01, "0.5", True, float("nan"), float("inf")])
def test_a_control_value_is_a_number_from_0_to_1(value: Any) -> None:
    assert "E18" in broken(edit(depth_enabled=True, depth_blur=value))


@pytest.mark.parametrize(
    "url",
    [
        "http://media.example.org/a.mp4",
        "https://127.0.0.1/a.mp4",
        "https://10.0.0.4/a.mp4",
        "https://[::1]/a.mp4",
        "https://localhost/a.mp4",
        "ftp://media.example.org/a.mp4",
        "https:///a.mp4",
        "https://nas.local/a.mp4",
        "x",
        "https://[bad/a.mp4",
    ],
)
def test_a_url_that_no_provider_can_fetch_is_refused(url: str) -> None:
    assert broken(edit(source=Ref(url=url, media_type="video/mp4")), None)["U2"].status == 422


def test_a_picture_is_no_source() -> None:
    assert "E3.kind" in broken(edit(), replace(CLIP, kind="image", duration_seconds=Decimal(0)))


def test_a_rule_about_one_of_several_pictures_names_it() -> None:
    odd = Ref(generation_id="clip-42")

    found = broken(edit(keyframes=(GUIDE, odd), keyframe_indexes=(0, 4)))["E7"]

    assert found.field == "keyframes.1"
    assert found.message.startswith("Keyframe 2:")
    assert found.detail.startswith("video.edit.keyframes[1]:")


def test_auto_greys_out_the_controls_and_says_why() -> None:
    options = unavailable(SPEC, edit(auto_controls=True), CLIP)

    assert options["depth"].reason == "Auto decides the signals; choose Manual to set depth."
    assert options["depth"].fix == table.Fix("Choose Manual", {"conditioning": "manual"})
    assert options["strength"].fix == table.Fix("Choose Manual", {"conditioning": "manual"})
    assert set(options) == {
        "exr",
        "strength",
        "controls",
        "pose",
        "depth",
        "normals",
        "trajectory",
        "face",
    }


def test_manual_leaves_everything_open_but_exr_without_hdr() -> None:
    options = unavailable(
        SPEC, edit(strength="flex_2", depth_enabled=True, resolution="720p"), CLIP
    )

    assert set(options) == {"exr"}
    assert options["exr"].fix == table.Fix("Turn HDR on", {"hdr": True})


def test_hdr_greys_out_the_small_sizes_and_small_sizes_grey_out_hdr() -> None:
    hdr = unavailable(SPEC, edit(hdr=True, resolution="1080p"), CLIP)
    small = unavailable(SPEC, edit(resolution="540p"), CLIP)

    assert set(hdr) == {"resolution=360p", "resolution=540p"}
    assert hdr["resolution=540p"].reason == "HDR needs 720p or 1080p, not 540p."
    assert small["hdr"].fix == table.Fix("Use 720p", {"resolution": "720p"})


def test_a_way_out_takes_along_what_else_it_needs() -> None:
    exr = unavailable(SPEC, edit(resolution="360p"), CLIP)["exr"].fix
    small = unavailable(SPEC, edit(hdr=True, exr=True, resolution="720p"), CLIP)[
        "resolution=360p"
    ].fix

    assert exr == table.Fix("Turn HDR on and use 720p", {"hdr": True, "resolution": "720p"})
    assert small == table.Fix("Turn HDR off and turn EXR off", {"hdr": False, "exr": False})


def test_a_single_guide_frame_and_keyframes_can_always_be_exchanged() -> None:
    options = unavailable(SPEC, edit(start_frame=GUIDE, strength="flex_2"), CLIP)

    assert "keyframes" not in options


def test_a_reframe_offers_nothing_that_it_does_not_know() -> None:
    options = unavailable(SPEC, edit(task="reframe", aspect_ratio="9:16"), CLIP)

    assert "hdr" not in options
    assert options["resolution=1080p"].reason == "1080p is not available for 9:16."


def test_ten_seconds_grey_out_what_they_exclude() -> None:
    wanted = GenerationRequest(task="generate", prompt="x", duration="10s")

    options = unavailable(SPEC, wanted, None)

    assert {"hdr", "loop", "start_frame", "end_frame"} <= set(options)
    assert options["hdr"].fix == table.Fix("Make it 5 s", {"duration": "5s"})
    assert "keyframes" not in options


EVERY_EDIT = [
    edit(
        resolution=size,
        hdr=hdr,
        exr=exr,
        auto_controls=auto,
        strength=strength,
        **controls,
        **guides,
    )
    for size, hdr, exr, auto, strength, controls, guides in itertools.product(
        (None, "360p", "540p", "720p", "1080p", "8k"),
        (None, True),
        (None, True),
        (None, True),
        (None, "flex_2", "flex_9"),
        ({}, {"face_enabled": True}, {"depth_enabled": True, "depth_blur": 0.5}),
        (
            {},
            {"start_frame": GUIDE},
            {"keyframes": (GUIDE, GUIDE), "keyframe_indexes": (0, 500)},
            {"keyframes": (GUIDE, GUIDE), "keyframe_indexes": (7, 7), "start_frame": GUIDE},
        ),
    )
]
EVERY_GENERATION = [
    GenerationRequest(
        task="generate",
        prompt="x",
        resolution=size,
        hdr=hdr,
        exr=exr,
        duration=duration,
        loop=loop,
        start_frame=first,
        end_frame=last,
        keyframes=frames and (GUIDE,),
        keyframe_indexes=frames and (0,),
    )
    for size, hdr, exr, duration, loop, first, last, frames in itertools.product(
        ("360p", None, "1080p"),
        (None, True),
        (None, True),
        (None, "10s", "7s"),
        (None, True),
        (None, GUIDE, Ref(generation_id="6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21")),
        (None, GUIDE),
        (None, (1,)),
    )
]


@pytest.mark.parametrize("every", [EVERY_EDIT, EVERY_GENERATION], ids=["edit", "generate"])
def test_every_way_out_mends_its_rule_and_breaks_no_other(every: list[GenerationRequest]) -> None:
    tried = 0
    for wanted in every:
        found = table.refusals(table.check(SPEC, wanted, CLIP))
        for one in found:
            for fix in one.fixes:
                after, source = applied(wanted, CLIP, fix.changes)
                left = [rule.rule_id for rule in table.refusals(table.check(SPEC, after, source))]
                before = [rule.rule_id for rule in found]
                assert left.count(one.rule_id) < before.count(one.rule_id), (wanted, fix)
                assert all(left.count(rule_id) <= before.count(rule_id) for rule_id in left), (
                    wanted,
                    fix,
                )
                tried += 1
    assert tried > 1000


@pytest.mark.parametrize("every", [EVERY_EDIT, EVERY_GENERATION], ids=["edit", "generate"])
def test_an_option_is_greyed_out_exactly_where_choosing_it_would_be_refused(
    every: list[GenerationRequest],
) -> None:
    """Against a slower truth: set the option in the request and check it whole."""
    for wanted in every[::7]:
        now = {one.rule_id for one in table.refusals(table.check(SPEC, wanted, CLIP))}
        options = unavailable(SPEC, wanted, CLIP)
        for name in ("hdr", "exr"):
            if not getattr(wanted, name):
                then = {
                    one.rule_id
                    for one in table.refusals(
                        table.check(SPEC, replace(wanted, **{name: True}), CLIP)
                    )
                }
                if then - now:
                    assert name in options
                if not then:
                    assert name not in options
        for option, why in options.items():
            assert why.reason
            if why.fix:
                after, source = applied(wanted, CLIP, why.fix.changes)
                assert option not in unavailable(SPEC, after, source), (
                    wanted,
                    option,
                    why.fix,
                )


def test_rules_have_names_of_their_own_and_say_where_they_come_from() -> None:
    for model in SPEC.models:
        ids = [rule.id for rule in model.rules]
        assert len(ids) == len(set(ids))
    for rule in SPEC.rules:
        assert rule.source and rule.summary.endswith(".")
        assert (rule.broken is None) != (rule.each_ref is None)
        assert rule.detail or rule.level != table.REFUSE or rule.is_ours
