"""The queue's pulse: another one for whatever changes what the queue says, and the same while nothing
does.
"""

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from editorapp.generations.coordination import heartbeat
from editorapp.generations.engine import requeue
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.queue.pulse import pulse
from editorapp.generations.queue.slots import RATE_WINDOW
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member

pytestmark = pytest.mark.django_db
NOW = timezone.now()


def pulse_of(member: Member, *, now=NOW) -> str:
    team = Team.objects.get(pk=member.team_id)
    return pulse(team, now=now, recent=timedelta(days=1), most_recent=10, most_in_need=100)


@pytest.fixture
def member() -> Member:
    """Somebody with two that wait, one at the provider, one that needs a person, one that failed."""
    heard(seconds_ago=0)
    one = make_member(role=Role.ADMIN)
    states = (State.QUEUED, State.QUEUED, State.RUNNING, State.UNKNOWN, State.FAILED)
    for state in states:
        make_generation(one, state=state)
    return one


def heard(*, seconds_ago: float) -> None:
    for name in ("ticker", "cluster"):
        heartbeat.beat(name, now=NOW - timedelta(seconds=seconds_ago))


def waiting() -> list[Attempt]:
    return list(Attempt.objects.filter(state=State.QUEUED).order_by("pk"))


def a_state_changes() -> None:
    Generation.objects.filter(state=State.RUNNING).update(state=State.FETCHING)


def two_change_places() -> None:
    first, second = waiting()
    Attempt.objects.filter(pk=first.pk).update(turn=second.turn)
    Attempt.objects.filter(pk=second.pk).update(turn=first.turn)


def one_goes_first() -> None:
    Attempt.objects.filter(pk=waiting()[1].pk).update(priority=Priority.FIRST)


def another_team_queues() -> None:
    make_generation(make_member())


def another_team_is_sent() -> None:
    make_generation(make_member(), state=State.RUNNING)


def one_is_paused() -> None:
    Generation.objects.filter(state=State.QUEUED).update(held_at=NOW)


def one_is_handed_over() -> None:
    heir = make_member(team=Team.objects.order_by("pk").first())
    Generation.objects.filter(state=State.QUEUED).update(assignee=heir.user)


def the_minute_is_full() -> None:
    ProviderAccount.objects.update(requests_per_minute=1)
    Attempt.objects.filter(state=State.RUNNING).update(submit_started_at=NOW)


CHANGES: dict[str, Callable[[], object]] = {
    "a state": a_state_changes,
    "how far it is": lambda: Attempt.objects.update(progress=0.5),
    "a hiccup": lambda: Attempt.objects.update(error_count=1),
    "what went wrong": lambda: Generation.objects.update(failure_message="It is late."),
    "two change places": two_change_places,
    "one goes first": one_goes_first,
    "one more of another team": another_team_queues,
    "one more at the provider": another_team_is_sent,
    "one is paused": one_is_paused,
    "one is handed over": one_is_handed_over,
    "one is being taken": lambda: Attempt.objects.filter(pk=waiting()[0].pk).update(
        lease_token=uuid4()
    ),
    "nothing is due": lambda: Attempt.objects.update(next_action_at=None),
    "the queue is paused": lambda: Team.objects.update(queue_paused_at=NOW),
    "the account is paused": lambda: ProviderAccount.objects.update(paused_at=NOW),
    "the account is off": lambda: ProviderAccount.objects.update(is_enabled=False),
    "the account's places": lambda: ProviderAccount.objects.update(max_concurrent=1),
    "the account's name": lambda: ProviderAccount.objects.update(name="Other"),
    "its provider is gone": lambda: ProviderAccount.objects.update(provider="gone"),
    "a rest": lambda: requeue.pause_account(
        ProviderAccount.objects.get().pk, now=NOW, seconds=60, reason="Too many requests."
    ),
    "the minute is full": the_minute_is_full,
    "the engine is silent": lambda: heard(seconds_ago=600),
    "one is over": lambda: make_generation(Member.objects.order_by("pk")[0], state=State.SUCCEEDED),
}


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_changes_what_the_queue_says_is_another_pulse(member, change):
    before = pulse_of(member)

    CHANGES[change]()

    assert pulse_of(member) != before


def test_it_is_the_same_while_nothing_changes_and_whatever_other_accounts_do(member):
    before = pulse_of(member)

    elsewhere = ProviderAccount.objects.create(provider="gmi-cloud", name="Theirs")
    given = pulse_of(member)
    make_generation(make_member(), account=elsewhere, state=State.RUNNING)

    assert pulse_of(member, now=NOW + timedelta(seconds=5)) == given != before


def test_a_rest_that_ends_and_a_minute_that_passes_are_heard(member):
    the_minute_is_full()
    full = pulse_of(member)

    assert pulse_of(member, now=NOW + RATE_WINDOW + timedelta(seconds=1)) != full


def test_its_statements_are_as_many_however_much_there_is(member, django_assert_num_queries):
    for _ in range(20):
        make_generation(member)

    team = member.team
    with django_assert_num_queries(8):
        pulse(team, now=NOW, recent=timedelta(days=1), most_recent=10, most_in_need=100)
