"""An unknown outcome is closed by a person only, with the right money and a trace of who and why."""

import inspect
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert
from editorapp.core.notes import NoteNeeded
from editorapp.costs import ledger
from editorapp.costs.ledger import OverBudget
from editorapp.costs.models import Entry
from editorapp.generations import alerting
from editorapp.generations.checks import overdue
from editorapp.generations.checks.books import differences
from editorapp.generations.engine import post_outcomes
from editorapp.generations.engine.post_outcomes import Accepted
from editorapp.generations.models import Attempt, Generation, Settlement
from editorapp.generations.reconcile import settle
from editorapp.generations.request.retry import take_as_it_is
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import Job, JobState
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_member, make_reserved
from tests.simulator_process import http

NOW = timezone.now()
PRICE = Decimal("1.08")
JOB = "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"


@pytest.fixture
def member(db):
    return make_member(name="Mira")


@pytest.fixture
def unknown(member) -> Generation:
    return make_reserved(member, state=State.UNKNOWN)


def lines() -> list[tuple[str, Decimal]]:
    return list(Entry.objects.order_by("pk").values_list("kind", "amount_usd"))


def accepted_elsewhere(quick) -> str:
    """Make a job at the simulator with the key of the simulated account. Return its id."""
    made = http.post(
        f"{quick.url}/luma-agents/v1/generations",
        json={"model": "ray-3.2", "type": "video", "prompt": "A harbor"},
        headers={"Authorization": f"Bearer {registry.get('luma-agents').SPEC.simulated_key}"},
    )
    return made.raise_for_status().json()["id"]


def test_a_job_that_was_found_is_followed_with_its_money_still_held(quick, member, unknown):
    job_id = accepted_elsewhere(quick)

    settle.adopt(unknown, f" {job_id} ", member=member, now=NOW, note="In the console")

    attempt, decision = unknown.attempts.get(), Settlement.objects.get()
    assert (unknown.state, attempt.provider_job_id) == (State.RUNNING, job_id)
    assert ledger.held_usd(unknown.pk) == Decimal("1.08")
    assert (decision.by, decision.outcome, decision.note) == (
        "Mira",
        "adopted",
        f"Job {job_id}. In the console",
    )
    assert Entry.objects.last().note == f"Mira: followed as job {job_id}. In the console"
    assert differences() == []


def test_one_job_cannot_be_adopted_twice(quick, member, unknown):
    other, job_id = make_reserved(member, state=State.UNKNOWN), accepted_elsewhere(quick)
    settle.adopt(unknown, job_id, member=member, now=NOW, note="Seen in the console")

    with pytest.raises(settle.JobIsTaken):
        settle.adopt(other, job_id, member=member, now=NOW, note="Seen in the console")

    assert Generation.objects.get(pk=other.pk).state == State.UNKNOWN


def test_of_two_that_adopt_a_job_at_once_one_is_told(quick, member, unknown, monkeypatch):
    other, job_id = make_reserved(member, state=State.UNKNOWN), accepted_elsewhere(quick)
    monkeypatch.setattr(
        settle, "_free", lambda attempt, job_id: None
    )  # both looked before either wrote
    settle.adopt(unknown, job_id, member=member, now=NOW, note="Seen in the console")

    with pytest.raises(settle.JobIsTaken):
        settle.adopt(other, job_id, member=member, now=NOW, note="Seen in the console")

    assert Generation.objects.get(pk=other.pk).state == State.UNKNOWN
    assert Settlement.objects.count() == 1 and differences() == []


def test_an_id_that_the_account_does_not_know_is_not_followed(quick, member, unknown):
    with pytest.raises(settle.JobNotKnown, match="knows no job with the id"):
        settle.adopt(unknown, JOB, member=member, now=NOW, note="Seen in the console")

    assert Generation.objects.get().state == State.UNKNOWN and not Settlement.objects.exists()


def test_an_id_is_not_followed_while_the_account_cannot_be_asked(quick, member, unknown):
    job_id = accepted_elsewhere(quick)
    quick.fail("poll", "status:503")

    with pytest.raises(settle.JobNotKnown, match="could not be asked"):
        settle.adopt(unknown, job_id, member=member, now=NOW, note="Seen in the console")
    settle.adopt(unknown, job_id, member=member, now=NOW, note="Seen in the console")

    assert unknown.state == State.RUNNING


def test_a_job_of_an_account_that_is_switched_off_is_not_followed(member, unknown):
    ProviderAccount.objects.update(is_enabled=False)

    with pytest.raises(settle.JobNotKnown, match="switched off"):
        settle.adopt(unknown, JOB, member=member, now=NOW, note="Seen in the console")


def test_what_never_arrived_gives_its_money_back_and_may_be_tried_again(member, unknown):
    settle.never_arrived(unknown, member=member, now=NOW, note="Not in the console")

    assert (unknown.state, unknown.can_try_again) == (State.FAILED, True)
    assert lines() == [("reserve", Decimal("1.08")), ("release", Decimal("1.08"))]
    assert Entry.objects.last().note == "Mira: never arrived. Not in the console"


def test_what_is_sent_again_counts_the_first_as_spent(member, unknown):
    attempt = settle.send_again(
        unknown, member=member, now=NOW, agreed_usd=PRICE, note="The client waits"
    )

    assert (attempt.number, unknown.state) == (2, State.QUEUED)
    assert [kind for kind, _amount in lines()] == ["reserve", "charge", "reserve"]
    assert ledger.spent_usd(unknown.pk) == Decimal("1.08")
    assert ledger.held_usd(unknown.pk) == Decimal("1.08")
    assert "Mira" in Entry.objects.get(kind="charge").note
    assert differences() == []


def test_sending_again_reserves_what_it_costs_now_and_charges_what_was_held(member):
    generation = make_reserved(
        member, state=State.UNKNOWN, estimate_high_usd=Decimal("0.90")
    )  # it was cheaper then

    with pytest.raises(settle.PriceChanged, match=r"\$1.08 now; \$0.90 was shown"):
        settle.send_again(
            generation,
            member=member,
            now=NOW,
            agreed_usd=Decimal("0.90"),
            note="Seen in the console",
        )
    assert Generation.objects.get().state == State.UNKNOWN
    settle.send_again(
        generation, member=member, now=NOW, agreed_usd=PRICE, note="Seen in the console"
    )

    assert lines() == [
        ("reserve", Decimal("0.90")),
        ("charge", Decimal("0.90")),
        ("reserve", Decimal("1.08")),
    ]
    assert (generation.estimate_high_usd, generation.cost_usd) == (PRICE, Decimal("0.90"))
    assert differences() == []


def test_nothing_is_sent_again_at_a_price_that_nobody_knows(member):
    account = default_account("scenario")
    generation = make_reserved(member, state=State.UNKNOWN, account=account, provider="scenario")

    with pytest.raises(settle.PriceChanged, match="not known"):
        settle.send_again(
            generation,
            member=member,
            now=NOW,
            agreed_usd=Decimal("100"),
            note="Seen in the console",
        )

    assert Generation.objects.get().state == State.UNKNOWN and len(lines()) == 1


def test_sending_again_beyond_the_budget_leaves_all_as_it_was(member, unknown):
    member.team.monthly_limit_usd = Decimal("2.00")
    member.team.save()

    with pytest.raises(OverBudget):
        settle.send_again(
            unknown, member=member, now=NOW, agreed_usd=PRICE, note="Seen in the console"
        )

    assert Generation.objects.get().state == State.UNKNOWN
    assert lines() == [("reserve", Decimal("1.08"))]


def test_what_was_charged_without_a_result_is_counted_as_spent(member, unknown):
    settle.count_as_spent(unknown, member=member, now=NOW, note="Seen in the console")

    assert (unknown.state, unknown.cost_usd, unknown.cost_is_estimated) == (
        State.FAILED,
        Decimal("1.08"),
        True,
    )
    assert differences() == []


@pytest.mark.parametrize("state", sorted(set(State) - {State.UNKNOWN, State.LOST}))
def test_a_known_outcome_is_not_for_people_to_settle(member, state):
    generation = make_reserved(member, state=state)

    for act in (
        lambda: settle.adopt(generation, JOB, member=member, now=NOW, note="Seen in the console"),
        lambda: settle.never_arrived(
            generation, member=member, now=NOW, note="Seen in the console"
        ),
        lambda: settle.count_as_spent(
            generation, member=member, now=NOW, note="Seen in the console"
        ),
        lambda: settle.send_again(
            generation, member=member, now=NOW, agreed_usd=PRICE, note="Seen in the console"
        ),
    ):
        with pytest.raises(settle.NothingToSettle):
            act()

    assert lines() == [("reserve", Decimal("1.08"))]


def decisions(take: Generation, member, note: str) -> dict[str, Callable[[], object]]:
    """Return every way in which a person decides about the money of a paid call."""
    said = {"member": member, "now": NOW, "note": note}
    return {
        "adopt": lambda: settle.adopt(take, JOB, **said),
        "never_arrived": lambda: settle.never_arrived(take, **said),
        "count_as_spent": lambda: settle.count_as_spent(take, **said),
        "send_again": lambda: settle.send_again(take, agreed_usd=PRICE, **said),
        "correct_cost": lambda: settle.correct_cost(take, Decimal("0.54"), **said),
    }


def test_every_public_function_that_settles_is_in_that_table(unknown, member):
    by_member = {
        name
        for name, one in vars(settle).items()
        if inspect.isfunction(one)
        and not name.startswith("_")
        and "member" in inspect.signature(one).parameters
        and one.__module__ == settle.__name__
    }

    assert by_member == set(decisions(unknown, member, ""))


@pytest.mark.parametrize(
    "what", ["adopt", "never_arrived", "count_as_spent", "send_again", "correct_cost"]
)
def test_nobody_settles_a_colleagues_take_but_an_admin(unknown, what):
    for other in (
        make_member(team=unknown.team),
        make_member(team=unknown.team, role=Role.REVIEWER),
    ):
        with pytest.raises(PermissionDenied):
            decisions(unknown, other, "Seen in the console")[what]()

    assert Generation.objects.get().state == State.UNKNOWN and lines() == [("reserve", PRICE)]


def test_an_admin_settles_anybodys_take(unknown):
    settle.never_arrived(
        unknown, member=make_member(team=unknown.team, role=Role.ADMIN), now=NOW, note="Not there"
    )

    assert unknown.state == State.FAILED


@pytest.mark.parametrize("note", ["", "   ", " -- ", "\n", "x" * (settle.LONGEST_NOTE + 1)])
@pytest.mark.parametrize(
    "what", ["adopt", "never_arrived", "count_as_spent", "send_again", "correct_cost"]
)
def test_no_money_is_decided_by_hand_without_a_note(unknown, what, note):
    admin = make_member(team=unknown.team, role=Role.ADMIN)

    with pytest.raises(NoteNeeded):
        decisions(unknown, admin, note)[what]()

    assert Generation.objects.get().state == State.UNKNOWN and lines() == [("reserve", PRICE)]
    assert not Settlement.objects.exists()


@pytest.mark.parametrize("what", ["never_arrived", "count_as_spent", "send_again"])
def test_the_ledger_line_carries_the_note_whole(unknown, member, what):
    note = "In the console of 9 October there is nothing " + "y" * 150

    decisions(unknown, member, f"  {note}\n")[what]()

    said = [entry.note for entry in Entry.objects.exclude(kind="reserve")]
    assert any(one.startswith("Mira: ") and one.endswith(note) for one in said), said
    assert Settlement.objects.get().note.endswith(note)


def test_a_take_that_was_handed_over_is_settled_by_its_new_person_and_no_more_by_its_maker(
    unknown, member
):
    heir = make_member(team=member.team, name="Bo")
    Generation.objects.update(assignee=heir.user)
    unknown.refresh_from_db()

    with pytest.raises(PermissionDenied):
        settle.never_arrived(unknown, member=member, now=NOW, note="Not there")
    settle.never_arrived(unknown, member=heir, now=NOW, note="Not there")

    assert Settlement.objects.get().by == "Bo"


def test_only_who_answers_for_it_gives_a_paid_result_up_for_what_came(member):
    came = make_asset(member)
    take = make_reserved(member, state=State.FETCH_FAILED, came=came)

    with pytest.raises(PermissionDenied):
        take_as_it_is(take, member=make_member(team=member.team), now=NOW)
    take_as_it_is(take, member=member, now=NOW)

    assert take.state == State.SUCCEEDED


def test_a_reviewer_and_a_stranger_settle_nothing(unknown):
    for member in (make_member(team=unknown.team, role=Role.REVIEWER), make_member()):
        with pytest.raises(PermissionDenied):
            settle.never_arrived(unknown, member=member, now=NOW, note="Seen in the console")

    assert Generation.objects.get().state == State.UNKNOWN


def test_an_admin_corrects_a_cost_by_an_adjustment(member, unknown):
    admin = make_member(team=member.team, role=Role.ADMIN)
    settle.count_as_spent(unknown, member=member, now=NOW, note="Seen in the console")

    settle.correct_cost(unknown, Decimal("0.54"), member=admin, now=NOW, note="Invoice of November")

    assert lines()[-1] == ("adjust", Decimal("-0.54"))
    assert ledger.spent_usd(unknown.pk) == unknown.cost_usd == Decimal("0.54")
    assert differences() == []


def test_a_cost_is_not_corrected_while_money_is_held(member, unknown):
    admin = make_member(team=member.team, role=Role.ADMIN)

    with pytest.raises(settle.NothingToSettle):
        settle.correct_cost(unknown, Decimal("0.54"), member=admin, now=NOW, note="Invoice")

    assert lines() == [("reserve", Decimal("1.08"))]


@pytest.mark.parametrize(
    ("state", "kind"),
    [(State.UNKNOWN, "unknown_outcome"), (State.LOST, "lost")],
    ids=["unknown", "lost"],
)
def test_what_is_settled_is_no_alert_any_more(member, state, kind):
    generation = make_reserved(member, state=state)
    subject = alerting.subject(generation.pk)
    alerts.open(kind, subject, message="Somebody must look.", team_id=generation.team_id, now=NOW)

    settle.never_arrived(generation, member=member, now=NOW, note="Seen in the console")

    assert Alert.objects.get().closed_at is not None


def test_a_creator_corrects_no_cost(member, unknown):
    with pytest.raises(PermissionDenied):
        settle.correct_cost(unknown, Decimal("0"), member=member, now=NOW, note="")


@pytest.mark.parametrize("cost", ["0.54", "1.08"], ids=["another amount", "what is booked"])
def test_an_answer_that_came_late_is_no_alert_any_more_once_its_cost_is_corrected(
    member, unknown, cost
):
    admin, attempt = make_member(team=member.team, role=Role.ADMIN), unknown.attempts.get()
    settle.count_as_spent(unknown, member=member, now=NOW, note="Seen in the console")
    post_outcomes.accepted([Accepted(attempt, Job(id=JOB, state=JobState.RUNNING), 5)], now=NOW)
    alert = Alert.objects.get(closed_at=None)
    assert JOB in alert.message and alert.path == f"/takes/{unknown.pk}"

    settle.correct_cost(unknown, Decimal(cost), member=admin, now=NOW, note="The console")

    assert Alert.objects.get().closed_at is not None and unknown.cost_usd == Decimal(cost)


def test_a_job_that_is_followed_after_it_was_lost_is_not_overdue_from_before(member):
    lost = make_reserved(member, state=State.LOST)
    Attempt.objects.update(flagged_at=NOW - timedelta(hours=1), submitted_at=NOW)

    attempt = Attempt.objects.select_related("account", "generation").get()
    settle.follow(attempt, JOB, settle.Decider(member.user, NOW))
    overdue.look(NOW)

    lost.refresh_from_db()
    assert lost.attempts.get().flagged_at is None and not lost.is_overdue
    assert not Alert.objects.filter(closed_at=None).exists()
