"""The same draft at several accounts: prices, waits, refusals and ways out."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from editorapp.generations import offers as offering
from editorapp.generations.models import Attempt
from editorapp.generations.offers import offers, with_ways
from editorapp.generations.states import State
from editorapp.generations.verdict import weigh
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount, default_account
from editorapp.teams.models import Member
from tests.factories import make_asset, make_generation, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_history_remembered() -> None:
    offering.forget_waits()


@pytest.fixture
def member() -> Member:
    return make_member()


@pytest.fixture
def luma() -> ProviderAccount:
    return default_account("luma-agents")


def asked(clip: Asset, **said: object) -> GenerationRequest:
    return replace(
        GenerationRequest(prompt="Rain", source=Ref(asset_id=clip.pk), auto_controls=True, resolution="720p"),
        **said,
    )


def test_an_offer_says_the_list_price_and_of_which_date_it_is(member: Member, luma: ProviderAccount) -> None:
    clip = make_asset(member)

    (offer,) = offers([(luma, asked(clip))], clip, chosen=luma.pk)

    assert offer.estimate is not None and offer.estimate.high_usd == Decimal("1.08")
    assert (offer.price_state, offer.price_note) == ("list", "price list of 8 Oct 2026")
    assert (offer.name, offer.model_label) == ("Luma Agents", "Ray 3.2")
    assert offer.is_chosen and offer.can_send and offer.wait_seconds is None
    assert offer.refusals == () and offer.lost == ()


def test_what_is_not_filled_in_yet_is_no_refusal_but_cannot_be_sent(member: Member, luma: ProviderAccount) -> None:
    (offer,) = offers([(luma, GenerationRequest())], None, chosen=luma.pk)

    assert offer.refusals == ()
    assert not offer.can_send


def test_the_usual_wait_is_the_median_of_our_own_last_jobs_of_the_kind(member: Member, luma: ProviderAccount) -> None:
    now = timezone.now()
    for seconds in (900, *[40] * 13, *[60] * 12):  # the first is the 26th from the end
        _finished(member, luma, now, seconds)
    for seconds in (1, 2, 3):
        _finished(member, luma, now, seconds, task="reframe")
    _finished(member, luma, now, 5, state=State.FAILED)
    clip = make_asset(member)

    (offer,) = offers([(luma, asked(clip))], clip, chosen=luma.pk)

    assert offer.wait_seconds == 40


def _finished(
    member: Member, account: ProviderAccount, now: object, seconds: int, *, state: str = State.SUCCEEDED,
    **fields: object,
) -> None:  # fmt: skip
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
        offers([(luma, wanted)], clip, chosen=luma.pk)
    with django_assert_num_queries(0):
        offers([(luma, replace(wanted, prompt="Rain, harder"))], clip, chosen=luma.pk)


def test_a_sound_draft_is_given_no_way_out(member: Member, luma: ProviderAccount) -> None:
    clip = make_asset(member)
    verdict = weigh(asked(clip), clip, luma)

    assert with_ways(verdict, offers([(luma, asked(clip))], clip, chosen=luma.pk)) == verdict
