"""What nobody else would notice: a refused key, books that do not balance, a dead engine, a full
disk.
"""

from collections import namedtuple
from datetime import timedelta

import pytest
from django.db.models import F
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.costs.models import MonthBudget
from editorapp.generations import alerting, tasks
from editorapp.generations.checks import alert_checks
from editorapp.generations.coordination import heartbeat
from editorapp.generations.models import BooksCheck
from editorapp.generations.worker.ticker import Ticker
from editorapp.providers.contract import BadCredentials, Rejected
from editorapp.providers.models import ProviderAccount
from tests.factories import default_account, make_member, make_reserved
from tests.generations.drive import ask, run

NOW = timezone.now()
Usage = namedtuple("Usage", "total used free")


def open_kinds() -> list[str]:
    return list(Alert.objects.still_open().order_by("pk").values_list("kind", flat=True))


@pytest.fixture
def account(db) -> ProviderAccount:
    return default_account("luma-agents")


@pytest.mark.parametrize(("status", "says"), [(401, "refuses the key"), (402, "is out of funds")])
def test_a_refused_key_and_an_empty_account_are_raised_and_over_with_the_next_job_taken(
    quick, clock, status, says
):
    quick.fail("submit", f"status:{status}")
    member = make_member()
    ask(member)
    run(clock)
    alert = Alert.objects.get()
    assert (alert.kind, alert.team_id, alert.path) == (AlertKind.ACCOUNT, None, "/accounts/")
    assert says in alert.message

    alert_checks.accounts(clock())
    assert open_kinds() == [AlertKind.ACCOUNT]
    clock.jump(minutes=1)
    ask(member, prompt="Another try", now=clock())
    run(clock)
    alert_checks.accounts(clock())

    assert open_kinds() == []


def test_a_key_that_is_refused_when_a_job_is_polled_is_raised_too(quick, clock):
    quick.fail("poll", "status:401")
    ask()

    run(clock)

    assert "refuses the key" in Alert.objects.get().message


def test_a_refusal_that_is_about_the_request_says_nothing_about_the_account(account):
    alerting.account_refused(account, Rejected("Too long."), now=NOW)

    assert open_kinds() == []


def test_a_key_that_a_provider_quotes_is_not_in_the_alert(account):
    account.set_key("luma-key-that-was-refused-93a")

    alerting.account_refused(
        account, BadCredentials("Incorrect key luma-key-that-was-refused-93a."), now=NOW
    )

    assert "93a" not in Alert.objects.get().message


def test_a_failed_test_of_an_account_is_raised_until_one_passes(account):
    rows = ProviderAccount.objects.filter(pk=account.pk)
    rows.update(tested_at=NOW, test_ok=False, test_message="It does not answer.")
    alert_checks.accounts(NOW)
    assert "It does not answer." in Alert.objects.get().message

    rows.update(tested_at=NOW + timedelta(minutes=5), test_ok=True)
    alert_checks.accounts(NOW + timedelta(minutes=6))

    assert open_kinds() == []


@pytest.mark.parametrize("what", ["off", "gone"])
def test_nobody_is_told_of_an_account_that_is_switched_off_or_deleted(account, what):
    alerting.account_refused(account, BadCredentials("No."), now=NOW)
    if what == "off":
        ProviderAccount.objects.filter(pk=account.pk).update(is_enabled=False)
    else:
        account.delete()

    alert_checks.accounts(NOW + timedelta(minutes=1))

    assert open_kinds() == []


def test_books_that_do_not_balance_are_raised_and_kept_until_they_do(db):
    make_reserved(make_member())
    MonthBudget.objects.update(reserved_usd=F("reserved_usd") + 1)

    tasks.check_books()
    check = BooksCheck.objects.get()
    assert (check.difference_count, check.lines) == (1, 1) and "Budget" in check.differences[0]
    assert open_kinds() == [AlertKind.LEDGER]

    MonthBudget.objects.update(reserved_usd=F("reserved_usd") - 1)
    tasks.check_books()
    assert open_kinds() == []


def test_the_ticker_has_the_books_checked_once_an_hour(db):
    assert alert_checks.books_are_due(NOW)
    alert_checks.check_books(NOW)
    assert not alert_checks.books_are_due(NOW + timedelta(minutes=1))

    make_reserved(make_member())  # a check that saw no line proves nothing
    assert alert_checks.books_are_due(NOW + timedelta(minutes=1))
    alert_checks.check_books(NOW)

    assert not alert_checks.books_are_due(NOW + timedelta(minutes=45))
    assert alert_checks.books_are_due(NOW + timedelta(minutes=55))


@pytest.mark.parametrize("part", ["ticker", "cluster"])
def test_an_engine_without_a_sign_of_life_is_raised_and_over_when_it_is_back(db, part):
    for name in ("ticker", "cluster"):
        heartbeat.beat(name, now=NOW - timedelta(seconds=90 if name == part else 1))

    assert not alert_checks.engine(NOW)
    assert (
        "No sign of life" in Alert.objects.get().message and "90 s" in Alert.objects.get().message
    )

    heartbeat.beat(part, now=NOW)
    assert alert_checks.engine(NOW + timedelta(seconds=1))
    assert open_kinds() == []


def test_a_pause_as_long_as_a_restart_wakes_nobody(db):
    for name in ("ticker", "cluster"):
        heartbeat.beat(name, now=NOW - timedelta(seconds=40))

    assert alert_checks.engine(NOW) and open_kinds() == []


def test_an_almost_full_disk_is_raised_and_over_when_there_is_room_again(db, monkeypatch):
    seen = []
    for free in (49, 60, 70):
        monkeypatch.setattr(
            alert_checks.shutil,
            "disk_usage",
            lambda _path, free=free: Usage(1000, 1000 - free, free),
        )
        alert_checks.disk(NOW)
        seen.append(open_kinds())

    assert seen == [[AlertKind.DISK_FULL], [AlertKind.DISK_FULL], []]


def test_the_ticker_looks_after_accounts_and_the_disk(account, monkeypatch, transactional_db):
    ProviderAccount.objects.filter(pk=account.pk).update(
        tested_at=NOW, test_ok=False, test_message="No answer."
    )
    monkeypatch.setattr(alert_checks.shutil, "disk_usage", lambda _path: Usage(100, 99, 1))

    Ticker().tick(timezone.now())

    assert sorted(open_kinds()) == [AlertKind.ACCOUNT, AlertKind.DISK_FULL]


def test_what_a_machine_raised_that_is_gone_is_closed_by_the_others(db, monkeypatch):
    monkeypatch.setattr(alert_checks.shutil, "disk_usage", lambda _path: Usage(100, 99, 1))
    for machine in ("one", "two"):
        monkeypatch.setattr(alert_checks.socket, "gethostname", lambda machine=machine: machine)
        alert_checks.disk(NOW)
    assert open_kinds() == [AlertKind.DISK_FULL] * 2

    alert_checks.disk(NOW + timedelta(minutes=9))
    assert open_kinds() == [AlertKind.DISK_FULL] * 2
    alert_checks.disk(NOW + timedelta(minutes=11))

    assert Alert.objects.still_open().get().subject == "disk:two"


def test_what_another_machine_has_just_raised_stays_open_until_that_one_has_looked(db, monkeypatch):
    alerts.open(
        AlertKind.DISK_FULL,
        "disk:one",
        message="A file could not be stored.",
        team_id=None,
        now=NOW,
    )

    monkeypatch.setattr(alert_checks.shutil, "disk_usage", lambda _path: Usage(100, 10, 90))
    alert_checks.disk(NOW + timedelta(seconds=30))
    assert open_kinds() == [AlertKind.DISK_FULL]

    alert_checks.disk(NOW + timedelta(minutes=11))
    assert open_kinds() == []
