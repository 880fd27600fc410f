"""GMI Cloud's rules: sentences, ways out, and what is written."""

import itertools
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.rules.apply_fixes import applied
from editorapp.providers.vendors import gmi_cloud
from editorapp.providers.vendors.gmi_cloud import SPEC
from editorapp.providers.vendors.gmi_cloud.parameters import LIMITS
from tests.providers.gmi import CLIP, EARLIER, GUIDE, edit, generate


def broken(wanted: GenerationRequest, source: MediaFacts | None = CLIP) -> dict[str, table.Broken]:
    return {one.rule_id: one for one in table.check(SPEC, wanted, source)}


def test_sound_requests_break_nothing() -> None:
    for wanted in (
        edit(),
        edit(auto_controls=True, resolution="1080p"),
        generate(duration="10s"),
        generate(loop=True),
    ):
        assert table.check(SPEC, wanted, CLIP) == []


@pytest.mark.parametrize(
    ("seconds", "found"),
    [("18", None), ("18.01", "GE7"), ("30", "GE7"), ("30.01", "GE6"), ("44", "GE6")],
)
def test_a_long_source_is_warned_of_from_18_and_refused_from_30_seconds(
    seconds: str, found: str | None
) -> None:
    said = broken(
        edit(),
        replace(CLIP, duration_seconds=Decimal(seconds), frame_count=int(float(seconds) * 24)),
    )

    assert list(said) == ([found] if found else [])
    if found:
        (trim,) = said[found].fixes
        assert trim.changes == {"trim_to_seconds": "18" if found == "GE7" else "30"}
        assert said[found].is_refusal == (found == "GE6")


def test_a_large_clip_is_refused_with_the_size_that_is_set() -> None:
    largest = LIMITS.max_inline_bytes
    assert largest == 50_000_000
    fits = replace(CLIP, size_bytes=largest)

    assert (
        broken(edit(), fits)
        == {}
        == broken(edit(source=EARLIER), replace(CLIP, size_bytes=largest + 1))
    )
    said = broken(edit(), replace(CLIP, size_bytes=largest + 1))["GE.size"]
    assert "50 MB is set as the most" in said.message and "GMI_MAX_INLINE_MB" in said.message


@pytest.mark.parametrize("given", ["none", "0", "-3", "1.5"])
def test_a_size_that_is_none_is_said_at_the_start(settings: Any, given: str) -> None:
    from django.core.exceptions import ImproperlyConfigured

    from editorapp.providers.vendors.gmi_cloud import parameters

    settings.ENVIRONMENT = {"GMI_MAX_INLINE_MB": given}
    with pytest.raises(ImproperlyConfigured, match="whole megabytes"):
        parameters._most_inline_bytes()
    settings.ENVIRONMENT = {"GMI_MAX_INLINE_MB": "120"}
    assert parameters._most_inline_bytes() == 120_000_000


@pytest.mark.parametrize(
    ("control", "value", "usual"),
    [
        ("pose", "pose_strength", "precise"),
        ("depth", "depth_blur", 0.5),
        ("trajectory", "trajectory_sparsity", 0.5),
    ],
)
def test_a_control_that_is_on_without_its_value_is_given_the_usual_one(
    control: str, value: str, usual: Any
) -> None:
    wanted = edit(**{f"{control}_enabled": True})

    said = broken(wanted)["X7"]
    give, turn_off = said.fixes

    assert (said.field, give.changes, turn_off.changes) == (
        value,
        {value: usual},
        {f"{control}_enabled": False},
    )
    assert gmi_cloud.encode(applied(wanted, CLIP, give.changes)[0])["payload"][value] == usual
    assert value not in gmi_cloud.encode(applied(wanted, CLIP, turn_off.changes)[0])["payload"]


def test_a_control_that_is_off_is_not_written_whatever_its_value() -> None:
    payload = gmi_cloud.encode(edit(depth_enabled=False, depth_blur=0.0, normals_augmentation=0.0))[
        "payload"
    ]

    assert "depth_blur" not in payload
    assert payload["normals_augmentation"] == 0.0, "0 is a value, and not off"


def test_a_stored_clip_is_said_to_travel_in_the_body_and_a_picture_by_address() -> None:
    body = gmi_cloud.encode(
        edit(source=Ref(asset_id=1, media_type="video/mp4"), start_frame=GUIDE)
    )["payload"]

    assert body == {
        "prompt": "Rainy neon evening",
        "source_data": "(given when the file is uploaded)",
        "source_media_type": "video/mp4",
        "start_frame_url": "(given when the file is uploaded)",
    }


def test_a_clip_of_unknown_type_has_a_place_for_it_in_the_body() -> None:
    payload = gmi_cloud.encode(edit(source=Ref(asset_id=1)))["payload"]

    assert payload["source_media_type"] == "(given when the file is uploaded)"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"source": Ref(url="https://media.example.org/clip.mp4", media_type="video/mp4")}, "GE5"),
        (
            {
                "source": Ref(
                    generation_id=EARLIER.generation_id, data="QUJD", media_type="video/mp4"
                )
            },
            "GE3",
        ),
        ({"source": Ref(generation_id="take-4")}, "GE.id"),
        ({"start_frame": EARLIER}, "GE17"),
        ({"start_frame": Ref(data="QUJD", media_type="image/png")}, "GE17"),
        ({"start_frame": Ref(url="http://10.0.0.1/a.png")}, "2.4.url"),
        ({"keyframes": (GUIDE,), "keyframe_indexes": (0,)}, "ours.unknown"),
        ({"end_frame": GUIDE}, "ours.unknown"),
        ({"loop": True}, "ours.unknown"),
        ({"user_id": "somebody"}, "ours.unknown"),
    ],
)
def test_what_an_edit_here_cannot_say_is_refused_by_name(said: dict[str, Any], rule: str) -> None:
    found = broken(edit(**said))

    assert rule in found and found[rule].is_refusal
    assert "GMI Cloud" in found[rule].message or rule == "GE3"


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"duration": "10s", "start_frame": GUIDE}, "GG2"),
        ({"duration": "10s", "start_frame": EARLIER}, "GG3"),
        ({"start_frame": EARLIER, "end_frame": EARLIER}, "GG3"),
        ({"end_frame": EARLIER, "hdr": True}, "GG3"),
        ({"start_frame": EARLIER, "end_frame": GUIDE}, "GG3.picture"),
        ({"end_frame": EARLIER, "loop": True}, "GG4"),
        ({"duration": "10s", "hdr": True}, "GG6"),
        ({"duration": "10s", "loop": True}, "GG6"),
        ({"loop": True, "hdr": True}, "GG6"),
        ({"exr": True}, "GG5.exr"),
        ({"resolution": "360p"}, "GG7.resolution"),
        ({"aspect_ratio": "9:21"}, "GG7.ratio"),
        ({"keyframes": (GUIDE,), "keyframe_indexes": (0,)}, "ours.unknown"),
    ],
)
def test_what_a_generation_here_excludes_is_refused(said: dict[str, Any], rule: str) -> None:
    assert rule in {
        one.rule_id for one in table.refusals(table.check(SPEC, generate(**said), None))
    }


@pytest.mark.parametrize(
    "said", [{"start_frame": EARLIER, "loop": True}, {"end_frame": EARLIER}, {"end_frame": GUIDE}]
)
def test_an_extension_and_a_last_picture_are_taken(said: dict[str, Any]) -> None:
    assert broken(generate(**said), None) == {}


def test_our_own_cautions_are_not_the_providers() -> None:
    wanted = generate(duration="10s", hdr=True, loop=True)

    assert "GG6" in broken(wanted)
    assert table.refusals(table.check(SPEC, wanted, None, only_documented=True)) == []


EVERY_EDIT = [
    edit(
        resolution=size,
        hdr=hdr,
        exr=exr,
        auto_controls=auto,
        strength=strength,
        pose_enabled=pose,
        depth_blur=blur,
        face_enabled=face,
        aspect_ratio=ratio,
    )
    for size, hdr, exr, auto, strength, pose, blur, face, ratio in itertools.product(
        ("360p", None, "540p"),
        (None, True),
        (None, True),
        (None, True),
        (None, "flex_2", "mild"),
        (None, True),
        (None, 0.4, 7),
        (None, True),
        (None, "1:1"),
    )
]
EVERY_GENERATION = [
    generate(
        resolution=size,
        hdr=hdr,
        exr=exr,
        duration=duration,
        loop=loop,
        start_frame=first,
        end_frame=last,
    )
    for size, hdr, exr, duration, loop, first, last in itertools.product(
        ("360p", None, "540p"),
        (None, True),
        (None, True),
        (None, "10s", "7s"),
        (None, True),
        (None, GUIDE, EARLIER),
        (None, GUIDE, EARLIER),
    )
]


@pytest.mark.parametrize("every", [EVERY_EDIT, EVERY_GENERATION], ids=["edit", "generate"])
def test_every_way_out_mends_its_rule_and_breaks_no_other(every: list[GenerationRequest]) -> None:
    tried = 0
    for wanted in every[::3]:
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
    assert tried > 200


def test_rows_say_where_they_come_from_and_details_are_in_gmis_style() -> None:
    for model in SPEC.models:
        ids = [rule.id for rule in model.rules]
        assert len(ids) == len(set(ids))
        for rule in model.rules:
            assert rule.source and rule.summary.endswith(".")
            assert "video." not in rule.detail and "Luma Agents" not in rule.message
            if rule.level == table.REFUSE and not rule.is_ours:
                assert rule.detail.startswith("invalid payload parameters: "), rule.id


def test_what_has_no_parameter_is_named_once_and_in_words_and_one_click_leaves_it_out() -> None:
    wanted = edit(
        keyframes=(GUIDE,),
        keyframe_indexes=(4,),
        x_norm=0.0,
        y_norm=0.0,
        w_norm=1.0,
        h_norm=1.0,
        concepts=("pov",),
    )

    found = [one for one in table.check(SPEC, wanted, CLIP) if one.rule_id == "ours.unknown"]

    named = ("no keyframes", "no position on the canvas", "no camera concepts")
    assert [next(word for word in named if word in one.message) for one in found] == list(named)
    without = wanted
    for one in found:
        without, _facts = applied(without, CLIP, one.fixes[0].changes)
    assert table.check(SPEC, without, CLIP) == []
