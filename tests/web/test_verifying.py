"""An account is verified from its card: who may, what is told before anything is paid, and how it
looks.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from playwright.sync_api import Page, expect

from editorapp.costs.models import Entry
from editorapp.generations.models import Generation, HeardAnswer, Verification
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser_look import look
from tests.factories import default_account, make_asset, make_generation, make_member, signed_in
from tests.queued import waiting

pytestmark = pytest.mark.django_db
STEPS = [
    {"name": "Key and limits", "is_ok": True, "says": "The key is accepted."},
    {"name": "List of jobs", "is_ok": True, "says": "It can be read."},
    {"name": "A job that is not there", "is_ok": False, "says": "Unavailable, HTTP 500"},
    {"name": "Tiny clip", "is_ok": True, "says": "2 s, 103,034 bytes."},
    {
        "name": "Upload of the clip",
        "is_ok": True,
        "says": "Not tried: a clip travels inside the paid request here.",
    },
    {"name": "Price", "is_ok": True, "says": "$0.54."},
]
DIFFERENCE = {
    "kind": "new field",
    "call": "poll",
    "place": "queue_position",
    "came": "a whole number",
    "documented": "no such field",
}


@pytest.fixture
def client(admin: Member) -> Client:
    return signed_in(admin)


def ready(member: Member, **fields: Any) -> Verification:
    """Make a verification whose free checks are over: it waits for a decision about 54 cents."""
    clip = make_asset(member)
    wanted = GenerationRequest(
        prompt="Mist", source=Ref(asset_id=clip.pk), resolution="360p", auto_controls=True
    )
    said = {
        "state": Verification.State.READY,
        "steps": STEPS,
        "clip": clip,
        "request": wanted.to_json(),
        "low_usd": Decimal("0.54"),
        "high_usd": Decimal("0.54"),
        "basis": "1 × 5 s at 360p SDR",
    }
    account = fields.pop("account", None) or default_account("luma-agents")
    return Verification.objects.create(
        account=account,
        team=member.team,
        person=member.user,
        started_at=timezone.now(),
        **(said | fields),
    )


def html(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_the_card_begins_it_once_and_the_queue_does_the_work(
    client: Client, django_capture_on_commit_callbacks: Any
) -> None:
    account = default_account("luma-agents")
    assert f'action="/verifying/begin/{account.pk}"' in html(client.get("/accounts/"))

    with django_capture_on_commit_callbacks(execute=True):
        first = client.post(f"/verifying/begin/{account.pk}")
        second = client.post(f"/verifying/begin/{account.pk}")

    verification = Verification.objects.get()
    assert first["Location"] == second["Location"] == f"/verifying/{verification.pk}/"
    assert [args for _task, args in waiting()] == [(verification.pk,)]
    page = html(client.get(first["Location"]))
    assert "Asking Luma Agents." in page and f'hx-get="/verifying/{verification.pk}/"' in page
    part = client.get(first["Location"], headers={"HX-Request": "true"})
    assert html(part).startswith('<div id="verification"') and "HX-Request" in part["Vary"]


def test_the_price_is_told_and_only_then_paid_for_at_most_that(
    client: Client, admin: Member
) -> None:
    verification = ready(admin)
    page = html(client.get(f"/verifying/{verification.pk}/"))
    assert (
        "Go on for at most $0.54" in page
        and "hx-get" not in page.partition('id="verification"')[2][:120]
    )

    for agreed in ("", "0.53", "nan", "1e999999"):
        answer = client.post(
            f"/verifying/{verification.pk}/go-on", {"agreed_usd": agreed}, follow=True
        )
        assert "nothing was sent" in html(answer)
    assert not Generation.objects.exists()
    client.post(f"/verifying/{verification.pk}/go-on", {"agreed_usd": "0.54"})
    again = client.post(f"/verifying/{verification.pk}/go-on", {"agreed_usd": "0.54"}, follow=True)

    take = Generation.objects.get()
    assert "Nothing waits for this decision any more." in html(again)
    assert (take.created_by, take.team_id, take.estimate_high_usd) == (
        admin.user,
        admin.team_id,
        Decimal("0.54"),
    )
    assert [entry.kind for entry in Entry.objects.all()] == ["reserve"]
    assert "Under way: queued." in html(again)


def test_it_can_be_left_at_what_is_free(client: Client, admin: Member) -> None:
    verification = ready(admin)

    client.post(f"/verifying/{verification.pk}/leave-it")

    page = html(client.get(f"/verifying/{verification.pk}/"))
    assert "The paid take was left out." in page and "Begin again" in page
    assert not Generation.objects.exists()


def test_only_admins_of_the_team_come_near_it(admin: Member) -> None:
    verification = ready(admin)
    ways = [("get", ""), ("get", "report.md"), ("post", "go-on"), ("post", "leave-it")]
    outsider, creator = (
        make_member(role=Role.ADMIN),
        make_member(role=Role.CREATOR, team=admin.team),
    )

    for member, status in ((outsider, 404), (creator, 403)):
        other = Client()
        other.force_login(member.user)
        for method, what in ways:
            answer = getattr(other, method)(
                f"/verifying/{verification.pk}/{what}", {"agreed_usd": "1"}
            )
            assert answer.status_code == status, what

    verification.refresh_from_db()
    assert verification.is_ready and not Generation.objects.exists()


def test_an_account_that_cannot_be_used_is_not_verified(client: Client) -> None:
    account = default_account("luma-agents")
    ProviderAccount.objects.filter(pk=account.pk).update(is_enabled=False)

    answer = client.post(f"/verifying/begin/{account.pk}", follow=True)

    assert "is switched off" in html(answer) and not Verification.objects.exists()


def test_the_report_is_a_file_that_names_what_differs(client: Client, admin: Member) -> None:
    verification = ready(admin)
    HeardAnswer.objects.create(
        verification=verification, digest="1", call="poll", status=200, differences=[DIFFERENCE]
    )

    answer = client.get(f"/verifying/{verification.pk}/report.md")

    assert answer["Content-Disposition"].startswith('attachment; filename="rushes-luma-agents-')
    text = answer.content.decode()
    assert "| new field | poll | queue_position | a whole number | no such field |" in text
    assert "A job that is not there: Unavailable, HTTP 500" in text and "Mist" not in text


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_page_holds_in_every_size_and_theme(
    open_page: Callable[..., Page], admin: Member
) -> None:
    verification = ready(admin)
    page = open_page(admin, f"/verifying/{verification.pk}/")
    expect(page.get_by_role("button", name="Go on for at most $0.54")).to_be_visible()
    look(page, "verification-ready")
    HeardAnswer.objects.create(
        verification=verification, digest="1", call="poll", status=200, differences=[DIFFERENCE]
    )
    take = make_generation(
        admin, state="unknown", source=verification.clip, account=verification.account
    )
    Verification.objects.filter(pk=verification.pk).update(take=take, state=Verification.State.PAID)
    page = open_page(admin, f"/verifying/{verification.pk}/")
    expect(page.get_by_text("Unknown: the paid call was sent")).to_be_visible()
    look(page, "verification-unknown")
    look(open_page(admin, "/accounts/"), "accounts-with-check")
