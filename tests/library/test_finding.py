"""Finding: each order and each list against all takes in memory; pages without a gap, also where a
request can only look at so many.
"""

import random
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library import finding, organise
from editorapp.library.finding import TakeQuery, count, find
from editorapp.library.id_lists import IndexedIds
from editorapp.library.models import TakeTag
from editorapp.library.search import TakeSearch
from editorapp.library.take_orders import NEWEST, ORDERS
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def takes(creator) -> list[Generation]:
    """Make takes of which some have a cost, a length, a rating, a word, and some are of a batch."""
    chance, stranger = random.Random(7), make_member(role=Role.CREATOR)
    clips = [
        make_asset(creator, origin="result", duration_seconds=seconds) for seconds in (3, 5, 9)
    ]
    batches = [uuid4() for _ in range(6)]
    made = []
    for number in range(60):
        result = chance.choice([None, *clips])
        one = make_generation(
            creator,
            prompt=f"{chance.choice(['Rain', 'Snow'])} {number}",
            state=State.SUCCEEDED if result else State.FAILED,
            result=result,
            cost_usd=chance.choice([None, Decimal("1.08"), Decimal("0.54"), Decimal("2.000001")]),
            batch=chance.choice([None, None, None, *batches]),
        )
        made.append(one)
        if chance.random() < 0.4:
            organise.rate(one.pk, chance.randint(1, 5), by=creator)
        make_generation(stranger, prompt="Rain", cost_usd=1)
    return made


def expected(takes: list[Generation], order, keep) -> list[int]:
    """Return the first take of each card, as they must come."""
    rows = Generation.objects.filter(pk__in=[take.pk for take in takes]).select_related("mark")
    placed = []
    for row in rows:
        value = row
        for name in order.field.split("__"):
            value = getattr(value, name, None)
        placed.append((order.rank(order.place_of(row.pk, value)), row))
    found: dict[object, int] = {}
    for _rank, row in sorted(placed, key=lambda one: one[0]):
        if keep(row):
            found.setdefault(row.batch or row.pk, row.pk)
    return list(found.values())


def paged(query: TakeQuery, *, size: int = 7) -> list[int]:
    found: list[int] = []
    after = None
    for _ in range(200):
        page = find(query, after=after, size=size)
        assert len(page.heads) <= size
        found += [head.take for head in page.heads]
        if page.after is None:
            return found
        after = page.after
    raise AssertionError("the pages do not end")


def queries_of(creator, order) -> dict[str, tuple[TakeQuery, object]]:
    done = (("team", creator.team_id), ("state", State.SUCCEEDED))
    listed = IndexedIds(Generation, "id", done)
    is_done = Q(state=State.SUCCEEDED)
    search = TakeSearch.read(creator.team_id, "rain")
    return {
        "all": (TakeQuery(creator, order=order), lambda take: True),
        "listed": (
            TakeQuery(creator, tests=is_done, ids=listed, order=order),
            lambda take: take.state == State.SUCCEEDED,
        ),
        "tested": (
            TakeQuery(creator, tests=Q(cost_usd=Decimal("1.08")), order=order),
            lambda take: take.cost_usd == Decimal("1.08"),
        ),
        "searched": (
            TakeQuery(creator, tests=is_done, search=search, order=order),
            lambda take: take.state == State.SUCCEEDED and "Rain" in take.prompt,
        ),
        "none": (TakeQuery(creator, tests=Q(prompt="?"), order=order), lambda take: False),
    }


@pytest.mark.parametrize("name", ORDERS)
def test_pages_hold_every_card_once_in_its_order_however_little_is_looked_at(
    takes, creator, name, monkeypatch
):
    for portions in ((64, 1_000), (3, 5), (1, 1)):
        monkeypatch.setattr(finding, "PORTIONS", portions)
        monkeypatch.setattr(finding, "MOST_LOOKED_AT", portions[-1])
        for what, (query, keep) in queries_of(creator, ORDERS[name]).items():
            assert paged(query) == expected(takes, ORDERS[name], keep), (portions, what)


def test_who_sees_less_finds_less(takes):
    guest = make_member(role=Role.GUEST, team=takes[0].team, name="Gus")

    assert paged(TakeQuery(guest)) == [] and str(count(TakeQuery(guest), most=10)) == "0"


def test_what_is_rare_is_found_by_looking_further(takes, creator, monkeypatch):
    monkeypatch.setattr(finding, "PORTIONS", (2, 3))
    rare = TakeQuery(creator, tests=Q(pk=takes[0].pk))

    page = find(rare, after=None, size=5)

    assert page.heads == [] and page.is_further and page.after.take == takes[-5].pk
    assert paged(rare) == [takes[0].pk]


def test_ids_bound_what_is_looked_at(takes, creator):
    between = TakeQuery(creator, newer_than=takes[3].pk, older_than=takes[9].pk)

    wanted = {take.pk for take in takes[4:9]}
    assert {one.take for one in find(between, after=None, size=50).heads} <= wanted
    assert count(between, most=100).number == 5


def test_a_count_is_exact_up_to_what_one_request_looks_at(takes, creator, monkeypatch):
    assert str(count(TakeQuery(creator), most=1_000)) == "60"
    assert str(count(TakeQuery(creator), most=50)) == "50+"
    search = TakeQuery(creator, search=TakeSearch.read(creator.team_id, "rain"))
    rain = sum("Rain" in take.prompt for take in takes)
    assert str(count(search, most=1_000)) == str(rain)
    monkeypatch.setattr(finding, "MOST_LOOKED_AT", 20)
    assert str(count(TakeQuery(creator), most=1_000)) == "20+"


def test_a_page_takes_six_queries_at_most_whatever_there_is(takes, creator):
    for _ in range(60):
        make_generation(creator, prompt="Rain")
    for name in ORDERS:
        for what, (query, _keep) in queries_of(creator, ORDERS[name]).items():
            first = find(query, after=None, size=7)
            with CaptureQueriesContext(connection) as queries:
                find(query, after=first.after, size=7)

            assert len(queries) <= 6, (name, what)


def test_a_list_reads_the_newest_of_each_of_its_values(takes, creator):
    tags = [organise.tag_named(name, by=creator) for name in ("one", "two")]
    for tag, some in zip(tags, (takes[:40:2], takes[:40:3]), strict=True):
        organise.tag([take.pk for take in some], tag.name, by=creator)
    listed = IndexedIds(TakeTag, "generation", one_of="tag", values=[tag.pk for tag in tags])

    wanted = sorted({take.pk for take in [*takes[:40:2], *takes[:40:3]]}, reverse=True)
    first = listed.newest(before=2**62, most=5)
    assert first == wanted[:5]
    assert listed.newest(before=first[-1], most=50) == wanted[5:]


def test_newest_first_is_the_order_without_a_name():
    assert ORDERS[""] is NEWEST
