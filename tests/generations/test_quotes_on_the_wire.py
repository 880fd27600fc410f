"""Prices asked for over the wire: the simulated providers tell them, they are held, and what is
charged is reported.
"""

from decimal import Decimal
from pathlib import Path

import pytest

from editorapp.costs import ledger
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Generation
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.request.quotes import ask, estimate_of, fetch, find
from editorapp.generations.states import State
from editorapp.media import intake
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import StagedFile
from editorapp.teams.models import Member
from tests.factories import default_account, make_member
from tests.generations.drive import Clock, run
from tests.generations.small_clip import draw

DRAFTS = {
    "scenario": [
        GenerationRequest(prompt="Rain", resolution="720p", auto_controls=True),
        GenerationRequest(task=Task.MODIFY, model="modify-video", prompt="Rain", strength="flex_1"),
    ],
    "gmi-cloud": [
        GenerationRequest(task=Task.REFRAME, prompt="Rain", aspect_ratio="1:1", resolution="540p")
    ],
}


@pytest.fixture
def member(transactional_db: None) -> Member:
    return make_member()


@pytest.fixture
def clip(member: Member, tmp_path: Path) -> Asset:
    return intake.take_in(
        draw(tmp_path / "clip.mp4"), name="clip.mp4", team=member.team, user=member.user
    )


@pytest.mark.parametrize(
    ("slug", "draft"),
    [(slug, draft) for slug, drafts in DRAFTS.items() for draft in drafts],
    ids=lambda one: one if isinstance(one, str) else f"{one.task}",
)
def test_a_price_that_is_told_is_held_and_what_is_charged_lies_within_it(
    quick: object, clock: Clock, member: Member, clip: Asset, slug: str, draft: GenerationRequest
) -> None:
    account = default_account(slug)
    wanted = GenerationRequest.from_json(draft.to_json() | {"source": {"asset_id": clip.pk}})
    with pytest.raises(RequestRefused, match="Ask .* for it first"):
        enqueue(Draft(wanted, account, clip), member=member)

    fetch(ask(Draft(wanted, account, clip), member=member).pk)
    row = find(Draft(wanted, account, clip))
    priced = estimate_of(row)
    assert row is not None and priced is not None, row and row.note
    take = enqueue(Draft(wanted, account, clip), member=member)
    assert ledger.held_usd(take.pk) == priced.high_usd > 0
    run(clock)

    take.refresh_from_db()
    assert take.state == State.SUCCEEDED, take.failure_message
    assert take.cost_usd is not None and priced.low_usd <= take.cost_usd <= priced.high_usd
    assert take.cost_is_estimated is (slug != "scenario")  # Scenario alone reports what it charged
    assert (ledger.held_usd(take.pk), ledger.spent_usd(take.pk)) == (Decimal(0), take.cost_usd)
    assert differences() == []


def test_asking_costs_nothing_and_what_was_staged_for_it_serves_the_take(
    quick: object, clock: Clock, member: Member, clip: Asset
) -> None:
    account = default_account("scenario")
    wanted = GenerationRequest(
        task=Task.REFRAME, model="reframe-video", aspect_ratio="1:1", source=Ref(asset_id=clip.pk)
    )

    fetch(ask(Draft(wanted, account, clip), member=member).pk)
    staged = StagedFile.objects.get(account=account, asset=clip)
    enqueue(Draft(wanted, account, clip), member=member)
    run(clock)

    assert Generation.objects.get().state == State.SUCCEEDED
    assert StagedFile.objects.get(account=account, asset=clip).staged_at == staged.staged_at


def test_a_provider_that_cannot_be_reached_named_no_price_and_can_be_asked_again(
    quick: object, settings: object, member: Member, clip: Asset
) -> None:
    account = default_account("scenario")
    wanted = GenerationRequest(prompt="Rain", source=Ref(asset_id=clip.pk), auto_controls=True)
    there, settings.SIMULATOR_URL = settings.SIMULATOR_URL, "http://127.0.0.1:9"  # type: ignore[attr-defined]

    fetch(ask(Draft(wanted, account, clip), member=member).pk)
    failed = find(Draft(wanted, account, clip))
    settings.SIMULATOR_URL = there  # type: ignore[attr-defined]
    fetch(ask(Draft(wanted, account, clip), member=member).pk)

    assert failed is not None and failed.state == "failed" and "Scenario" in failed.note
    assert estimate_of(find(Draft(wanted, account, clip))) is not None
