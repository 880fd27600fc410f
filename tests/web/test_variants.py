"""Several takes of one form: priced together, sent together; and a form that replaces what is not
sent yet.
"""

import re
from decimal import Decimal
from html import unescape

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from editorapp.costs import ledger
from editorapp.costs.models import PriceQuote
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import CONTROL_VALUES
from editorapp.teams.models import Member, Team
from editorapp.web.studio.variants import MOST
from tests.factories import (
    default_account,
    make_asset,
    make_generation,
    make_member,
    make_reserved,
    signed_in,
)
from tests.web.controls import controls_of
from tests.web.test_studio import HTMX, checked, typed

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(member) -> Asset:
    return make_asset(member)


def price_of(html: str) -> str:
    return html.split('id="estimate"')[1].split("</div>")[0]


def send(browser: Client, fields: dict, **headers):
    return browser.post("/studio/queue", fields, headers=headers)


def test_the_check_shows_what_all_takes_cost_together(browser, clip):
    html = checked(browser, **typed(clip, takes="3"))

    assert "3 takes, $3.24" in price_of(html) and 'data-can-send="yes"' in html
    assert "Queue 3 takes" in html


def test_one_take_is_priced_as_ever(browser, clip):
    html = checked(browser, **typed(clip, takes="1"))

    assert "takes," not in price_of(html) and "Queue edit" in html


def test_strengths_and_prompts_make_a_take_of_each_pair(browser, clip, member):
    fields = typed(
        clip,
        conditioning="manual",
        strength="flex_2",
        more_strengths=["flex_2", "adhere_1"],
        more_prompts="Fog\n\nSnow",
        takes="2",
    )
    assert "12 takes, $12.96" in price_of(checked(browser, **fields))

    answer = send(browser, fields, **HTMX)

    assert answer.status_code == 200 and "12 takes are queued" in answer["HX-Trigger"]
    made = list(Generation.objects.order_by("pk"))
    assert len({one.batch for one in made}) == 1
    asked = [(one.prompt, one.wanted.strength) for one in made]
    kinds = [
        (prompt, strength)
        for prompt in ("Rainy neon evening", "Fog", "Snow")
        for strength in ("flex_2", "adhere_1")
    ]
    assert asked == [kind for kind in kinds for _ in range(2)]
    assert {one.source_asset for one in made} == {clip}


def test_more_prompts_cost_a_check_no_query_where_the_price_was_asked_for(browser, clip):
    fields = typed(clip, account=default_account("scenario").pk, resolution="1080p")
    browser.post("/studio/ask", fields | {"ask": fields["account"]}, headers=HTMX)
    assert PriceQuote.objects.count() == 1
    counts = []
    for prompts in ("Fog", "\n".join(f"Fog {number}" for number in range(12))):
        checked(
            browser, **fields, more_prompts=prompts
        )  # accounts and the like are remembered for a moment
        with CaptureQueriesContext(connection) as said:
            checked(browser, **fields, more_prompts=prompts)
        counts.append(len(said))

    assert counts[0] == counts[1]


def test_further_strengths_do_not_count_where_auto_decides(browser, clip):
    html = checked(
        browser, **typed(clip, conditioning="auto", more_strengths=["adhere_1", "adhere_2"])
    )

    assert "takes," not in price_of(html)


def test_the_same_form_sent_twice_makes_the_batch_once(browser, clip):
    for _ in range(2):
        assert send(browser, typed(clip, takes="3"), **HTMX).status_code == 200

    assert Generation.objects.count() == 3


def test_all_together_are_held_against_the_budget(browser, clip, member):
    Team.objects.filter(pk=member.team_id).update(monthly_limit_usd=Decimal("2.50"))

    html = checked(browser, **typed(clip, takes="3"))
    refused = send(browser, typed(clip, takes="3"), **HTMX)

    assert (
        "This may cost $3.24 and $2.50 of this month's budget is free" in html
        and 'data-can-send="no"' in html
    )
    assert refused.status_code == 422 and not Generation.objects.exists()
    assert "2 takes, $2.16" in price_of(checked(browser, **typed(clip, takes="2")))


def test_a_variant_that_breaks_a_rule_is_named_and_nothing_is_sent(browser, clip):
    fields = typed(clip, more_prompts="Snow" * 2000)

    html = checked(browser, **fields)

    place = html.split('id="notes-variants"')[1].split("</div>")[0]
    assert "Of the variant “SnowSnow" in place and "more than the 6,000" in place
    assert send(browser, fields, **HTMX).status_code == 422 and not Generation.objects.exists()


@pytest.mark.parametrize("takes", ["0", "", "-2", "x", str(MOST + 1), "99999999999"])
def test_a_number_of_takes_that_makes_no_sense_is_said_with_a_way_out(browser, clip, takes):
    html = checked(browser, **typed(clip, takes=takes))

    place = html.split('id="notes-variants"')[1].split("</div>")[0]
    assert "One of each" in place and 'data-can-send="no"' in html
    assert send(browser, typed(clip, takes=takes), **HTMX).status_code == 422


def test_it_works_without_scripts(browser, clip):
    answer = send(browser, typed(clip, takes="2"))

    assert answer.status_code == 302 and Generation.objects.count() == 2


def waiting(member: Member, browser: Client, clip: Asset) -> Generation:
    send(
        browser,
        typed(
            clip,
            prompt="A red coat",
            conditioning="manual",
            strength="adhere_3",
            form_token="first",
        ),
    )
    return Generation.objects.get()


def test_edit_opens_the_studio_with_all_its_values(browser, clip, member):
    take = waiting(member, browser, clip)

    html = browser.get(f"/studio/?replace={take.pk}").content.decode()

    fields = dict(controls_of(html, "compose"))
    assert fields["prompt"] == "A red coat" and fields["strength"] == "adhere_3"
    assert fields["replaces"] == str(take.pk) and fields["source_asset"] == str(clip.pk)
    assert "You are editing" in html


def test_sending_the_edited_form_replaces_the_old_take(browser, clip, member):
    take = waiting(member, browser, clip)
    html = browser.get(f"/studio/?replace={take.pk}").content.decode()
    fields = dict(controls_of(html, "compose")) | {"prompt": "A blue coat"}

    answer = send(browser, fields, **HTMX)

    assert answer.status_code == 204 and answer["HX-Redirect"] == "/queue/"
    take.refresh_from_db()
    new = Generation.objects.get(state=State.QUEUED)
    assert take.state == State.CANCELED and new.prompt == "A blue coat"
    assert new.attempts.get().turn == take.attempts.get().turn
    totals = ledger.month_totals(member.team, ledger.month_of(new.created_at), is_simulated=True)
    assert totals.reserved_usd == new.estimate_high_usd


def test_what_was_sent_meanwhile_is_said_and_nothing_is_queued(browser, clip, member):
    take = waiting(member, browser, clip)
    Attempt.objects.update(state=State.SUBMITTING)
    Generation.objects.update(state=State.SUBMITTING)

    answer = send(browser, typed(clip, replaces=take.pk, prompt="A blue coat"), **HTMX)

    assert answer.status_code == 422
    assert "Nothing was queued" in answer["HX-Trigger"] and Generation.objects.count() == 1


def test_the_money_of_the_replaced_one_counts_as_free(browser, clip, member):
    take = make_reserved(member, source=clip)
    Team.objects.filter(pk=member.team_id).update(monthly_limit_usd=take.estimate_high_usd)

    assert 'data-can-send="no"' in checked(browser, **typed(clip))
    assert 'data-can-send="yes"' in checked(browser, **typed(clip, replaces=take.pk))


def test_an_address_of_a_take_that_does_not_wait_opens_the_form_of_another_one(
    browser, member, clip
):
    take = make_generation(member, source=clip, state=State.SUCCEEDED)

    html = unescape(browser.get(f"/studio/?replace={take.pk}").content.decode())

    assert "cannot be replaced (any more)" in html and "replaces" not in dict(
        controls_of(html, "compose")
    )


def test_a_take_of_another_team_cannot_be_replaced(browser, clip):
    other = make_generation(make_member(), account=default_account("luma-agents"))

    assert send(browser, typed(clip, replaces=other.pk), **HTMX).status_code == 422
    assert Generation.objects.count() == 1


def test_a_colleagues_take_is_not_opened_to_be_replaced(member, clip):
    take = make_reserved(make_member(team=member.team), source=clip)

    html = signed_in(member).get(f"/studio/?replace={take.pk}").content.decode()

    assert "replaces" not in dict(controls_of(html, "compose")) and "You are editing" not in html


def manual(clip: Asset, **fields) -> dict:
    return typed(clip, conditioning="manual", strength="flex_2", **fields)


def controls_asked(name: str) -> list[tuple[bool | None, float | str | None]]:
    asked = [one.wanted for one in Generation.objects.order_by("pk")]
    return [
        (getattr(one, f"{name}_enabled"), getattr(one, CONTROL_VALUES[name], None)) for one in asked
    ]


def test_a_control_is_tried_with_and_without(browser, clip):
    fields = manual(clip, pose_enabled="1", pose_strength="coarse", more_controls=["pose=off"])
    assert "2 takes, $2.16" in price_of(checked(browser, **fields))

    send(browser, fields, **HTMX)

    assert controls_asked("pose") == [(True, "coarse"), (None, None)]


def test_a_control_is_tried_at_typed_values_beside_its_own(browser, clip):
    fields = manual(clip, depth_enabled="1", depth_blur="0.3", more_depth_blur="0.6 / 0.9, 0.30")
    assert "3 takes, $3.24" in price_of(checked(browser, **fields))

    send(browser, fields, **HTMX)

    assert controls_asked("depth") == [(True, 0.3), (True, 0.6), (True, 0.9)]


def test_controls_strengths_and_prompts_make_a_take_of_each_combination(browser, clip):
    fields = manual(
        clip,
        more_strengths=["adhere_1"],
        more_controls=["pose=precise", "face=on"],
        more_prompts="Fog",
    )

    assert "16 takes, $17.28" in price_of(checked(browser, **fields))


def test_settings_of_controls_do_not_count_where_auto_decides(browser, clip):
    fields = typed(clip, more_controls=["pose=precise"], more_depth_blur="0.3, 7")

    html = checked(browser, **fields)

    assert "takes," not in price_of(html) and 'data-can-send="yes"' in html


def test_a_control_variant_that_breaks_a_rule_is_named_by_what_differs(browser, clip):
    html = checked(browser, **manual(clip, more_depth_blur="0.3, 7"))

    place = html.split('id="notes-variants"')[1].split("</div>")[0]
    assert "Of the variant depth 7: " in place and 'data-can-send="no"' in html


def test_more_values_than_are_taken_in_one_go_are_refused_and_cost_no_time(browser, clip):
    many = ", ".join(f"0.{one}" for one in range(1, 12))
    fields = manual(clip, more_depth_blur=many, more_normals_augmentation=many)

    html = checked(browser, **fields, more_trajectory_sparsity=many, more_prompts="Fog\n" * 500)

    assert "At most 9 further values of depth and normals and trajectory" in html
    assert send(browser, fields, **HTMX).status_code == 422 and not Generation.objects.exists()


def test_a_product_without_end_is_told_as_too_many(browser, clip):
    some = "0.1 0.2 0.3 0.4 0.5 0.6 0.7 0.8 0.9"
    fields = manual(clip, more_depth_blur=some, more_normals_augmentation=some)

    html = checked(browser, **fields, more_trajectory_sparsity=some)

    assert "too many takes; at most 60" in html and 'data-can-send="no"' in html


def test_control_variants_survive_a_switch_and_stand_in_the_form(browser, clip):
    fields = manual(clip, more_controls=["pose=off", "what=on"], more_depth_blur="0.3, 0.6")

    html = browser.post("/studio/form", fields | {"task": "edit"}).content.decode()

    kept = controls_of(html, "compose")
    assert ("more_controls", "pose=off") in kept and ("more_controls", "what=on") not in kept
    assert ("more_depth_blur", "0.3, 0.6") in kept


def ladder_of(html: str, label: str) -> tuple[str, str]:
    """Return what a ladder's button changes, and what is written on it."""
    buttons = re.findall(r'class="btn ladder"[^>]*?value="([^"]*)"[^>]*>(.*?)</button>', html)
    changes, words = next(one for one in buttons if label in one[1])
    return unescape(changes), " ".join(re.sub("<[^>]+>", "", words).split())


def test_a_ladder_sets_up_drafts_of_three_strengths_by_one_press(browser, clip):
    page = browser.get(f"/studio/?source={clip.pk}").content.decode()
    changes, words = ladder_of(page, "Low, middle, high")
    assert "3 drafts at 360p, $1.62 simulated" in words

    fields = typed(clip, hdr="1", conditioning="auto", takes="4", mend=changes)
    html = browser.post("/studio/form", fields, headers=HTMX).content.decode()

    assert "3 takes, $1.62" in price_of(html)
    kept = dict(controls_of(f"<form id=compose>{html}</form>", "compose"))
    assert kept["strength"] == "adhere_2" and kept["resolution"] == "360p"
    assert "hdr" not in kept and kept["conditioning"] == "manual"


def test_no_ladder_is_offered_where_no_strength_is_taken(browser, clip):
    html = browser.get("/studio/?task=generate").content.decode()

    assert 'class="btn ladder"' not in html
