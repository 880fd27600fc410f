"""Results that are paid and not here: an alarm while there is time, and tries for as long as the
provider keeps it.
"""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.generations.checks import expiring
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.request import retry
from editorapp.generations.states import State
from editorapp.generations.worker.ticker import LOOK_EVERY, Ticker
from editorapp.providers import registry
from tests.factories import default_account, make_generation, make_member
from tests.generations.drive import ask, run

NOW = timezone.now()
PROVIDERS = ("gmi-cloud", "luma-agents", "scenario")


def open_alerts() -> list[tuple[str, str]]:
    return list(Alert.objects.still_open().order_by("pk").values_list("kind", "subject"))


def waiting(slug: str, share: float, *, state: str = State.FETCHING) -> Generation:
    """Make a generation whose result has waited for this share of the time that its provider keeps
    it.
    """
    generation = make_generation(
        make_member(), state=state, account=default_account(slug), provider=slug
    )
    kept = timedelta(seconds=registry.get(slug).SPEC.result_kept_seconds)
    Attempt.objects.update(
        provider_done_at=NOW - share * kept, last_error="The disk is full.", provider_job_id="job-7"
    )
    return generation


@pytest.mark.parametrize("slug", PROVIDERS)
@pytest.mark.parametrize("state", [State.FETCHING, State.RUNNING])
def test_an_alarm_is_raised_at_an_eighth_of_the_time_that_the_provider_keeps_a_result(
    db, slug, state
):
    generation = waiting(slug, 0.13, state=state)

    expiring.look(NOW)

    generation.refresh_from_db()
    alert = Alert.objects.get()
    assert (alert.kind, alert.subject, alert.team_id) == (
        "result_expiring",
        f"generation:{generation.pk}",
        generation.team_id,
    )
    assert alert.path == reverse("takes:page", args=[generation.pk])
    assert (
        "The disk is full." in alert.message
        and "job-7" in alert.message
        and "UTC on" in alert.message
    )
    assert generation.is_expiring and generation.failure_message == alert.message


@pytest.mark.parametrize("slug", PROVIDERS)
def test_before_that_nobody_is_troubled(db, slug):
    waiting(slug, 0.12)

    expiring.look(NOW)

    assert open_alerts() == []


def test_it_is_said_once_and_over_when_the_file_is_here(db):
    generation = waiting("luma-agents", 0.2)
    expiring.look(NOW)
    expiring.look(NOW + timedelta(minutes=1))
    assert len(open_alerts()) == 1

    generation.attempts.get().move(State.SUCCEEDED, now=NOW)
    expiring.look(NOW + timedelta(minutes=2))

    assert open_alerts() == []


def test_a_result_that_was_never_done_does_not_expire(db):
    make_generation(make_member(), state=State.RUNNING)

    expiring.look(NOW + timedelta(days=30))

    assert open_alerts() == []


def test_the_ticker_looks_for_them_once_a_minute(transactional_db):
    generation = waiting("luma-agents", 0.2)
    ticker = Ticker()
    ticker.ticks = LOOK_EVERY

    ticker.tick(NOW)

    assert open_alerts() == [("result_expiring", f"generation:{generation.pk}")]


def test_it_is_fetched_for_as_long_as_the_provider_keeps_it(quick, clock):
    generation = ask()
    quick.fail("download", "status:503", times=1000)
    kept = timedelta(seconds=registry.get("luma-agents").SPEC.result_kept_seconds)

    for _ in range(20):  # more than the quick tries, and hours before the end
        run(clock, rounds=1)
    expiring.look(clock())
    generation.refresh_from_db()
    done_at = Attempt.objects.get().provider_done_at
    assert generation.is_active and generation.is_expiring
    assert timedelta(hours=3) < clock() - done_at < kept
    assert open_alerts() == [("result_expiring", f"generation:{generation.pk}")]

    quick.reset()
    run(clock)
    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED and generation.failure_message == ""
    assert open_alerts() == []


def test_what_is_given_up_opens_an_alert_until_it_is_fetched_after_all(quick, clock, expired):
    generation = ask()
    quick.fail("download", "status:503", times=1000)
    run(clock)
    generation.refresh_from_db()
    assert generation.state == State.FETCH_FAILED
    assert open_alerts() == [("fetch_failed", f"generation:{generation.pk}")]

    quick.reset()
    retry.fetch_again(generation, member=generation.team.members.get(), now=clock())
    assert open_alerts() == []

    run(clock)
    generation.refresh_from_db()
    assert generation.state == State.SUCCEEDED
    assert quick.submits_received == 0, "none since the counter was set to zero"
