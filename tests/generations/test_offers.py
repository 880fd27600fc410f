"""The same draft at several accounts: prices, waits, refusals and ways out."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs.ledger import MonthTotals
from editorapp.costs.models import PriceQuote
from editorapp.generations import history
from editorapp.generations.models import Attempt
from editorapp.generations.request import quotes
from editorapp.generations.request.check import Verdict, check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.offers import Offer, offers, with_fixes
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Fix
from editorapp.teams.models import Member
from tests.factories import default_account, make_asset, make_generation, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_history_remembered() -> None:
    history.forget()


@pytest.fixture
def member() -> Member:
    return make_member()


@pytest.fixture
def luma() -> ProviderAccount:
    return default_account("luma-agents")


def asked(clip: Asset, **said: object) -> GenerationRequest:
    return replace(
        GenerationRequest(
            prompt="Rain", source=Ref(asset_id=clip.pk), auto_controls=True, resolution="720p"
        ),
        **said,
    )


def test_an_offer_says_the_list_price_and_of_which_date_it_is(
    member: Member, luma: ProviderAccount
) -> None:
    clip = make_asset(member)

    (offer,) = offers([Draft(asked(clip), luma, clip)], chosen=luma.pk)

    assert offer.estimate is not None and offer.estimate.high_usd == Decimal("1.08")
    assert (offer.price_state, offer.price_note) == ("list", "price list of 8 Oct 2026")
    assert (offer.name, offer.model_label) == ("Luma Agents", "Ray 3.2")
    assert offer.is_chosen and offer.can_send and offer.wait_seconds is None
    assert offer.refusals == () and offer.lost == ()


def test_what_is_not_filled_in_yet_is_no_refusal_but_cannot_be_sent(
    member: Member, luma: ProviderAccount
) -> None:
    (offer,) = offers([Draft(GenerationRequest(), luma)], chosen=luma.pk)

    assert offer.refusals == ()
    assert not offer.can_send


def test_the_usual_wait_is_the_median_of_our_own_last_jobs_of_the_kind(
    member: Member, luma: ProviderAccount
) -> None:
    now = timezone.now()
    for seconds in (900, *[40] * 13, *[60] * 12):  # the first is the 26th from the end
        _finished(member, luma, now, seconds)
    for seconds in (1, 2, 3):
        _finished(member, luma, now, seconds, task="reframe")
    _finished(member, luma, now, 5, state=State.FAILED)
    clip = make_asset(member)

    (offer,) = offers([Draft(asked(clip), luma, clip)], chosen=luma.pk)

    assert offer.wait_seconds == 40


def _finished(
    member: Member,
    account: ProviderAccount,
    now: object,
    seconds: int,
    *,
    state: str = State.SUCCEEDED,
    **fields: object,
) -> None:
    take = make_generation(member, account=account, state=state, **fields)
    ended = timezone.now()
    Attempt.objects.filter(generation=take).update(
        submitted_at=ended - timedelta(seconds=seconds), provider_done_at=ended
    )


def test_offers_ask_the_database_no_more_than_once_for_a_wait(
    member: Member, luma: ProviderAccount, django_assert_num_queries
) -> None:
    clip = make_asset(member)
    wanted = asked(clip)
    with django_assert_num_queries(1):
        offers([Draft(wanted, luma, clip)], chosen=luma.pk)
    with django_assert_num_queries(0):
        offers([Draft(replace(wanted, prompt="Rain, harder"), luma, clip)], chosen=luma.pk)


def test_a_sound_draft_is_given_no_way_out(member: Member, luma: ProviderAccount) -> None:
    clip = make_asset(member)
    verdict = check(Draft(asked(clip), luma, clip))

    assert with_fixes(verdict, offers([Draft(asked(clip), luma, clip)], chosen=luma.pk)) == verdict


@pytest.fixture
def accounts() -> list[ProviderAccount]:
    return [default_account(slug) for slug in ("luma-agents", "gmi-cloud", "scenario")]


def at_each(
    accounts: list[ProviderAccount],
    wanted: GenerationRequest,
    clip: Asset | None,
    chosen: ProviderAccount,
    **options: Any,
) -> dict[str, Offer]:
    drafts = [Draft(wanted, account, clip) for account in accounts]
    found = offers(drafts, chosen=chosen.pk, **options)
    return {offer.account.provider: offer for offer in found}


def ways(
    accounts: list[ProviderAccount],
    wanted: GenerationRequest,
    clip: Asset | None,
    chosen: ProviderAccount,
    **options: Any,
) -> list[tuple[str, Fix]]:
    """Return the mends of each refusal that lead to another account, with the refused field."""
    verdict = check(Draft(wanted, chosen, clip), with_options=False, **options)
    verdict = with_fixes(verdict, list(at_each(accounts, wanted, clip, chosen, **options).values()))
    return [(one.field, fix) for one in verdict.refusals for fix in one.fixes if leads_to(fix)]


def leads_to(fix: Fix) -> int | None:
    """Return the account that a fix leads to, or asks for a price."""
    return fix.changes.get("account") or fix.changes.get("ask")


def test_three_quotes_for_one_draft(member: Member, accounts: list[ProviderAccount]) -> None:
    luma, _gmi, _scenario = accounts
    clip = make_asset(member, duration_seconds=Decimal("12"), frame_count=288)

    found = at_each(accounts, asked(clip), clip, luma)

    assert [str(offer.estimate) for offer in found.values()] == ["$2.16 to $3.24", "$3.24", "None"]
    assert [offer.price_state for offer in found.values()] == ["list", "list", "ask"]
    assert found["scenario"].price_note == "no published price: asks Scenario, which is free"
    assert [offer.can_send for offer in found.values()] == [True, True, False]
    assert [offer.is_chosen for offer in found.values()] == [True, False, False]


def test_a_clip_of_21_s_on_luma_has_two_ways_out_of_which_one_is_another_provider(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, gmi, scenario = accounts
    clip = make_asset(member, duration_seconds=Decimal(21), frame_count=504)
    verdict = with_fixes(
        check(Draft(asked(clip), luma, clip)),
        list(at_each(accounts, asked(clip), clip, luma).values()),
    )

    (refusal,) = verdict.refusals

    assert [(fix.label, dict(fix.changes)) for fix in refusal.fixes] == [
        ("Send to GMI Cloud, which takes 30 s", {"account": gmi.pk}),
        ("Ask Scenario, which states no longest length, what it would cost", {"ask": scenario.pk}),
        ("Trim to the first 18 s", {"trim_to_seconds": "18"}),
    ]
    assert check(Draft(asked(clip), gmi, clip)).can_send


def test_what_an_account_has_no_parameter_for_is_named_as_lost_and_refused(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    clip, picture = (
        make_asset(member),
        Ref(asset_id=make_asset(member, kind="image", mime_type="image/png").pk),
    )
    wanted = asked(
        clip,
        hdr=True,
        exr=True,
        keyframes=(picture,),
        keyframe_indexes=(4,),
        auto_controls=None,
        depth_enabled=True,
        depth_blur=0.3,
    )

    found = at_each(accounts, wanted, clip, accounts[0])

    assert {slug: offer.lost for slug, offer in found.items()} == {
        "luma-agents": (),
        "gmi-cloud": ("Keyframes",),
        "scenario": ("EXR",),
    }
    assert not found["gmi-cloud"].can_send and found["gmi-cloud"].refusals


def test_a_model_that_a_provider_does_not_have_is_said_with_what_it_has_instead(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    scenario, clip = accounts[2], make_asset(member)
    modify = asked(clip, task="modify", model="modify-video", resolution=None, auto_controls=None)
    reframe = asked(
        clip,
        task="reframe",
        model="reframe-video",
        aspect_ratio="1:1",
        resolution=None,
        auto_controls=None,
    )

    found, other = (
        at_each(accounts, modify, clip, scenario),
        at_each(accounts, reframe, clip, scenario),
    )

    assert [one.message for one in found["gmi-cloud"].refusals] == [
        "GMI Cloud has no Modify Video for this task, nor another model."
    ]
    assert [one.message for one in other["luma-agents"].refusals] == [
        "Luma Agents has no Reframe Video for this task; it has Ray 3.2."
    ]
    assert found["gmi-cloud"].estimate is None and found["gmi-cloud"].price_state == "none"
    assert found["scenario"].model_label == "Modify Video"
    assert ways(accounts, modify, clip, accounts[1]) == [
        (
            "model",
            Fix("Ask Scenario, which has Modify Video, what it would cost", {"ask": scenario.pk}),
        )
    ]


def test_a_price_beyond_the_budget_leads_to_the_account_that_is_within_it(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, gmi, _scenario = accounts
    clip = make_asset(member)
    wanted = asked(clip, hdr=True, exr=True)
    budget = MonthTotals(Decimal("3.50"), Decimal(0), Decimal(0))

    assert ways(accounts, wanted, clip, gmi, budget=budget) == [
        ("", Fix("Send to Luma Agents, which costs $3.24", {"account": luma.pk}))
    ]


def test_a_way_out_whose_price_nobody_knows_is_a_question_and_a_known_one_a_promise(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, _gmi, scenario = accounts
    clip = make_asset(member)
    budget = MonthTotals(Decimal("1.00"), Decimal(0), Decimal(0))

    assert ways(accounts, asked(clip), clip, luma, budget=budget) == [
        ("", Fix("Ask Scenario what it would cost", {"ask": scenario.pk}))
    ]
    told = PriceQuote.objects.create(
        account=scenario,
        key=quotes.key_of(Draft(asked(clip), scenario, clip)),
        request={},
        state="known",
        low_usd=Decimal("0.80"),
        high_usd=Decimal("0.80"),
        asked_at=timezone.now(),
        answered_at=timezone.now(),
    )
    assert ways(accounts, asked(clip), clip, luma, budget=budget) == [
        ("", Fix("Send to Scenario, which costs $0.80", {"account": scenario.pk}))
    ]
    told.low_usd = told.high_usd = Decimal("3.36")
    told.save()
    assert ways(accounts, asked(clip), clip, luma, budget=budget) == []
    told.state = "asking"
    told.save()
    assert ways(accounts, asked(clip), clip, luma, budget=budget) == []


def test_a_way_out_that_is_broken_elsewhere_too_says_that_its_price_is_open(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, _gmi, scenario = accounts
    clip = make_asset(member, duration_seconds=Decimal(21), frame_count=504)

    labels = {
        leads_to(fix): fix.label
        for _, fix in ways(accounts, asked(clip, resolution="4k"), clip, luma)
    }

    assert (
        labels[scenario.pk]
        == "Try Scenario, which states no longest length; its price must be asked for"
    )


def test_no_way_out_promises_anything_about_a_price_that_is_not_known(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    """Over drafts of every task, most of them broken, with a budget that is almost used up."""
    clips = [make_asset(member, duration_seconds=Decimal(s), frame_count=s * 24) for s in (4, 21)]
    picture = make_asset(member, kind="image", mime_type="image/png")
    budget = MonthTotals(Decimal("1.71"), Decimal(0), Decimal(0))
    tried = Counter[str]()
    for wanted, clip in drafts(clips, picture, seed=7):
        for here in accounts:
            offered = {
                one.account.pk: one
                for one in at_each(accounts, wanted, clip, here, budget=budget).values()
            }
            for _field, fix in ways(accounts, wanted, clip, here, budget=budget):
                offer = offered[leads_to(fix)]
                tried[fix.label.partition(" ")[0]] += 1
                if offer.estimate is None:
                    assert fix.label.startswith(("Ask ", "Try ")) and "cost $" not in fix.label, (
                        fix.label
                    )
                else:
                    assert fix.label.startswith("Send to "), fix.label
                    assert (
                        "budget" not in {one.rule_id for one in offer.refusals}
                        or "costs" not in fix.label
                    )
    assert tried["Ask"] > 3 and tried["Send"] > 3


def test_several_takes_together_must_find_room_in_the_budget_where_a_way_leads(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, gmi, _scenario = accounts
    clip = make_asset(member)
    wanted = asked(clip, hdr=True, exr=True)

    def costs(limit: str, count: int) -> list[str]:
        budget = MonthTotals(Decimal(limit), Decimal(0), Decimal(0))
        found = [*at_each(accounts[:2], wanted, clip, gmi, budget=budget, count=count).values()]
        verdict = with_fixes(
            check(Draft(wanted, gmi, clip), with_options=False, budget=budget), found
        )
        return [
            fix.label for one in verdict.refusals for fix in one.fixes if leads_to(fix) == luma.pk
        ]

    assert costs("3.50", 1) == ["Send to Luma Agents, which costs $3.24"]
    assert costs("3.50", 2) == []


def test_an_account_that_cannot_be_used_is_no_way_out(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, gmi, scenario = accounts
    clip = make_asset(member, duration_seconds=Decimal(21), frame_count=504)
    gmi.is_enabled = False

    assert [fix.changes for _field, fix in ways(accounts, asked(clip), clip, luma)] == [
        {"ask": scenario.pk}
    ]
    assert {"ask": scenario.pk} in [
        fix.changes for _field, fix in ways(accounts, asked(clip), clip, gmi)
    ]
    scenario.key_encrypted = "not readable"
    scenario.is_simulated = False
    assert ways(accounts, asked(clip), clip, luma) == []


def test_of_two_accounts_with_one_provider_one_is_named(
    member: Member, accounts: list[ProviderAccount]
) -> None:
    luma, gmi, _scenario = accounts
    second = ProviderAccount.objects.create(provider="gmi-cloud", name="Second", is_simulated=True)
    clip = make_asset(member, duration_seconds=Decimal(21), frame_count=504)

    found = offers(
        [Draft(asked(clip), account, clip) for account in (luma, gmi, second)], chosen=luma.pk
    )
    (refusal,) = with_fixes(check(Draft(asked(clip), luma, clip)), found).refusals

    assert [fix.changes["account"] for fix in refusal.fixes if "account" in fix.changes] == [gmi.pk]


def drafts(
    clips: Sequence[Asset], picture: Asset, seed: int
) -> Iterator[tuple[GenerationRequest, Asset | None]]:
    """Yield drafts of every task, most of them broken somewhere."""
    draw, still = Random(seed), Ref(asset_id=picture.pk)
    maybe: list[tuple[float, dict[str, list[Any]]]] = [
        (0.5, {"resolution": ["360p", "540p", "720p", "1080p", "4k"]}),
        (0.2, {"hdr": [True]}),
        (0.15, {"exr": [True]}),
        (0.3, {"auto_controls": [True]}),
        (0.25, {"strength": ["flex_2"]}),
        (0.2, {"pose_enabled": [True]}),
        (0.1, {"depth_blur": [0.3]}),
        (0.15, {"start_frame": [still]}),
        (0.1, {"end_frame": [still]}),
        (0.12, {"keyframes": [(still,)], "keyframe_indexes": [(3,)]}),
        (0.1, {"loop": [True]}),
        (0.25, {"aspect_ratio": ["16:9", "1:1", "9:21", "5:4"]}),
        (0.25, {"duration": ["5s", "9s", "10s"]}),
        (0.08, {"concepts": [("pan_left",)]}),
        (0.08, {"x_norm": [0.0], "y_norm": [0.0], "w_norm": [0.5], "h_norm": [1.0]}),
    ]
    for _ in range(200):
        task = draw.choice(list(Task))
        model = draw.choice(
            ["ray-3.2"] * 4 + ["modify-video", "reframe-video", "ray-flash-2-540p", "uni-1"]
        )
        clip = draw.choice(clips) if task != Task.GENERATE or draw.random() < 0.05 else None
        said = {
            name: draw.choice(of)
            for share, group in maybe
            if draw.random() < share
            for name, of in group.items()
        }
        prompt = draw.choice(["Rain"] * 9 + [None])
        source = Ref(asset_id=clip.pk) if clip else None
        yield GenerationRequest(task=task, model=model, prompt=prompt, source=source, **said), clip


@pytest.mark.parametrize("seed", range(4))
def test_every_way_out_works_and_no_working_one_is_left_out(
    member: Member, accounts: list[ProviderAccount], seed: int
) -> None:
    clips = [
        make_asset(member, duration_seconds=Decimal(s), frame_count=s * 24) for s in (4, 9, 21, 31)
    ]
    picture = make_asset(member, kind="image", mime_type="image/png")
    by_pk, tried = {account.pk: account for account in accounts}, 0
    for wanted, clip in drafts(clips, picture, seed):
        for here in accounts:
            before = heads(check(Draft(wanted, here, clip), with_options=False))
            found = ways(accounts, wanted, clip, here)
            for field, fix in found:
                after = heads(check(Draft(wanted, by_pk[leads_to(fix)], clip), with_options=False))
                assert not after[field.partition(".")[0]], (fix.label, wanted)
                assert after <= before, (fix.label, wanted)
                tried += 1
            others = at_each(accounts, wanted, clip, here).values()
            takers = [one for one in others if not one.is_chosen and not (one.refusals or one.lost)]
            named = {field.partition(".")[0] for field, _mend in found}
            if any(one.price_state != "none" for one in takers):
                assert before.keys() - named <= {"prompt", "source"} - named, wanted
    assert tried > 8


def heads(verdict: Verdict) -> Counter[str]:
    """Count refusals by field; a price that must still be asked for, one free click away, is none."""
    said = [one for one in verdict.refusals if one.rule_id != "price.asking"]
    return Counter(one.field.partition(".")[0] for one in said)
