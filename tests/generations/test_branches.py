"""A branch that is run again: quoted whole, then made step after step, each paid once."""

import threading
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations import tasks
from editorapp.generations.branches import advance
from editorapp.generations.branches import run as branch_runs
from editorapp.generations.branches.plan import NotABranch, plan
from editorapp.generations.branches.run import DearerNow, run_again, stop
from editorapp.generations.checks.books import differences
from editorapp.generations.coordination import wake
from editorapp.generations.models import Attempt, BranchRun, BranchStep, Generation
from editorapp.generations.queue.cancel import cancel
from editorapp.generations.reconcile import after_restore
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import OverBudget, enqueue
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import AuditEntry, Member, Project, Team
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_generation, make_member
from tests.patience import PATIENCE_SECONDS
from tests.queued import waiting

NOW = timezone.now()
PRICE = Decimal("1.08")


@pytest.fixture
def member(db):
    return make_member()


def finish(take: Generation, **changes) -> Generation:
    """Let a take be done, with a result and the id that its provider gave, and its money charged."""
    member = Member.objects.get(team=take.team, user=take.created_by)
    result = make_asset(member, origin=Asset.Origin.RESULT)
    end(take, State.SUCCEEDED, result=result, chain_id=str(uuid.uuid4()), **changes)
    return take


def end(take: Generation, state: State, **changes) -> None:
    """Let a take end in a state, and its money with it."""
    Attempt.objects.filter(generation=take).update(state=state, next_action_at=None)
    Generation.objects.filter(pk=take.pk).update(state=state, **changes)
    attempt = take.attempts.get()
    if state == State.SUCCEEDED:
        Generation.objects.filter(pk=take.pk).update(cost_usd=take.estimate_high_usd)
        ledger.charge([ledger.Charge(attempt.pk, None, is_estimated=False)], now=NOW)
    elif state in (State.FAILED, State.CANCELED):
        ledger.release(attempt.pk, now=NOW)
    take.refresh_from_db()


def make_step(member: Member, parent: Generation | None, prompt: str, **said) -> Generation:
    """Make a done take, of a clip or of the take before."""
    clip = parent.result if parent else make_asset(member)
    wanted = GenerationRequest(
        prompt=prompt,
        resolution="720p",
        strength="flex_1",
        source=Ref(generation_id=parent.chain_id) if parent else Ref(asset_id=clip.pk),
    )
    draft = Draft(replace(wanted, **said), default_account("luma-agents"), clip, parent)
    return finish(enqueue(draft, member=member))


@pytest.fixture
def line(member) -> list[Generation]:
    takes: list[Generation] = []
    for prompt in ("Rain", "Neon", "Fog"):
        takes.append(make_step(member, takes[-1] if takes else None, prompt))
    return takes


def begin(line, member, **changes) -> BranchRun:
    said = {"start": None, "onto": None, "agreed_usd": Decimal(100), "form_token": "one"} | changes
    return run_again(line[-1], member=member, now=timezone.now(), **said)


def made(run: BranchRun) -> list[Generation]:
    return [step.generation for step in run.steps.order_by("position") if step.generation]


def queued() -> int:
    return Generation.objects.filter(state=State.QUEUED).count()


def tick() -> None:
    """Do what the queue does when the ticker wakes it."""
    tasks.run_branches()


def test_the_plan_has_each_step_with_its_price_and_the_total(
    line, member, django_assert_num_queries
):
    with django_assert_num_queries(5):
        found = plan(line[-1], member, now=NOW)

    assert [step.take for step in found.steps] == line
    assert [step.high_usd for step in found.steps] == [PRICE] * 3
    assert (found.low_usd, found.high_usd) == (PRICE * 3, PRICE * 3)
    assert found.can_run and found.is_simulated
    assert Entry.objects.filter(kind="reserve").count() == 3  # of the takes themselves


def test_a_branch_begins_with_its_first_step_and_goes_on_as_each_is_done(line, member):
    run = begin(line, member)

    for place, original in enumerate(line):
        takes = made(run)
        assert len(takes) == place + 1 and queued() == 1
        take = takes[-1]
        assert take.prompt == original.prompt
        tick()  # nothing follows what is not done
        assert queued() == 1
        finish(take)
        tick()

    run.refresh_from_db()
    takes = made(run)
    assert run.state == BranchRun.State.DONE
    assert [take.parent for take in takes] == [None, takes[0], takes[1]]
    assert [take.source_asset for take in takes] == [
        line[0].source_asset,
        takes[0].result,
        takes[1].result,
    ]
    assert takes[1].wanted == replace(line[1].wanted, source=Ref(generation_id=takes[0].chain_id))
    assert {take.lineage for take in takes} == {line[0].lineage}
    assert differences() == []


def test_a_branch_can_begin_further_down_from_a_newer_take(line, member):
    newer = make_step(member, None, "Rain, heavier")

    run = begin(line, member, start=line[1].pk, onto=newer)
    finish(made(run)[0])
    tick()

    first, second = made(run)
    assert (first.parent, first.source_asset) == (newer, newer.result)
    assert first.wanted.source == Ref(generation_id=newer.chain_id)
    assert second.parent == first


def test_a_take_that_continues_another_names_the_new_one(member):
    account = default_account("luma-agents")
    first = make_step(member, None, "Rain")
    wanted = GenerationRequest(
        task="generate",
        prompt="On and on",
        resolution="720p",
        duration="5s",
        start_frame=Ref(generation_id=first.chain_id),
    )
    second = finish(enqueue(Draft(wanted, account, parent=first), member=member))

    run = begin([first, second], member)
    again = finish(made(run)[0])
    tick()

    assert made(run)[1].wanted.start_frame == Ref(generation_id=again.chain_id)
    assert made(run)[1].parent == again


def test_a_step_that_names_something_else_than_the_take_before_cannot_follow_a_new_one(
    line, member
):
    other = make_asset(member)
    Generation.objects.filter(pk=line[2].pk).update(
        request=replace(line[2].wanted, source=Ref(asset_id=other.pk)).to_json()
    )

    found = plan(Generation.objects.get(pk=line[2].pk), member, now=NOW)

    assert "names something else" in found.steps[2].why_not
    with pytest.raises(NotABranch):
        begin([Generation.objects.get(pk=line[2].pk)], member)
    assert queued() == 0


def test_the_same_form_sent_twice_begins_one_run(line, member):
    first, second = begin(line, member), begin(line, member)

    assert first == second and queued() == 1


@pytest.mark.django_db(transaction=True)
def test_many_presses_and_looks_at_once_send_each_step_once(line, member):
    def at_once(act) -> None:
        def do() -> None:
            with suppress(Exception):
                act()
            connection.close()

        threads = [threading.Thread(target=do) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE_SECONDS)

    at_once(lambda: begin(line, member))
    run = BranchRun.objects.get()
    for place in range(3):
        takes = made(run)
        assert len(takes) == place + 1
        assert Generation.objects.count() == 3 + place + 1
        finish(takes[-1])
        at_once(lambda: advance.advance(run.pk, now=timezone.now()))

    run.refresh_from_db()
    assert run.state == BranchRun.State.DONE
    assert Entry.objects.filter(kind="reserve").count() == 6
    assert differences() == []


@pytest.mark.parametrize("state", [State.FAILED, State.CANCELED])
def test_a_step_that_comes_to_nothing_stops_the_rest_and_nothing_is_charged_for_it(
    line, member, state
):
    run = begin(line, member)
    end(made(run)[0], state)

    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED
    assert f"#{made(run)[0].pk} {'failed' if state == State.FAILED else 'was canceled'}" in run.why
    assert len(made(run)) == 1 and queued() == 0
    assert differences() == []
    tick()
    assert Generation.objects.count() == 4


@pytest.mark.parametrize("state", [State.UNKNOWN, State.LOST, State.FETCH_FAILED, State.RUNNING])
def test_while_nobody_knows_what_became_of_a_step_the_next_waits(line, member, state):
    run = begin(line, member)
    take = made(run)[0]
    Generation.objects.filter(pk=take.pk).update(state=state)

    tick()

    run.refresh_from_db()
    assert run.is_open and len(made(run)) == 1
    finish(take)  # a person, or the provider's list, has said that it is done
    tick()
    assert len(made(run)) == 2


def test_what_is_canceled_by_hand_stops_the_rest(line, member):
    run = begin(line, member)
    cancel(made(run)[0], now=timezone.now(), by=member.user)

    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED


def test_a_step_that_was_put_into_the_trash_stops_the_rest(line, member):
    run = begin(line, member)
    finish(made(run)[0], trashed_at=NOW)

    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED and "into the trash" in run.why
    assert queued() == 0
    with pytest.raises(NotABranch):
        plan(line[-1], member, start=line[1].pk, onto=made(run)[0], now=NOW)


def test_a_budget_without_room_for_all_begins_nothing(line, member):
    spent = PRICE * 3
    type(member.team).objects.update(monthly_limit_usd=spent + PRICE * 2)
    member.team.refresh_from_db()

    found = plan(line[-1], member, now=NOW)

    assert "whole branch may cost $3.24 and $2.16" in found.budget
    with pytest.raises(NotABranch):
        begin(line, member)
    assert not BranchRun.objects.exists() and queued() == 0


def test_a_budget_that_is_used_up_between_the_steps_stops_the_rest(line, member):
    run = begin(line, member)
    finish(made(run)[0])
    type(member.team).objects.update(monthly_limit_usd=PRICE * 4)

    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED
    assert "budget is free" in run.why and "Step 2" in run.why
    assert queued() == 0
    assert differences() == []


def test_a_first_step_that_cannot_be_reserved_leaves_no_run_behind(line, member, monkeypatch):
    def no_room(*_args, **_more):
        raise OverBudget(needed_usd=PRICE, available_usd=Decimal(0))

    monkeypatch.setattr(advance, "enqueue", no_room)

    with pytest.raises(OverBudget):
        begin(line, member)

    assert not BranchRun.objects.exists()
    assert not AuditEntry.objects.filter(act="branch.run").exists()


def test_nothing_is_sent_for_more_than_was_shown(line, member):
    with pytest.raises(DearerNow):
        begin(line, member, agreed_usd=PRICE * 3 - Decimal("0.01"))
    assert queued() == 0

    run = begin(line, member)
    finish(made(run)[0])
    run.steps.filter(position=1).update(agreed_usd=Decimal("1.07"))
    tick()

    run.refresh_from_db()
    assert "would cost up to $1.08 now, and $1.07 was agreed to" in run.why
    assert queued() == 0 and differences() == []


def test_a_worker_that_ends_while_it_sends_a_step_leaves_nothing_of_it(line, member, monkeypatch):
    run = begin(line, member)
    finish(made(run)[0])

    class Killed(BaseException):
        pass

    real = advance.enqueue

    def killed(*args, **more):
        real(*args, **more)
        raise Killed

    monkeypatch.setattr(advance, "enqueue", killed)
    with pytest.raises(Killed):
        tick()
    assert len(made(run)) == 1 and Generation.objects.count() == 4

    monkeypatch.undo()
    tick()
    assert len(made(run)) == 2 and Generation.objects.count() == 5
    assert differences() == []


def test_a_fault_of_ours_stops_one_run_and_no_other(line, member, monkeypatch):
    bad, good = begin(line, member), begin(line, member, form_token="two")
    for run in (bad, good):
        finish(made(run)[0])
    real = advance.step_draft

    def faulty(original, made_from):
        if made_from == made(bad)[0]:
            raise ZeroDivisionError
        return real(original, made_from)

    monkeypatch.setattr(advance, "step_draft", faulty)
    tick()

    bad.refresh_from_db()
    assert bad.state == BranchRun.State.STOPPED and "ZeroDivisionError" in bad.why
    assert len(made(good)) == 2


@pytest.mark.parametrize("change", [{"role": Role.REVIEWER}, {"disabled_at": NOW}])
def test_who_may_not_create_any_more_sends_nothing_more(line, member, change):
    run = begin(line, member)
    finish(made(run)[0])
    Member.objects.filter(pk=member.pk).update(**change)

    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED and queued() == 0


def test_a_run_is_stopped_by_who_began_it_or_an_admin_and_by_nobody_else(line, member):
    run = begin(line, member)
    other, admin = (make_member(team=member.team, role=role) for role in ("creator", "admin"))

    with pytest.raises(PermissionDenied):
        stop(run, member=other, now=NOW)
    with pytest.raises(PermissionDenied):
        stop(run, member=make_member(role=Role.ADMIN), now=NOW)
    assert stop(run, member=admin, now=NOW)
    assert not stop(run, member=member, now=NOW)

    finish(made(run)[0])
    tick()
    run.refresh_from_db()
    assert (run.state, run.why) == (BranchRun.State.STOPPED, f"{admin.user} stopped it.")
    assert len(made(run)) == 1
    acts = AuditEntry.objects.filter(act__startswith="branch.").order_by("pk")
    assert [line.act for line in acts] == ["branch.run", "branch.stopped"]


def test_what_comes_from_a_backup_is_not_sent_on_by_itself(line, member):
    run = begin(line, member)
    finish(made(run)[0])

    after_restore.hold(backed_up_at=NOW - timedelta(hours=1), now=NOW)
    tick()

    run.refresh_from_db()
    assert run.state == BranchRun.State.STOPPED and "backup" in run.why
    assert queued() == 0


def test_the_ticker_wakes_who_sends_the_next_step(line, member, monkeypatch):
    run, woken = begin(line, member), []
    monkeypatch.setattr(
        "editorapp.generations.worker.ticker.wake.wake",
        lambda task, *of, **_more: woken.append(task),
    )
    ticker = Ticker()
    ticker.ticks = 1  # not the tick that looks after the queue's own schedules

    ticker.tick(timezone.now())
    assert "run_branches" not in woken
    finish(made(run)[0])
    ticker.tick(timezone.now())

    assert "run_branches" in woken


@pytest.mark.django_db(transaction=True)
def test_the_end_of_a_step_wakes_who_sends_the_next(line, member):
    run = begin(line, member)

    wake.branches(line[0].pk)  # of no run
    assert ("run_branches", ()) not in waiting()
    wake.branches(made(run)[0].pk)
    assert ("run_branches", ()) in waiting()


def test_only_takes_of_its_own_team_and_projects_are_run_again(line, member):
    stranger = make_member()
    with pytest.raises(PermissionDenied):
        begin(line, stranger)

    hidden = Project.objects.create(team=member.team, name="Secret", is_private=True)
    Team.objects.update(has_private_projects=True)
    Generation.objects.filter(pk=line[0].pk).update(project=hidden)
    member.team.refresh_from_db()
    found = plan(Generation.objects.get(pk=line[2].pk), member, now=NOW)
    assert [step.take for step in found.steps] == line[1:]


def test_a_branch_begins_with_a_take_that_is_in_it(line, member):
    other = make_generation(member, state=State.SUCCEEDED)

    with pytest.raises(NotABranch):
        plan(line[-1], member, start=other.pk, now=NOW)
    with pytest.raises(NotABranch):
        plan(line[-1], member, start=line[1].pk, onto=other, now=NOW)  # it has no result
    with pytest.raises(NotABranch):
        plan(line[-1], member, onto=line[1], now=NOW)  # the first was made from no take


def test_a_take_made_again_stands_for_the_old_one(line, member):
    run = begin(line, member, start=line[1].pk)

    assert BranchStep.objects.get(run=run, position=0).original == line[1]
    assert branch_runs.stop(run, member=member, now=NOW)
