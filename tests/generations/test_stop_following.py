"""An admin stops following a take: its money stays held, to be settled, and nobody asks about its
job any more.
"""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from editorapp.alerts.models import Alert
from editorapp.core.notes import NoteNeeded
from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.checks import books, overdue
from editorapp.generations.engine import claims
from editorapp.generations.models import Attempt, Generation, Overtaken, Settlement
from editorapp.generations.queue import slots
from editorapp.generations.reconcile import settle, stop_following
from editorapp.generations.states import State
from editorapp.teams.roles import Role
from tests.factories import make_member, make_reserved, signed_in
from tests.web.take_pages import text

NOW = timezone.now()
pytestmark = pytest.mark.django_db


@pytest.fixture
def take() -> Generation:
    generation = make_reserved(make_member(name="Cleo"), state=State.RUNNING)
    Attempt.objects.update(provider_job_id="job-7", submitted_at=NOW, next_action_at=NOW)
    return generation


def admin_of(take: Generation):
    return make_member(role=Role.ADMIN, team=take.team, name="Ada")


def test_an_admin_stops_it_and_its_money_stays_held_to_be_settled(take):
    stop_following.stop_following(
        take, member=admin_of(take), now=NOW, note="Support says that it is gone"
    )

    attempt = take.attempts.get()
    assert (take.state, attempt.state, attempt.next_action_at) == (State.LOST, State.LOST, None)
    assert (
        take.can_settle
        and "Ada stopped following it: Support says that it is gone" in take.failure_message
    )
    assert ledger.held_usd(take.pk) == Decimal("1.08")
    line = Entry.objects.order_by("-pk").first()
    assert (line.kind, line.amount_usd) == ("adjust", 0)
    assert line.note == "Ada: stopped following job job-7. Support says that it is gone"
    decision = Settlement.objects.get()
    assert (decision.outcome, decision.by, decision.note) == (
        "stopped",
        "Ada",
        "Support says that it is gone",
    )
    assert books.differences() == []


def test_it_is_polled_no_more_and_an_answer_that_comes_late_changes_nothing(take):
    look = claims.claim_polls([take.account_id], most=5, due_by=NOW, skip=())[0]

    stop_following.stop_following(take, member=admin_of(take), now=NOW, note="Gone")

    assert claims.held([look]) == {}
    assert claims.claim_polls([take.account_id], most=5, due_by=NOW, skip=()) == []
    assert slots.taking_slots().count() == 0


def test_it_is_raised_until_it_is_settled_and_can_be_followed_again(take, monkeypatch):
    admin = admin_of(take)
    stop_following.stop_following(take, member=admin, now=NOW, note="Gone")
    overdue.look(NOW)
    assert (
        Alert.objects.get().kind == "lost"
        and "Ada stopped following it" in Alert.objects.get().message
    )
    monkeypatch.setattr(settle, "_ask", lambda account, job_id: None)

    settle.adopt(take, "job-7", member=admin, now=NOW, note="Seen in the console")

    assert take.state == State.RUNNING and Alert.objects.get().closed_at is not None


def test_a_word_is_needed(take):
    with pytest.raises(NoteNeeded):
        stop_following.stop_following(take, member=admin_of(take), now=NOW, note="  ")
    assert Generation.objects.get().state == State.RUNNING


@pytest.mark.parametrize("state", [state for state in State if state != State.RUNNING])
def test_what_is_not_at_the_provider_cannot_be_stopped(state):
    take = make_reserved(make_member(), state=state)

    with pytest.raises(stop_following.NotFollowed):
        stop_following.stop_following(take, member=admin_of(take), now=NOW, note="x")
    assert Generation.objects.get().state == state


def test_a_poll_in_the_same_moment_is_tried_again(take, monkeypatch):
    once, do = [Overtaken("polled")], stop_following._stop

    def overtaken_once(*args, **kwargs):
        if once:
            raise once.pop()
        do(*args, **kwargs)

    monkeypatch.setattr(stop_following, "_stop", overtaken_once)
    stop_following.stop_following(take, member=admin_of(take), now=NOW, note="x")

    assert take.state == State.LOST


@pytest.mark.parametrize(
    ("role", "is_own_team", "status", "state"),
    [
        (Role.ADMIN, True, 302, State.LOST),
        (Role.ADMIN, False, 404, State.RUNNING),
        (Role.CREATOR, True, 403, State.RUNNING),
        (Role.REVIEWER, True, 403, State.RUNNING),
    ],
)
def test_every_role_at_the_door(take, role, is_own_team, status, state):
    member = make_member(role=role, **({"team": take.team} if is_own_team else {}))

    answer = signed_in(member).post(f"/takes/{take.pk}/stop", {"note": "It is gone"})

    take.refresh_from_db()
    assert (answer.status_code, take.state) == (status, state)
    if status == 403 or not is_own_team:
        with pytest.raises(PermissionDenied):
            stop_following.stop_following(take, member=member, now=NOW, note="x")


def test_the_owner_may_not_stop_it_without_being_an_admin(take):
    owner = take.team.members.get()

    assert signed_in(owner).post(f"/takes/{take.pk}/stop", {"note": "x"}).status_code == 403
    assert "Stop following" not in text(signed_in(owner), take)


def test_the_page_offers_it_with_a_note_and_says_afterwards_what_is_left_to_do(take):
    admin = signed_in(admin_of(take))
    html = admin.get(f"/takes/{take.pk}").content.decode()
    assert f'action="/takes/{take.pk}/stop"' in html and 'name="note" required' in html

    refused = admin.post(f"/takes/{take.pk}/stop", {"note": ""}, follow=True).content.decode()
    assert "Say why" in refused
    admin.post(f"/takes/{take.pk}/stop", {"note": "Gone for good"})

    words = text(admin, take)
    assert "This job is not followed any more" in words and "Held $1.08" in words
    assert "No longer followed: its money stays held , decided by Ada. Gone for good" in words
    assert 'value="job-7"' in admin.get(f"/takes/{take.pk}").content.decode()  # to follow it again
