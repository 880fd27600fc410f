"""Presets and recipes on another clip: keyframes by time, what does not fit said first; all of it
without a script, too.
"""

import re

import pytest
from django.utils import timezone

from editorapp.media import store
from editorapp.reuse import recipes
from editorapp.reuse.models import EditRecipe
from editorapp.reuse.recipes import MadeOn
from editorapp.web.studio.draft_form import DraftForm, KeyframeRow
from editorapp.web.studio.recipe_plan import kept_of, plan_of
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.taken_in import take_in
from tests.web.controls import controls_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def member():
    return make_member(name="Ada")


@pytest.fixture
def bunny(member):
    """132 frames at 25 a second."""
    return make_asset(member, name="bunny.mp4", frame_count=132, fps_numerator=25)


def recipe_of(member, clip, frames: list[int], **fields) -> EditRecipe:
    rows = [
        KeyframeRow(make_asset(member, kind="image", name=f"still {at}.png").pk, str(at))
        for at in frames
    ]
    form = DraftForm(
        source_asset=clip.pk,
        prompt="Neon rain",
        guides="keyframes",
        keyframes=tuple(rows),
        **fields,
    )
    values, origin = kept_of(form, "recipe"), MadeOn(clip)
    name = f"Neon {EditRecipe.objects.count()}"
    return recipes.make(member, name, "recipe", values, origin=origin, now=timezone.now())


def other(member, **facts):
    return make_asset(member, name="frog.mp4", **({"fps_numerator": 30} | facts))


def frames_of(plan) -> list[int]:
    return [one.after for one in plan.placed]


def test_keyframes_come_to_the_frames_that_are_shown_at_the_same_time(member, bunny):
    recipe = recipe_of(member, bunny, [0, 25, 90])
    clip = other(member, frame_count=150)

    plan = plan_of(recipe, DraftForm(source_asset=clip.pk), member)

    assert frames_of(plan) == [0, 30, 108]
    assert [one.is_moved for one in plan.placed] == [False, True, True]
    assert [(row.index) for row in plan.form.keyframes] == ["0", "30", "108"]
    assert (plan.form.prompt, plan.form.guides) == ("Neon rain", "keyframes")
    assert plan.form.source_asset == clip.pk and plan.left_out == []


@pytest.fixture
def uneven(member, real_media, tmp_path, settings):
    """A screen capture of 63 frames that come when they come; 7.2 a second on average."""
    settings.MEDIA_ROOT = tmp_path / "media"
    copy = tmp_path / "capture.mp4"
    copy.write_bytes((real_media / "odd/cursed-vfr.mp4").read_bytes())
    return take_in(copy, name=copy.name, team=member.team, user=member.user)


def test_on_an_uneven_clip_keyframes_come_to_what_is_really_shown_then(member, bunny, uneven):
    recipe = recipe_of(member, bunny, [0, 48, 50, 100])

    plan = plan_of(recipe, DraftForm(source_asset=uneven.pk), member)

    assert frames_of(plan) == [0, 12, 15, 32]  # by its average rate 0, 14, 14 and 29


def test_from_an_uneven_clip_keyframes_come_to_the_frames_of_their_real_times(
    member, bunny, uneven
):
    recipe = recipe_of(member, uneven, [0, 12, 32])

    plan = plan_of(recipe, DraftForm(source_asset=bunny.pk), member)

    assert frames_of(plan) == [0, 48, 100]  # by its average rate 0, 42 and 111


def test_where_the_times_of_an_uneven_clip_are_gone_its_rate_counts(member, bunny, uneven):
    recipe = recipe_of(member, bunny, [0, 48])
    store.remove(uneven.sha256)

    plan = plan_of(recipe, DraftForm(source_asset=uneven.pk), member)

    assert frames_of(plan) == [0, 14]


def test_two_that_come_to_one_frame_stand_beside_each_other_and_it_is_said(member, bunny):
    recipe = recipe_of(member, bunny, [10, 11, 12])
    clip = other(member, frame_count=60, fps_numerator=10, duration_seconds=6)

    plan = plan_of(recipe, DraftForm(source_asset=clip.pk), member)

    assert frames_of(plan) == [4, 5, 6]
    assert [one.note for one in plan.placed] == ["", "frame 4 is taken", "frame 5 is taken"]


def test_what_lies_past_the_end_is_listed_and_left_out(member, bunny):
    recipe = recipe_of(member, bunny, [0, 100])
    clip = other(member, frame_count=90, duration_seconds=3)

    plan = plan_of(recipe, DraftForm(source_asset=clip.pk), member)

    assert frames_of(plan) == [0]
    assert plan.left_out == [
        "The keyframe at frame 100 of bunny.mp4, frame 120 here: frog.mp4 ends at frame 89."
    ]


def test_a_picture_that_is_gone_is_said(member, bunny):
    recipe = recipe_of(member, bunny, [0, 5])
    member.team.assets.filter(name="still 5.png").update(deleted_at=timezone.now())

    plan = plan_of(recipe, DraftForm(source_asset=bunny.pk), member)

    assert frames_of(plan) == [0]
    assert plan.left_out == ["The keyframe at frame 5: its picture is not here any more."]


def test_more_keyframes_than_the_model_takes_are_cut_to_what_it_takes(member, bunny):
    recipe = recipe_of(member, bunny, list(range(66)))

    plan = plan_of(recipe, DraftForm(source_asset=bunny.pk), member)

    assert frames_of(plan) == list(range(64))
    assert any("64 keyframes" in sentence for sentence in plan.left_out)


def test_what_the_model_does_not_take_is_listed_and_stays_as_it_was(member, bunny):
    recipe = recipe_of(member, bunny, [0], exr=True, resolution="1080p")
    form = DraftForm(source_asset=bunny.pk)

    plan = plan_of(recipe, form, member)

    assert plan.form.exr is False and plan.form.resolution == "1080p"
    assert any("HDR" in sentence for sentence in plan.left_out)
    assert "Resolution" in [one.label for one in plan.changes]


def test_a_preset_changes_settings_and_neither_guide_frames_nor_words(member, bunny):
    form = DraftForm(
        source_asset=bunny.pk, prompt="Snow", conditioning="manual", strength="adhere_2", takes="4"
    )
    values = kept_of(form, "preset", with_prompt=False)
    now = timezone.now()
    preset = recipes.make(member, "Calm", "preset", values, origin=MadeOn(bunny), now=now)
    still = make_asset(member, kind="image")
    mine = DraftForm(
        source_asset=bunny.pk,
        prompt="Rain",
        guides="keyframes",
        keyframes=(KeyframeRow(still.pk, "7"),),
    )

    plan = plan_of(preset, mine, member)

    assert (plan.form.prompt, plan.form.strength) == ("Rain", "adhere_2")
    assert plan.form.keyframes == mine.keyframes and plan.form.takes == "1"
    assert plan.form.conditioning == "manual"


def test_without_a_script_a_recipe_is_looked_at_used_and_undone(member, bunny):
    recipe = recipe_of(member, bunny, [0, 25])
    clip = other(member, frame_count=150)
    browser = signed_in(member)
    page = browser.get(f"/studio/?source={clip.pk}").content.decode()
    form = [*controls_of(page, "compose"), ("prompt", "Mine")]

    listed = browser.post("/studio/recipes", _sent(form)).content.decode()
    assert f"/studio/recipes/{recipe.pk}/plan" in listed and "Mine" in listed
    planned = browser.post(f"/studio/recipes/{recipe.pk}/plan", _sent(form)).content.decode()
    assert "frame 25 → frame 30" in planned
    used = browser.post("/studio/form", _sent([*form, ("mend", f"recipe={recipe.pk}")]))

    page = used.content.decode()
    assert ("keyframe_index", "30") in controls_of(page, "compose")
    assert ("prompt", "Neon rain") in controls_of(page, "compose")
    undo = re.search(r'value="(draft_all=\d+)"', page)
    assert undo
    back = browser.post("/studio/form", _sent([*controls_of(page, "compose"), ("mend", undo[1])]))
    assert ("prompt", "Mine") in controls_of(back.content.decode(), "compose")


def _sent(pairs: list[tuple[str, str]]) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = {}
    for name, value in pairs:
        sent.setdefault(name, []).append(value)
    if "prompt" in sent:
        sent["prompt"] = sent["prompt"][-1:]
    return sent


def test_a_take_is_kept_as_a_recipe_from_its_page(member, bunny):
    take = make_generation(member, source=bunny, state="succeeded", result=bunny)
    browser = signed_in(member)
    assert "Save as recipe" in browser.get(f"/takes/{take.pk}").content.decode()

    answer = browser.post(
        f"/studio/recipes/of-take/{take.pk}", {"recipe_name": "Neon"}, follow=True
    )

    made = EditRecipe.objects.get()
    assert "“Neon” is kept, for the whole team." in answer.content.decode()
    assert (made.made_from, made.grid_frames, made.kind) == (take, 132, "recipe")
    assert ["prompt", "Rainy neon evening"] in made.values
    assert not any(name.startswith("source") for name, _value in made.values)


def test_a_colleague_sees_it_and_cannot_delete_it_and_its_maker_can(member, bunny):
    recipe = recipe_of(member, bunny, [0])
    colleague = signed_in(make_member(team=member.team))

    page = colleague.get("/studio/recipes").content.decode()
    assert recipe.name in page and f"/studio/recipes/{recipe.pk}/delete" not in page
    assert colleague.post(f"/studio/recipes/{recipe.pk}/delete").status_code == 403
    browser = signed_in(member)
    browser.post(f"/studio/recipes/{recipe.pk}/rename", {"recipe_name": "Rain"})
    assert "Rain" in browser.get("/studio/recipes").content.decode()
    browser.post(f"/studio/recipes/{recipe.pk}/delete")
    assert not EditRecipe.objects.exists()


def test_pins_of_one_clip_are_never_sent_with_another(member, bunny):
    """Whatever a script does or fails to do: another clip, chosen while the pins are still there."""
    clip, still = other(member, frame_count=150), make_asset(member, kind="image")
    browser = signed_in(member)
    page = browser.get(f"/studio/?source={bunny.pk}").content.decode()
    form = [
        *(pair for pair in controls_of(page, "compose") if pair[0] != "source_asset"),
        ("source_asset", str(clip.pk)),
        ("prompt", "Snow"),
        ("guides", "keyframes"),
        ("keyframe_asset", str(still.pk)),
        ("keyframe_index", "12"),
    ]

    answer = browser.post("/studio/queue", _sent(form))

    page = answer.content.decode()
    assert member.team.generations.count() == 0
    assert "Not queued yet: another clip was chosen." in page
    assert "1 guide frame stays with bunny.mp4." in page
    assert ("keyframe_index", "12") not in controls_of(page, "compose")
    assert ("prompt", "Snow") in controls_of(page, "compose")
    back = browser.get(f"/studio/?source={bunny.pk}").content.decode()
    assert ("keyframe_index", "12") in controls_of(back, "compose")
