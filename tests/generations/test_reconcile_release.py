"""Nothing is given back because a list does not show it, before the list has surely had its time:
each condition alone.

The list is told here, and the attempt is written down as a sweep leaves it: so hours pass in
milliseconds.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation, Search
from editorapp.generations.reconcile import decide, matching, search, settle
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest, Listed, Listing, Task, Unavailable
from tests.factories import default_account, make_member, make_reserved

pytestmark = pytest.mark.django_db
BEGAN = timezone.now()
HOUR = timedelta(hours=1)


@dataclass
class Told:
    """A provider's list: what it holds, whether it says that this is all, and for which windows it
    was asked.
    """

    adapter: ModuleType
    jobs: list[Listed] = field(default_factory=list)
    is_whole: bool = True
    fails: bool = False
    asked: list[tuple[datetime, datetime]] = field(default_factory=list)

    async def recent(self, *, since: datetime, until: datetime, **more: Any) -> Listing:
        self.asked.append((since, until))
        if self.fails:
            raise Unavailable("The list is not there.")
        return Listing(
            tuple(one for one in self.jobs if since <= one.created_at <= until), self.is_whole
        )


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> Told:
    """Scenario, which documents that its list leaves nothing out, with a list of ours."""
    told = Told(registry.get("scenario"))
    monkeypatch.setattr(told.adapter, "recent", told.recent)
    return told


def make_unknown(state: str = State.UNKNOWN) -> Generation:
    """Make a take whose paid call left a while ago, and of which nobody knows whether it arrived."""
    wanted = GenerationRequest(
        task=Task.GENERATE, prompt="A harbor", resolution="540p", duration="5s"
    )
    account = default_account("scenario")
    model = account.spec.model_for(wanted)
    generation = make_reserved(
        make_member(),
        state=state,
        account=account,
        provider="scenario",
        task=Task.GENERATE,
        model=model.name,
        parent=None,
        prompt="A harbor",
        request=wanted.to_json(),
        state_since=BEGAN,
    )
    body = registry.get("scenario").encode(wanted, account.spec)
    Attempt.objects.filter(generation=generation).update(
        request_body=body, submit_started_at=BEGAN, lease_token=uuid.uuid4()
    )
    return generation


def look(at: datetime) -> None:
    """Let the search do what is due at an instant; what waits for a later look is due too."""
    Search.objects.filter(at__isnull=False).update(at=at)
    search.search("scenario", clock=lambda: at)


def is_held(generation: Generation) -> bool:
    """Is the outcome still open, and the money held?"""
    generation.refresh_from_db()
    held = ledger.held_usd(generation.pk)
    assert (generation.state == State.UNKNOWN) == (held > 0) and differences() == []
    return held > 0


def first_look(generation: Generation) -> datetime:
    return matching.first_look_at(generation.attempts.select_related("account", "generation").get())


def test_after_hours_in_which_rushes_was_off_the_first_look_releases_nothing(told: Told) -> None:
    generation, at = make_unknown(), BEGAN + 5 * HOUR

    for number in range(1, decide.NOT_LISTED.tries):
        look(at + number * timedelta(minutes=20))
        assert is_held(generation), f"given back after {number} looks"
    look(at + 2 * HOUR)

    assert not is_held(generation) and Search.objects.get().looks == decide.NOT_LISTED.tries


def test_many_looks_within_the_hour_in_which_lists_may_lag_release_nothing(told: Told) -> None:
    generation = make_unknown()
    begins = first_look(generation)

    for minute in range(0, 60, 6):
        look(begins + timedelta(minutes=minute))
        assert is_held(generation)
    look(begins + HOUR)

    assert not is_held(generation)


def test_a_list_that_is_not_whole_proves_nothing_however_often_it_is_read(told: Told) -> None:
    generation, told.is_whole = make_unknown(), False
    begins = first_look(generation)

    for number in range(9):
        look(begins + number * timedelta(minutes=30))

    assert is_held(generation) and Search.objects.get().looks == 0
    told.is_whole = True
    for number in range(1, decide.NOT_LISTED.tries):
        look(begins + (5 + number) * HOUR)
        assert is_held(generation), "a look at half a list has counted"


def test_a_list_that_could_not_be_read_does_not_count_as_a_look(told: Told) -> None:
    generation, told.fails = make_unknown(), True
    begins = first_look(generation)
    for number in range(10):
        look(begins + number * timedelta(minutes=5))
    told.fails = False

    look(begins + 2 * HOUR)

    assert is_held(generation) and (Search.objects.get().looks, Search.objects.get().failures) == (
        1,
        0,
    )


@pytest.mark.parametrize(
    "off_by", [timedelta(hours=-20), timedelta(hours=20)], ids=["clock behind", "clock ahead"]
)
def test_the_list_that_decides_is_read_from_a_day_before_to_a_day_after(
    told: Told, off_by: timedelta
) -> None:
    """The provider's clock is off by most of a day, or its queue was: the job is there all the
    same.
    """
    generation = make_unknown()
    told.jobs = [
        Listed("job-of-another-day", BEGAN + off_by, generation.attempts.get().request_body)
    ]

    for number in range(8):
        look(first_look(generation) + number * HOUR)

    since, until = told.asked[-1]
    assert since <= BEGAN - timedelta(days=1) and until >= BEGAN + timedelta(days=1)
    assert is_held(generation) and Search.objects.get().verdict == Search.Verdict.PERSON


def test_nothing_is_released_while_the_same_request_is_being_sent_once_more(told: Told) -> None:
    generation, _other = make_unknown(), make_unknown(State.SUBMITTING)

    for number in range(8):
        look(first_look(generation) + number * HOUR)

    assert is_held(generation) and "being sent once more" in Search.objects.get().says


def test_of_two_that_never_arrived_each_is_released_once_and_nothing_else(told: Told) -> None:
    first, second = make_unknown(), make_unknown()

    for number in range(8):
        look(first_look(first) + number * HOUR)

    assert not is_held(first) and not is_held(second)


@pytest.fixture
def settled_while_reading(monkeypatch: pytest.MonkeyPatch) -> Callable[[Generation], None]:
    """Let a person give an id while the list is read that does not show it."""

    def settles(generation: Generation) -> None:
        def found(attempt: Attempt, listing: Listing) -> matching.Found:
            mine = Attempt.objects.select_related("account", "generation").get(
                generation=generation
            )
            by = settle.Decider(generation.created_by, BEGAN + 3 * HOUR, "In the console.")
            settle.follow(mine, "job-by-hand", by)
            return matching.Found(())

        monkeypatch.setattr(matching, "found", found)

    return settles


def test_what_a_person_follows_meanwhile_is_not_released(
    told: Told, settled_while_reading: Callable[[Generation], None]
) -> None:
    generation = make_unknown()
    search.search("scenario", clock=lambda: BEGAN)
    Search.objects.update(looks=decide.NOT_LISTED.tries)
    settled_while_reading(generation)

    look(BEGAN + 3 * HOUR)

    generation.refresh_from_db()
    assert (
        generation.state == State.RUNNING
        and ledger.held_usd(generation.pk) == generation.estimate_high_usd
    )
    assert differences() == []
