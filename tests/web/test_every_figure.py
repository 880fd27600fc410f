"""Every figure of money on every page that has lines: walked by its link, over all pages of lines,
and in the CSV.

Complete by construction. Pages are found by following links. A figure is what its template tag
marks; money that is not marked fails the walk, and so does an address or a filter of the costs that
the walk has not met.
"""

import csv
import re
from dataclasses import dataclass, field, fields
from decimal import Decimal
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.core.money import show_usd
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.web.costs import views as costs
from editorapp.web.presenters.line_selection import SHOWS, LineSelection
from editorapp.web.templatetags.ledger_figures import money as money_tag
from tests.web.cost_lines import NOW, PAID, Books, seed
from tests.web.test_every_door import doors

pytestmark = pytest.mark.django_db
FIGURE = re.compile(r'<a[^>]* href="([^"]+)#lines" data-(figure|count)="([^"]+)">(.*?)</a>', re.S)
BASIS = re.compile(r'<(a|span)[^>]* data-basis title="([^"]*)">([^<]*)</\1>')
LINE = re.compile(r'<span data-line="(\d+)">([^<]+)</span>')
SUM = re.compile(r"<strong[^>]* data-sum>([^<]+)</strong>")
NOTE = re.compile(
    r"<td[^>]* data-note>.*?</td>", re.S
)  # words that somebody wrote, or the ledger about a line
OLDER = re.compile(r'<tr class="older">.*?href="([^"#]+)#lines"', re.S)
SECTION = re.compile(r'<h2 id="by-(\w+)">(.*?)</section>', re.S)
WITHIN_A_PAGE = {"before"}  # parameters that page through one selection


@pytest.fixture
def books(monkeypatch) -> Books:
    monkeypatch.setattr(timezone, "now", lambda: NOW)
    monkeypatch.setattr(costs, "PAGE_SIZE", 12)  # so that even these few lines take several pages
    return seed()


@dataclass
class Walk:
    """One person's way through all figures, on pages narrowed by at most so many filters: their
    figures open lines by one more. `seen` are the paths that were asked for.
    """

    books: Books
    member: Member
    most_filters: int = 1
    opened: dict[str, dict[int, Decimal]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    figures: int = 0
    most_pages: int = 0  # of the lines of one figure
    pages: dict[str, str] = field(default_factory=dict)  # address -> the whole page

    def __post_init__(self) -> None:
        self.client = Client()
        self.client.force_login(self.member.user)

    def get(self, url: str, *, is_part: bool = False) -> str:
        answer = self.client.get(url, headers={"HX-Request": "true"} if is_part else {})
        assert answer.status_code == 200, url
        self.seen.add(urlsplit(url).path)
        return answer.content.decode()

    def all_costs(self) -> "Walk":
        """Walk every page of costs that links and the choice of months lead to, and every figure on
        it.
        """
        found = ["/costs/?is_simulated=1&month=2026-11"]
        for url in found:
            self.lines_of(url)
            # What a narrowed page leads to, the one that is not narrowed leads to as well, where it
            # has any lines.
            if not narrowing(query_of(url)):
                found += [
                    link
                    for link in dict.fromkeys(links_of(self.pages[url]))
                    if self.is_new(link, found)
                ]
        for url in found:
            self.figures_of(
                self.pages[url], with_pages=self.most_filters > 0 and not narrowing(query_of(url))
            )
        return self

    def is_new(self, link: str, found: list[str]) -> bool:
        query = query_of(link)
        return (
            link not in found
            and "shows" not in query
            and len(narrowing(query)) <= self.most_filters
        )

    def figures_of(self, html: str, *, with_pages: bool = True) -> None:
        """Open every figure of a page, whatever page it is, and compare it with the lines behind
        it.

        A count is opened by its lines alone, without the page around them; without pages so is any
        figure.
        """
        for href, what, exact, shown in FIGURE.findall(html):
            self.figures += 1
            lines = self.lines_of(unescape(href), with_page=with_pages and what != "count")
            if what == "count":
                assert int(exact) == len(lines) and shown == exact, href
            else:
                assert Decimal(exact) == sum(lines.values(), Decimal(0)), f"{href} says {exact}"
                assert re.sub(r"<[^>]+>", "", shown) == show_usd(Decimal(exact)), (
                    "what is shown is the exact amount"
                )

    def lines_of(self, url: str, *, with_page: bool = True) -> dict[int, Decimal]:
        """Return the lines that an address opens, with their amounts: the same over all their
        pages, in their sum, in their CSV, and by plain Python over the whole ledger.
        """
        if url in self.opened:
            return self.opened[url]
        query = query_of(url)
        html = self.get(url, is_part=not with_page)
        csv_url = url.replace("/costs/?", "/costs/lines.csv?")
        if with_page:
            self.pages[url] = html
            assert unescape(re.search(r'href="([^"]+)" download', html)[1]) == csv_url  # type: ignore[index]
            self.costs_page(url, html.split("<main")[1])
        lines, count, part = amounts(html), 1, html
        while older := OLDER.search(part):
            part = self.get(unescape(older[1]), is_part=True)
            more = amounts(part)
            assert more and not more.keys() & lines.keys(), f"{url}: a page of lines twice"
            lines, count = lines | more, count + 1
        self.opened[url] = lines
        self.most_pages = max(count if "shows" in query else 1, self.most_pages)
        if with_page:
            said = [money(text) for text in SUM.findall(html)]
            assert said == ([sum(lines.values(), Decimal(0))] if "shows" in query else []), (
                f"{url}: its sum"
            )
        assert self.in_csv(csv_url) == lines, f"{url}: the CSV has other lines"
        assert lines.keys() == self.books.expected(query, self.member), (
            f"{url}: not the lines that are meant"
        )
        return lines

    def in_csv(self, url: str) -> dict[int, Decimal]:
        answer = self.client.get(url)
        self.seen.add(urlsplit(url).path)
        rows = csv.DictReader(b"".join(answer.streaming_content).decode("utf-8-sig").splitlines())
        return {int(row["entry"]): Decimal(row["amount_usd"]) for row in rows}

    def costs_page(self, url: str, main: str) -> None:
        """See that a page of costs has no unmarked money, keeps its filters, and that its rows add
        up to its totals.
        """
        bare = NOTE.sub("", main)
        for marked in (FIGURE, BASIS, LINE, SUM):
            bare = marked.sub("", bare)
        assert "$" not in bare, (
            f"{url}: money without its lines: {bare[max(0, bare.find('$') - 200) :][:260]}"
        )
        here = query_of(url)
        for href, *_rest in FIGURE.findall(main):
            there = query_of(unescape(href))
            assert narrowing(here).items() <= narrowing(there).items(), (
                f"{href} drops a filter of {url}"
            )
            assert there["is_simulated"] == here["is_simulated"], (
                f"{href} is other money than {url}"
            )
        for _tag, basis, amount in BASIS.findall(main):
            assert basis in re.sub(r' title="[^"]*"', "", main), (
                f"{amount} on {url} does not say what it is made of"
            )
        rows_add_up(here, main)


def rows_add_up(here: dict[str, str], main: str) -> None:
    """See that each table's rows come to the totals; that of months does where all months are
    shown.
    """
    tables = {name: by_kind(section) for name, section in SECTION.findall(main)}
    totals = by_kind(main.split('class="totals"')[1].split("</dl>")[0])
    assert tables.keys() >= {"provider", "model", "task", "month"}
    for name, found in tables.items():
        if name != "month" or here["month"] == "all":
            assert [found[kind] for kind in ("spent", "held")] == [
                totals[kind] for kind in ("spent", "held")
            ], name
            assert found["charges"] == tables["task"]["charges"], name


def links_of(html: str) -> list[str]:
    """Return the pages of costs that a page leads to: by links, and by the months that its form
    offers.
    """
    form = html.split('<form method="get" action="/costs/"')[1].split("</form>")[0]
    kept = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    offered = [
        urlencode([*kept, ("month", month)])
        for month in re.findall(r'<option value="([^"]+)"', form)
    ]
    links = map(unescape, re.findall(r'<a[^>]* href="(/costs/\?[^"#]*)"', html))
    return [in_order(link) for link in (*links, *(f"/costs/?{query}" for query in offered))]


def in_order(url: str) -> str:
    """Return an address with its parameters in the order in which pages write them."""
    query = query_of(url)
    names = [one.name for one in fields(LineSelection) if one.name in query]
    return f"/costs/?{urlencode({name: query[name] for name in names})}"


def query_of(url: str) -> dict[str, str]:
    return {
        name: value for name, value in parse_qsl(urlsplit(url).query) if name not in WITHIN_A_PAGE
    }


def narrowing(query: dict[str, str]) -> dict[str, str]:
    return {
        name: value
        for name, value in query.items()
        if name not in {"month", "is_simulated", "shows"}
    }


def amounts(html: str) -> dict[int, Decimal]:
    return {int(pk): money(text) for pk, text in LINE.findall(html)}


def money(text: str) -> Decimal:
    return Decimal(re.sub(r"[$,]", "", text))


def by_kind(html: str) -> dict[str, Decimal]:
    """Add up the figures of a piece of a page, by the kind that their links name; a chart says
    again what its table says.
    """
    found = dict.fromkeys(SHOWS, Decimal(0))
    for href, _what, exact, shown in FIGURE.findall(html):
        if not shown.startswith("<text"):
            found[query_of(unescape(href))["shows"]] += Decimal(exact)
    return found


def test_every_figure_of_the_costs_is_the_sum_behind_its_link_and_in_its_csv(books):
    admin = Walk(books, books.admin).all_costs()
    walks = [
        admin,
        *(Walk(books, one, most_filters=0).all_costs() for one in (books.creator, books.others)),
    ]

    queries = [query_of(url) for url in admin.opened]
    by_take_or_account = {"generation_id", "account_id"}  # no page of costs lists these: see below
    assert {name for query in queries for name in query} == {
        one.name for one in fields(LineSelection)
    } - by_take_or_account
    assert {query.get("shows") for query in queries} == {None, *SHOWS}
    assert {query["month"] for query in queries} == {"2026-10", "2026-11", "all"}
    assert {query["is_simulated"] for query in queries} == {"0", "1"}
    shown = {path for path, name in doors() if name.startswith("costs:")}
    assert admin.seen == shown - {"/costs/limit"}  # a form, which shows no figure of its own
    assert admin.most_pages > 1 and all(walk.figures > 20 for walk in walks)


def test_every_figure_on_any_other_page_opens_lines_that_it_is_the_sum_of(books):
    pages = [path for path, _name in doors() if not path.startswith("/costs/")]
    pages += [f"/takes/{take.pk}" for take in books.takes[:1]]
    for member, found in ((books.admin, {"used", "spent"}), (books.creator, set())):
        walk = Walk(books, member)
        for path in pages:
            answer = walk.client.get(path)
            if answer.status_code == 200 and answer["Content-Type"].startswith("text/html"):
                walk.figures_of(answer.content.decode())

        assert {query_of(url).get("shows") for url in walk.opened} == found


def test_the_header_and_the_accounts_open_real_money_where_there_is_a_real_account(books):
    paid = ProviderAccount.objects.get(name=PAID)
    ProviderAccount.objects.filter(pk=paid.pk).update(key_encrypted="some key", proven_at=NOW)
    walk = Walk(books, books.admin)

    walk.figures_of(walk.get("/accounts/"))

    opened = [query_of(url) for url in walk.opened]
    assert {"is_simulated": "0", "month": "2026-11", "shows": "used"} in opened
    assert {
        "is_simulated": "0",
        "month": "2026-11",
        "account_id": str(paid.pk),
        "shows": "spent",
    } in opened


def test_the_page_of_one_take_or_of_one_account_adds_up_its_lines(books):
    walk = Walk(books, books.admin)
    twice = next(take for take in books.takes if take.attempts.count() == 2)
    pages = [
        f"/costs/?is_simulated=1&month=all&{name}={pk}"
        for name, pk in (("generation_id", twice.pk), ("account_id", twice.account_id))
    ]

    for url in pages:
        walk.lines_of(url)
        walk.figures_of(walk.pages[url], with_pages=False)

    assert {name for url in walk.opened for name in query_of(url)} == {
        one.name for one in fields(LineSelection)
    }


def test_a_figure_cannot_be_written_without_its_lines():
    with pytest.raises(TypeError, match="neither its lines nor"):
        money_tag(Decimal("1.08"))  # type: ignore[arg-type]
