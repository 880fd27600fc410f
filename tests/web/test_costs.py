"""The costs page: what it shows of whom, of which month and which money.

Its figures: test_every_figure.py.
"""

import csv
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.costs.models import Entry
from editorapp.generations.ledger_lines import subject
from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.providers.models import ProviderAccount
from editorapp.teams import people
from editorapp.teams.roles import Role
from editorapp.web.costs.views import PAGE_SIZE
from tests.factories import make_generation, make_member, signed_in
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def client(admin) -> Client:
    return signed_in(admin)


def spend(member, amount="1.08", *, outcome="charge", now=NOW, state=State.SUCCEEDED, **fields):
    """Book a take's money: charged, released, or still held."""
    take = make_generation(member, state=state, estimate_high_usd=Decimal("5"), **fields)
    attempt = take.attempts.select_related("generation__created_by").get()
    ledger.reserve(subject(attempt), Decimal("5"), now=now)
    if outcome == "charge":
        ledger.charge([Charge(attempt.pk, Decimal(amount), is_estimated=True)], now=now)
    elif outcome == "release":
        ledger.release(attempt.pk, now=now)
    return take


def rows(client, url: str) -> list[dict[str, str]]:
    """Read the lines that a figure opens, through the CSV of the same view."""
    query = url.replace("&amp;", "&").partition("?")[2].partition("#")[0]
    content = b"".join(client.get(f"/costs/lines.csv?{query}").streaming_content).decode(
        "utf-8-sig"
    )
    return list(csv.DictReader(content.splitlines()))


def main(client, url: str) -> str:
    """Return the page without the shell, which shows the month's money on every page."""
    return client.get(url).content.decode().split("<main")[1]


def money(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,\s]", "", text))


def figures(html: str) -> list[tuple[str, Decimal]]:
    """Return every amount on the page that is a link to lines, with its address."""
    links = re.findall(r'<a[^>]*href="([^"]*)#lines" data-figure[^>]*>(\$[\d,.]+)</a>', html)
    return [(url.replace("&amp;", "&"), money(amount)) for url, amount in links]


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


def budget(client, url: str) -> str:
    """Return what the page says of the budget, as text."""
    html = (
        client.get(url).content.decode().split('class="panel totals-budget"')[1].split("</dl>")[0]
    )
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_past_month_shows_the_limit_that_held_at_its_end_and_who_set_it(client, admin):
    for limit, now in (
        ("40", datetime(2026, 3, 3, tzinfo=UTC)),
        ("99", datetime(2026, 4, 1, tzinfo=UTC)),
    ):
        people.change_limit(admin.team, Decimal(limit), by=admin, now=now, note="For the pilot")
    spend(admin, "10", now=datetime(2026, 3, 31, tzinfo=UTC))

    march, february = (
        budget(client, "/costs/?month=2026-03"),
        budget(client, "/costs/?month=2026-02"),
    )

    assert "$10.00 of $40.00" in march and "$30.00 left" in march and "$99" not in march
    assert (
        "The limit that held at the end of March 2026, set by Ada on 3 March 2026: For the pilot"
        in march
    )
    assert (
        "There is no record of the limit that held in February 2026." in february
        and "of $" not in february
    )


def test_the_present_month_shows_the_limit_as_it_is_now(client, admin):
    assert "No limit as it is now." in budget(client, "/costs/") and "Set one" in budget(
        client, "/costs/"
    )

    people.change_limit(admin.team, Decimal("40"), by=admin, now=NOW, note="For the pilot")
    assert "of $40.00" in budget(client, "/costs/") and "set by Ada" in budget(client, "/costs/")

    type(admin.team).objects.update(
        monthly_limit_usd=Decimal("50")
    )  # by nobody that the history knows
    said = budget(client, "/costs/")
    assert "of $50.00" in said and "The limit as it is now." in said and "Ada" not in said


def test_a_creator_is_told_that_the_budget_is_the_whole_teams(admin):
    spend(admin, "3.33")
    said = budget(signed_in(make_member(team=admin.team)), "/costs/")

    assert "$3.33" in said and "What the whole team was charged and still holds" in said


def test_a_paid_failure_stays_charged_for_failures_once_its_retry_succeeds(client, admin):
    take = spend(admin, "1.44", state=State.FAILED)
    Generation.objects.filter(pk=take.pk).update(state=State.SUCCEEDED, attempt_number=2)
    second = Attempt.objects.create(
        generation=take, number=2, account=take.account, state=State.SUCCEEDED, created_at=NOW
    )
    ledger.reserve(subject(second), Decimal("2"), now=NOW)
    ledger.charge([Charge(second.pk, Decimal("1.50"), is_estimated=False)], now=NOW)
    spend(admin, "0.30", state=State.FETCHING)  # charged, and not over

    totals = main(client, "/costs/").split('class="totals"')[1].split("</dl>")[0]

    found = {url.partition("shows=")[2]: amount for url, amount in figures(totals)}
    assert found["failures"] == Decimal("1.44") and found["spent"] == Decimal("3.24")


def test_under_all_months_every_figure_opens_all_months(client, admin):
    spend(admin, "1.11", now=datetime(2026, 3, 2, tzinfo=UTC))
    spend(admin, "2.22", now=datetime(2026, 4, 2, tzinfo=UTC))

    html = main(client, "/costs/?month=all").split('id="by-month"')[0]

    assert {"month=all" in url for url, _amount in figures(html)} == {True} and len(
        figures(html)
    ) >= 12
    assert {amount for url, amount in figures(html) if "shows=spent" in url} == {Decimal("3.33")}


def test_filters_narrow_the_whole_page_and_each_can_be_left_out(client, admin):
    creator = make_member(team=admin.team, name="Cleo")
    spend(admin, "1.11")
    spend(creator, "2.22")
    spend(creator, "4.44", task="reframe")
    here = f"?is_simulated=1&month=all&person_id={creator.user_id}&task=reframe"

    html = main(client, f"/costs/{here}")

    assert {amount for url, amount in figures(html) if "shows=spent" in url} == {Decimal("4.44")}
    chips = html.split('class="row costs-narrowed"')[1].split("</div>")[0].replace("&amp;", "&")
    assert "Cleo" in chips and "Reframe" in chips
    assert f'href="/costs/?is_simulated=1&month=all&person_id={creator.user_id}"' in chips
    assert 'href="/costs/?is_simulated=1&month=all&task=reframe"' in chips
    assert 'href="/costs/?is_simulated=1&month=all"' in chips  # everything
    form = html.split("<form")[1].split("</form>")[0]
    assert (
        f'name="person_id" value="{creator.user_id}"' in form
        and 'name="task" value="reframe"' in form
    )


def test_an_empty_name_is_a_name_and_not_every_line(client, admin):
    spend(admin, "1.11")
    spend(admin, "2.22", model="")

    html = main(client, "/costs/?month=all")

    opened = next(
        url for url, amount in figures(html) if amount == Decimal("2.22") and "model=&" in url
    )
    assert {line["model"] for line in rows(client, opened)} == {""}


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

    assert (
        answer["Content-Disposition"] == 'attachment; filename="rushes-costs-2026-03-simulated.csv"'
    )
    assert {line["person"] for line in rows(client, "?month=2026-03")} == {"'=cmd()"}


@pytest.mark.parametrize(
    "query",
    [
        "month=x",
        "month=2026-13",
        "month=",
        "person_id=",
        "before=",
        "shows=all",
        "provider=nobody",
        "model=none",
        "task=juggle",
        "account_id=",
        "month=0001-01",
        "month=9999-12",
    ],
)
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
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', by_task) == ["Edit", "Reframe"]
    assert [amount for url, amount in figures(by_task) if "shows=spent" in url] == [
        Decimal("2.16"),
        Decimal("0.48"),
    ]
    by_model = html.split('id="by-model"')[1].split("</section>")[0]
    assert re.findall(r'<th scope="row"><a[^>]*>([^<]*)</a>', by_model) == [
        "Ray 3.2",
        "Reframe Video",
    ]
    assert "Reframe Video · Reframe" in narrowed and "Ray 3.2 · Edit" not in narrowed
    assert {row["task"] for row in rows(client, "/costs/?task=reframe")} == {"reframe"}


@pytest.mark.parametrize(
    "query", ["", "month=all&is_simulated=1&shows=failures", "account_id=1&shows=held"]
)
def test_the_number_of_queries_does_not_grow_with_the_lines(client, admin, query):
    asked = []
    for count in (1, 12):
        for _ in range(count):
            spend(make_member(team=admin.team), "1")
        asked.append(queries_of(client, f"/costs/?{query}"))

    assert asked[0] == asked[1] <= 19
