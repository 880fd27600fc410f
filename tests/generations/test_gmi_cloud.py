"""A take at GMI Cloud from the first to the last step: the clip in the request, the guide frame at
an address.
"""

from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount, StagedFile
from editorapp.teams.models import Member
from tests.factories import default_account, make_member
from tests.generations.drive import Clock, next_at
from tests.generations.small_clip import draw


@pytest.fixture
def member(transactional_db: None) -> Member:
    return make_member()


@pytest.fixture
def account(quick: Any) -> ProviderAccount:
    return default_account("gmi-cloud")


@pytest.fixture
def clip(member: Member, tmp_path: Path) -> Asset:
    return intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )


def finish(clock: Clock) -> None:
    for _ in range(60):
        sweep.work("gmi-cloud", seconds=0.15, clock=clock)
        transfer.transfer(0, clock=clock)
        if (at := next_at(clock)) is None:
            return
        clock.jump_to(at)


def edited(
    account: ProviderAccount, member: Member, clip: Asset, clock: Clock, **said: Any
) -> Generation:
    wanted = GenerationRequest(
        **{"prompt": "Rain", "source": Ref(asset_id=clip.pk), "resolution": "540p"} | said
    )
    generation = enqueue(Draft(wanted, account, clip), member=member)
    finish(clock)
    generation.refresh_from_db()
    return generation


def test_the_clip_travels_in_the_request_and_its_bytes_are_kept_once(
    account: ProviderAccount, member: Member, clip: Asset, clock: Clock, quick: Any
) -> None:
    generation = edited(account, member, clip, clock, auto_controls=True)

    attempt = Attempt.objects.get()
    payload = attempt.request_body["payload"]
    assert generation.state == State.SUCCEEDED and generation.result.is_simulated
    assert payload == {
        "prompt": "Rain",
        "source_data": f"stored-file:{clip.sha256}",
        "source_media_type": "video/mp4",
        "resolution": "540p",
        "edit_auto_controls": True,
    }
    assert not StagedFile.objects.exists()
    assert generation.chain_id not in ("", attempt.provider_job_id)
    assert quick.submits_received == 1
    assert (generation.cost_usd, generation.cost_is_estimated, differences()) == (
        generation.estimate_high_usd,
        True,
        [],
    )


def test_a_guide_frame_gets_its_address_once_and_the_next_take_builds_on_the_result(
    account: ProviderAccount, member: Member, clip: Asset, clock: Clock, tmp_path: Path
) -> None:
    picture = tmp_path / "guide.webp"
    Image.new("RGB", (64, 36), "teal").save(picture)
    guide = intake.take_in(
        picture, name="guide.webp", team=member.team, user=member.user, expect="image"
    )
    first = edited(
        account, member, clip, clock, start_frame=Ref(asset_id=guide.pk), strength="flex_2"
    )

    second = edited(
        account,
        member,
        first.result,
        clock,
        source=Ref(generation_id=first.chain_id),
        start_frame=Ref(asset_id=guide.pk),
        strength="flex_3",
    )

    assert (first.state, second.state) == (State.SUCCEEDED, State.SUCCEEDED)
    before, after = (one.request_body["payload"] for one in Attempt.objects.order_by("pk"))
    assert (
        before["start_frame_url"] == after["start_frame_url"] == StagedFile.objects.get().ref["url"]
    )
    assert before["start_frame_url"].endswith(".png"), "the upload helper takes no WebP"
    assert after["source_generation_id"] == first.chain_id and "source_data" not in after


def test_success_without_a_result_is_a_failure_whose_charge_is_assumed(
    account: ProviderAccount, member: Member, clip: Asset, clock: Clock, quick: Any
) -> None:
    quick.fail("submit", "no_output")

    generation = edited(account, member, clip, clock)

    assert (generation.state, generation.failure_code, generation.chain_id) == (
        State.FAILED,
        "no_output",
        "",
    )
    charge = Entry.objects.get(kind="charge")
    assert charge.is_estimated and charge.amount_usd == generation.estimate_high_usd
