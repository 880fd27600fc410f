"""The studio's answers: what a form as typed would do, with and without htmx, by whoever asks."""

import json
from collections import Counter
from decimal import Decimal
from html import unescape

import pytest

from editorapp.generations.models import Generation
from editorapp.generations.request import check
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.roles import Role
from editorapp.web.studio.form_request import request_of
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


def typed(asset=None, **fields):
    sound = {
        "source_kind": "asset",
        "prompt": "Rainy neon evening",
        "conditioning": "auto",
        "guides": "none",
        "resolution": "720p",
        "strength": "flex_2",
        "form_token": "one",
    }
    return sound | ({"source_asset": asset.pk} if asset else {}) | fields


def checked(browser, **kwargs) -> str:
    answer = browser.post("/studio/check", kwargs, headers=HTMX)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def sent_body(html: str) -> dict:
    return json.loads(
        html.split('id="request-json" hx-swap-oob="innerHTML">')[1].split("</div>")[0]
    )


def test_a_sound_form_shows_its_price_and_the_exact_body_and_opens_the_button(browser, member):
    html = checked(browser, **typed(make_asset(member)))

    assert 'data-can-send="yes"' in html and "$1.08" in html and "data-tone" not in html
    assert sent_body(html)["video"] == {"resolution": "720p", "edit": {"auto_controls": True}}


def test_a_check_answers_200_and_says_each_broken_rule_beside_its_field_with_the_ways_out(
    browser, member
):
    html = checked(browser, **typed(make_asset(member), exr="1", prompt="x" * 6001))

    prompt, output = (
        html.split(f'id="notes-{slot}"')[1].split("</div>")[0] for slot in ("prompt", "output")
    )
    assert "6,001 characters, 1 more than the 6,000" in prompt
    assert "EXR comes with HDR" in output and 'value="hdr=1"' in output and 'value="exr="' in output
    assert 'data-can-send="no"' in html


def test_characters_are_counted_as_code_points_and_line_ends_as_one(browser, member):
    html = checked(browser, **typed(make_asset(member), prompt="🎬" * 3000 + "\r\n" * 3000))

    assert "more than" not in html and 'data-can-send="yes"' in html


def test_an_untouched_form_blames_nobody_and_the_bar_names_what_is_missing_first(browser):
    html = checked(browser, **typed(prompt=""))

    assert "data-tone=" not in html
    assert 'data-goes="source"' in html and "and 1 more" in html


def test_auto_closes_neither_strength_nor_signals_for_choosing_one_is_choosing_by_hand(
    browser, member
):
    html = checked(browser, **typed(make_asset(member)))

    assert 'data-closes="strength' not in html and 'data-closes="controls' not in html
    assert "Choose Manual" not in html


def test_values_of_the_other_mode_are_not_sent(browser, member):
    asset = make_asset(member)
    fields = {
        "strength": "reimagine_3",
        "depth_enabled": "1",
        "depth_blur": "0.2",
        "pose_enabled": "1",
    }

    auto = sent_body(checked(browser, **typed(asset, **fields)))
    manual = sent_body(checked(browser, **typed(asset, conditioning="manual", **fields)))

    assert auto["video"]["edit"] == {"auto_controls": True}
    assert manual["video"]["edit"] == {
        "strength": "reimagine_3",
        "controls": {"pose": {"enabled": True}, "depth": {"enabled": True, "blur": 0.2}},
    }


def test_keyframes_are_sent_with_their_frames_and_judged_one_by_one(browser, member):
    asset = make_asset(member)
    still = make_asset(member, kind="image", frame_count=0)
    rows = {
        "guides": "keyframes",
        "keyframe_asset": [still.pk, still.pk],
        "keyframe_index": ["0", "500"],
    }

    html = checked(browser, **typed(asset, **rows))

    assert sent_body(html)["video"]["edit"]["keyframe_indexes"] == [0, 500]
    assert "the source ends at frame 119" in html and 'data-field="keyframe_indexes.1"' in html


@pytest.mark.parametrize("mode", ["single", "keyframes"])
def test_a_guide_without_a_picture_is_not_queued(browser, member, mode):
    answer = browser.post("/studio/queue", typed(make_asset(member), guides=mode))

    assert answer.status_code == 422 and Generation.objects.count() == 0
    assert b"Use no guides" in answer.content


@pytest.mark.parametrize(
    ("fields", "source"),
    [
        (
            {"source_kind": "url", "source_url": "https://media.example.org/a.mov"},
            {"url": "https://media.example.org/a.mov", "media_type": "video/quicktime"},
        ),
        (
            {"source_kind": "id", "source_id": RESULT_ID, "source_id_kind": "generation"},
            {"generation_id": RESULT_ID},
        ),
        (
            {"source_kind": "id", "source_id": RESULT_ID, "source_id_kind": "file"},
            {"file_id": RESULT_ID},
        ),
    ],
)
def test_a_source_by_url_or_by_id_is_sent_as_it_was_given(browser, fields, source):
    assert sent_body(checked(browser, **typed(**fields)))["source"] == source


def test_an_earlier_result_is_named_by_its_generation_id(browser, member):
    take = make_generation(member, state="succeeded", result=make_asset(member), chain_id=RESULT_ID)

    html = checked(browser, **typed(source_kind="generation", source_generation=take.pk))

    assert (
        sent_body(html)["source"] == {"generation_id": RESULT_ID} and 'data-can-send="yes"' in html
    )


def test_what_belongs_to_another_team_is_never_a_source(browser):
    other = make_member()
    theirs = make_asset(other)
    take = make_generation(other, state="succeeded", result=make_asset(other), chain_id=RESULT_ID)

    for fields in (typed(theirs), typed(source_kind="generation", source_generation=take.pk)):
        html = checked(browser, **fields)
        assert "choose another one" in html and 'data-can-send="no"' in html
        assert browser.post("/studio/queue", fields).status_code == 422
    assert Generation.objects.filter(team=other.team).count() == 1


def test_a_check_without_htmx_shows_the_whole_page_with_everything_as_it_was_typed(browser, member):
    asset = make_asset(member)

    answer = browser.post(
        "/studio/check", typed(asset, prompt="", resolution="1080p", hdr="1", strength="adhere_3")
    )

    html = answer.content.decode()
    assert answer.status_code == 200 and html.startswith("<!doctype html>") and "data-typed" in html
    assert 'data-tone="bad"' in html and "The prompt is empty" in html
    assert 'name="resolution" value="1080p" data-option="resolution=1080p" checked' in html


def test_a_mend_without_javascript_changes_its_fields_and_keeps_the_others(browser, member):
    fields = typed(
        make_asset(member), exr="1", resolution="540p", prompt="Snow", mend="hdr=1&resolution=720p"
    )

    html = browser.post("/studio/mend", fields).content.decode()

    assert 'value="720p" data-option="resolution=720p" checked' in html
    assert 'name="hdr" value="1" data-option="hdr" checked' in html and ">\nSnow</textarea>" in html
    assert 'data-can-send="yes"' in html


def test_a_keyframe_can_be_dropped_without_javascript(browser, member):
    still = make_asset(member, kind="image", frame_count=0)
    rows = {
        "guides": "keyframes",
        "keyframe_asset": [still.pk] * 3,
        "keyframe_index": ["7", "8", "9"],
    }

    html = browser.post(
        "/studio/mend", typed(make_asset(member), drop_keyframe="1", **rows)
    ).content.decode()

    assert 'value="7"' in html and 'value="9"' in html and 'value="8"' not in html


def test_edit_this_fills_the_form_with_what_was_asked_and_the_result_as_its_source(browser, member):
    take = make_generation(
        member, state="succeeded", result=make_asset(member), chain_id=RESULT_ID, prompt="Snow"
    )

    html = browser.get(f"/studio/?generation={take.pk}").content.decode()

    assert 'name="source_kind" value="generation" checked' in html
    assert (
        f'name="source_generation" value="{take.pk}" checked' in html
        and ">\nSnow</textarea>" in html
    )


def test_change_and_redo_fills_the_form_with_everything_as_it_was(browser, member):
    clip, still = make_asset(member), make_asset(member, kind="image", frame_count=0)
    wanted = GenerationRequest(
        prompt="Snow",
        source=Ref(asset_id=clip.pk),
        resolution="540p",
        strength="adhere_3",
        depth_enabled=True,
        depth_blur=0.2,
        keyframes=(Ref(asset_id=still.pk),),
        keyframe_indexes=(48,),
    )
    take = make_generation(
        member, state="failed", source=clip, request=wanted.to_json(), prompt="Snow"
    )

    form = browser.get(f"/studio/?again={take.pk}").context["form"]

    assert request_of(form, Ref(asset_id=form.source_asset)) == wanted


def test_a_refused_submit_answers_422_with_the_form_as_typed_and_spends_nothing(browser, member):
    answer = browser.post("/studio/queue", typed(make_asset(member), exr="1", prompt="Snow"))

    assert answer.status_code == 422 and Generation.objects.count() == 0
    assert b">\nSnow</textarea>" in answer.content and b"EXR comes with HDR" in answer.content


def test_a_submit_queues_the_edit_and_comes_back_to_its_source(browser, member):
    asset = make_asset(member)

    answer = browser.post("/studio/queue", typed(asset))

    take = Generation.objects.get()
    assert answer.status_code == 302 and answer["Location"] == f"/studio/?source={asset.pk}#takes"
    assert take.source_asset == asset and take.estimate_high_usd == Decimal("1.08")
    assert "Rainy neon evening" in browser.get(answer["Location"]).content.decode()


def test_the_same_form_sent_twice_makes_one_generation(browser, member):
    fields = typed(make_asset(member))

    first, second = browser.post("/studio/queue", fields), browser.post("/studio/queue", fields)

    assert first.status_code == second.status_code == 302 and Generation.objects.count() == 1


def test_a_reviewer_may_look_and_check_but_not_queue_or_cut():
    reviewer = make_member(role=Role.REVIEWER)
    browser, asset = signed_in(reviewer), make_asset(reviewer)

    page = browser.get("/studio/").content.decode()

    assert "Your role may look, but not spend" in page and 'id="queue-button"' not in page
    assert browser.post("/studio/check", typed(asset), headers=HTMX).status_code == 200
    assert browser.post("/studio/queue", typed(asset)).status_code == 403
    assert browser.post("/studio/mend", typed(asset)).status_code == 403
    assert Generation.objects.count() == 0


def test_takes_ask_for_themselves_only_while_one_runs(browser, member):
    asset = make_asset(member)
    take = make_generation(member, source=asset, state="running")
    live = browser.get(f"/studio/takes/{asset.pk}").content.decode()
    Generation.objects.filter(pk=take.pk).update(state="failed")

    still = browser.get(f"/studio/takes/{asset.pk}").content.decode()

    assert "hx-get" in live and "Processing" in live and 'class="count">1' in live
    assert "hx-get" not in still and "Failed" in still


def test_a_check_costs_the_same_few_queries_however_full_the_gallery_is(
    browser, member, django_assert_max_num_queries
):
    asset = make_asset(member)
    fields = typed(asset)
    checked(browser, **fields)  # makes the account, once and for all
    with django_assert_max_num_queries(5) as empty:
        checked(browser, **fields)
    for _ in range(30):
        make_generation(member, source=asset)
    checked(browser, **fields)  # what is remembered for a moment may have lapsed meanwhile

    with django_assert_max_num_queries(5) as full:
        checked(browser, **fields)

    assert len(full) == len(empty)


def test_what_the_budget_has_no_room_for_is_said_before_the_click(member):
    member.team.monthly_limit_usd = Decimal("1")
    member.team.save()

    html = checked(signed_in(member), **typed(make_asset(member)))

    whole = html.split('id="notes-whole"')[1].split("</div>")[0]
    assert (
        "$1.08" in whole
        and "$1.00 of this month's budget is free" in whole
        and 'data-can-send="no"' in html
    )


def test_a_page_that_waits_for_a_playable_copy_gets_it_when_it_is_there(browser, member):
    asset = make_asset(member, proxy="pending", codec="hevc")
    waiting = browser.get(f"/studio/source?waiting=1&source_asset={asset.pk}")
    asset.proxy = "ready"
    asset.save()

    there = browser.get(f"/studio/source?waiting=1&source_asset={asset.pk}")

    assert waiting.status_code == 204
    assert b"<video" in there.content and b"every 3s" not in there.content


def test_closed_options_that_differ_only_in_their_value_are_one_line(browser, member):
    html = checked(browser, **typed(make_asset(member), hdr="1"))

    assert 'data-closes="resolution=360p resolution=540p"' in html and "not 360p or 540p" in html


def test_a_part_is_shown_with_what_it_would_cost_before_it_is_cut(browser, member):
    asset = make_asset(member, frame_count=456, duration_seconds=Decimal(19))

    html = checked(browser, **typed(asset, cutting="1", trim_first="24", trim_last="143"))

    assert "This one is 19.00 s" in html
    assert "$1.08 simulated" in html.split('id="cut-price"')[1]


def test_the_price_says_how_it_was_reached_and_of_which_date_the_price_list_is(browser, member):
    html = checked(browser, **typed(make_asset(member)))

    assert "$1.08" in html and "1 block of 5 s × 720p SDR edit, price list of 8 Oct 2026" in html


@pytest.fixture
def counted(monkeypatch) -> tuple[Counter[str], Counter[str]]:
    """How often each provider's price list is read, and a body of its written."""
    priced, encoded = Counter[str](), Counter[str]()
    estimate = check.estimate

    def counting(wanted, facts, *, provider):
        priced[provider] += 1
        return estimate(wanted, facts, provider=provider)

    def writing(slug, encode):
        def written(*said):
            encoded[slug] += 1
            return encode(*said)

        return written

    monkeypatch.setattr(check, "estimate", counting)
    for slug in registry.slugs():
        adapter = registry.get(slug)
        monkeypatch.setattr(adapter, "encode", writing(slug, adapter.encode))
    return priced, encoded


@pytest.mark.parametrize("headers", [HTMX, {}], ids=["htmx", "plain"])
def test_queueing_prices_the_chosen_account_once_and_writes_no_body(
    browser, member, counted, headers
):
    priced, encoded = counted
    fields = typed(make_asset(member), takes="3")
    html = checked(browser, **fields)
    assert 'data-can-send="yes"' in html
    assert priced["luma-agents"] and priced["gmi-cloud"] and encoded == {"luma-agents": 1}
    priced.clear()
    encoded.clear()

    browser.post("/studio/queue", fields, headers=headers)

    assert Generation.objects.count() == 3
    assert (priced, encoded) == ({"luma-agents": 1}, {})
