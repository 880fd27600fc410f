"""The costs page: every figure opens lines that add up to it, in the page and in the CSV; who sees what."""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.models import Entry
from editorapp.generations.money import subject
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from editorapp.web.views.costs import PAGE_SIZE
from tests.factories import make_generation, make_member
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def admin():
    return make_member(role=Role.ADMIN, name="Ada")


@pytest.fixture
def client(admin) -> Client:
    return signed_in(admin)


def signed_in(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def spend(member, amount="1.08", *, outcome="charge", now=NOW, state=State.SUCCEEDED, **fields):
    """Book a take's money: charged, released, or still held."""
    take = make_generation(member, state=state, estimate_high_usd=Decimal("5"), **fields)
    attempt = take.attempts.select_related("generation__created_by").get()
    ledger.reserve(subject(attempt), Decimal("5"), now=now)
    if outcome == "charge":
        ledger.charge(attempt.pk, Decimal(amount), now=now, is_estimated=True)
    elif outcome == "release":
        ledger.release(attempt.pk, now=now)
    return take


def rows(client, url: str) -> list[dict[str, str]]:
    """Read the lines that a figure opens, through the CSV of the same view."""
    query = url.replace("&amp;", "&").partition("?")[2].partition("#")[0]
    content = b"".join(client.get(f"/costs/lines.csv?{query}").streaming_content).decode()
    return list(csv.DictReader(content.splitlines()))


def main(client, url: str) -> str:
    """Return the page without the shell, which shows the month's money on every page."""
    return client.get(url).content.decode().split("<main")[1]


def money(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,\s]", "", text))


def figures(html: str) -> list[tuple[str, Decimal]]:
    """Return every amount on the page that is a link to lines, with its address."""
    links = re.findall(r'<a[^>]*href="([^"]*#lines)"[^>]*>(\$[\d,.]+)</a>', html)
    return [(url, money(amount)) for url, amount in links]


def signed_sum(url: str, lines) -> Decimal:
    return sum((Decimal(line["amount_usd"]) for line in lines), Decimal(0))


def test_every_figure_is_the_sum_of_the_lines_that_it_opens(client, admin):
    creator = make_member(team=admin.team, name="Cleo")
    spend(admin, "1.08")
    spend(creator, "2.16", model="ray-3.2-fast")
    spend(creator, "0.50", state=State.FAILED)
    spend(creator, "7.25")  # above the reservation: charge and adjustment
    spend(creator, outcome="release", state=State.CANCELED)
    spend(admin, outcome="hold", state=State.RUNNING)

    found = figures(client.get("/costs/").content.decode())

    assert len(found) >= 16
    for url, amount in found:
        assert signed_sum(url, rows(client, url)) == amount, url
    assert {Decimal("10.99"), Decimal("5.00"), Decimal("0.50")} <= {amount for _, amount in found}


def test_creators_see_their_own_lines_and_no_table_of_people(admin):
    creator = make_member(team=admin.team, name="Cleo")
    spend(admin, "3.33")
    spend(creator, "1.11")
    client = signed_in(creator)

    html = client.get("/costs/").content.decode()

    assert "$1.11" in html and "$3.33" not in html and "By person" not in html
    assert {line["person"] for line in rows(client, f"?person_id={admin.user_id}")} == set()


def test_reviewers_have_no_costs(admin):
    reviewer = signed_in(make_member(role=Role.REVIEWER, team=admin.team))

    assert reviewer.get("/costs/").status_code == 403
    assert reviewer.get("/costs/lines.csv").status_code == 403
    assert 'href="/costs/"' not in reviewer.get("/gallery/").content.decode()


def test_another_teams_money_is_not_there(client):
    other = make_member(role=Role.ADMIN)
    take = spend(other, "9.99")

    html = client.get("/costs/").content.decode()

    assert "$9.99" not in html
    assert rows(client, f"?generation_id={take.pk}") == []


def test_real_and_simulated_money_are_never_mixed(client, admin):
    real = ProviderAccount.objects.create(provider="luma-agents", name="Real", is_simulated=False)
    spend(admin, "1.11")
    spend(admin, "2.22", account=real)

    simulated = main(client, "/costs/?is_simulated=1")
    truly = main(client, "/costs/?is_simulated=0")

    assert "$1.11" in simulated and "$2.22" not in simulated and "$3.33" not in simulated
    assert "$2.22" in truly and "$1.11" not in truly
    assert "nobody paid them" in simulated and "nobody paid them" not in truly


def test_months_are_apart(client, admin):
    spend(admin, "1.11", now=datetime(2026, 3, 31, 23, 59, tzinfo=UTC))
    spend(admin, "2.22", now=datetime(2026, 4, 1, tzinfo=UTC))

    march = client.get("/costs/?month=2026-03").content.decode()

    totals = march.split('class="totals"')[1].split("</dl>")[0]
    assert "$1.11" in totals and "$2.22" not in totals
    assert len(rows(client, "?month=2026-03")) == 3 and len(rows(client, "?month=all")) == 6


def test_the_budget_shows_what_the_team_used(admin):
    admin.team.monthly_limit_usd = Decimal("50")
    admin.team.save()
    spend(admin, "10")

    html = signed_in(make_member(team=admin.team)).get("/costs/").content.decode()

    assert "of $50.00" in html and "$40.00 free" in html


def test_lines_page_without_a_gap(client, admin):
    for _ in range(PAGE_SIZE):
        spend(admin, "1")
    found, url, pages = [], "/costs/", 0
    while url:
        html = client.get(url, headers={"HX-Request": "true"}).content.decode()
        found += re.findall(r'<a href="/takes/(\d+)">#', html)
        older = re.search(r'hx-get="([^"]+)"', html)
        url = older[1].replace("&amp;", "&") if older else ""
        pages += 1

    assert len(found) == Entry.objects.count() == 3 * PAGE_SIZE and pages == 3


def test_the_csv_is_named_for_its_month_and_keeps_formulas_out(client, admin):
    admin.user.display_name = "=cmd()"
    admin.user.save()
    spend(admin, "1.08", now=datetime(2026, 3, 2, tzinfo=UTC))

    answer = client.get("/costs/lines.csv?month=2026-03")

    assert answer["Content-Disposition"] == 'attachment; filename="rushes-costs-2026-03-simulated.csv"'
    assert {line["person"] for line in rows(client, "?month=2026-03")} == {"'=cmd()"}


@pytest.mark.parametrize("query", ["month=x", "month=2026-13", "person_id=x", "before=y", "shows=all", "month=%00"])
def test_nonsense_in_the_address_bar_is_let_go(client, query):
    assert client.get(f"/costs/?{query}").status_code == 200


def test_an_empty_month_says_when_lines_appear(client):
    assert "Each queued edit adds a line" in client.get("/costs/").content.decode()


def test_spending_is_shown_by_task_in_words_and_a_task_opens_its_lines(client, admin):
    spend(admin, "2.16")
    spend(admin, "0.48", provider="scenario", model="reframe-video", task="reframe")

    html = main(client, "/costs/")
    narrowed = main(client, "/costs/?task=reframe")

    by_task = html.split('id="by-task"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row">([^<]*)</th>', by_task) == ["Edit", "Reframe"]
    assert [amount for url, amount in figures(by_task) if "shows=spent" in url] == [Decimal("2.16"), Decimal("0.48")]
    by_model = html.split('id="by-model"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row">([^<]*)</th>', by_model) == ["Ray 3.2", "Reframe Video"]
    assert "Reframe Video · Reframe" in narrowed and "Ray 3.2 · Edit" not in narrowed
    assert {row["task"] for row in rows(client, "/costs/?task=reframe")} == {"reframe"}


def test_the_number_of_queries_does_not_grow_with_the_lines(client, admin):
    asked = []
    for count in (1, 12):
        for _ in range(count):
            spend(make_member(team=admin.team), "1")
        asked.append(queries_of(client, "/costs/"))

    assert asked[0] == asked[1] <= 18
