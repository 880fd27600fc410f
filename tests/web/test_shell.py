"""The shell: who sees which places, the month's money, the theme, the error pages."""

from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs.models import MonthBudget
from editorapp.teams.models import Team
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member

pytestmark = pytest.mark.django_db


def _signed_in(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def test_a_stranger_is_sent_to_sign_in(client, settings):
    settings.LOGIN_URL = "/sign-in"

    answer = client.get("/studio/")

    assert answer.status_code == 302 and answer["Location"].startswith("/sign-in?next=/studio/")


def test_the_month_shows_spent_and_reserved_against_the_limit_and_says_that_it_is_simulated():
    member = make_member(name="Ada")
    Team.objects.filter(pk=member.team_id).update(monthly_limit_usd=50)
    MonthBudget.objects.create(
        team=member.team,
        month=timezone.now().date().replace(day=1),
        is_simulated=True,
        spent_usd=Decimal("10.24"),
        reserved_usd=Decimal("2.16"),
    )
    MonthBudget.objects.create(
        team=member.team,
        month=timezone.now().date().replace(day=1),
        is_simulated=False,
        spent_usd=999,
    )

    html = _signed_in(member).get("/studio/").content.decode()

    assert "$12.40" in html and "of $50.00" in html and "$999" not in html
    assert ">Simulated</span>" in html


def test_the_queue_counts_only_what_runs_in_this_team():
    member = make_member()
    make_generation(member, state="running")
    make_generation(member, state="queued")
    make_generation(member, state="succeeded")
    make_generation(member, state="unknown")
    make_generation(make_member(), state="running")

    from editorapp.web.shell.context import Counts, counts

    assert counts(member) == Counts(running=2, waiting=1)


def test_only_an_admin_is_shown_the_people(client):
    from editorapp.web.shell.context import places

    reverse_all = {place.name for place in places(make_member(role=Role.CREATOR))}

    assert "people" not in reverse_all and "studio" in reverse_all


def test_the_theme_stays_and_is_drawn_by_the_server():
    client = _signed_in(make_member())

    went = client.post("/shell/theme", {"theme": "light", "next": "/studio/"})

    assert went["Location"] == "/studio/"
    assert '<html lang="en" data-theme="light">' in client.get("/studio/").content.decode()


def test_the_theme_switch_sends_nobody_to_another_site():
    went = _signed_in(make_member()).post(
        "/shell/theme", {"theme": "dark", "next": "https://evil.example/"}
    )

    assert went["Location"] == "/"


def test_a_form_without_a_token_is_refused_with_a_page_that_says_what_to_do():
    member = make_member()
    client = Client(enforce_csrf_checks=True)
    client.force_login(member.user)

    answer = client.post("/shell/theme", {"theme": "dark"})

    assert answer.status_code == 403 and b"This form has expired" in answer.content


def test_a_missing_page_offers_a_way_back():
    answer = _signed_in(make_member()).get("/no-such-page")

    assert answer.status_code == 404 and b"Go to the studio" in answer.content


def test_a_page_carries_no_inline_script_and_no_inline_style():
    html = _signed_in(make_member()).get("/studio/").content.decode()

    assert (
        "style=" not in html
        and "<style" not in html
        and "<script>" not in html
        and "onclick" not in html
    )
