"""The queue as it is arranged: the order, why something waits, and who may pause, move and cancel."""

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.coordination import heartbeat
from editorapp.generations.engine import requeue
from editorapp.generations.models import Attempt, Generation, Priority
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member, Team
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, make_reserved, signed_in
from tests.web.test_queue import section

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def creator(admin) -> Member:
    return make_member(name="Cleo", team=admin.team)


def page_of(member: Member) -> str:
    return signed_in(member).get("/queue/").content.decode()


def row(html: str, take: Generation) -> str:
    return " ".join(
        re.sub(r"<[^>]+>", " ", html.split(f'id="row-{take.pk}"')[1].split("</li>")[0]).split()
    )


def waits_nowhere(take: Generation) -> None:
    Attempt.objects.update(next_action_at=None)


def is_taken(take: Generation) -> None:
    later = timezone.now() + timedelta(seconds=30)
    Attempt.objects.update(
        lease_token=uuid.uuid4(), next_action_at=later, submit_started_at=timezone.now()
    )


def is_staged(take: Generation) -> None:
    Attempt.objects.update(state=State.STAGING)
    Generation.objects.update(state=State.STAGING)


def is_staged_in_vain(take: Generation) -> None:
    is_staged(take)
    Attempt.objects.update(error_count=2, last_error="Luma Agents does not answer.")


def heard_of(*, seconds_ago: float) -> None:
    for name in ("ticker", "cluster"):
        heartbeat.beat(name, now=timezone.now() - timedelta(seconds=seconds_ago))


def rests(take: Generation) -> None:
    requeue.pause_account(
        take.account_id, now=timezone.now(), seconds=60, reason="Too many requests."
    )


# All that keeps a job from being sent, and what its row or the page then says: nothing waits
# without a reason.
WAYS_TO_WAIT = {
    "its turn": (lambda take: None, "Next in line"),
    "itself": (
        lambda take: Generation.objects.update(held_at=timezone.now()),
        "Waits: Somebody paused it.",
    ),
    "the queue": (
        lambda take: Team.objects.update(queue_paused_at=timezone.now()),
        "Waits: The queue is paused.",
    ),
    "the account": (
        lambda take: ProviderAccount.objects.update(paused_at=timezone.now()),
        "Waits: Somebody paused the account Luma Agents (simulated).",
    ),
    "switched off": (
        lambda take: ProviderAccount.objects.update(is_enabled=False),
        "is switched off. An admin can",
    ),
    "a rest": (rests, "Waits: Luma Agents (simulated) is left alone until"),
    "places": (
        lambda take: ProviderAccount.objects.update(max_concurrent=0),
        "all of them are taken.",
    ),
    "the minute": (
        lambda take: ProviderAccount.objects.update(requests_per_minute=0),
        "requests in 60 s",
    ),
    "its files": (is_staged, "Waits: Its files are on their way to Luma Agents (simulated)."),
    "its files, in vain": (is_staged_in_vain, "(simulated). Luma Agents does not answer."),
    "nothing": (waits_nowhere, "Waits: Nothing pauses it any more: it goes on within a minute."),
    "being sent": (is_taken, "Next in line"),
    "a provider that is gone": (
        lambda take: ProviderAccount.objects.update(provider="gone"),
        "Waits: Rushes does not know the provider of Luma Agents (simulated) any more.",
    ),
}


@pytest.mark.parametrize("way", WAYS_TO_WAIT)
def test_whatever_keeps_a_job_from_being_sent_its_row_says_so(creator, way):
    take = make_generation(creator)
    arrange, words = WAYS_TO_WAIT[way]
    arrange(take)

    said = row(page_of(creator), take)

    assert words in said and "More than" not in said, said


@pytest.mark.parametrize("seconds", [5, 90])
def test_an_engine_that_is_silent_is_said_where_something_waits_for_it(creator, seconds):
    make_generation(creator)
    heard_of(seconds_ago=seconds)

    html = page_of(creator)

    assert ("Nothing is sent now." in html and "No sign of life: the ticker for 90 s" in html) == (
        seconds == 90
    )


def press(member: Member, address: str):
    return signed_in(member).post(f"/queue/{address}", headers=HTMX)


def test_what_waits_stands_in_the_order_in_which_it_is_sent_with_its_place(creator, admin):
    first, second = make_generation(creator), make_generation(creator)
    of_admin = make_generation(admin)

    html = page_of(creator)

    assert section(html, "waiting") == [first.pk, of_admin.pk, second.pk]
    assert "Next in line" in row(html, first) and "2 ahead of it" in row(html, second)


def test_others_count_in_the_line_and_are_not_shown(creator):
    make_generation(make_member(), prompt="a secret of another team")
    own = make_generation(creator)

    html = page_of(creator)

    assert "1 ahead of it" in row(html, own) and "secret" not in html


def test_why_something_waits_is_said(creator, admin):
    take = make_generation(creator)
    ProviderAccount.objects.update(max_concurrent=0)
    assert "runs 0 at a time, and all of them are taken" in row(page_of(creator), take)
    ProviderAccount.objects.update(max_concurrent=5, requests_per_minute=0)
    assert "takes 0 requests in 60 s" in row(page_of(creator), take)
    requeue.pause_account(
        take.account_id, now=timezone.now(), seconds=90, reason="Too many requests."
    )
    assert "is left alone until" in row(page_of(creator), take)
    ProviderAccount.objects.update(paused_at=timezone.now(), paused_by=admin.user)
    assert "Ada paused the account" in row(page_of(creator), take)
    Team.objects.update(queue_paused_at=timezone.now(), queue_paused_by=admin.user)
    assert "Waits: The queue is paused." in row(page_of(creator), take)


def test_an_admin_pauses_the_queue_and_everybody_sees_who_did(creator, admin):
    make_generation(creator)

    answer = press(admin, "pause")

    assert answer.status_code == 200 and "<html" not in answer.content.decode()
    html = page_of(creator)
    assert "The queue is paused</strong> by Ada" in html and "An admin can resume it." in html
    assert Attempt.objects.get().next_action_at is None
    press(admin, "resume")
    assert "is paused" not in page_of(creator) and Attempt.objects.get().next_action_at is not None


def test_an_admin_pauses_an_account(creator, admin):
    take = make_generation(creator)

    press(admin, f"account/{take.account_id}/pause")

    assert ProviderAccount.objects.get().paused_by == admin.user
    assert "Ada paused the account" in page_of(creator)


def test_creators_pause_and_move_their_own_and_only_admins_the_rest(creator, admin):
    own, of_admin = make_generation(creator), make_generation(admin)

    assert press(creator, f"{own.pk}/hold").status_code == 200
    assert "Cleo paused it." in row(page_of(creator), own)
    for address in (
        f"{of_admin.pk}/hold",
        f"{of_admin.pk}/first",
        "pause",
        f"account/{own.account_id}/pause",
    ):
        assert press(creator, address).status_code == 403
    html = page_of(creator)
    assert f'id="edit-{own.pk}"' in html and f'id="edit-{of_admin.pk}"' not in html
    assert "pause-queue" not in html
    assert press(admin, f"{own.pk}/go-on").status_code == 200
    own.refresh_from_db()
    assert own.held_at is None


def test_a_reviewer_sees_the_queue_and_changes_nothing(creator, admin):
    take = make_generation(creator)
    reviewer = make_member(role=Role.REVIEWER, team=creator.team)

    assert "<form" not in page_of(reviewer).split('id="rows"')[1]
    assert press(reviewer, f"{take.pk}/up").status_code == 403


def test_a_job_of_another_team_is_not_there(admin):
    take = make_generation(make_member())

    assert press(admin, f"{take.pk}/hold").status_code == 404


def test_moving_answers_with_the_rows_in_their_new_order(creator):
    first, second = make_generation(creator), make_generation(creator)

    html = press(creator, f"{second.pk}/up").content.decode()

    assert section(html, "waiting") == [second.pk, first.pk]
    assert section(press(creator, f"{first.pk}/first").content.decode(), "waiting") == [
        first.pk,
        second.pk,
    ]


def test_what_was_sent_meanwhile_says_so(creator):
    take = make_generation(creator, state=State.RUNNING)

    answer = press(creator, f"{take.pk}/hold")

    assert "It has been sent already" in answer.content.decode()


def test_without_scripts_a_button_leads_back_to_the_queue(creator):
    take = make_generation(creator)

    answer = signed_in(creator).post(f"/queue/{take.pk}/hold")

    assert answer["Location"] == "/queue/"


def test_a_batch_is_canceled_in_one_go_but_what_is_sent(creator):
    batch = uuid.uuid4()
    takes = [make_reserved(creator, batch=batch) for _ in range(4)]
    Attempt.objects.update(priority=Priority.BATCH)
    sent = takes[0]
    sent.attempts.update(state=State.RUNNING)
    Generation.objects.filter(pk=sent.pk).update(state=State.RUNNING)
    assert "Cancel all 3 of this batch" in page_of(creator)

    html = press(creator, f"batch/{batch}/cancel").content.decode()

    assert "3 canceled" in html
    assert sorted(Generation.objects.values_list("state", flat=True)) == [State.CANCELED] * 3 + [
        State.RUNNING
    ]
    totals = ledger.month_totals(creator.team, ledger.month_of(timezone.now()), is_simulated=True)
    assert totals.reserved_usd == sent.estimate_high_usd


def test_nobody_cancels_a_colleagues_batch_whole(creator):
    batch = uuid.uuid4()
    make_reserved(make_member(team=creator.team), batch=batch)

    assert press(creator, f"batch/{batch}/cancel").status_code == 403
    assert (
        press(creator, f"batch/{uuid.uuid4()}/cancel").status_code == 200
    )  # nothing of it is there


def test_a_take_page_says_that_it_is_paused(creator):
    take = make_generation(creator, held_at=timezone.now())

    assert (
        "Waits: Somebody paused it." in signed_in(creator).get(f"/takes/{take.pk}").content.decode()
    )


def test_strangers_cannot_arrange(creator):
    take = make_generation(creator)

    assert Client().post(f"/queue/{take.pk}/hold")["Location"].startswith("/sign-in")


def test_a_paused_queue_still_shows_in_which_order_it_goes_on(creator, admin):
    first, second, third = (make_generation(creator) for _ in range(3))
    press(creator, f"{third.pk}/first")
    press(admin, "pause")

    assert section(page_of(creator), "waiting") == [third.pk, first.pk, second.pk]


def test_the_page_keeps_looking_while_something_waits_for_its_outcome(creator):
    make_generation(creator, state=State.UNKNOWN)

    assert 'hx-trigger="every 3s"' in page_of(creator)
