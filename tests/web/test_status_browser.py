"""The status page in a real browser: both widths, both themes, and it keeps itself fresh."""

from datetime import timedelta

import pytest
from django.utils import timezone

from editorapp.alerts import alerts
from editorapp.alerts.models import Alert, AlertKind
from editorapp.generations.checks import alert_checks
from editorapp.generations.coordination import heartbeat
from editorapp.generations.engine import requeue
from editorapp.generations.models import Attempt
from editorapp.generations.states import State
from editorapp.teams.models import Member
from editorapp.teams.roles import Role
from tests.browser_look import look
from tests.factories import default_account, make_generation, make_member

pytestmark = pytest.mark.browser


@pytest.fixture
def busy(transactional_db) -> Member:
    """An admin of an installation in which much goes on and some of it goes wrong."""
    admin, now = make_member(role=Role.ADMIN, name="Ada"), timezone.now()
    accounts = [default_account(provider) for provider in ("luma-agents", "gmi-cloud", "scenario")]
    for number in range(6):
        take = make_generation(admin, state=State.RUNNING, account=accounts[number % 3])
        Attempt.objects.filter(generation=take).update(
            submit_started_at=now - timedelta(minutes=3 * number + 1),
            submitted_at=now - timedelta(minutes=number),
            next_action_at=now + timedelta(seconds=5),
            error_count=number % 2,
            flagged_at=now if number == 5 else None,
        )
    make_generation(admin, state=State.UNKNOWN, account=accounts[0])
    late = make_generation(admin, state=State.FETCHING, account=accounts[1])
    Attempt.objects.filter(generation=late).update(result_expires_at=now + timedelta(minutes=40))
    requeue.pause_account(
        accounts[2].pk, now=now, seconds=3000, reason="Too many requests: 30 a minute are allowed."
    )
    for part in ("ticker", "cluster"):
        heartbeat.beat(part, now=now + timedelta(minutes=5))
    said = (
        "The provider did not answer. It may have been accepted: its price stays held until you "
        "say what became of it."
    )
    alerts.open(
        AlertKind.UNKNOWN_OUTCOME,
        "generation:7",
        message=said,
        team_id=admin.team_id,
        path="/takes/7/",
        now=now,
    )
    alerts.open(
        AlertKind.DISK_FULL, "disk:here", message="3.1% of the disk is free.", team_id=None, now=now
    )
    Alert.objects.filter(kind=AlertKind.DISK_FULL).update(
        problem="The webhook answered 500.", tries=3
    )
    alert_checks.check_books(now)
    return admin


def test_it_can_be_read_at_both_widths_in_both_themes(open_page, busy):
    page = open_page(busy, "/status/")
    page.get_by_text("Longer than usual", exact=True).wait_for()

    look(page, "status")


def test_it_keeps_itself_fresh_and_the_keyboard_where_it_is(open_page, busy):
    page = open_page(busy, "/status/")
    link = page.get_by_role("link", name="Open Outcome unknown (#7)")
    link.focus()

    alerts.close(AlertKind.DISK_FULL, "disk:here", now=timezone.now())

    page.get_by_text("3.1% of the disk is free.").wait_for(state="detached")
    assert page.locator("#alerts-open").inner_text().split()[0] == "2"  # and the ledger
    assert page.evaluate("() => document.activeElement.id").startswith("alert-")


def test_on_a_phone_the_places_scroll_and_begin_with_the_one_shown(open_page, busy):
    page = open_page(busy, "/status/", width=390, height=844)
    page.wait_for_load_state()

    bar, here = (
        page.locator(".places").bounding_box(),
        page.locator(".places [aria-current]").bounding_box(),
    )

    assert here["x"] >= bar["x"] and here["x"] + here["width"] <= bar["x"] + bar["width"] + 1
    gaps = page.eval_on_selector_all(
        ".places a",
        "all => all.slice(1).map((a, i) => parseFloat(getComputedStyle(a).paddingLeft))",
    )
    assert min(gaps) >= 12
