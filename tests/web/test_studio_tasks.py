"""The studio for every task, model and account: what is sent, what is said, who could do it, and
ways out.
"""

import json
import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.utils import timezone

from editorapp.costs.models import PriceQuote
from editorapp.generations import history
from editorapp.generations.models import Generation
from editorapp.providers import accounts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount, TeamAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from editorapp.web.studio import form_request
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
RESULT_ID = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def member() -> Member:
    return make_member(name="Mira")


def account_of(slug: str) -> ProviderAccount:
    return accounts.usable(provider=slug)[0]


def typed(asset=None, *, at="luma-agents", task="edit", **fields):
    sound = {
        "task": task,
        "account": account_of(at).pk,
        "source_kind": "asset",
        "prompt": "Rainy neon evening",
        "conditioning": "auto",
        "guides": "none",
        "frames": "none",
        "resolution": "720p",
        "strength": "flex_2",
        "duration": "5s",
        "form_token": "one",
    }
    return sound | ({"source_asset": asset.pk} if asset else {}) | fields


def checked(browser, fields, address="check") -> str:
    answer = browser.post(f"/studio/{address}", fields, headers=HTMX)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def body_of(html: str) -> dict:
    return json.loads(
        html.split('id="request-json" hx-swap-oob="innerHTML">')[1].split("</div>")[0]
    )


def slot_of(html: str, name: str) -> str:
    return html.split(f'id="notes-{name}"')[1].split("</div>")[0]


def quote_of(html: str, name: str) -> str:
    rows = html.split('id="quotes"')[1].split("</ul>")[0].split("<li ")[1:]
    return next(row for row in rows if f">{name}<" in row)


def told(account: ProviderAccount, low: str) -> None:
    """Answer for the provider what was asked of it."""
    PriceQuote.objects.filter(account=account).update(
        state="known",
        low_usd=Decimal(low),
        high_usd=Decimal(low),
        basis="42 CU at $0.01",
        answered_at=timezone.now(),
    )


def test_each_task_says_what_it_has_and_nothing_of_the_others(browser, member):
    asset, still = make_asset(member), make_asset(member, kind="image", frame_count=0)
    others = {
        "guides": "single",
        "guide_asset": still.pk,
        "frames": "frames",
        "first_asset": still.pk,
        "loop": "1",
        "aspect_ratio": "9:16",
        "x_norm": "0",
        "y_norm": "0.25",
        "w_norm": "1",
        "h_norm": "0.5",
    }

    edit = body_of(checked(browser, typed(asset, **others)))
    generated = body_of(checked(browser, typed(asset, task="generate", **others)))
    reframed = body_of(checked(browser, typed(asset, task="reframe", **others)))
    modified = body_of(checked(browser, typed(asset, at="scenario", task="modify", **others)))

    assert (
        edit["type"] == "video_edit" and "loop" not in edit["video"] and "aspect_ratio" not in edit
    )
    assert (
        generated["type"] == "video"
        and "source" not in generated
        and generated["video"]["loop"] is True
    )
    assert generated["video"]["duration"] == "5s" and "start_frame" in generated["video"]
    assert reframed["type"] == "video_reframe" and reframed["aspect_ratio"] == "9:16"
    assert reframed["video"]["source_position"] == {
        "x_norm": 0,
        "y_norm": 0.25,
        "w_norm": 1,
        "h_norm": 0.5,
    }
    assert (
        modified["mode"] == "flex_2" and "firstFrame" in modified and "resolution" not in modified
    )


def test_a_model_with_one_size_is_told_none(browser):
    flash = typed(
        at="scenario",
        task="generate",
        model="ray-flash-2-540p",
        concepts=["dolly_zoom"],
        duration="9s",
    )

    body = body_of(checked(browser, flash))

    assert "resolution" not in body and body["concepts"] == ["dolly_zoom"] and body["duration"] == 9


def test_a_signal_that_is_on_by_its_value_gets_one_where_none_was_typed(browser, member):
    signals = {"conditioning": "manual", "depth_enabled": "1", "pose_enabled": "1"}

    luma = body_of(checked(browser, typed(make_asset(member), **signals)))
    gmi = body_of(checked(browser, typed(make_asset(member), at="gmi-cloud", **signals)))

    assert luma["video"]["edit"]["controls"] == {
        "pose": {"enabled": True},
        "depth": {"enabled": True},
    }
    assert gmi["payload"]["depth_blur"] == 0.5 and gmi["payload"]["pose_strength"] == "precise"


def test_an_extension_names_the_take_by_the_id_of_the_account_that_made_it(browser, member):
    luma, gmi = account_of("luma-agents"), account_of("gmi-cloud")
    take = make_generation(
        member, state="succeeded", account=luma, result=make_asset(member), chain_id=RESULT_ID
    )
    forward = {"task": "generate", "frames": "forward", "extend_generation": take.pk}

    here = checked(browser, typed(**forward))
    there = checked(browser, typed(at="gmi-cloud", **forward))

    assert (
        body_of(here)["video"]["start_frame"] == {"generation_id": RESULT_ID}
        and 'data-can-send="yes"' in here
    )
    assert "Only " in slot_of(there, "guides") and f'value="account={luma.pk}"' in slot_of(
        there, "guides"
    )
    assert 'data-can-send="no"' in there and gmi.name in there


def test_a_generation_whose_pictures_are_not_chosen_yet_is_not_queued(browser):
    for way, words in (
        ("frames", "first frame"),
        ("keyframes", "Choose a picture"),
        ("forward", "to go on from"),
    ):
        html = checked(browser, typed(task="generate", frames=way))
        assert words in slot_of(html, "guides") and 'data-can-send="no"' in html


def test_what_another_account_lacks_is_named_before_and_after_the_switch_and_leads_back(
    browser, member
):
    asset, still = make_asset(member), make_asset(member, kind="image", frame_count=0)
    luma, gmi = account_of("luma-agents"), account_of("gmi-cloud")
    fields = typed(
        asset, guides="keyframes", keyframe_asset=still.pk, keyframe_index="0", resolution="360p"
    )

    before = checked(browser, fields)
    seen = fields | {"task_was": "edit", "model_was": "ray-3.2", "account_was": luma.pk}
    after = checked(browser, seen | {"mend": f"account={gmi.pk}"}, "form")

    assert "keyframes" in quote_of(before, "GMI Cloud") and "360p" in quote_of(before, "GMI Cloud")
    assert "Keyframes" in slot_of(after, "guides") or "keyframes" in slot_of(after, "guides")
    assert "Leave it out" in slot_of(after, "guides")
    assert 'name="guides" value="keyframes" data-option="keyframes" checked' in after
    assert 'name="resolution" value="360p" data-option="resolution=360p" checked' in after
    assert f'name="account_before" value="{luma.pk}"' in after and "Back to Luma Agents" in after


def test_keyframes_of_an_edit_are_refused_by_name_on_a_modification_and_come_back(browser, member):
    asset, still = make_asset(member), make_asset(member, kind="image", frame_count=0)
    fields = typed(
        asset,
        at="scenario",
        task="modify",
        guides="keyframes",
        keyframe_asset=still.pk,
        keyframe_index="0",
    )

    shown = checked(browser, fields)
    left = checked(browser, fields | {"mend": "guides=none"}, "form")

    assert "takes no keyframes: do without" in slot_of(shown, "guides")
    assert "Leave it out" in slot_of(shown, "guides")
    assert "takes no keyframes" not in left and f'name="keyframe_asset" value="{still.pk}"' in left


def test_a_model_without_keyframes_names_no_number_of_them(browser):
    html = checked(browser, typed(task="generate", at="gmi-cloud", frames="keyframes"), "form")

    assert "Each picture stands at one frame" in html and "Up to 0" not in html


def test_leave_it_out_takes_away_only_what_is_refused(browser, member):
    asset, still = make_asset(member), make_asset(member, kind="image", frame_count=0)
    fields = typed(
        asset,
        at="gmi-cloud",
        guides="keyframes",
        keyframe_asset=still.pk,
        keyframe_index="0",
        hdr="1",
    )

    html = checked(browser, fields | {"mend": "guides=none"}, "form")

    assert (
        'name="guides" value="none" checked' in html
        and 'name="hdr" value="1" data-option="hdr" checked' in html
    )
    assert 'name="keyframe_index"' in html  # it comes back with the choice


def test_a_source_that_the_account_does_not_read_is_closed_with_its_reason(browser, member):
    html = checked(browser, typed(make_asset(member), at="scenario"), "form")

    assert (
        'data-closes="source_kind=url" hidden><span>Scenario takes no clip from a web address'
        in html
    )
    assert "Asset id at Scenario" in html


def test_a_url_that_the_account_does_not_read_is_refused_with_a_way_to_who_does(browser):
    luma = account_of("luma-agents")
    html = checked(
        browser,
        typed(at="gmi-cloud", source_kind="url", source_url="https://media.example.org/a.mp4"),
    )

    assert f'value="account={luma.pk}"' in slot_of(html, "source") and 'data-can-send="no"' in html


def test_choosing_a_model_that_the_account_lacks_goes_to_one_that_has_it_and_comes_back(browser):
    luma, scenario = account_of("luma-agents"), account_of("scenario")
    was = {"task_was": "generate", "model_was": "ray-3.2", "account_was": luma.pk}

    there = checked(browser, typed(task="generate", model="ray-flash-2-720p") | was, "form")
    was = {"task_was": "generate", "model_was": "ray-flash-2-720p", "account_was": scenario.pk}
    wish = {"model_wish": "ray-flash-2-720p", "model": "ray-flash-2-720p"}
    back = checked(browser, typed(task="generate") | wish | was, "form")
    again = checked(
        browser,
        typed(task="generate", at="scenario", model="ray-3.2", model_wish="ray-flash-2-720p")
        | {"task_was": "generate", "model_was": "ray-3.2", "account_was": luma.pk},
        "form",
    )

    assert f'name="account" value="{scenario.pk}"' in there
    assert f'name="account" value="{luma.pk}"' in back and 'value="ray-3.2" selected' in back
    assert 'value="ray-flash-2-720p" selected' in again


def test_a_form_priced_for_one_account_is_never_queued_for_another(browser, member):
    luma = account_of("luma-agents")
    was = {"task_was": "edit", "model_was": "ray-3.2", "account_was": luma.pk}

    plain = browser.post("/studio/queue", typed(make_asset(member), at="gmi-cloud") | was)
    live = browser.post(
        "/studio/queue", typed(make_asset(member), at="gmi-cloud") | was, headers=HTMX
    )

    assert plain.status_code == 422 and live.status_code == 204 and Generation.objects.count() == 0
    assert "Look at its price, then queue it" in unescape(plain.content.decode())
    assert "Look at its price" in live["HX-Trigger"]


@pytest.mark.parametrize(
    ("task", "at", "fields", "words"),
    [
        ("edit", "gmi-cloud", {}, "Queue edit"),
        ("generate", "luma-agents", {"aspect_ratio": "16:9"}, "Queue generation"),
        ("reframe", "luma-agents", {"aspect_ratio": "9:16"}, "Queue reframe"),
    ],
)
def test_every_task_is_queued_for_the_chosen_account(browser, member, task, at, fields, words):
    account = account_of(at)
    page = browser.get(f"/studio/?task={task}&account={account.pk}").content.decode()

    browser.post("/studio/queue", typed(make_asset(member), at=at, task=task, **fields))

    take = Generation.objects.get()
    assert words in page
    assert (take.task, take.account_id, take.model) == (task, account.pk, "ray-3.2")
    assert (take.source_asset is None) == (task == "generate")


def test_a_prompt_is_optional_where_the_model_says_so(browser, member):
    page = checked(
        browser, typed(make_asset(member), at="scenario", task="modify", prompt=""), "form"
    )
    edit = checked(browser, typed(make_asset(member), prompt=""), "form")

    assert "(optional)" in page and "The prompt is empty" not in page
    assert "(optional)" not in edit and 'data-goes="prompt"' in edit


def test_every_account_says_its_price_its_wait_and_what_it_cannot_do(browser, member):
    gmi, now = account_of("gmi-cloud"), timezone.now()
    for _ in range(3):
        take = make_generation(member, account=gmi, state="succeeded", provider="gmi-cloud")
        take.attempts.update(
            submitted_at=now - timedelta(seconds=125), provider_done_at=now, state="succeeded"
        )
    long = make_asset(member, frame_count=504, duration_seconds=Decimal(21))
    history.forget()

    html = checked(browser, typed(long))

    assert "$2.16 to $5.40" in quote_of(html, "Luma Agents") and 'aria-pressed="true"' in quote_of(
        html, "Luma Agents"
    )
    assert "$5.40" in quote_of(html, "GMI Cloud") and "usually about 2 min" in quote_of(
        html, "GMI Cloud"
    )
    assert "no published price" in quote_of(html, "Scenario") and "data-ask" in quote_of(
        html, "Scenario"
    )
    assert "Send to GMI Cloud, which takes 30 s" in slot_of(html, "source")
    assert "Trim to the first 18 s" in slot_of(html, "source")


def test_a_price_that_is_published_nowhere_is_asked_for_shown_and_can_then_be_queued(
    browser, member
):
    scenario, fields = account_of("scenario"), typed(make_asset(member), at="scenario")

    first = checked(browser, fields)
    asking = checked(browser, fields | {"ask": scenario.pk}, "ask")
    told(scenario, "0.42")
    known = checked(browser, fields)

    assert "data-asks-itself" in first and 'data-can-send="no"' in first
    assert "data-asking" in asking and "asking" in quote_of(asking, "Scenario")
    assert (
        "$0.42" in quote_of(known, "Scenario")
        and "42 CU at $0.01" in known
        and 'data-can-send="yes"' in known
    )
    browser.post("/studio/queue", fields)
    assert Generation.objects.get().estimate_high_usd == Decimal("0.42")


def test_a_price_is_asked_of_another_account_without_choosing_it(browser, member):
    scenario, fields = account_of("scenario"), typed(make_asset(member))

    asking = checked(browser, fields | {"ask": scenario.pk}, "ask")

    assert "asking" in quote_of(asking, "Scenario") and 'aria-pressed="true"' in quote_of(
        asking, "Luma Agents"
    )
    assert PriceQuote.objects.get().account == scenario


def test_who_may_only_look_is_shown_prices_but_asks_for_none(member):
    reviewer = make_member(role=Role.REVIEWER)
    browser, asset = signed_in(reviewer), make_asset(reviewer)

    html = checked(browser, typed(asset, at="scenario"))

    assert "data-ask" not in html and "$1.08" in quote_of(html, "GMI Cloud")
    assert browser.post("/studio/ask", typed(asset, at="scenario"), headers=HTMX).status_code == 403
    assert checked(
        browser, typed(asset) | {"mend": f"account={account_of('gmi-cloud').pk}"}, "form"
    )


def test_a_switch_without_javascript_shows_the_whole_page(browser, member):
    html = browser.post(
        "/studio/form", typed(make_asset(member), task="reframe", prompt="Snow")
    ).content.decode()

    assert (
        html.startswith("<!doctype html>")
        and ">\nSnow</textarea>" in html
        and "Queue reframe" in html
    )
    assert (
        'name="task" value="reframe" data-switch checked' in html and 'data-tone="bad"' not in html
    )


@pytest.mark.parametrize(
    "wanted",
    [
        GenerationRequest(
            task="generate", prompt="Snow", resolution="540p", duration="10s", aspect_ratio="9:16"
        ),
        GenerationRequest(
            task="generate",
            prompt="Snow",
            resolution="720p",
            duration="5s",
            loop=True,
            model="ray-flash-2-540p",
            concepts=("pan_left",),
        ),
        GenerationRequest(
            task="generate",
            prompt="Snow",
            resolution="720p",
            duration="5s",
            start_frame=Ref(asset_id=7),
            end_frame=Ref(asset_id=8),
        ),
        GenerationRequest(
            task="generate",
            prompt="Snow",
            resolution="720p",
            duration="5s",
            keyframes=(Ref(asset_id=7),),
            keyframe_indexes=(48,),
        ),
        GenerationRequest(
            task="reframe",
            prompt="Snow",
            source=Ref(asset_id=5),
            aspect_ratio="9:16",
            resolution="720p",
            x_norm=0.0,
            y_norm=0.25,
            w_norm=1.0,
            h_norm=0.5,
        ),
        GenerationRequest(
            task="modify",
            model="modify-video",
            prompt="Snow",
            source=Ref(asset_id=5),
            resolution="720p",
            strength="adhere_2",
            start_frame=Ref(asset_id=7),
        ),
        GenerationRequest(
            task="edit",
            prompt="Snow",
            source=Ref(asset_id=5),
            resolution="1080p",
            hdr=True,
            exr=True,
            auto_controls=True,
        ),
    ],
    ids=lambda one: one.task,
)
def test_change_and_redo_asks_for_exactly_the_same(member, wanted):
    take = make_generation(
        member,
        state="failed",
        task=wanted.task,
        model=wanted.model,
        request=wanted.to_json(),
        prompt="Snow",
    )

    form = form_request.again(take)

    assert (
        form_request.request_of(form, wanted.source) == wanted and form.account == take.account_id
    )


def test_an_extension_is_asked_for_again_from_the_same_take(member):
    first = make_generation(
        member, state="succeeded", result=make_asset(member), chain_id=RESULT_ID
    )
    ref = Ref(generation_id=RESULT_ID)
    wanted = GenerationRequest(task="generate", prompt="Snow", resolution="720p", end_frame=ref)
    take = make_generation(
        member, state="failed", task="generate", request=wanted.to_json(), parent=first
    )

    form = form_request.again(take)

    assert (form.frames, form.extend_generation) == ("backward", first.pk)
    assert form_request.request_of(form, None, extend=ref) == wanted


def test_the_addresses_of_other_pages_open_the_right_task(browser, member):
    take = make_generation(
        member, state="succeeded", result=make_asset(member), chain_id=RESULT_ID, prompt="Snow"
    )

    reframe = browser.get(f"/studio/?task=reframe&generation={take.pk}").context["form"]
    extend = browser.get(
        f"/studio/?task=generate&frames=forward&extend_generation={take.pk}"
    ).context["form"]

    assert (reframe.task, reframe.source_generation, reframe.prompt) == ("reframe", take.pk, "Snow")
    assert (extend.task, extend.frames, extend.extend_generation) == (
        "generate",
        "forward",
        take.pk,
    )


@pytest.mark.parametrize(
    ("role", "advice"),
    [
        (Role.ADMIN, "Switch an account on, or enter its key, under Accounts. Open accounts"),
        (
            Role.CREATOR,
            "Ask an admin (Ada) to switch an account on, or enter its key. You can prepare everything",
        ),
        (
            Role.REVIEWER,
            "Ask an admin (Ada) to switch an account on, or enter its key. Takes can be watched",
        ),
    ],
)
def test_without_any_account_the_studio_opens_and_says_to_each_role_what_is_missing(
    member, role, advice
):
    ada, asset = make_member(role=Role.ADMIN, team=member.team, name="Ada"), make_asset(member)
    who, form = (
        signed_in(ada if role == Role.ADMIN else make_member(role=role, team=member.team)),
        typed(asset),
    )
    ProviderAccount.objects.filter(pk__in=[one.pk for one in accounts.usable()]).update(
        is_enabled=False
    )

    page, asked = (
        who.get(f"/studio/?source={asset.pk}"),
        who.post("/studio/check", form, headers=HTMX),
    )
    words = " ".join(re.sub(r"<[^>]+>", " ", page.content.decode()).split())

    assert (page.status_code, asked.status_code) == (200, 200)
    assert "Nothing can be sent now." in words and "is switched off" in words and advice in words
    assert asset.name in words and 'data-can-send="no"' in asked.content.decode()
    if role != Role.REVIEWER:
        sent = who.post("/studio/queue", form, headers=HTMX)
        assert sent.status_code == 422 and "switched off" in sent.content.decode()
    assert not Generation.objects.exists()


def test_a_key_that_has_not_passed_its_test_leaves_the_simulator_and_the_studio_says_so(
    browser, member
):
    account = ProviderAccount(
        provider="luma-agents", name="Ours", tested_at=timezone.now(), test_message="Refused."
    )
    account.set_key("luma-api-mistyped")
    account.save()

    page = browser.get("/studio/").content.decode()

    assert "Takes go to the simulator and cost nothing: Ours has not passed its test yet." in page
    assert "Ours" not in quotes_of(page)
    ProviderAccount.objects.filter(pk=account.pk).update(proven_at=timezone.now(), test_ok=True)
    assert "Takes go to the simulator" not in browser.get("/studio/").content.decode()


def quotes_of(page: str) -> str:
    return page.partition('id="quotes"')[2].partition("</ul>")[0]


def test_a_way_out_with_an_open_price_is_a_button_that_asks_for_it(browser, member):
    Team.objects.filter(pk=member.team_id).update(monthly_limit_usd=Decimal("1.00"))

    html = checked(browser, typed(make_asset(member)))

    scenario = account_of("scenario")
    button = re.search(r"<button[^>]*>Ask Scenario what it would cost</button>", html)
    assert (
        button
        and 'name="ask"' in button[0]
        and f'value="{scenario.pk}"' in button[0]
        and "data-ask" in button[0]
    )
    assert "which takes this budget" not in html


def test_an_account_whose_test_failed_says_so_before_anything_is_sent(browser, member):
    luma, asset = account_of("luma-agents"), make_asset(member)
    ProviderAccount.objects.filter(pk=luma.pk).update(
        tested_at=timezone.now(), test_ok=False, test_message="Luma Agents does not accept the key."
    )

    chosen = checked(browser, typed(asset), "form")
    beside = checked(browser, typed(asset, at="gmi-cloud"), "form")

    assert f"The last test of {luma.name} failed. Luma Agents does not accept the key." in slot_of(
        chosen, "model"
    )
    assert "Its last connection test failed." in quote_of(beside, "Luma Agents")
    assert "failed" not in slot_of(beside, "model")


def test_several_accounts_of_one_provider_are_told_apart_and_the_team_s_own_is_chosen_first(
    browser, member
):
    first = account_of("gmi-cloud")
    second = ProviderAccount.objects.create(
        provider="gmi-cloud", name="Night shift", is_simulated=True
    )
    TeamAccount.objects.create(team=member.team, account=second)

    html = checked(
        browser,
        {name: value for name, value in typed(make_asset(member)).items() if name != "account"},
    )

    assert 'aria-pressed="true"' in quote_of(html, "GMI Cloud: Night shift")
    assert 'aria-pressed="false"' in quote_of(html, f"GMI Cloud: {first.name}")
    assert 'aria-pressed="false"' in quote_of(html, "Luma Agents")


def test_what_waits_for_another_task_is_named_and_comes_back_with_it(browser, member) -> None:
    asset = make_asset(member)
    fields = typed(
        asset, task="reframe", aspect_ratio="9:16", hdr="1", task_was="edit", model_was="ray-3.2"
    )
    fields |= {
        "conditioning": "manual",
        "depth_enabled": "1",
        "depth_blur": "0.3",
        "account_was": fields["account"],
    }

    reframe = checked(browser, fields, "form")
    edit = checked(browser, fields | {"task": "edit", "task_was": "reframe"}, "form")

    assert "Kept for the other tasks, not sent now: HDR, Strength, Depth." in reframe
    assert "Kept for the other tasks, not sent now: Aspect ratio." in edit


def test_a_form_in_which_nothing_waits_says_nothing_of_it(browser, member) -> None:
    page = checked(browser, typed(make_asset(member), task="generate"), "form")

    assert "Kept for" not in page
