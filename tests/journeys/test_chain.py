"""A clip goes through all providers, one after the other, and stays one lineage with the ids that
each of them gave.
"""

from pathlib import Path

import pytest

from editorapp.generations import lineage
from editorapp.generations.engine import sweep, transfer
from editorapp.generations.models import Generation
from editorapp.generations.request import quotes, references
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import StagedFile
from editorapp.teams.models import Member
from tests.factories import default_account, make_member
from tests.generations.drive import Clock
from tests.simulator_process import SimulatorProcess
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member() -> Member:
    return make_member(name="Ada")


def test_a_chain_through_three_providers_is_one_lineage(
    simulator: SimulatorProcess, member: Member, small_clip: Path, tmp_path: Path
) -> None:
    clip = taken_in(small_clip, tmp_path, member)
    edit = GenerationRequest(prompt="Rainy neon evening", resolution="540p", auto_controls=True)
    reframe = GenerationRequest(
        task=Task.REFRAME, prompt="The street", resolution="540p", aspect_ratio="9:16"
    )

    first = made(edit, "luma-agents", member, source=clip)
    second = made(edit, "gmi-cloud", member, parent=first)
    third = made(reframe, "scenario", member, parent=second)

    assert [take.pk for take in lineage.chain(third)] == [first.pk, second.pk, third.pk]
    assert {take.lineage for take in (first, second, third)} == {f"a{clip.pk}"}
    assert [take.chain_id for take in lineage.chain(third)] == [
        first.chain_id,
        second.chain_id,
        third.chain_id,
    ]
    assert len({first.chain_id, second.chain_id, third.chain_id}) == 3
    _kept_each_ones_id(first, second, third)
    _was_staged_anew(first, second, third)


def _kept_each_ones_id(first: Generation, second: Generation, third: Generation) -> None:
    """Luma chains by the job's own id, GMI by another one than the job's, Scenario by the result's
    asset id.
    """
    jobs = [take.attempts.get().provider_job_id for take in (first, second, third)]
    assert first.chain_id == jobs[0]
    assert second.chain_id not in ("", jobs[1])
    assert third.chain_id.startswith("asset_") and third.chain_id != jobs[2]


def _was_staged_anew(first: Generation, second: Generation, third: Generation) -> None:
    """No provider was told another one's id: each got the stored file in its own way."""
    at_gmi, at_scenario = second.attempts.get().request_body, third.attempts.get().request_body
    assert "source_generation_id" not in at_gmi["payload"] and "source_data" in at_gmi["payload"]
    staged = StagedFile.objects.get(account=third.account, asset=second.result)
    assert at_scenario["video"] == staged.ref["file_id"]
    for take, body in ((first, at_gmi), (second, at_scenario)):
        assert take.chain_id not in str(body)


@pytest.mark.parametrize(
    ("provider", "where"),
    [
        ("luma-agents", ("source", "generation_id")),
        ("gmi-cloud", ("payload", "source_generation_id")),
        ("scenario", ("video",)),
    ],
    ids=["luma-agents", "gmi-cloud", "scenario"],
)
def test_where_it_was_made_a_result_goes_on_by_its_id(
    simulator: SimulatorProcess,
    member: Member,
    small_clip: Path,
    tmp_path: Path,
    provider: str,
    where: tuple[str, ...],
) -> None:
    edit = GenerationRequest(prompt="Rainy neon evening", resolution="540p", auto_controls=True)
    first = made(edit, provider, member, source=taken_in(small_clip, tmp_path, member))

    second = made(edit, provider, member, parent=first)

    named = second.attempts.get().request_body
    for key in where:
        named = named[key]
    assert named == first.chain_id
    assert second.parent_id == first.pk
    assert not StagedFile.objects.filter(asset=first.result).exists()


def taken_in(clip: Path, folder: Path, member: Member) -> Asset:
    copy = folder / "source.mp4"
    copy.write_bytes(clip.read_bytes())
    return take_in(
        copy, name="clip.mp4", team=member.team, user=member.user, origin=Asset.Origin.UPLOAD
    )


def made(
    wanted: GenerationRequest,
    provider: str,
    member: Member,
    *,
    source: Asset | None = None,
    parent: Generation | None = None,
) -> Generation:
    """Have something made of a clip or of an earlier take, and return the take when it is done."""
    account = default_account(provider)
    asset = source or (parent.result if parent else None)
    assert asset is not None
    ref = references.as_source(parent, account) if parent else Ref(asset_id=asset.pk)
    said = wanted.to_json() | {
        "source": {key: value for key, value in vars(ref).items() if value is not None}
    }
    wanted = GenerationRequest.from_json(said)
    if Draft(wanted, account).is_quoted:
        quotes.fetch(quotes.ask(Draft(wanted, account, asset), member=member).pk)
    take = enqueue(Draft(wanted, account, asset, parent=parent), member=member)
    clock = Clock()
    for _ in range(400):
        sweep.work(provider, seconds=0.2, clock=clock)
        transfer.transfer(0, clock=clock)
        take.refresh_from_db()
        if take.is_final:
            break
        clock.jump(seconds=2)
    assert (take.state, take.failure_message) == (State.SUCCEEDED, "")
    return take
