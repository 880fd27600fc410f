"""The status page: for admins, with what needs a person first; figures of all, takes of the own
team only.
"""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.alerts import alerts, delivery
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations.checks import alert_checks
from editorapp.generations.coordination import heartbeat
from editorapp.generations.engine import requeue
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.ops import status
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.factories import default_account, make_generation, make_member, make_reserved
from tests.queries import queries_of
from tests.queued import waiting

NOW = timezone.now()


@pytest.fixture
def alive(db) -> None:
    for part in ("ticker", "cluster"):
        heartbeat.beat(part, now=timezone.now())


def shown(client: Client, member: Member) -> str:
    client.force_login(member.user)
    response = client.get("/status/")
    assert response.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode()))


def raised(subject: str, *, team_id: int | None, kind: str = AlertKind.LOST) -> Alert:
    alerts.open(
        kind,
        subject,
        message=f"Look at {subject}.",
        team_id=team_id,
        path="/takes/1/",
        now=timezone.now(),
    )
    return Alert.objects.get(subject=subject)


@pytest.mark.parametrize("role", [Role.CREATOR, Role.REVIEWER])
def test_it_is_for_admins(client, role, db):
    client.force_login(make_member(role=role).user)

    assert client.get("/status/").status_code == 403


def test_an_engine_that_is_well_says_so_and_one_that_is_dead_says_what_to_do(client, admin, alive):
    assert "Engine Alive" in shown(client, admin)

    heartbeat.beat("cluster", now=timezone.now() - timedelta(minutes=20))

    page = shown(client, admin)
    assert "No sign of life: the queue for 20 min." in page and "manage.py work" in page


def test_work_that_is_late_is_seen(client, admin, alive):
    make_generation(admin, state=State.RUNNING)
    Attempt.objects.update(next_action_at=timezone.now() - timedelta(seconds=90))

    page = shown(client, admin)

    assert "Engine Behind" in page and re.search(r"9\d\.\d s late", page)


def test_alerts_come_with_where_to_go_and_whether_anybody_was_told(client, admin, alive):
    raised("generation:1", team_id=admin.team_id)
    Alert.objects.update(problem="The webhook answered 500.", tries=3)

    page = shown(client, admin)

    assert "Look at generation:1." in page and "The webhook answered 500. Tried 3 times." in page
    assert 'href="/takes/1/"' in client.get("/status/").content.decode()


def test_another_teams_takes_and_alerts_are_not_shown_but_counted(client, admin, alive):
    other = make_member(name="Otto")
    theirs = make_generation(other, state=State.RUNNING)
    raised("generation:77", team_id=other.team_id)

    page = shown(client, admin)

    assert f"#{theirs.pk}" not in page and "Otto" not in page and "generation:77" not in page
    assert "At providers 1" in page


def test_each_account_says_what_it_has_to_do_and_why_it_stands_still(client, admin, alive):
    account = default_account("luma-agents")
    for state in (State.RUNNING, State.QUEUED, State.FAILED, State.SUCCEEDED):
        make_generation(admin, state=state, account=account)
    now = timezone.now()
    Attempt.objects.exclude(state=State.QUEUED).update(submit_started_at=now, submitted_at=now)
    Attempt.objects.filter(state=State.RUNNING).update(error_count=2)
    requeue.pause_account(account.pk, now=now, seconds=300, reason="Too many requests.")

    page = shown(client, admin)

    assert "Too many requests." in page
    # at the provider, waiting, fetching, with errors, sent, went wrong
    assert f"1 of {account.max_concurrent} 1 0 1 3 33 % just now" in page


def test_the_oldest_come_first_and_results_that_expire_have_their_hour(client, admin, alive):
    now = timezone.now()
    for minutes in (5, 50, 20):
        take = make_generation(admin, state=State.RUNNING)
        Attempt.objects.filter(generation=take).update(
            submit_started_at=now - timedelta(minutes=minutes)
        )
    late = make_generation(admin, state=State.FETCHING)
    Attempt.objects.filter(generation=late).update(result_expires_at=now + timedelta(minutes=30))

    things = status.gather(admin, now=now)

    assert [round((now - one.submit_started_at).total_seconds() / 60) for one in things.oldest] == [
        50,
        20,
        5,
    ]
    assert [one.generation_id for one in things.expiring] == [late.pk]
    assert f"{now + timedelta(minutes=30):%H:%M} UTC" in shown(client, admin)


def test_the_ledgers_last_check_is_shown(client, admin, alive):
    make_generation(admin, state=State.SUCCEEDED)  # without a line

    alert_checks.check_books(timezone.now())

    page = shown(client, admin)
    assert "1 difference" in page and "should be charged" in page and "checked just now" in page


def test_the_ledger_says_how_many_lines_were_checked_and_how_many_are_newer(client, admin, alive):
    assert "Ledger No lines yet Check now" in shown(client, admin)
    alert_checks.check_books(timezone.now() - timedelta(minutes=20))
    assert "Ledger No lines yet Check now" in shown(client, admin)
    for _ in range(3):
        make_reserved(admin)

    assert "Ledger Not checked yet 3 lines, checked within the hour Check now" in shown(
        client, admin
    )

    alert_checks.check_books(timezone.now())
    assert "Ledger Balances 3 lines, checked just now Check now" in shown(client, admin)

    make_reserved(admin)
    assert (
        "Ledger Balances 3 lines, checked just now 1 newer line, checked within the hour"
        in shown(client, admin)
    )


def test_an_almost_full_disk_is_seen(client, admin, alive, monkeypatch):
    monkeypatch.setattr(alert_checks, "free_space", lambda: 0.034)

    assert "Disk free 3.4%" in shown(client, admin)


def test_the_shell_leads_admins_there_and_counts_what_needs_them(client, admin, alive):
    raised("generation:1", team_id=admin.team_id)
    raised("account:3", team_id=None, kind=AlertKind.ACCOUNT)
    raised("generation:9", team_id=make_member().team_id)

    assert "Status 2 need a person" in shown(client, admin)
    client.force_login(make_member(team=admin.team).user)
    assert "/status/" not in client.get("/gallery/").content.decode()


def test_a_poll_gets_only_what_changes_and_the_shells_count(client, admin, alive):
    client.force_login(admin.user)

    part = client.get("/status/", headers={"HX-Request": "true"}).content.decode()

    assert (
        "<html" not in part
        and 'id="things"' in part
        and 'id="alerts-open"' in part
        and "hx-swap-oob" in part
    )


def test_it_asks_as_much_for_many_takes_as_for_one(client, admin, alive):
    client.force_login(admin.user)
    make_generation(admin, state=State.RUNNING)
    few = queries_of(client, "/status/")
    for number in range(12):
        make_generation(admin, state=State.RUNNING)
        raised(f"generation:{number}", team_id=admin.team_id)

    assert queries_of(client, "/status/") == few


def test_an_admin_can_have_the_ledger_checked_now(
    client, admin, alive, django_capture_on_commit_callbacks
):
    client.force_login(admin.user)

    with django_capture_on_commit_callbacks(execute=True):
        page = client.post("/status/check", follow=True).content.decode()

    assert "is being checked" in page
    assert waiting() == [("check_books", ())]


def test_an_account_of_a_provider_that_is_gone_breaks_nothing(client, admin, alive):
    ProviderAccount.objects.create(provider="gone", name="Gone", is_simulated=True)

    alert_checks.accounts(timezone.now())

    assert "Gone" not in shown(client, admin)


def test_an_alert_names_its_take_and_leads_there(client, admin, alive):
    raised("generation:12", team_id=admin.team_id)

    page = shown(client, admin)

    assert "#12" in page and "(#12)" in page
    assert ">#12</a>" in client.get("/status/").content.decode()


@pytest.mark.parametrize("is_real", [False, True])
def test_that_nobody_is_told_is_said_once_and_weighs_more_with_real_accounts(
    client, admin, alive, is_real
):
    if is_real:
        ProviderAccount.objects.create(
            provider="luma-agents", name="Real", key_encrypted="x", proven_at=timezone.now()
        )
    for number in range(3):
        raised(f"generation:{number}", team_id=admin.team_id)
    Alert.objects.update(problem=delivery.NOBODY, tries=2)

    page = shown(client, admin)

    assert page.count("RUSHES_ALERT_WEBHOOK") == 1
    assert ("Nobody is told but on this page" in page) is is_real
    assert "Tried" not in page


def test_where_somebody_is_told_nothing_is_said_of_it(client, admin, alive, settings):
    settings.ALERT_WEBHOOK = "https://hooks.example/x"

    assert "RUSHES_ALERT_WEBHOOK" not in shown(client, admin)
