"""Rows that come from a backup: unknown until somebody, or the provider's list, says what became of
them.
"""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.costs import ledger
from editorapp.generations.checks import books
from editorapp.generations.models import Attempt, Generation, Search
from editorapp.generations.reconcile import after_restore, search, settle
from editorapp.generations.states import State
from editorapp.providers import registry
from tests.factories import default_account, make_generation, make_member, make_reserved
from tests.generations.drive import run
from tests.generations.test_reconcile_search import look, post_by_hand, send  # noqa: F401 (a fixture)

NOW = timezone.now()


@pytest.mark.parametrize("state", list(State))
def test_only_what_may_have_been_sent_is_held(db, state):
    generation = make_generation(make_member(), state=state)

    held = after_restore.hold(backed_up_at=NOW - timedelta(hours=2), now=NOW)

    generation.refresh_from_db()
    may_have = state in (State.QUEUED, State.STAGING, State.SUBMITTING)
    assert generation.state == (State.UNKNOWN if may_have else state)
    assert len(held) == (1 if may_have else 0)


def test_its_price_stays_held_and_the_books_balance(db):
    generation = make_reserved(make_member(), state=State.QUEUED)

    after_restore.hold(backed_up_at=NOW, now=NOW)

    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd
    assert books.differences() == []


def test_its_page_says_when_it_may_have_been_sent_and_offers_every_way_out(db):
    generation = make_reserved(make_member(), state=State.QUEUED)
    after_restore.hold(backed_up_at=NOW - timedelta(hours=2), now=NOW)
    client = Client()
    client.force_login(generation.created_by)

    page = client.get(reverse("takes:page", args=[generation.pk]))

    text = page.content.decode()
    assert f"between {NOW - timedelta(hours=2):%H:%M} UTC" in text
    for outcome in ("adopt", "never_arrived", "count_as_spent", "send_again"):
        assert f'value="{outcome}"' in text


def from_a_backup(generation: Generation, clock, *, hours: float) -> Attempt:
    """Set a row back to being sent, as a backup made so long ago would hold it, and hold it."""
    Search.objects.all().delete()
    sent = clock() - timedelta(hours=hours)
    Attempt.objects.filter(generation=generation).update(
        state=State.SUBMITTING, submit_started_at=sent
    )
    Generation.objects.filter(pk=generation.pk).update(state=State.SUBMITTING)
    return after_restore.hold(backed_up_at=sent, now=clock())[0]


def test_it_is_never_released_because_a_list_does_not_show_it(clock, send):  # noqa: F811
    generation = send("scenario", how="reset")
    attempt = from_a_backup(generation, clock, hours=5)

    look("scenario", clock, times=30)

    attempt.refresh_from_db()
    assert attempt.state == State.UNKNOWN and attempt.search.verdict == Search.Verdict.PERSON
    assert "comes from a backup" in attempt.search.says
    assert ledger.held_usd(generation.pk) == generation.estimate_high_usd


def test_it_is_followed_where_the_list_shows_that_it_was_sent_hours_later(quick, clock, send):  # noqa: F811
    generation = send("scenario", how="reset")
    job = post_by_hand(quick, generation)
    attempt = from_a_backup(generation, clock, hours=5)

    look("scenario", clock, times=3)
    run(clock)

    attempt.refresh_from_db()
    assert attempt.provider_job_id == job and attempt.state == State.SUCCEEDED
    assert quick.submits_received == 1


@pytest.mark.parametrize("provider", registry.slugs())
def test_a_row_without_a_body_is_compared_with_no_list_and_keeps_the_words_of_the_restore(
    db, clock, provider
):
    account = default_account(provider)
    generation = make_reserved(
        make_member(), state=State.QUEUED, account=account, provider=provider
    )
    after_restore.hold(backed_up_at=clock(), now=clock())
    said = Alert.objects.get().message

    search.search(provider, clock=clock)

    attempt = generation.attempts.get()
    assert attempt.search.verdict == Search.Verdict.PERSON and attempt.search.at is None
    assert "was not written down" in attempt.search.says and "no list" not in attempt.search.says
    assert Alert.objects.get().message == said and "Look in" in said
    assert not search.ask_again(attempt, now=clock())


def test_a_person_settles_it_as_any_other(db, clock):
    generation = make_reserved(make_member(), state=State.STAGING)
    after_restore.hold(backed_up_at=clock(), now=clock())
    generation.refresh_from_db()

    settle.never_arrived(
        generation, member=generation.team.members.get(), now=clock(), note="Seen in the console"
    )

    assert generation.state == State.FAILED and generation.can_retry
    assert ledger.held_usd(generation.pk) == 0
