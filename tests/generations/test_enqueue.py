"""From a request to a queued generation whose money is reserved; and back, by cancel and retry."""

import threading
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation, Overtaken
from editorapp.generations.queue.cancel import TooLate, cancel
from editorapp.generations.request.check import check
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import OverBudget, RequestRefused, enqueue
from editorapp.generations.request.retry import NotRetryable, fetch_again, retry
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_generation, make_member, make_reserved
from tests.patience import PATIENCE_SECONDS
from tests.queued import queued

NOW = timezone.now()
JOB = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def member(db):
    return make_member()


@pytest.fixture
def clip(member):
    return make_asset(member)


def asked(clip: Asset | None = None, /, **said) -> GenerationRequest:
    sound = {"prompt": "Rainy neon evening", "resolution": "720p", "auto_controls": True}
    return GenerationRequest(**(sound | {"source": Ref(asset_id=clip.pk) if clip else None} | said))


def send(member, clip, **options) -> Generation:
    account = options.pop("account", None) or default_account("luma-agents")
    wanted = options.pop("wanted", None) or asked(clip)
    draft = Draft(wanted, account, clip, options.pop("parent", None))
    return enqueue(draft, member=member, **options)


def test_a_sound_request_is_queued_with_its_price_reserved(member, clip):
    generation = send(member, clip)

    attempt = generation.attempts.get()
    assert (generation.state, attempt.state, attempt.number) == (State.QUEUED, State.QUEUED, 1)
    assert generation.estimate_high_usd == Decimal("1.08")
    assert ledger.held_usd(generation.pk) == Decimal("1.08")
    assert generation.lineage == f"a{clip.pk}"
    assert generation.wanted == asked(clip)
    assert generation.is_simulated
    assert differences() == []


def test_the_engine_is_woken_once_the_rows_are_there(
    member, clip, django_capture_on_commit_callbacks
):
    with django_capture_on_commit_callbacks(execute=True):
        send(member, clip)
        send(member, clip)

    assert [task["func"] for task in queued()] == ["editorapp.generations.tasks.work"]


def test_a_broken_request_is_refused_with_every_reason_and_reserves_nothing(member, clip):
    wanted = asked(clip, prompt="", exr=True, hdr=None)

    with pytest.raises(RequestRefused) as refused:
        send(member, clip, wanted=wanted)

    assert {"prompt", "exr"} <= {one.field for one in refused.value.verdict.broken}
    assert (Generation.objects.count(), Entry.objects.count()) == (0, 0)


def test_beyond_the_budget_nothing_is_made(member, clip):
    member.team.monthly_limit_usd = Decimal("1.00")
    member.team.save()

    with pytest.raises(OverBudget):
        send(member, clip)

    assert (Generation.objects.count(), Attempt.objects.count(), Entry.objects.count()) == (0, 0, 0)


@pytest.mark.parametrize("role", [Role.REVIEWER])
def test_who_may_not_create_spends_nothing(db, role):
    member = make_member(role=role)

    with pytest.raises(PermissionDenied):
        send(member, make_asset(member))

    assert Entry.objects.count() == 0


def test_another_teams_clip_is_no_source(member):
    with pytest.raises(PermissionDenied):
        send(member, make_asset(make_member()))


def test_another_teams_take_is_no_parent(member, clip):
    foreign = make_generation(make_member(), state=State.SUCCEEDED)

    with pytest.raises(PermissionDenied):
        send(member, clip, parent=foreign)


def test_a_closed_account_takes_nothing(member, clip):
    ProviderAccount.objects.filter(pk=default_account("luma-agents").pk).update(is_enabled=False)

    with pytest.raises(RequestRefused, match="switched off"):
        send(member, clip)


def test_the_same_form_sent_twice_makes_one_generation(member, clip):
    first = send(member, clip, form_token="form-1")

    second = send(member, clip, form_token="form-1")

    assert first == second
    assert Entry.objects.count() == 1
    assert send(member, clip, form_token="form-2") != first


def test_a_page_brought_back_and_changed_is_a_form_of_its_own(member, clip):
    first = send(member, clip, form_token="form-1")

    second = send(member, clip, form_token="form-1", wanted=asked(clip, prompt="Sunny morning"))

    assert second != first and second.prompt == "Sunny morning"


@pytest.mark.parametrize("field", ["start_frame", "keyframes"])
def test_another_teams_picture_cannot_be_named_as_a_guide(member, clip, field):
    theirs = Ref(asset_id=make_asset(make_member(), kind="image").pk)
    said = (
        {"start_frame": theirs}
        if field == "start_frame"
        else {"keyframes": (theirs,), "keyframe_indexes": (0,)}
    )

    with pytest.raises(PermissionDenied):
        send(member, clip, wanted=asked(clip, **said))

    assert (Generation.objects.count(), Entry.objects.count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_a_double_click_on_two_threads_makes_one_generation():
    member = make_member()
    clip, account = make_asset(member), default_account("luma-agents")
    start, made = threading.Barrier(6), []

    def click() -> None:
        try:
            start.wait(PATIENCE_SECONDS)
            made.append(send(member, clip, account=account, form_token="form-1").pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=click) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_SECONDS)

    assert len(made) == 6 and len(set(made)) == 1
    assert Entry.objects.count() == 1


def finished(member, clip) -> Generation:
    result = make_asset(member, origin="result")
    return make_generation(member, source=clip, state=State.SUCCEEDED, result=result, chain_id=JOB)


def test_an_edit_of_a_take_names_it_by_its_id_on_the_same_account(member, clip):
    parent = finished(member, clip)

    child = send(member, None, wanted=asked(source=Ref(generation_id=JOB)), parent=parent)

    assert child.wanted.source == Ref(generation_id=JOB)
    assert (child.parent, child.source_asset, child.lineage) == (
        parent,
        parent.result,
        parent.lineage,
    )


def test_an_edit_of_a_take_on_another_account_sends_the_stored_file(member, clip):
    parent = finished(member, clip)
    other = ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)

    child = send(
        member, None, wanted=asked(source=Ref(generation_id=JOB)), parent=parent, account=other
    )

    assert child.wanted.source == Ref(asset_id=parent.result_id)


def test_a_stored_result_picked_as_source_joins_its_lineage(member, clip):
    parent = finished(member, clip)

    child = send(member, parent.result)

    assert (child.parent, child.lineage) == (parent, parent.lineage)
    assert child.wanted.source == Ref(generation_id=JOB)


def test_a_source_by_url_begins_a_lineage_of_its_own(member):
    wanted = asked(source=Ref(url="https://media.example.org/clip.mp4", media_type="video/mp4"))

    generation = send(member, None, wanted=wanted)

    assert generation.lineage == f"g{generation.pk}"


def test_a_verdict_shows_the_exact_body_and_hides_the_key(member, clip, settings):
    settings.ENVIRONMENT = {**settings.ENVIRONMENT, "LUMA_AGENTS_API_KEY": "luma-api-secret-9876"}
    account = ProviderAccount.objects.create(provider="luma-agents", name="Real")

    verdict = check(Draft(asked(clip, prompt="It's raining"), account, clip))

    assert verdict.can_send
    assert verdict.body["video"]["edit"] == {"auto_controls": True}
    assert "Bearer $LUMA_AGENTS_API_KEY" in verdict.curl
    assert "secret" not in verdict.curl
    assert "https://agents.lumalabs.ai/v1/generations" in verdict.curl


@pytest.mark.parametrize(
    ("provider", "said"),
    [
        (
            "gmi-cloud",
            ['-H "X-Organization-ID: $GMI_ORG_ID"', '-H "Authorization: Bearer $GMI_API_KEY"'],
        ),
        (
            "scenario",
            ['luma-ray-3-2-edit"?projectId=$SCENARIO_PROJECT_ID"', '-u "$SCENARIO_SDK_API_KEY:$'],
        ),
    ],
)
def test_the_command_names_what_else_the_account_is_reached_with(
    member, clip, settings, provider, said
):
    keys = {"GMI_API_KEY": "g", "SCENARIO_SDK_API_KEY": "k", "SCENARIO_SDK_API_SECRET": "s"}
    settings.ENVIRONMENT = {
        **settings.ENVIRONMENT,
        **keys,
        "GMI_ORG_ID": "org-9",
        "SCENARIO_PROJECT_ID": "proj-9",
    }
    account = ProviderAccount.objects.create(provider=provider, name="Real")

    command = check(Draft(asked(clip), account, clip)).curl

    assert all(part in command for part in said), command
    assert "org-9" not in command and "proj-9" not in command


def test_a_verdict_asks_no_table(member, clip, django_assert_num_queries):
    account, wanted = default_account("luma-agents"), asked(clip)

    with django_assert_num_queries(0):
        check(Draft(wanted, account, clip))


def test_a_verdict_that_knows_the_budget_refuses_beyond_it(member, clip):
    member.team.monthly_limit_usd = Decimal("1.00")
    budget = ledger.month_totals(member.team, ledger.month_of(NOW), is_simulated=True)

    verdict = check(Draft(asked(clip), default_account("luma-agents"), clip), budget=budget)

    assert not verdict.can_send
    assert "$1.00" in verdict.refusals[-1].message


@pytest.mark.parametrize("state", [State.QUEUED, State.STAGING])
def test_what_is_not_sent_can_be_canceled_and_its_money_is_free(member, state):
    generation = make_reserved(member, state=state)

    cancel(generation, now=NOW)

    assert generation.state == State.CANCELED
    assert ledger.held_usd(generation.pk) == 0
    assert differences() == []


@pytest.mark.parametrize("state", sorted(set(State) - {State.QUEUED, State.STAGING}))
def test_what_was_sent_cannot_be_canceled(member, state):
    generation = make_reserved(member, state=state)

    with pytest.raises(TooLate):
        cancel(generation, now=NOW)

    assert Generation.objects.get().state == state
    assert ledger.held_usd(generation.pk) == Decimal("1.08")


def test_a_cancel_that_comes_a_moment_late_changes_nothing(member, monkeypatch):
    generation = make_reserved(member)
    read = Attempt.move

    def sent_meanwhile(attempt, *args, **kwargs):
        Attempt.objects.filter(pk=attempt.pk).update(state=State.SUBMITTING)
        return read(attempt, *args, **kwargs)

    monkeypatch.setattr(Attempt, "move", sent_meanwhile)

    with pytest.raises(TooLate):
        cancel(generation, now=NOW)

    assert ledger.held_usd(generation.pk) == Decimal("1.08")


@pytest.mark.parametrize(
    ("state", "can_retry", "allowed"),
    [
        (state, flag, state == State.CANCELED or (state == State.FAILED and flag))
        for state in State
        for flag in (0, 1)
    ],
)
def test_only_what_may_work_the_second_time_is_tried_again(member, state, can_retry, allowed):
    generation = make_generation(member, state=state, can_retry=bool(can_retry))

    if allowed:
        attempt = retry(generation, member=member, now=NOW)
        assert (attempt.number, generation.state) == (2, State.QUEUED)
        assert ledger.held_usd(generation.pk) == Decimal("1.08")
    else:
        with pytest.raises(NotRetryable):
            retry(generation, member=member, now=NOW)
        assert generation.attempts.count() == 1


def test_of_two_retries_of_one_failure_one_wins(member):
    generation = make_generation(member, state=State.FAILED, can_retry=True)
    same = Generation.objects.get(pk=generation.pk)
    retry(generation, member=member, now=NOW)

    with pytest.raises(Overtaken):
        retry(same, member=member, now=NOW)

    assert generation.attempts.count() == 2
    assert ledger.held_usd(generation.pk) == Decimal("1.08")


def test_a_retry_beyond_the_budget_leaves_the_failure_as_it_was(member):
    generation = make_generation(member, state=State.FAILED, can_retry=True)
    generation.team.monthly_limit_usd = Decimal("1.00")
    generation.team.save()

    with pytest.raises(OverBudget):
        retry(generation, member=member, now=NOW)

    generation.refresh_from_db()
    assert (generation.state, generation.can_retry, generation.attempts.count()) == (
        State.FAILED,
        True,
        1,
    )


def test_a_result_that_was_not_fetched_is_fetched_again_for_nothing(member):
    generation = make_reserved(member, state=State.FETCH_FAILED)

    fetch_again(generation, member=member, now=NOW)

    assert generation.state == State.RUNNING
    assert Entry.objects.count() == 1
