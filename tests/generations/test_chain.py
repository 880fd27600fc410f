"""One clip through three providers: each result is named by the id that its maker gave, or sent on
as a stored file.
"""

from dataclasses import replace

import pytest

from editorapp.costs.models import Entry
from editorapp.generations import lineage
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request import references
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import enqueue
from editorapp.generations.states import State
from editorapp.media.trim import trim
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount, StagedFile
from tests.factories import default_account, make_member
from tests.generations.drive import priced, run
from tests.generations.test_every_model import FRAMES, take_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def member():
    return make_member()


@pytest.fixture
def made(member, clock):
    """Make a take, from its price to its stored result.

    One clock for all: a lease must not end before it began.
    """

    def make(
        account: ProviderAccount, wanted: GenerationRequest, *, parent=None, clip=None, pause=0.1
    ) -> Generation:
        wanted = priced(wanted, account, member, source=clip or (parent.result if parent else None))
        take = enqueue(Draft(wanted, account, clip, parent=parent), member=member)
        run(clock, rounds=1500, pause=pause)
        take.refresh_from_db()
        assert take.state == State.SUCCEEDED, take.failure_message
        return take

    return make


def edit(source: Ref, prompt: str) -> GenerationRequest:
    return GenerationRequest(prompt=prompt, source=source, resolution="540p", strength="flex_1")


def body_of(take: Generation) -> dict:
    return Attempt.objects.get(generation=take).request_body


def test_a_clip_goes_from_luma_to_gmi_to_scenario_in_one_lineage(
    made, member, simulator, real_media
):
    luma, gmi, scenario = (
        default_account(slug) for slug in ("luma-agents", "gmi-cloud", "scenario")
    )
    clip = trim(take_in(real_media / "vertical_4s.mp4", member), 0, FRAMES - 1, user=member.user)

    first = made(luma, edit(Ref(asset_id=clip.pk), "Rainy neon evening"), clip=clip)
    second = made(
        gmi, edit(Ref(generation_id=first.chain_id), "Hand-painted gouache"), parent=first
    )
    third = made(
        scenario,
        parent=second,
        wanted=GenerationRequest(
            task=Task.REFRAME,
            prompt="The street goes on to both sides",
            aspect_ratio="16:9",
            resolution="540p",
            source=Ref(asset_id=second.result_id),
        ),
    )

    # One lineage, each take the child of the one before, each with the clip that it was made from.
    assert lineage.chain(third) == [first, second, third]
    assert {take.lineage for take in (first, second, third)} == {f"a{clip.pk}"}
    assert [take.source_asset for take in (first, second, third)] == [
        clip,
        first.result,
        second.result,
    ]
    # The ids that each provider gave, and no other.
    jobs = {take.provider: take.attempts.get().provider_job_id for take in (first, second, third)}
    assert first.chain_id == jobs["luma-agents"]
    assert second.chain_id != jobs["gmi-cloud"]  # the result's own id, not the request's
    assert third.chain_id.startswith("asset_") and third.chain_id != jobs["scenario"]
    # How each provider was given the clip: uploaded, inside the request, as an asset.
    assert body_of(first)["source"] == StagedFile.objects.get(account=luma, asset=clip).ref
    assert body_of(second)["payload"]["source_data"] == f"stored-file:{first.result.sha256}"
    assert "source_generation_id" not in body_of(second)["payload"]
    assert not StagedFile.objects.filter(account=gmi).exists()
    assert (
        body_of(third)["video"]
        == StagedFile.objects.get(account=scenario, asset=second.result).ref["file_id"]
    )
    # Every step was paid once.
    assert list(Entry.objects.order_by("pk").values_list("provider", "kind")) == [
        (slug, kind)
        for slug in ("luma-agents", "gmi-cloud", "scenario")
        for kind in ("reserve", "charge")
    ]
    assert simulator.submits_received == 3
    assert differences() == []


@pytest.mark.parametrize(
    ("slug", "place"), [("luma-agents", "source"), ("gmi-cloud", "payload"), ("scenario", "video")]
)
def test_where_a_take_was_made_its_id_is_enough_and_nothing_is_sent(
    slug, place, made, member, simulator, real_media
):
    account = default_account(slug)
    clip = trim(take_in(real_media / "vertical_4s.mp4", member), 0, FRAMES - 1, user=member.user)
    first = made(account, edit(Ref(asset_id=clip.pk), "Rainy neon evening"), clip=clip)

    second = made(
        account, edit(references.as_source(first, account), "The same at dawn"), parent=first
    )

    said = body_of(second)[place]
    named = {
        "luma-agents": said == {"generation_id": first.chain_id},
        "gmi-cloud": place == "payload"
        and isinstance(said, dict)
        and said.get("source_generation_id") == first.chain_id
        and "source_data" not in said,
        "scenario": said == first.chain_id,
    }
    assert named[slug]
    assert (second.parent, second.lineage) == (first, first.lineage)
    assert not StagedFile.objects.filter(asset=first.result).exists()


@pytest.mark.parametrize("field", ["start_frame", "end_frame"])
@pytest.mark.parametrize("slug", ["luma-agents", "gmi-cloud"])
def test_a_take_is_continued_at_the_provider_that_made_it(slug, field, made, quick):
    account = default_account(slug)
    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A kite climbs", resolution="720p", duration="5s"
    )
    first = made(account, wanted, pause=0)

    second = made(account, replace(wanted, **{field: Ref(generation_id=first.chain_id)}), pause=0)

    body = body_of(second)
    named = (
        body["payload"][f"{field}_generation_id"]
        if slug == "gmi-cloud"
        else body["video"][field]["generation_id"]
    )
    assert named == first.chain_id
    assert (second.parent, second.lineage) == (first, first.lineage)
