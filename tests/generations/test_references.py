"""How an earlier take is named: by its id where it was made, by its stored file elsewhere, or not
at all.
"""

from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied

from editorapp.costs.models import Entry
from editorapp.generations.models import Generation
from editorapp.generations.request import references
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import RequestRefused, enqueue
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_asset, make_generation, make_member

JOB = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"
OTHER = "0d9a8b7c-1111-4222-8333-444455556666"


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def take(member) -> Generation:
    """A take made with the first Luma account."""
    result = make_asset(member, origin="result")
    return make_generation(
        member, source=make_asset(member), state=State.SUCCEEDED, result=result, chain_id=JOB
    )


@pytest.fixture
def second(db) -> ProviderAccount:
    return ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)


def continued(**frames) -> GenerationRequest:
    return GenerationRequest(task=Task.GENERATE, prompt="It goes on", resolution="720p", **frames)


def edit(**said) -> GenerationRequest:
    return GenerationRequest(prompt="At night", resolution="360p", **said)


@pytest.mark.parametrize("field", ["start_frame", "end_frame"])
def test_a_take_is_continued_by_its_id_where_it_was_made(member, take, field):
    child = enqueue(
        Draft(continued(**{field: Ref(generation_id=JOB)}), take.account), member=member
    )

    assert getattr(child.wanted, field) == Ref(generation_id=JOB)
    assert (child.parent, child.lineage) == (take, take.lineage)


@pytest.mark.parametrize("field", ["start_frame", "end_frame"])
@pytest.mark.parametrize("named", ["by id", "by file"])
def test_elsewhere_it_is_refused_with_the_way_to_the_account_that_made_it(
    member, take, second, field, named
):
    ref = Ref(generation_id=JOB) if named == "by id" else references.as_frame(take, second)

    with pytest.raises(RequestRefused) as refused:
        enqueue(Draft(continued(**{field: ref}), second), member=member)

    (broken,) = refused.value.verdict.refusals
    assert (broken.rule_id, broken.field) == ("take.elsewhere", field)
    assert f"#{take.pk}" in broken.message and take.account.name in broken.message
    assert broken.fixes[0].changes == {"account": take.account_id}
    assert (Generation.objects.count(), Entry.objects.count()) == (1, 0)


def test_the_file_of_a_take_becomes_its_id_again_where_it_was_made(member, take, second):
    wanted = continued(start_frame=references.as_frame(take, second))

    child = enqueue(Draft(wanted, take.account), member=member)

    assert child.wanted.start_frame == Ref(generation_id=JOB)
    assert child.parent == take


def test_a_clip_chosen_as_a_picture_is_refused(member):
    clip = make_asset(member)

    with pytest.raises(RequestRefused, match="choose a picture"):
        enqueue(
            Draft(continued(start_frame=Ref(asset_id=clip.pk)), default_account("luma-agents")),
            member=member,
        )


def test_a_keyframe_that_is_a_clip_is_refused(member):
    clip, source = make_asset(member), make_asset(member)
    wanted = edit(
        source=Ref(asset_id=source.pk), keyframes=(Ref(asset_id=clip.pk),), keyframe_indexes=(0,)
    )

    with pytest.raises(RequestRefused, match="choose a picture"):
        enqueue(Draft(wanted, default_account("luma-agents"), source), member=member)


def test_a_typed_id_of_ones_own_take_finds_its_lineage_and_its_file_elsewhere(member, take, second):
    child = enqueue(Draft(edit(source=Ref(generation_id=JOB)), second), member=member)

    assert child.wanted.source == Ref(asset_id=take.result_id)
    assert (child.parent, child.source_asset, child.lineage) == (take, take.result, take.lineage)


def test_a_typed_id_that_is_nobodys_is_sent_as_it_is_even_under_a_parent(member, take):
    child = enqueue(
        Draft(edit(source=Ref(generation_id=OTHER)), take.account, parent=take), member=member
    )

    assert child.wanted.source == Ref(generation_id=OTHER)
    assert child.parent == take


@pytest.mark.parametrize("field", ["source", "start_frame"])
def test_another_teams_result_cannot_be_named_by_its_id(take, field):
    stranger = make_member()
    wanted = (
        edit(source=Ref(generation_id=JOB))
        if field == "source"
        else continued(start_frame=Ref(generation_id=JOB))
    )

    with pytest.raises(PermissionDenied):
        enqueue(Draft(wanted, take.account), member=stranger)

    assert Generation.objects.filter(team=stranger.team).count() == 0


def test_guide_frames_stay_stored_files_at_every_account(member, take, second):
    guide = make_asset(member, kind="image")

    child = enqueue(
        Draft(edit(source=Ref(generation_id=JOB), start_frame=Ref(asset_id=guide.pk)), second),
        member=member,
    )

    assert child.wanted.start_frame == Ref(asset_id=guide.pk)


def test_the_same_form_for_another_account_is_a_form_of_its_own(member, take, second):
    wanted = edit(source=Ref(generation_id=JOB))

    first = enqueue(Draft(wanted, take.account), member=member, form_token="form-1")
    other = enqueue(Draft(wanted, second), member=member, form_token="form-1")

    assert other != first and other.account == second


def test_a_sound_continuation_is_weighed_without_a_query(take, django_assert_num_queries):
    account = take.account
    with django_assert_num_queries(0):
        verdict = check(Draft(continued(start_frame=Ref(generation_id=JOB)), account))

    assert verdict.can_send


def test_a_take_of_a_provider_that_continues_none_leads_back_to_no_such_account(member, second):
    result = make_asset(member, origin="result")
    account = default_account("scenario")
    take = make_generation(
        member,
        account=account,
        provider="scenario",
        state=State.SUCCEEDED,
        result=result,
        chain_id="asset_1",
    )

    verdict = check(Draft(continued(start_frame=references.as_frame(take, second)), second))

    (broken,) = verdict.refusals
    assert "does not go on from a take" in broken.message
    assert [fix.changes for fix in broken.fixes] == [{"guides": "none", "frames": "none"}]


@pytest.mark.parametrize(
    ("slug", "field", "ref"),
    [
        ("gmi-cloud", "source", Ref(file_id=JOB)),
        ("gmi-cloud", "start_frame", Ref(file_id=JOB)),
        ("scenario", "start_frame", Ref(data="AAAA", media_type="image/png")),
    ],
)
def test_what_a_parameter_has_no_place_for_is_refused_and_never_dropped(db, slug, field, ref):
    wanted = edit(source=Ref(generation_id=JOB)) if field != "source" else edit()

    verdict = check(
        Draft(replace(wanted, resolution="540p", **{field: ref}), default_account(slug))
    )

    assert any(broken.field == field for broken in verdict.refusals)
