"""What can be done from a take page: cancel, try again, fetch, settle; and by whom."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from editorapp.costs import ledger
from editorapp.generations.reconcile import settle
from editorapp.generations.request import retry
from editorapp.generations.states import State
from editorapp.providers.contract import GenerationRequest
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.web.take_pages import NOW, make_done, make_held, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def test_cancel_releases_the_money(client, creator):
    take = make_held(creator, State.QUEUED)

    answer = client.post(f"/takes/{take.pk}/cancel", {"back": "queue"})

    take.refresh_from_db()
    assert answer["Location"] == "/queue/" and take.state == State.CANCELED
    assert ledger.held_usd(take.pk) == 0


def test_a_colleagues_take_is_canceled_by_an_admin_and_by_no_other_creator(client, creator):
    take = make_held(make_member(team=creator.team), State.QUEUED)

    assert "/cancel" not in client.get(f"/takes/{take.pk}/").content.decode()
    assert client.post(f"/takes/{take.pk}/cancel").status_code == 403
    take.refresh_from_db()
    assert take.state == State.QUEUED

    signed_in(make_member(role=Role.ADMIN, team=creator.team)).post(f"/takes/{take.pk}/cancel")
    take.refresh_from_db()
    assert take.state == State.CANCELED


def test_cancel_after_it_was_sent_says_so_and_changes_nothing(client, creator):
    take = make_held(creator, State.RUNNING)

    html = client.post(f"/takes/{take.pk}/cancel", follow=True).content.decode()

    take.refresh_from_db()
    assert (
        "sent already" in html
        and take.state == State.RUNNING
        and ledger.held_usd(take.pk) == Decimal("1.08")
    )


def test_trying_again_makes_a_second_attempt_with_its_own_reservation(client, creator):
    take = make_held(creator, State.FAILED, can_retry=True)
    ledger.release(take.attempts.get().pk, now=NOW)

    client.post(f"/takes/{take.pk}/retry")

    take.refresh_from_db()
    assert take.state == State.QUEUED and take.attempts.count() == 2
    assert ledger.held_usd(take.pk) == Decimal("1.08")


def test_a_failure_that_would_fail_again_is_not_sent(client, creator):
    take = make_generation(creator, state=State.FAILED)

    html = client.post(f"/takes/{take.pk}/retry", follow=True).content.decode()

    assert "would fail again" in html and take.attempts.count() == 1


def test_over_budget_is_said_when_trying_again(client, creator):
    creator.team.monthly_limit_usd = Decimal("0.50")
    creator.team.save()
    take = make_generation(creator, state=State.FAILED, can_retry=True)

    html = client.post(f"/takes/{take.pk}/retry", follow=True).content.decode()

    assert "budget is free" in html and take.attempts.count() == 1


def test_a_result_that_could_not_be_fetched_is_fetched_again(client, creator):
    take = make_generation(
        creator, state=State.FETCH_FAILED, failure_message="The link had expired."
    )
    assert "Fetch again, free" in text(client, take)

    client.post(f"/takes/{take.pk}/fetch")

    take.refresh_from_db()
    assert take.state == State.RUNNING


def test_what_came_and_is_not_right_can_be_had_and_taken_as_it_is(client, creator):
    take = make_generation(
        creator,
        state=State.FETCH_FAILED,
        came=make_asset(creator, origin="result"),
        failure_code="result_length",
        failure_message="The file that came lasts 1.00 s and should last about 5.00 s: far too short.",
    )
    page = text(client, take)
    assert "far too short" in page and "Download what came" in page and "Take it as it is" in page

    client.post(f"/takes/{take.pk}/take-as-it-is")

    take.refresh_from_db()
    assert take.state == State.SUCCEEDED and take.result is not None and take.came is None
    assert "took it as it is" in take.warning
    client.post(f"/takes/{take.pk}/take-as-it-is")
    assert "Take it as it is" not in text(client, take)


def test_what_nobody_can_read_can_be_had_and_not_taken(client, creator):
    came = make_asset(
        creator, kind="unreadable", origin="result", mime_type="application/octet-stream"
    )
    take = make_generation(
        creator, state=State.FETCH_FAILED, came=came, failure_message="It came twice."
    )

    page = text(client, take)

    assert "Download what came" in page and "Take it as it is" not in page
    client.post(f"/takes/{take.pk}/take-as-it-is")
    take.refresh_from_db()
    assert take.state == State.FETCH_FAILED


def test_frames_that_were_paid_and_did_not_come_can_be_asked_for_again(
    client, creator, monkeypatch
):
    sent = []
    monkeypatch.setattr(retry.task_queue, "send", lambda task, *given: sent.append((task, *given)))
    wanted = GenerationRequest(prompt="Rain", hdr=True, exr=True).to_json()
    take = make_done(
        creator, request=wanted, warning="The EXR frames could not be used: The link answered 503."
    )
    assert "The link answered 503." in text(client, take) and "Fetch EXR again, free" in text(
        client, take
    )

    client.post(f"/takes/{take.pk}/fetch-frames")
    client.post(f"/takes/{make_done(creator).pk}/fetch-frames")

    assert sent == [("editorapp.generations.tasks.fetch_frames", take.pk)]
    take.refresh_from_db()
    assert take.state == State.SUCCEEDED


def test_a_result_that_may_be_deleted_soon_says_so_on_its_take_and_in_the_queue(client, creator):
    take = make_generation(
        creator,
        state=State.FETCHING,
        failure_code="result_expiring",
        failure_message="It is made and paid. Hurry.",
    )

    assert "its file is not here yet" in text(client, take)
    assert "Hurry." in client.get(reverse("queue:page")).content.decode()


def test_an_unknown_outcome_is_explained_and_nothing_offers_to_retry(client, creator):
    words = text(
        client, make_held(creator, State.UNKNOWN, failure_message="The connection was cut.")
    )

    assert "Nobody knows yet" in words and "$1.08 stay held" in words and "may cost twice" in words
    assert "Try again " not in words.replace("try again", "")


def test_never_arrived_gives_the_money_back(client, creator):
    take = make_held(creator, State.UNKNOWN)

    client.post(
        f"/takes/{take.pk}/settle", {"outcome": "never_arrived", "note": "Not in their console"}
    )

    take.refresh_from_db()
    assert take.state == State.FAILED and ledger.held_usd(take.pk) == 0
    assert "Cleo: never arrived. Not in their console" in text(client, take)


def test_sending_again_counts_the_first_as_spent(client, creator):
    take = make_held(creator, State.UNKNOWN)

    client.post(
        f"/takes/{take.pk}/settle",
        {"outcome": "send_again", "agreed_usd": "1.08", "note": "Urgent"},
    )

    take.refresh_from_db()
    assert take.state == State.QUEUED and take.attempts.count() == 2
    assert (ledger.spent_usd(take.pk), ledger.held_usd(take.pk)) == (
        Decimal("1.08"),
        Decimal("1.08"),
    )


def test_counting_as_spent_closes_it(client, creator):
    take = make_held(creator, State.LOST)

    client.post(f"/takes/{take.pk}/settle", {"outcome": "count_as_spent", "note": "On the invoice"})

    take.refresh_from_db()
    assert take.state == State.FAILED and take.cost_usd == Decimal("1.08")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"outcome": "forget"},
        {"outcome": "adopt", "note": "Seen"},
        {"outcome": "adopt", "job_id": " ", "note": "Seen"},
        {"outcome": "send_again", "note": "Urgent"},
        {"outcome": "send_again", "agreed_usd": "1.07", "note": "Urgent"},
        {"outcome": "never_arrived"},
        {"outcome": "never_arrived", "note": " . "},
        {"outcome": "never_arrived", "note": "x" * (settle.LONGEST_NOTE + 1)},
        {"outcome": "count_as_spent", "note": ""},
        {"outcome": "send_again", "agreed_usd": "1.08"},
        {"outcome": "adopt", "job_id": "job-1"},
    ],
)
def test_settling_without_an_answer_changes_nothing(client, creator, data):
    take = make_held(creator, State.UNKNOWN)

    client.post(f"/takes/{take.pk}/settle", data)

    take.refresh_from_db()
    assert take.state == State.UNKNOWN and ledger.held_usd(take.pk) == Decimal("1.08")


def test_what_is_settled_already_is_not_settled_twice(client, creator):
    take = make_held(creator, State.UNKNOWN)
    client.post(f"/takes/{take.pk}/settle", {"outcome": "never_arrived", "note": "Looked"})

    said = {"outcome": "count_as_spent", "note": "Looked again"}
    html = client.post(f"/takes/{take.pk}/settle", said, follow=True).content.decode()

    assert "is known" in html and ledger.spent_usd(take.pk) == 0


# Who may do it to a colleague's take.
POSTS = {
    "cancel": Role.ADMIN,
    "retry": Role.CREATOR,
    "fetch": Role.CREATOR,
    "settle": Role.ADMIN,
    "take-as-it-is": Role.ADMIN,
    "look": Role.CREATOR,
    "ask": Role.CREATOR,
    "cost": Role.ADMIN,
    "fetch-frames": Role.CREATOR,
}


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", list(POSTS))
def test_each_act_is_open_to_its_roles_only(creator, role, path):
    take = make_held(creator, State.UNKNOWN)

    said = {"outcome": "never_arrived", "note": "Looked"}
    answer = signed_in(make_member(role=role, team=creator.team)).post(
        f"/takes/{take.pk}/{path}", said
    )

    able = {Role.OWNER, Role.ADMIN, POSTS[path]} | ({Role.BILLING} if path == "cost" else set())
    assert answer.status_code == (302 if role in able else 403)


@pytest.mark.parametrize("path", ["", "/live", *(f"/{name}" for name in POSTS)])
def test_another_teams_take_is_not_there(creator, path):
    stranger = signed_in(make_member(role=Role.ADMIN))
    take = make_held(creator, State.QUEUED)

    answer = (
        stranger.get(f"/takes/{take.pk}{path}")
        if path in {"", "/live"}
        else stranger.post(f"/takes/{take.pk}{path}")
    )

    assert answer.status_code == 404
    assert Client().get(f"/takes/{take.pk}{path}").status_code in {302, 405}
