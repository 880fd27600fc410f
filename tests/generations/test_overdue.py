"""A job past its provider's longest plausible time is flagged, shown and raised; polled on, and
never failed by us.
"""

from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.generations.checks import books, overdue
from editorapp.generations.engine import poll_outcomes, poll_schedule
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.reconcile import settle
from editorapp.generations.states import State
from editorapp.providers import registry
from tests.factories import make_member, make_reserved, signed_in
from tests.generations.drive import ask, run
from tests.web.take_pages import text

NOW = timezone.now()
LONG = timedelta(seconds=registry.get("luma-agents").SPEC.plausible_seconds)


def make_running(ago: timedelta, **fields) -> Generation:
    generation = make_reserved(make_member(), state=State.RUNNING, **fields)
    Attempt.objects.filter(generation=generation).update(
        submitted_at=NOW - ago, provider_job_id=f"job-{generation.pk}"
    )
    return generation


def is_flagged(generation: Generation) -> bool:
    generation.refresh_from_db()
    return generation.attempts.get().flagged_at is not None


@pytest.mark.django_db
def test_a_job_is_flagged_once_it_takes_longer_than_its_provider_should():
    late, on_time = (
        make_running(LONG + timedelta(seconds=1)),
        make_running(LONG - timedelta(minutes=1)),
    )

    overdue.look(NOW)

    assert (is_flagged(late), is_flagged(on_time)) == (True, False)
    assert late.state == State.RUNNING and late.is_overdue and not on_time.is_overdue
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.path) == (
        "overdue",
        f"generation:{late.pk}",
        f"/takes/{late.pk}",
    )
    assert f"#{late.pk}: It takes longer than Luma Agents should ever need" in alert.message
    assert books.differences() == []


@pytest.mark.django_db
def test_our_own_history_makes_slow_kinds_plausible():
    for _ in range(3):
        done = make_reserved(make_member(), state=State.SUCCEEDED).attempts.get()
        Attempt.objects.filter(pk=done.pk).update(
            submitted_at=NOW - timedelta(hours=1), provider_done_at=NOW
        )
    usual, other = (
        make_running(timedelta(hours=2)),
        make_running(timedelta(hours=2), task="reframe"),
    )
    ages = make_running(timedelta(hours=3, seconds=1))

    overdue.look(NOW)

    assert (is_flagged(usual), is_flagged(other), is_flagged(ages)) == (False, True, True)


@pytest.mark.django_db
def test_jobs_of_a_kind_that_may_take_long_keep_no_other_from_being_flagged(monkeypatch):
    monkeypatch.setattr(overdue, "MOST", 2)
    done = make_reserved(make_member(), state=State.SUCCEEDED).attempts.get()
    Attempt.objects.filter(pk=done.pk).update(
        submitted_at=NOW - timedelta(hours=1), provider_done_at=NOW
    )
    usual = [make_running(timedelta(hours=2)) for _ in range(3)]
    late = make_running(timedelta(hours=2), task="reframe")

    overdue.look(NOW)

    assert is_flagged(late) and not any(is_flagged(one) for one in usual)


@pytest.mark.django_db
def test_it_is_raised_once_and_closed_when_the_job_ends():
    late = make_running(LONG * 2)
    overdue.look(NOW)
    overdue.look(NOW + timedelta(minutes=1))
    assert Alert.objects.count() == 1

    attempt = late.attempts.get()
    attempt.move(State.FETCHING, now=NOW)
    overdue.look(NOW + timedelta(minutes=2))

    assert Alert.objects.get().closed_at is not None
    late.refresh_from_db()
    assert late.failure_message == "" and not late.is_overdue


@pytest.mark.django_db
def test_a_result_that_is_fetched_anew_is_not_overdue_at_the_provider():
    again = make_running(LONG * 2)
    Attempt.objects.update(provider_done_at=NOW)

    overdue.look(NOW)

    assert not is_flagged(again) and not Alert.objects.exists()


@pytest.mark.django_db
def test_the_take_and_the_queue_say_it_in_words():
    late = make_running(LONG * 2)
    client = signed_in(late.team.members.get())
    overdue.look(NOW)

    assert "Overdue: this takes longer than it should" in text(client, late)
    assert "which is about 30 minutes" in text(client, late) and "Its price stays held" in text(
        client, late
    )
    queue = client.get("/queue/").content.decode()
    assert "Overdue" in queue and "asked about on, ever more slowly" in queue


def test_a_job_of_many_days_is_asked_about_on_and_brought_home(quick, clock):
    generation = ask(prompt="[[slow:2]] a harbor")
    run(clock, rounds=2)
    Attempt.objects.update(submitted_at=clock() - timedelta(days=9))
    overdue.look(clock())

    run(clock, pause=0.1)

    generation.refresh_from_db()
    attempt = generation.attempts.get()
    assert (generation.state, generation.failure_message) == (State.SUCCEEDED, "")
    assert attempt.flagged_at is not None and attempt.poll_count > 2
    overdue.look(clock())
    assert Alert.objects.get().closed_at is not None and books.differences() == []


@pytest.mark.parametrize(("hours", "wait"), [(0.5, 15), (1, 90), (2, 270), (24, 300), (240, 300)])
def test_the_older_a_job_the_slower_it_is_asked_about(hours, wait):
    assert poll_schedule.interval_seconds(hours * 3600) == pytest.approx(wait)


@pytest.mark.django_db
def test_a_lost_job_is_raised_until_it_is_settled():
    lost = make_running(timedelta(minutes=20))
    poll_outcomes.lost(
        lost.attempts.get(), "The provider does not know this job any more.", now=NOW
    )
    lost.refresh_from_db()

    overdue.look(NOW)
    overdue.look(NOW + timedelta(minutes=1))

    alert = Alert.objects.get()
    assert (alert.kind, alert.closed_at) == (
        "lost",
        None,
    ) and "$1.08 stay held until it is settled" in alert.message
    settle.count_as_spent(lost, member=lost.team.members.get(), now=NOW, note="Seen in the console")
    assert Alert.objects.get().closed_at is not None
