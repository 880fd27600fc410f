"""When to look again: soon enough for people, seldom enough for providers."""

from datetime import UTC, datetime, timedelta

import pytest

from editorapp.generations.engine import poll_schedule

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("age", "wait"), [(0, 2), (40, 2), (60, 3), (200, 10), (300, 15), (1800, 15)]
)
def test_a_job_is_polled_every_twentieth_of_its_age_within_bounds(age, wait):
    assert poll_schedule.interval_seconds(age) == pytest.approx(wait)


def test_polls_are_spread_but_never_by_more_than_a_tenth():
    waits = {
        (
            poll_schedule.next_look_at(submitted_at=NOW - timedelta(seconds=100), now=NOW) - NOW
        ).total_seconds()
        for _ in range(300)
    }

    assert len(waits) > 100
    assert min(waits) >= 4.5 and max(waits) <= 5.5


@pytest.mark.parametrize(
    ("past", "first"),
    [([], 5.0), ([100.0], 30.0), ([10.0, 90.0, 1000.0], 27.0), ([1.0], 1.0), ([3600.0], 60.0)],
    ids=["no history", "one", "the median counts", "never at once", "never later than a minute"],
)
def test_the_first_look_comes_from_the_models_own_history(past, first):
    assert poll_schedule.first_look_seconds(past) == pytest.approx(first)
