"""The pages where a person settles: all that waits, all that is known of a take, and what each
choice costs.
"""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import PriceQuote
from editorapp.generations.checks.books import differences
from editorapp.generations.models import Attempt, Generation, Search, Settlement
from editorapp.generations.reconcile import search, settle
from editorapp.generations.request import quotes
from editorapp.generations.states import State
from editorapp.providers import registry
from editorapp.teams.roles import Role
from tests.factories import default_account, make_asset, make_member, signed_in
from tests.queries import queries_of
from tests.simulator_process import http
from tests.web.take_pages import make_held, text

NOW = timezone.now()
pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator):
    return signed_in(creator)


def make_unknown(creator, provider: str = "gmi-cloud", **found) -> Generation:
    """Make a take of unknown outcome that was sent four minutes ago, and what the list said of it."""
    account = default_account(provider)
    take = make_held(
        creator,
        State.UNKNOWN,
        account=account,
        provider=provider,
        failure_message="It was cut off.",
    )
    began = NOW - timedelta(minutes=4)
    Attempt.objects.filter(generation=take).update(
        submit_started_at=began,
        last_error="GMI Cloud did not answer (ReadTimeout).",
        request_body={"model": "luma-ray-3-2-edit", "payload": {"prompt": "Rainy neon evening"}},
    )
    Search.objects.create(
        attempt=take.attempts.get(),
        since=began + timedelta(seconds=75),
        **({"verdict": "person", "says": "It lists two of them.", "looked_at": NOW} | found),
    )
    return take


def words_of(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_all_that_is_known_is_shown(client, creator):
    made = (NOW - timedelta(minutes=4) + timedelta(seconds=3)).isoformat()
    take = make_unknown(
        creator,
        candidates=[
            {"job_id": "job-7", "created_at": made, "likeness": "same"},
            {"job_id": "job-8", "created_at": made, "likeness": "unclear"},
        ],
    )

    words = text(client, take)

    assert (
        "Nobody knows yet whether this was accepted" in words and "It lists two of them." in words
    )
    assert "Held $1.08 , until it is settled" in words and "Sent to GMI Cloud (simulated)" in words
    assert "1 min 15 s later, without an answer" in words
    assert "How it failed GMI Cloud did not answer (ReadTimeout)." in words
    assert "job-7 made" in words and "3 s after it was sent The same request" in words
    assert "Perhaps: the list does not show the whole request" in words
    assert (
        "Release $1.08" in words
        and "Send again for $1.08 more" in words
        and "Up to $2.16 in all." in words
    )


def test_while_rushes_looks_nobody_is_asked_to_do_anything(client, creator):
    take = make_unknown(creator, verdict="looking", at=NOW + timedelta(minutes=1), says="")

    words = text(client, take)

    assert "Nothing has to be done yet." in words and "will not wait" in words


def test_a_job_is_followed_once_the_account_knows_its_id_and_the_trace_says_who(
    simulator, client, creator
):
    take = make_unknown(creator, "luma-agents")
    headers = {"Authorization": f"Bearer {registry.get('luma-agents').SPEC.simulated_key}"}
    body = {"model": "ray-3.2", "type": "video", "prompt": "A harbor"}
    job_id = http.post(
        f"{simulator.url}/luma-agents/v1/generations", json=body, headers=headers
    ).json()["id"]
    here = f"/takes/{take.pk}/settle"

    wrong = {"outcome": "adopt", "job_id": job_id[:-1] + "x", "note": "In their console"}
    html = client.post(here, wrong, follow=True).content.decode()
    assert "knows no job with the id" in html and Generation.objects.get().state == State.UNKNOWN
    client.post(here, {"outcome": "adopt", "job_id": f" {job_id} ", "note": "In their console"})

    take.refresh_from_db()
    assert take.state == State.RUNNING and take.attempts.get().provider_job_id == job_id
    trace = (
        f"It was accepted: its job is followed , decided by Cleo. Job {job_id}. In their console"
    )
    assert trace in text(client, take) and "$0.00" in text(client, take)


def test_the_price_of_a_second_time_is_asked_for_anew(client, creator):
    take = make_held(
        creator, State.UNKNOWN, account=default_account("scenario"), provider="scenario"
    )
    assert "Ask what it costs now" in text(client, take)
    assert "Send again for" not in text(client, take)

    part = client.post(f"/takes/{take.pk}/ask", headers={"HX-Request": "true"}).content.decode()
    assert "Asking" in part and 'hx-trigger="load delay:1s"' in part
    PriceQuote.objects.update(
        state=quotes.State.KNOWN,
        low_usd=Decimal("2.40"),
        high_usd=Decimal("2.40"),
        basis="240 CU",
        answered_at=NOW,
    )
    part = client.get(f"/takes/{take.pk}/price", headers={"HX-Request": "true"}).content.decode()
    assert (
        "Send again for $2.40 more" in words_of(part)
        and "Up to $3.48 in all." in part
        and "hx-get" not in part
    )
    client.post(
        f"/takes/{take.pk}/settle",
        {"outcome": "send_again", "agreed_usd": "2.400000", "note": "Urgent"},
    )

    take.refresh_from_db()
    assert (take.state, take.estimate_high_usd) == (State.QUEUED, Decimal("2.40"))
    assert (ledger.spent_usd(take.pk), ledger.held_usd(take.pk)) == (
        Decimal("1.08"),
        Decimal("2.40"),
    )
    assert differences() == []


def test_a_higher_price_than_was_shown_is_not_paid(client, creator):
    take = make_unknown(creator, "luma-agents")

    html = client.post(
        f"/takes/{take.pk}/settle",
        {"outcome": "send_again", "agreed_usd": "1.00", "note": "Urgent"},
        follow=True,
    ).content.decode()

    assert "A second time costs up to $1.08 now; $1.00 was shown." in html
    assert Generation.objects.get().state == State.UNKNOWN


def test_the_list_is_read_again_on_demand(client, creator):
    take = make_unknown(creator)

    client.post(f"/takes/{take.pk}/look")

    assert Search.objects.get().at is not None
    assert search.due_providers(timezone.now()) == {"gmi-cloud"}


def test_a_provider_without_a_list_offers_none(client, creator):
    take = make_unknown(creator, "luma-agents")

    assert "Read it again" not in text(client, take)
    assert (
        "nothing to look for" in client.post(f"/takes/{take.pk}/look", follow=True).content.decode()
    )


def test_an_admin_corrects_what_a_take_cost(creator):
    admin = signed_in(make_member(role=Role.ADMIN, team=creator.team, name="Ada"))
    take = make_unknown(creator)
    settle.count_as_spent(take, member=creator, now=NOW, note="Seen in the console")
    assert "Correct what it cost" in text(admin, take)

    for data in (
        {"actual_usd": "0.54"},
        {"actual_usd": "-1", "note": "x"},
        {"actual_usd": "some", "note": "x"},
    ):
        admin.post(f"/takes/{take.pk}/cost", data)
    assert ledger.spent_usd(take.pk) == Decimal("1.08")
    admin.post(f"/takes/{take.pk}/cost", {"actual_usd": "$0.54", "note": "Invoice of November"})

    assert ledger.spent_usd(take.pk) == Decimal("0.54")
    words = text(admin, take)
    assert (
        "Its cost was corrected , decided by Ada. $0.54 instead of $1.08. Invoice of November"
        in words
    )
    assert differences() == []


def test_nobody_else_corrects_costs_and_nobody_while_money_is_held(client, creator):
    take = make_unknown(creator)
    admin = signed_in(make_member(role=Role.ADMIN, team=creator.team))

    assert "Correct what it cost" not in text(admin, take)
    html = admin.post(
        f"/takes/{take.pk}/cost", {"actual_usd": "1", "note": "x"}, follow=True
    ).content.decode()
    assert "once nothing is held" in html
    settle.count_as_spent(take, member=creator, now=NOW, note="Seen in the console")
    assert "Correct what it cost" not in text(client, take)


def test_the_list_shows_what_waits_and_what_is_looked_for(client, creator):
    asked, looked = make_unknown(creator), make_unknown(creator, verdict="looking", says="")
    lost = make_held(creator, State.LOST, failure_message="Gone.")
    make_held(creator, State.RUNNING)
    make_held(make_member(), State.UNKNOWN)

    html = client.get("/unknown/").content.decode()

    first, _mark, second = html.partition('id="looking-head"')
    assert re.findall(r'id="row-(\d+)"', first) == [str(asked.pk), str(lost.pk)]
    assert re.findall(r'id="row-(\d+)"', second) == [str(looked.pk)]
    assert "$3.24 are held for these" in html and "It lists two of them." in html


def test_an_empty_list_says_so_and_the_shell_counts_what_waits(client, creator):
    assert "Nothing waits" in client.get("/unknown/").content.decode()

    make_unknown(creator)

    assert "1 waiting for a person" in words_of(client.get("/queue/").content.decode())
    assert 'href="/unknown/"' in client.get("/queue/").content.decode()


def test_the_number_of_queries_does_not_grow_with_what_waits(client, creator):
    clip, asked = make_asset(creator), []
    for _ in range(2):
        for _ in range(3):
            make_unknown(creator).attempts.update(last_error=str(clip.pk))
        asked.append(queries_of(client, "/unknown/"))

    assert asked[0] == asked[1] <= 12


def test_a_reviewer_sees_what_waits_and_settles_nothing(creator):
    reviewer = signed_in(make_member(role=Role.REVIEWER, team=creator.team))
    take = make_unknown(creator)

    assert reviewer.get("/unknown/").status_code == 200
    assert (
        "or an admin of" in text(reviewer, take)
        and 'name="outcome"' not in reviewer.get(f"/takes/{take.pk}").content.decode()
    )
    assert not Settlement.objects.exists()
