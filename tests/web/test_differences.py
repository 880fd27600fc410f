"""What tells takes apart that stand together: only what differs, in plain words, without a query."""

from dataclasses import replace
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorapp.generations.models import Generation
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import Member
from editorapp.web.presenters.differences import among, among_takes, differences
from editorapp.web.presenters.groups import grouped, ordinal
from tests.factories import default_account, make_asset, make_generation, make_member

BATCH = uuid4()
PLAIN = GenerationRequest(prompt="A dancer in a red coat", strength="flex_1", resolution="360p")


def told(*changes: dict[str, Any], **shared: Any) -> list[str]:
    """Return what is said of requests that differ from a plain one by these changes."""
    requests = [replace(PLAIN, **shared | change) for change in changes]
    found = among(requests)
    return [found.of(place) for place in range(len(requests))]


def test_a_ladder_says_its_strengths_and_nothing_that_is_the_same():
    assert told({}, {"strength": "flex_3"}, {"strength": "reimagine_2"}) == [
        "Flex 1",
        "Flex 3",
        "Reimagine 2",
    ]


def test_several_settings_stand_in_the_order_of_the_studio():
    assert told({"resolution": "1080p", "hdr": True}, {"strength": "flex_3"}) == [
        "Flex 1 · 1080p · HDR",
        "Flex 3 · 360p · SDR",
    ]


def test_requests_that_are_alike_say_nothing():
    assert told({}, {}, {}) == ["", "", ""]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            ({"pose_enabled": True, "pose_strength": "precise"}, {}),
            ["pose precise", "no pose"],
        ),
        (
            ({"depth_blur": 0.3}, {"depth_blur": 0.6}, {"depth_enabled": True}),
            ["depth 0.3", "depth 0.6", "depth"],
        ),
        (
            ({"auto_controls": True, "strength": None}, {"face_enabled": True}),
            ["Auto", "Flex 1 · face"],
        ),
        (
            (
                {"keyframes": (Ref(asset_id=1), Ref(asset_id=2)), "keyframe_indexes": (0, 90)},
                {"start_frame": Ref(asset_id=1)},
                {},
            ),
            ["guides at 0, 90", "first frame", "no guide frames"],
        ),
        (({"hdr": True, "exr": True}, {"hdr": True}), ["HDR + EXR", "HDR"]),
    ],
)
def test_controls_guides_and_range_are_said_in_plain_words(changes, said):
    assert [one.removeprefix("Flex 1 · ") for one in told(*changes)] == [
        one.removeprefix("Flex 1 · ") for one in said
    ]


@pytest.mark.parametrize(
    ("prompts", "said"),
    [
        (("A dancer in a red coat", "A dancer in a blue coat"), ["“red”", "“blue”"]),
        (("A dancer", "A dancer in a red coat"), ["“dancer”", "“dancer in a red coat”"]),
        (("Fog", "Snow at night"), ["“Fog”", "“Snow at night”"]),
        (("", "Fog"), ["no prompt", "“Fog”"]),
        (("Fog and fog", "Fog"), ["“Fog and fog”", "“Fog”"]),
        (("Same words", "Same  words"), ["", ""]),
    ],
)
def test_of_prompts_only_the_words_that_differ_are_said(prompts, said):
    assert told(*({"prompt": one} for one in prompts)) == said


def test_a_long_prompt_is_cut():
    first, _second = told({"prompt": "rain " * 40}, {"prompt": "Fog"})

    assert len(first) < 60 and first.endswith("…”")


def test_a_generation_says_its_shape_length_and_camera():
    said = told(
        {"aspect_ratio": "9:16", "duration": "5s", "concepts": ("dolly_zoom",)},
        {"duration": "10s", "loop": True},
        task="generate",
        strength=None,
    )

    assert said == [
        "dolly zoom · 9:16 · 5 s · no loop",
        "no camera move · the model’s shape · 10 s · loop",
    ]


@pytest.fixture
def member(db: None) -> Member:
    return make_member(name="Ada")


def asked(member: Member, **fields: Any) -> Generation:
    wanted = replace(PLAIN, **fields.pop("wanted", {}))
    return make_generation(member, request=wanted.to_json(), prompt=wanted.prompt, **fields)


def test_takes_say_what_is_their_own_and_the_group_in_what_they_differ(member):
    clip = make_asset(member)
    first = asked(member, source=clip)
    second = asked(member, source=clip, wanted={"strength": "flex_3", "resolution": "720p"})

    takes = list(Generation.objects.order_by("pk"))
    with CaptureQueriesContext(connection) as queries:
        said, named = differences(takes), among_takes(takes).named

    assert said == {first.pk: "Flex 1 · 360p", second.pk: "Flex 3 · 720p"}
    assert named == "strength and resolution"
    assert not queries.captured_queries


def test_takes_of_other_sources_and_providers_say_so(member):
    clip = make_asset(member, name="bunny.mp4")
    scenario = default_account("scenario")
    first = asked(member, source=clip)
    second = asked(member, parent=first, account=scenario, provider="scenario")

    said = differences(Generation.objects.select_related("source_asset").order_by("pk"))

    assert said == {
        first.pk: "from bunny.mp4 · Luma Agents",
        second.pk: f"from #{first.pk} · Scenario",
    }


def test_a_batch_is_one_group_in_the_order_sent_and_a_single_take_its_own(member):
    clip = make_asset(member, name="bunny.mp4")
    several = [
        asked(member, source=clip, batch=BATCH, state=state, wanted={"strength": f"flex_{step}"})
        for step, state in ((1, "succeeded"), (2, "running"), (3, "succeeded"))
    ]
    single = asked(member, source=clip)

    first, second = grouped(Generation.objects.select_related("source_asset").order_by("-pk"))

    assert (first.takes, first.is_batch, first.compare_url) == ([single], False, "")
    assert [take.pk for take in second.takes] == [take.pk for take in several]
    assert second.label == "3 takes from bunny: differ in strength"
    assert second.states == "2 done, 1 processing"
    assert second.place_of(several[1]) == "2nd of 3"
    assert second.differs[several[2].pk] == "Flex 3"


def test_takes_that_ask_the_same_say_so_and_only_those_that_are_done_are_compared(member):
    done = [
        asked(member, batch=BATCH, source=make_asset(member), result=make_asset(member))
        for _ in range(2)
    ]
    Generation.objects.update(state="succeeded", source_asset=None)
    asked(member, batch=BATCH, source_asset=None, lineage="g0")

    [group] = grouped(Generation.objects.order_by("pk"))

    assert group.label == "3 takes: asked alike"
    assert group.compare_url == f"/compare/?takes={done[0].pk},{done[1].pk}"


@pytest.mark.parametrize(
    ("number", "written"),
    [(1, "1st"), (2, "2nd"), (3, "3rd"), (4, "4th"), (11, "11th"), (21, "21st"), (112, "112th")],
)
def test_places_are_written_as_people_say_them(number, written):
    assert ordinal(number) == written
