"""The widgets of generate, reframe and flash as they come from the server, and every way that needs
no script.
"""

import re
import shutil
from dataclasses import replace
from html import unescape

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from editorapp.generations.models import Generation
from editorapp.media import tasks
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.simulator.render.reframe import Canvas, canvas_size
from editorapp.web.studio import canvas, frames, sources
from editorapp.web.studio.draft_form import DraftForm
from editorapp.web.studio.form_request import request_of
from tests.factories import default_account, make_asset, make_generation, make_member
from tests.taken_in import take_in
from tests.web.take_pages import make_done

pytestmark = pytest.mark.django_db
RATIOS = ("9:16", "3:4", "1:1", "4:3", "16:9", "21:9")
SHAPES = ((1280, 720), (720, 1280), (640, 480), (1000, 1000))


@pytest.fixture
def kept(keep) -> Asset:
    """A real clip: 132 frames, 1280 x 720."""
    return keep("bunny_720p_5s.mp4")


def model(provider: str, task: str, name: str = "ray-3.2"):
    return registry.get(provider).SPEC.find(task, name)


def page(browser: Client, **asked) -> str:
    answer = browser.get("/studio/", asked)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def pressed(browser: Client, **fields) -> str:
    """Send the form by a plain button, as a browser without scripts does; return the page that
    comes.
    """
    answer = browser.post("/studio/mend", fields)
    assert answer.status_code in (200, 422), answer
    return unescape(answer.content.decode())


def value_of(html: str, name: str) -> list[str]:
    """Return the values of an input that is text, hidden, or checked."""
    found = []
    for tag in re.findall(rf'<input[^>]*name="{name}"[^>]*>', html):
        if 'type="radio"' not in tag and 'type="checkbox"' not in tag or " checked" in tag:
            found.append(re.search(r'value="([^"]*)"', tag)[1])
    return [value for value in found if value or len(found) == 1]


# The canvas


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{shape[0]}x{shape[1]}")
def test_the_drawn_fit_is_the_fit_that_the_simulator_renders(member, ratio, shape):
    clip = make_asset(member, width=shape[0], height=shape[1])
    form = DraftForm(task="reframe", aspect_ratio=ratio)

    placed = canvas.Board(form, model("luma-agents", Task.REFRAME), clip).placed

    across, down = map(int, ratio.split(":"))
    width, height = canvas_size((across, down), 720)
    rendered = Canvas(
        GenerationRequest(task=Task.REFRAME, prompt="x", aspect_ratio=ratio), clip, width, height
    )
    at = (rendered.x / width, rendered.y / height, rendered.width / width, rendered.height / height)
    assert at == pytest.approx((placed.x, placed.y, placed.w, placed.h), abs=4 / 720)


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("snap", ["fill", "left", "centre", "right", "top", "bottom"])
def test_each_button_leads_to_a_place_that_the_simulator_renders_there(member, ratio, snap):
    clip, luma = make_asset(member, width=640, height=480), model("luma-agents", Task.REFRAME)
    form = DraftForm(
        task="reframe", aspect_ratio=ratio, x_norm="0.3", y_norm="-0.2", w_norm="0.5", h_norm="0.5"
    )
    buttons = {one.name: one.value for one in canvas.Board(form, luma, clip).snaps}
    if snap == "fill" and ratio == "9:16":  # it would take 2.37 canvases, and 2 can be sent
        assert "fill" not in buttons
        return
    changes = {
        name: [value] for name, value in (pair.split("=") for pair in buttons[snap].split("&"))
    }

    after = form.changed(changes)

    placed = canvas.Board(after, luma, clip).placed
    wanted = request_of(after, None, model=luma)
    width, height = canvas_size(tuple(map(int, ratio.split(":"))), 720)
    rendered = Canvas(wanted, clip, width, height)
    at = (rendered.x / width, rendered.y / height, rendered.width / width, rendered.height / height)
    assert at == pytest.approx((placed.x, placed.y, placed.w, placed.h), abs=4 / 720)
    expected = {
        "left": placed.x == 0,
        "right": placed.x + placed.w == pytest.approx(1),
        "top": placed.y == 0,
        "bottom": placed.y + placed.h == pytest.approx(1),
        "centre": placed.x + placed.w / 2 == pytest.approx(0.5),
        "fill": placed.drawn_new == pytest.approx(0, abs=1e-3)
        and min(placed.w, placed.h) == pytest.approx(1),
    }
    assert expected[snap]


@pytest.mark.parametrize(
    ("place", "new", "cut"),
    [
        ((0, 0, 1, 1), 0, 0),
        ((0, 0, 0.5, 1), 0.5, 0),
        ((-0.5, 0, 1, 1), 0.5, 0.5),
        ((1.5, 0, 0.5, 0.5), 1, 1),
    ],
    ids=["whole", "half", "half out", "outside"],
)
def test_what_is_drawn_new_and_what_is_cut_off_are_told(place, new, cut):
    placed = canvas.Placement(*place)

    assert (placed.drawn_new, placed.cut_off) == (pytest.approx(new), pytest.approx(cut))


@pytest.mark.parametrize("typed", ["...", "0.0.0.1", "3.0.1.1", "x.0.1.1", "nan.0.1.1"])
def test_what_cannot_be_drawn_is_drawn_as_the_fit_and_kept_as_typed(member, typed):
    texts = tuple(typed.split("."))
    form = DraftForm(
        task="reframe", aspect_ratio="1:1", **dict(zip(canvas.FIELDS, texts, strict=True))
    )

    board = canvas.Board(form, model("luma-agents", Task.REFRAME), make_asset(member))

    assert board.is_fit and board.placed == canvas.fitted(16 / 9)
    assert tuple(field.value for field in board.fields) == texts


def test_the_numbers_are_inputs_and_the_buttons_work_without_a_script(browser, member):
    clip = make_asset(member)
    html = page(browser, task="reframe", source=clip.pk, aspect_ratio="9:16", prompt="x")
    left = re.search(r'value="([^"]+)"[^>]*data-canvas-snap="left"', html)[1]

    html = pressed(
        browser,
        task="reframe",
        source_kind="asset",
        source_asset=clip.pk,
        aspect_ratio="9:16",
        prompt="x",
        mend=left,
    )

    assert value_of(html, "x_norm") == ["0"] and value_of(html, "w_norm") == ["1"]
    assert '"source_position"' in html


def test_where_the_provider_places_it_the_canvas_only_shows_it(browser, member):
    gmi = default_account("gmi-cloud")

    html = page(
        browser, task="reframe", source=make_asset(member).pk, aspect_ratio="9:16", account=gmi.pk
    )

    assert "GMI Cloud places the source itself" in html and "data-canvas-grip" not in html
    assert not re.search(r'type="number" name="x_norm"', html)


def test_a_clip_of_unknown_shape_says_so(browser):
    html = page(
        browser,
        task="reframe",
        source_kind="url",
        source_url="https://x.example/a.mp4",
        aspect_ratio="1:1",
    )

    assert "own shape is not known here" in html


# The frames of a generation


def test_each_model_offers_the_ways_it_knows():
    def ways(provider: str, name: str = "ray-3.2", **said) -> list[str]:
        form = DraftForm(task="generate", **said)
        return [
            way.value
            for way in frames.ways(form, model(provider, Task.GENERATE, name))
            if not way.is_closed
        ]

    assert ways("luma-agents") == ["none", "frames", "keyframes", "forward", "backward"]
    assert ways("gmi-cloud") == ["none", "frames", "forward", "backward"]
    assert ways("scenario") == ways("scenario", "ray-flash-2-540p") == ["none", "frames"]


def test_a_way_that_was_chosen_stays_to_be_seen_where_the_model_lacks_it():
    found = frames.ways(
        DraftForm(task="generate", frames="keyframes"), model("gmi-cloud", Task.GENERATE)
    )

    assert [(way.value, way.is_closed) for way in found if way.is_chosen] == [("keyframes", True)]


@pytest.mark.parametrize(("duration", "last"), [("5s", 120), ("10s", 240), ("", 120), ("7s", 120)])
def test_the_time_line_ends_with_the_clip(duration, last):
    assert (
        frames.grid(
            DraftForm(task="generate", duration=duration), model("luma-agents", Task.GENERATE)
        ).last
        == last
    )


def test_only_what_the_account_made_can_be_continued_there(browser, member):
    luma, gmi = default_account("luma-agents"), default_account("gmi-cloud")
    own = make_done(member, account=luma, chain_id="gen-1")
    make_done(member, account=gmi, provider="gmi-cloud", chain_id="gen-2")
    make_done(member, account=luma)
    make_generation(member, account=luma, chain_id="gen-3", state="running")
    make_done(make_member(), account=luma, chain_id="gen-4")

    assert sources.extendable_takes(member, luma, None) == [own]


def test_the_take_that_is_continued_is_shown_with_the_frame_at_the_seam(browser, member):
    take = make_done(member, chain_id="gen-1")

    forward = page(browser, task="generate", frames="forward", extend_generation=take.pk)
    backward = page(browser, task="generate", frames="backward", extend_generation=take.pk)

    assert f'src="/media/{take.result_id}/frames/119.webp?height=240"' in forward
    assert f'src="/media/{take.result_id}/frames/0.webp?height=240"' in backward


def test_another_teams_take_is_never_listed(browser):
    theirs = make_done(make_member(), chain_id="gen-1")

    html = page(browser, task="generate", frames="forward", extend_generation=theirs.pk)

    assert f"/media/{theirs.result_id}/" not in html


def test_the_first_frame_is_a_frame_of_a_clip_without_a_script(browser, member, kept):
    html = pressed(
        browser,
        task="generate",
        prompt="x",
        set_end="first_asset",
        new_first_asset_clip=kept.pk,
        new_first_asset_frame=90,
    )

    still = Asset.objects.get(origin=Asset.Origin.FRAME)
    assert still.name == "bunny_720p_5s frame 90.png"
    assert value_of(html, "frames") == ["frames"] and value_of(html, "first_asset") == [
        str(still.pk)
    ]


def test_the_last_frame_is_an_upload_without_a_script(browser, real_media):
    sent = SimpleUploadedFile("rocket.jpg", (real_media / "rocket.jpg").read_bytes())

    html = pressed(
        browser, task="generate", prompt="x", set_end="last_asset", new_last_asset_file=sent
    )

    assert value_of(html, "last_asset") == [str(Asset.objects.get(name="rocket.jpg").pk)]


def test_a_keyframe_of_the_clip_to_come_is_added_without_a_script(browser, kept, real_media):
    sent = SimpleUploadedFile("coffee.png", (real_media / "coffee.png").read_bytes())
    first = pressed(
        browser,
        task="generate",
        prompt="x",
        add_keyframe="1",
        new_keyframe_index="48",
        new_keyframe_file=sent,
    )
    still = Asset.objects.get(name="coffee.png")

    html = pressed(
        browser,
        task="generate",
        prompt="x",
        add_keyframe="1",
        new_keyframe_index="96",
        new_keyframe_clip=kept.pk,
        new_keyframe_frame="10",
        keyframe_asset=still.pk,
        keyframe_index="48",
        frames="keyframes",
    )

    assert value_of(first, "keyframe_index")[:1] == ["48"]
    assert value_of(html, "keyframe_index")[:2] == ["48", "96"] and value_of(html, "frames") == [
        "keyframes"
    ]


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"set_end": "first_asset"}, "Upload a still, or choose a clip"),
        (
            {"set_end": "first_asset", "new_first_asset_clip": "999999"},
            "Upload a still, or choose a clip",
        ),
        ({"set_end": "prompt"}, "a first and a last frame"),
        ({"add_keyframe": "1", "new_keyframe_index": "soon"}, "whole numbers"),
        ({"add_keyframe": "1", "new_keyframe_index": "5"}, "Upload a still, or choose a clip"),
    ],
    ids=["nothing", "no such clip", "no such place", "no number", "no picture"],
)
def test_a_button_that_cannot_do_it_says_what_is_missing(browser, fields, says):
    assert says in pressed(browser, task="generate", prompt="Kept as typed", **fields)


def test_another_teams_clip_gives_no_frame(browser):
    theirs = make_asset(make_member())

    html = pressed(
        browser, task="generate", prompt="x", set_end="first_asset", new_first_asset_clip=theirs.pk
    )

    assert (
        "Upload a still, or choose a clip" in html
        and not Asset.objects.filter(origin="frame").exists()
    )


def test_keyframes_are_listed_by_frame_whatever_order_they_were_sent_in(browser, kept):
    html = page(
        browser,
        task="edit",
        source=kept.pk,
        guides="keyframes",
        keyframe_asset=["1", "2", "3"],
        keyframe_index=["90", "soon", "12"],
    )

    assert value_of(html, "keyframe_index")[:3] == ["12", "90", "soon"]
    assert value_of(html, "keyframe_asset")[:3] == ["3", "1", "2"]


def test_the_keyframe_that_is_dropped_is_the_one_whose_button_was_pressed(browser, kept):
    html = pressed(
        browser,
        task="edit",
        source_kind="asset",
        source_asset=kept.pk,
        guides="keyframes",
        keyframe_asset=["1", "2", "3"],
        keyframe_index=["90", "12", "40"],  # typed anew since the page was shown
        drop_keyframe="0",
    )

    assert value_of(html, "keyframe_index")[:2] == ["12", "40"]


def test_the_opening_frame_is_turned_into_keyframe_0_and_back_without_a_script(browser, kept):
    sent = {"task": "edit", "source_kind": "asset", "source_asset": kept.pk}
    rows = {"keyframe_asset": ["8", "9"], "keyframe_index": ["0", "30"]}

    opening = pressed(browser, **sent, **rows, guides="keyframes", turn_guide="single")
    several = pressed(
        browser, **sent, **rows, guides="single", guide_asset="7", turn_guide="keyframes"
    )

    assert value_of(opening, "guides") == ["single"]
    assert value_of(opening, "keyframe_asset")[:1] == ["9"], "the others wait"
    assert value_of(several, "guides") == ["keyframes"]
    assert value_of(several, "keyframe_asset")[:2] == ["7", "9"]
    assert value_of(several, "keyframe_index")[:2] == ["0", "30"]


@pytest.mark.parametrize(
    ("into", "says"),
    [("single", "No keyframe stands at frame 0"), ("keyframes", "Choose the opening frame")],
)
def test_nothing_is_turned_where_there_is_no_picture(browser, kept, into, says):
    html = pressed(browser, task="edit", source_asset=kept.pk, turn_guide=into)

    assert says in unescape(html)


def test_an_mp4_copy_is_a_new_source_with_every_frame(browser, member, real_media, tmp_path):
    shutil.copy(real_media / "frog_vp9_8s.webm", tmp_path / "frog.webm")
    webm = take_in(tmp_path / "frog.webm", name="frog.webm", team=member.team, user=member.user)

    fields = {
        "task": "edit",
        "prompt": "Kept",
        "source_kind": "asset",
        "source_asset": webm.pk,
        "mend": "mp4_copy=1",
        "guides": "keyframes",
        "keyframe_asset": "1",
        "keyframe_index": "30",
    }
    pressed(browser, **fields)
    tasks.make_source_copies()
    html = pressed(browser, **fields)

    copy = Asset.objects.get(name="frog copy.mp4")
    assert (copy.frame_count, copy.width, copy.codec, copy.container) == (
        webm.frame_count,
        webm.width,
        "h264",
        "mp4",
    )
    assert value_of(html, "source_asset") == [str(copy.pk)]
    assert value_of(html, "keyframe_index")[:1] == ["30"], "no frame was cut, so none moves"


# Guide frames and camera concepts


@pytest.mark.parametrize(
    ("provider", "task", "says", "not_said"),
    [
        ("luma-agents", "edit", ["Opening guide frame", 'value="keyframes"', "up to 64"], []),
        (
            "gmi-cloud",
            "edit",
            [">Guide frame<"],
            ["Opening guide frame", 'name="guides" value="keyframes"'],
        ),
        (
            "scenario",
            "modify",
            ["Download frame 0", "Put it back"],
            ['name="guides" value="keyframes"', "data-pin-first"],
        ),
    ],
)
def test_guide_frames_are_called_and_offered_as_the_provider_means_them(
    browser, member, provider, task, says, not_said
):
    account, clip = default_account(provider), make_asset(member)

    html = page(browser, task=task, account=account.pk, source=clip.pk, guides="single")

    for text in says:
        assert text in html
    for text in not_said:
        assert text not in html


def test_every_camera_concept_is_a_chip_in_one_group():
    flash = model("scenario", Task.GENERATE, "ray-flash-2-720p")
    form = DraftForm(task="generate", concepts=("pov", "dolly_zoom"))

    groups = frames.concept_groups(form, flash)

    chips = [one for group in groups for one in group.concepts]
    assert sorted(one.value for one in chips) == sorted(flash.parameter("concepts").choices)
    assert [one.label for one in chips if one.is_chosen] == ["Dolly zoom", "POV"]
    assert [group.label for group in groups] == ["Moves", "Angles", "Looks"]


def test_a_concept_that_is_new_to_us_is_offered_all_the_same():
    flash = model("scenario", Task.GENERATE, "ray-flash-2-720p")
    row = replace(flash.parameter("concepts"), choices=("pov", "barrel_roll"))
    newer = replace(
        flash, parameters=tuple(row if one.field == "concepts" else one for one in flash.parameters)
    )

    groups = frames.concept_groups(DraftForm(task="generate"), newer)

    assert [(group.label, [one.label for one in group.concepts]) for group in groups] == [
        ("Angles", ["POV"]),
        ("Others", ["Barrel roll"]),
    ]


def test_concepts_chosen_are_sent_and_shown_again(browser, member):
    scenario = default_account("scenario")

    html = page(
        browser,
        task="generate",
        model="ray-flash-2-540p",
        account=scenario.pk,
        prompt="x",
        concepts=["pov", "aerial"],
    )

    assert value_of(html, "concepts") == ["pov", "aerial"]
    assert re.search(r'"concepts": \[\s*"pov",\s*"aerial"\s*\]', html)
    assert Generation.objects.count() == 0
