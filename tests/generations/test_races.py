"""Races on the money and on the claims, with real threads and processes, each with a connection of
its own.

The same on SQLite and on PostgreSQL. The books are proven all the while, not only at the end.
"""

import random
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.costs import ledger
from editorapp.costs.ledger import Charge, NothingHeld, OverBudget, month_of
from editorapp.costs.models import Entry
from editorapp.generations.checks.books import audit
from editorapp.generations.coordination import leases
from editorapp.generations.engine import (
    claims,
    post_outcomes,
    reclaim,
    requeue,
    sweep,
)
from editorapp.generations.engine.account_snapshot import Accounts
from editorapp.generations.engine.dispatcher import CallResult, Post
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.models import Attempt, Generation, Overtaken, Pause
from editorapp.generations.queue import cancel, parking, pause, reorder
from editorapp.generations.queue.cancel import TooLate
from editorapp.generations.reconcile import settle
from editorapp.generations.reconcile.settle import NothingToSettle
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import Ticker
from editorapp.providers.contract import Job, JobState, Rejected
from editorapp.providers.models import ProviderAccount
from editorapp.review.decide import decide
from editorapp.review.models import Decision
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import default_account, make_member, make_post, make_reserved
from tests.generations.drive import ask
from tests.racing import Watched, at_once, race, race_processes

pytestmark = pytest.mark.django_db(transaction=True)


def one_price(member: Member) -> Decimal:
    """What one of these generations holds: asked of the code, with a generation that is canceled
    again.
    """
    made = ask(member)
    cancel.cancel(made, now=timezone.now())
    return made.estimate_high_usd


def with_room_for(count: int) -> tuple[Member, Decimal]:
    member = make_member()
    price = one_price(member)
    member.team.monthly_limit_usd = price * count + price / 2
    member.team.save()
    return member, price


def held(member: Member) -> Decimal:
    return ledger.month_totals(
        member.team, month_of(timezone.now()), is_simulated=True
    ).reserved_usd


def test_fifty_submits_at_once_against_a_budget_for_ten_reserve_exactly_ten():
    member, price = with_room_for(10)

    with Watched():
        ended = race([partial(ask, member, prompt=f"Harbor {number}") for number in range(50)])

    assert Counter(type(one) for one in ended) == {Generation: 10, OverBudget: 40}
    assert held(member) == price * 10
    assert Generation.objects.filter(state=State.QUEUED).count() == 10


SUBMITS = """
from editorapp.costs.ledger import OverBudget
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account
from editorapp.review.decide import decide
from editorapp.review.models import Decision
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.generations.drive import ask
member = Member.objects.select_related("team", "user").get(pk=int(sys.argv[1]))
ready()
made = 0
for number in range(10):
    try:
        ask(member, prompt=f"Harbor {number}")
        made += 1
    except OverBudget:
        pass
print(made)
"""


def test_three_processes_that_submit_ten_each_against_a_budget_for_ten_reserve_exactly_ten(
    tmp_path: Path,
):
    member, price = with_room_for(10)

    with Watched():
        made = race_processes(SUBMITS, 3, tmp_path, str(member.pk))

    assert sum(map(int, made)) == 10
    assert held(member) == price * 10


def test_the_same_form_twenty_times_at_once_makes_one_generation():
    member = make_member()

    with Watched():
        ended = race([partial(ask, member, form_token="one form") for _ in range(20)])

    assert {type(one) for one in ended} == {Generation}, ended
    assert len({one.pk for one in ended}) == 1
    assert held(member) == ended[0].estimate_high_usd
    assert Entry.objects.count() == 1


def test_of_processes_that_need_the_first_account_at_once_one_makes_it():
    ended = race([partial(default_account, "luma-agents") for _ in range(12)])

    assert {one.pk for one in ended} == {ProviderAccount.objects.get().pk}


def claimed_by_one(count: int) -> list[int]:
    """Claim a few at a time until nothing is left, as a sweep does; return the ids."""
    accounts, now, mine = (
        [Attempt.objects.values_list("account_id", flat=True)[0]],
        timezone.now(),
        [],
    )
    while found := claims.claim_polls(accounts, most=count, due_by=now, skip=set()):
        mine += [one.pk for one in found]
    return mine


def test_of_sweeps_that_claim_at_once_each_row_has_one():
    member = make_member()
    rows = [make_reserved(member, state=State.RUNNING).attempts.get().pk for _ in range(60)]

    ended = race([partial(claimed_by_one, count) for count in (1, 2, 3, 5, 7, 11)])

    taken = Counter(pk for mine in ended for pk in mine)
    # A sweep that found only rows of the others leaves early; what it left, the next turn takes.
    taken.update(claimed_by_one(60))
    assert taken == dict.fromkeys(rows, 1)


def test_of_sweeps_that_take_what_is_sent_next_each_row_has_one_and_the_limit_holds():
    member = make_member()
    rows = [make_reserved(member).attempts.get() for _ in range(40)]
    account = rows[0].account
    account.max_concurrent = 25
    account.save()
    sweeps = [Accounts(account.provider) for _ in range(6)]
    now = timezone.now()

    ended = race(
        [lambda sweep=sweep: [row.pk for row in sweep.turns(now=now, room=25)] for sweep in sweeps]
    )

    taken = [pk for mine in ended for pk in mine]
    assert len(taken) == len(set(taken)) == 25


def test_two_sweeps_that_both_believe_in_their_lease_send_each_generation_once(quick, monkeypatch):
    monkeypatch.setattr(leases, "take", lambda *args, **options: True)
    member = make_member()
    made = [ask(member, prompt=f"Harbor {number}") for number in range(10)]

    with Watched():
        ended = race([partial(sweep.work, "luma-agents", seconds=2.0) for _ in range(3)])

    assert ended == [None] * 3
    assert quick.submits_received == 10
    states = Counter(
        Generation.objects.filter(pk__in=[one.pk for one in made]).values_list("state", flat=True)
    )
    assert (
        State.UNKNOWN not in states
        and State.QUEUED not in states
        and State.SUBMITTING not in states
    )


def test_of_settlements_of_one_attempt_at_once_one_wins():
    member, now = make_member(), timezone.now()
    attempts = [make_reserved(member).attempts.get().pk for _ in range(6)]

    def charge(pk: int, amount_usd: Decimal | None) -> Entry:
        return ledger.charge([Charge(pk, amount_usd, is_estimated=amount_usd is None)], now=now)[0]

    ways = [
        partial(charge, amount_usd=Decimal("0.40")),
        partial(ledger.release, now=now),
        partial(charge, amount_usd=None),
    ]

    ended = race([partial(way, pk) for pk in attempts for way in (*ways, *ways)])

    assert Counter(type(one) for one in ended) == {Entry: 6, NothingHeld: 30}, ended
    for pk in attempts:
        sums = Counter()
        for kind, amount in Entry.objects.filter(attempt_id=pk).values_list("kind", "amount_usd"):
            sums[kind] += amount
        assert sums["reserve"] == sums["charge"] + sums["release"]
    assert held(member) == 0


def as_unknown(member: Member) -> tuple[Generation, Attempt]:
    """A post whose time was over, while its answer is still on the way; the attempt as its sweep
    has it.
    """
    generation = make_reserved(member)
    attempt, now = generation.attempts.get(), timezone.now()
    post_outcomes.posting([make_post(attempt, {"prompt": "A harbor"})], now=now)
    post_outcomes.lapsed(Attempt.objects.get(pk=attempt.pk), now=now)
    generation.refresh_from_db()
    assert generation.state == State.UNKNOWN
    return generation, attempt


def test_a_person_who_settles_and_the_answer_that_comes_late_are_never_both_right():
    member, now = make_member(), timezone.now()
    pairs = [as_unknown(member) for _ in range(8)]
    calls = []
    for number, (generation, attempt) in enumerate(pairs):
        job = Job(id=f"job-{number}", state=JobState.RUNNING)
        said = {"member": member, "now": now, "note": "Looked"}
        calls += [
            partial(post_outcomes.accepted, [Accepted(attempt, job, 5)], now=now),
            partial(settle.never_arrived, Generation.objects.get(pk=generation.pk), **said),
            partial(settle.count_as_spent, Generation.objects.get(pk=generation.pk), **said),
        ]

    with Watched():
        ended = race(calls)

    for place, (generation, _attempt) in enumerate(pairs):
        three = ended[place * 3 : place * 3 + 3]
        assert {type(one) for one in three} <= {type(None), Overtaken, NothingToSettle}, three
        row = Generation.objects.get(pk=generation.pk)
        is_followed = row.state == State.RUNNING
        assert row.state in {State.RUNNING, State.FAILED}
        assert three[0] is None  # it is followed, or what a person said of it is called in question
        assert three[1:].count(None) == (0 if is_followed else 1), three
        assert (
            Alert.objects.filter(subject=f"generation:{row.pk}", closed_at=None).exists()
            != is_followed
        )
        assert (ledger.held_usd(row.pk) > 0) == is_followed


@pytest.mark.parametrize("outcome", ["never_arrived", "count_as_spent", "send_again", "follow"])
def test_an_answer_that_was_kept_while_nothing_could_be_written_calls_in_question_what_a_person_said_since(
    outcome,
):
    generation, attempt = as_unknown(make_member())
    session = sweep.Session("luma-agents", clock=timezone.now)
    job = Job(id="job-late", state=JobState.RUNNING)
    session.unwritten = [CallResult(Post(attempt, attempt.account.access(), {}, ""), job, None)]
    options = {"member": generation.team.members.get(), "now": timezone.now(), "note": "Looked"}
    if outcome == "follow":
        by = settle.Decider(generation.created_by, options["now"])
        settle.follow(Attempt.objects.get(pk=attempt.pk), "job-other", by)
    else:
        options |= {"agreed_usd": Decimal(99)} if outcome == "send_again" else {}
        getattr(settle, outcome)(generation, **options)

    session._write([])
    session.dispatcher.close()

    alert = Alert.objects.get(closed_at=None)
    assert (alert.kind, alert.subject) == ("unknown_outcome", f"generation:{generation.pk}")
    assert "after all, as job job-late" in alert.message
    assert ("settled as job job-other" in alert.message) == (outcome == "follow")


def test_an_answer_that_was_kept_says_nothing_where_a_person_gave_its_very_id_since():
    generation, attempt = as_unknown(make_member())
    now = timezone.now()
    row = Attempt.objects.get(pk=attempt.pk)
    settle.follow(row, "job-late", settle.Decider(generation.created_by, now))
    attempt.refresh_from_db()

    post_outcomes.accepted(
        [Accepted(attempt, Job(id="job-late", state=JobState.RUNNING), 5)], now=now
    )

    assert not Alert.objects.exists() and Attempt.objects.get().state == State.RUNNING


def test_one_job_is_followed_once_even_where_two_accounts_have_one_key(monkeypatch):
    look = settle._free

    def look_and_dawdle(attempt: Attempt, job_id: str) -> None:
        look(attempt, job_id)
        time.sleep(0.05)  # the other would look now

    monkeypatch.setattr(settle, "_free", look_and_dawdle)
    member, now = make_member(), timezone.now()
    account = default_account("luma-agents")
    twin = ProviderAccount.objects.create(
        provider="luma-agents", name="The same key again", is_simulated=True
    )
    for number in range(2):
        attempts = [as_unknown(member)[1] for _ in range(2)]
        assert {one.account for one in attempts} == {account}
        Attempt.objects.filter(pk=attempts[1].pk).update(account=twin)
        rows = list(Attempt.objects.filter(pk__in=[one.pk for one in attempts]).order_by("pk"))
        by, job_id = settle.Decider(member.user, now), f"job-{number}"

        ended = race([partial(settle.follow, row, job_id, by) for row in rows])

        assert Counter(type(one) for one in ended) == {type(None): 1, settle.JobIsTaken: 1}, ended
        assert Attempt.objects.filter(provider_job_id=job_id).count() == 1


def test_what_is_canceled_while_it_is_being_sent_is_one_or_the_other(quick):
    member = make_member()
    made = [ask(member, prompt=f"Harbor {number}") for number in range(10)]
    now = timezone.now()

    with Watched():
        ended = race(
            [
                partial(sweep.work, "luma-agents", seconds=2.0),
                *(partial(cancel.cancel, one, now=now) for one in made),
            ]
        )

    assert {type(one) for one in ended[1:]} <= {Attempt, TooLate}, ended
    canceled = sum(isinstance(one, Attempt) for one in ended[1:])
    sweep.work("luma-agents", seconds=0.5)  # what the sweep left behind when it met a canceled one
    assert quick.submits_received == 10 - canceled
    assert Generation.objects.filter(state=State.CANCELED).count() == canceled


def test_of_takers_of_one_lease_one_has_it_each_time():
    now = timezone.now()
    for _round in range(5):  # at first nobody has made its row; later it has lapsed
        ended = race(
            [partial(leases.take, "work:x", uuid.uuid4(), now=now, seconds=10) for _ in range(12)]
        )
        assert Counter(ended) == {True: 1, False: 11}
        now += timedelta(seconds=11)


def test_of_tickers_on_many_machines_one_is_in_charge():
    now = timezone.now()

    ended = race([partial(Ticker().tick, now) for _ in range(6)])

    assert Counter(ended) == {True: 1, False: 5}


def test_what_is_written_of_several_teams_in_one_go_locks_their_budgets_in_one_order():
    """As tests/lock_order.py sees it: two sweeps that refuse for the same two teams must not wait
    for each other.
    """
    session, answers = sweep.Session("luma-agents", clock=timezone.now), []
    for member in reversed([make_member() for _ in range(3)]):
        attempt = make_reserved(member).attempts.get()
        post_outcomes.posting([make_post(attempt, {"prompt": "A harbor"})], now=timezone.now())
        refusal = Rejected("Not this prompt.", code="refused")
        answers.append(CallResult(Post(attempt, attempt.account.access(), {}, ""), None, refusal))

    session._write(answers)
    session.dispatcher.close()

    assert set(Generation.objects.values_list("state", flat=True)) == {State.FAILED}
    assert audit().differences == ()


def test_of_two_decisions_at_once_the_one_written_last_is_the_one_that_the_take_shows():
    maker = make_member()
    reviewer = make_member(role=Role.REVIEWER, team=maker.team)
    take = make_reserved(maker, state=State.SUCCEEDED)
    other = Generation.objects.get(pk=take.pk)
    sent_back = partial(
        decide, other, "needs_changes", member=reviewer, note="Darker.", now=timezone.now()
    )

    with at_once(Decision.objects, "create", sent_back) as begun:
        decide(take, "approved", member=reviewer, note="", now=timezone.now())

    assert begun[0].ended().verdict == "needs_changes"
    take.refresh_from_db()
    assert take.review == Decision.objects.order_by("-pk")[0].verdict == "needs_changes"


def test_of_two_pauses_of_an_account_at_once_the_longer_one_stays():
    account, now = default_account("luma-agents"), timezone.now()
    requeue.pause_account(account.pk, now=now, seconds=5, reason="Short.")
    other = partial(requeue.pause_account, account.pk, now=now, seconds=600, reason="For long.")

    with at_once(requeue, "has_taken_any", other) as begun:  # the row is read, and not written
        requeue.pause_account(account.pk, now=now, seconds=60, reason="For a minute.")

    assert begun[0].ended().reason == "For long."
    assert Pause.objects.get().reason == "For long."


def test_a_crowd_that_does_everything_at_once_meets_no_deadlock_and_leaves_nothing_waiting_without_a_reason():
    """In whatever order they come: tests/lock_order.py looks at the order of each by itself."""
    admin = make_member(role=Role.OWNER)
    creators = [make_member(team=admin.team) for _ in range(3)]
    account, now = default_account("luma-agents"), timezone.now()
    how: dict[str, Any] = {"member": admin, "now": now}

    def with_one(act: Callable[..., Any]) -> Callable[[], Any]:
        def call() -> None:
            with suppress(TooLate):
                act(random.choice(list(Generation.objects.filter(team=admin.team))))

        return call

    def take() -> None:
        list(Accounts("luma-agents").turns(now=timezone.now(), room=5))

    acts: list[Callable[[], Any]] = [
        partial(pause.pause_queue, **how),
        partial(pause.resume_queue, **how),
        partial(pause.pause_account, account, **how),
        partial(pause.resume_account, account, **how),
        with_one(partial(pause.hold, **how)),
        with_one(partial(pause.let_go, **how)),
        with_one(partial(reorder.up, **how)),
        with_one(partial(reorder.to_the_front, **how)),
        with_one(partial(cancel.cancel, now=now)),
        take,
        partial(pause.release_forgotten, now),
        lambda: Ticker().tick(now - timedelta(hours=1)),
        lambda: reclaim.from_the_dead(now=timezone.now()),
        *[partial(ask, creator) for creator in creators],
    ]
    for creator in creators:
        for _ in range(4):
            ask(creator)

    def some(seed: int) -> None:
        chance = random.Random(seed)
        for _ in range(8):
            chance.choice(acts)()

    ended = race([partial(some, seed) for seed in range(6)])

    assert ended == [None] * 6
    pause.resume_account(account, **how)
    waiting = Generation.objects.filter(attempts__state=State.QUEUED)
    assert not waiting.filter(attempts__next_action_at=None).exclude(parking.paused()).exists()
    assert audit().differences == ()
