"""Fitting copies: what breaks a limit is changed, nothing else, and the rules then hold."""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from editorapp.media.facts import MediaFacts
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.rules import table
from editorapp.providers.rules.apply_fixes import applied
from editorapp.providers.rules.fitting_copy import copy_of
from editorapp.providers.rules.shared import media
from editorapp.providers.spec import Broken, Fix, Limits, Model, Spec

PROVIDERS = ("luma-agents", "gmi-cloud", "scenario")
MODELS = [
    pytest.param(registry.get(slug).SPEC, model, id=f"{slug} {model.task} {model.name}")
    for slug in PROVIDERS
    for model in registry.get(slug).SPEC.models
    if model.parameter("source") is not None
]
FORM = media.SOURCE_FORM.message.partition("(")[0].partition("}")[2]


def clip(**facts: Any) -> MediaFacts:
    made = MediaFacts("video", "mp4", "h264", 1280, 720, 1_000_000)
    usual = {"fps": Fraction(24), "frame_count": 96, "duration_seconds": Decimal(4)}
    return replace(made, **(usual | facts))


def wanted(model: Model, **fields: Any) -> GenerationRequest:
    needs = {"aspect_ratio": "1:1"} if model.task == "reframe" else {}
    return GenerationRequest(
        **{
            "task": model.task,
            "model": model.name,
            "prompt": "Snow",
            "source": Ref(asset_id=1, media_type="video/mp4"),
            **needs,
            **fields,
        }
    )


def about_source(spec: Spec, model: Model, facts: MediaFacts, **fields: Any) -> list[Broken]:
    found = table.check(spec, wanted(model, **fields), facts)
    return [one for one in found if one.field == "source"]


def with_limits(spec: Spec, model: Model, **limits: Any) -> tuple[Spec, Model]:
    limited = replace(model, limits=replace(model.limits, **limits))
    models = tuple(limited if one is model else one for one in spec.models)
    return replace(spec, models=models), limited


def mended(
    spec: Spec, model: Model, facts: MediaFacts, *, by: str = "mp4_copy"
) -> tuple[Fix, list[Broken]]:
    """Return the fix of what is wrong with a source that does this, and what is wrong after it."""
    found = about_source(spec, model, facts)
    fix = next(fix for one in found for fix in one.fixes if by in fix.changes)
    after, changed = applied(wanted(model), facts, fix.changes)
    left = [one for one in table.check(spec, after, changed) if one.field == "source"]
    return fix, left


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_a_source_of_too_many_bytes_has_a_smaller_copy(spec, model):
    spec, model = with_limits(spec, model, max_file_bytes=2_000_000)

    fix, left = mended(spec, model, clip(size_bytes=2_000_001))

    assert fix.label == "Make an MP4 copy of at most 2 MB"
    assert dict(fix.changes) == {"mp4_copy": True, "copy_bytes": "2000000"}
    assert left == []


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_one_that_is_too_long_and_too_large_is_cut_within_the_bytes(spec, model):
    spec, model = with_limits(spec, model, max_file_bytes=2_000_000, max_source_seconds=3)

    fix, left = mended(spec, model, clip(size_bytes=9_000_000), by="trim_to_seconds")

    assert fix.label == "Trim to the first 3 s"
    assert dict(fix.changes) == {"trim_to_seconds": "3", "copy_bytes": "2000000"}
    assert left == []


@pytest.mark.parametrize(("spec", "model"), MODELS)
@pytest.mark.parametrize(
    "form",
    [
        {"container": "mov", "codec": "prores", "pixel_format": "yuv422p10le"},
        {"container": "avi", "codec": "mpeg4", "pixel_format": "yuv420p"},
        {"container": "mpegts", "codec": "h264", "pixel_format": "yuv420p"},
        {"container": "mkv", "codec": "ffv1", "pixel_format": "yuv444p"},
    ],
    ids=lambda form: form["container"],
)
def test_one_in_a_form_that_few_read_has_an_mp4_copy(spec, model, form):
    fix, left = mended(spec, model, clip(**form))

    assert (fix.label, dict(fix.changes)) == ("Make an MP4 copy", {"mp4_copy": True})
    assert left == []


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_a_prores_clip_in_an_mp4_is_warned_about_and_can_be_sent(spec, model):
    (found,) = about_source(spec, model, clip(codec="prores", pixel_format="yuv422p10le"))

    assert not found.is_refusal and FORM in found.message
    assert "(prores yuv422p10le in MP4)" in found.message


@pytest.mark.parametrize(("spec", "model"), MODELS)
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv420p10le", ""])
def test_of_usual_clips_nothing_is_said(spec, model, pixel_format):
    assert about_source(spec, model, clip(pixel_format=pixel_format)) == []
    assert about_source(spec, model, clip(codec="hevc", pixel_format=pixel_format)) == []


@pytest.mark.parametrize(("spec", "model"), MODELS)
def test_a_clip_that_is_no_file_of_ours_cannot_be_copied(spec, model):
    spec, model = with_limits(spec, model, max_file_bytes=2_000_000, max_inline_bytes=2_000_000)
    source = Ref(url="https://media.example.org/a.mp4", media_type="video/mp4")

    found = about_source(spec, model, clip(size_bytes=9_000_000), source=source)

    assert not any("mp4_copy" in fix.changes for one in found for fix in one.fixes)


SIDE = {"max_source_side": 1920}


@pytest.mark.parametrize(
    ("limits", "facts", "label"),
    [
        (SIDE, {"width": 3840, "height": 2160}, "Make a 1920x1080 MP4 copy"),
        (SIDE, {"width": 2160, "height": 3840}, "Make a 1080x1920 MP4 copy"),
        (SIDE, {"width": 4095, "height": 1717}, "Make a 1920x804 MP4 copy"),
        ({"max_source_side": 854}, {"width": 1708, "height": 960}, "Make an 854x480 MP4 copy"),
        ({"min_source_side": 300}, {"width": 320, "height": 181}, "Make a 532x300 MP4 copy"),
        ({"max_source_fps": 30}, {"fps": Fraction(60)}, "Make a 30 fps MP4 copy"),
        ({"max_source_fps": 30}, {"fps": Fraction(50)}, "Make a 25 fps MP4 copy"),
        ({"max_source_fps": 30}, {"fps": Fraction(60000, 1001)}, "Make a 29.97 fps MP4 copy"),
        ({"max_source_fps": 30}, {"fps": Fraction(240)}, "Make a 30 fps MP4 copy"),
        (
            {"max_source_side": 1280, "max_source_fps": 30, "max_file_bytes": 50_000_000},
            {"width": 3840, "height": 2160, "fps": Fraction(60), "size_bytes": 90_000_000},
            "Make a 1280x720, 30 fps MP4 copy of at most 50 MB",
        ),
    ],
    ids=str,
)
def test_the_copy_is_said_before_it_is_made(limits, facts, label):
    assert copy_of(clip(**facts), Limits(**limits)).label == label


def test_few_bytes_for_many_seconds_make_a_smaller_picture():
    limits = Limits(max_file_bytes=12_000_000)
    long = {"duration_seconds": Decimal(30), "frame_count": 1800, "fps": Fraction(60)}
    large = clip(size_bytes=400_000_000, width=3840, height=2160, **long)

    assert copy_of(large, limits).size == (1280, 720)
    assert copy_of(replace(large, size_bytes=9_000_000), limits).size is None


def test_a_copy_with_fewer_frames_moves_keyframes_by_time():
    request = GenerationRequest(
        keyframes=(Ref(asset_id=2),) * 3, keyframe_indexes=(0, 31, 119), source=Ref(asset_id=1)
    )
    source = clip(fps=Fraction(60), frame_count=120, duration_seconds=Decimal(2))

    after, changed = applied(request, source, {"mp4_copy": True, "copy_fps": "30"})

    assert after.keyframe_indexes == (0, 16, 59)
    assert (changed.fps, changed.frame_count) == (30, 60)
