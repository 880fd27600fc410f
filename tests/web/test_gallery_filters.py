"""Each filter of the gallery, with and without a hit: the table is complete by construction, so that a
filter without a row fails. Also chips, counts, several values, and what leads out of an empty result.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library import organise
from editorapp.library.models import Tag
from editorapp.library.take_orders import ORDERS
from editorapp.media.models import Asset
from editorapp.providers.models import ProviderAccount
from editorapp.review.comments import CommentText, add
from editorapp.review.models import Answer, ReviewRequest
from editorapp.teams.models import Member, Project
from editorapp.teams.roles import Role
from editorapp.web.gallery.filter_table import FILTERS
from editorapp.web.gallery.views import PAGE_SIZE
from tests.factories import make_asset, make_generation, make_member, signed_in

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}
NOW = timezone.now()
# A take is made so; what is said of the filter, and what is said of it that no take has.
Case = tuple[Callable[[Member], Generation], Callable[[Generation], str], str]


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def cards(html: str) -> list[int]:
    return [int(pk) for pk in re.findall(r'id="take-(\d+)"', html)]


def html_of(client: Client, query: str = "", **headers: str) -> str:
    answer = client.get(f"/gallery/{query}", headers=headers)
    assert answer.status_code == 200
    return unescape(answer.content.decode())


def shown(client: Client, query: str = "") -> list[int]:
    return cards(html_of(client, query))


def done(member: Member, *, of_result: dict | None = None, **fields) -> Generation:
    result = make_asset(member, origin=Asset.Origin.RESULT, **(of_result or {}))
    return make_generation(member, state=State.SUCCEEDED, result=result, **fields)


def organised(act: Callable, *args) -> Callable[[Member], Generation]:
    def made(member: Member) -> Generation:
        take = done(member)
        act([take.pk], *args, by=member)
        return take

    return made


def rated(member: Member) -> Generation:
    take = done(member)
    organise.rate(take.pk, 4, by=member)
    return take


def asked(member: Member) -> Generation:
    take = done(make_member(team=member.team))
    ReviewRequest.objects.create(
        generation=take, reviewer=member.user, asked_by=take.created_by, asked_at=NOW
    )
    return take


def said_of(member: Member) -> Generation:
    take = done(member)
    add(take, CommentText("Brighter"), by=member, form_token="1", now=NOW)
    return take


def answering(member: Member) -> Generation:
    noted = done(member)
    note = add(noted, CommentText("Brighter"), by=member, form_token="1", now=NOW)
    take = done(member)
    Answer.objects.create(generation=take, comment=note, outcome="yes")
    return take


def in_project(member: Member) -> Generation:
    project = Project.objects.create(team=member.team, name="Harbour")
    return done(member, project=project)


def at(day: int) -> datetime:
    return datetime(2026, 3, day, 12, tzinfo=UTC)


def second_account() -> ProviderAccount:
    return ProviderAccount.objects.create(provider="luma-agents", name="Second", is_simulated=True)


def tag_of(_take: Generation) -> str:
    return str(Tag.objects.get().pk)


CASES: dict[str, Case] = {
    "state": (lambda who: make_generation(who, state=State.FAILED), lambda _: "failed", "running"),
    "review": (lambda who: done(who, review="approved"), lambda _: "approved", "needs_changes"),
    "asked": (asked, lambda _: "me", ""),
    "answers": (answering, lambda _: "yes", "no"),
    "star": (organised(organise.star), lambda _: "1", ""),
    "rating": (rated, lambda _: "4", "5"),
    "colour": (organised(organise.colour, "red"), lambda _: "red", "blue"),
    "tag": (organised(organise.tag, "Hero"), tag_of, "999999"),
    "person": (
        lambda who: done(make_member(team=who.team)),
        lambda take: str(take.created_by_id),
        "999999",
    ),
    "project": (in_project, lambda take: str(take.project_id), "999999"),
    "source": (done, lambda take: str(take.source_asset_id), "999999"),
    "parent": (
        lambda who: done(who, parent=done(who)),
        lambda take: str(take.parent_id),
        "999999",
    ),
    "lineage": (lambda who: done(who, lineage="a9"), lambda _: "a9", "a8"),
    "task": (lambda who: done(who, task="reframe"), lambda _: "reframe", "generate"),
    "provider": (lambda who: done(who, provider="gmi-cloud"), lambda _: "gmi-cloud", "scenario"),
    "model": (
        lambda who: done(who, model="reframe-video"),
        lambda _: "reframe-video",
        "modify-video",
    ),
    "account": (
        lambda who: done(who, account=second_account()),
        lambda take: str(take.account_id),
        "999999",
    ),
    "size": (
        lambda who: done(who, of_result={"width": 1080, "height": 1920}),
        lambda _: "1080p",
        "4k",
    ),
    "with": (lambda who: done(who, of_result={"hdr": True}), lambda _: "hdr", "exr"),
    "since": (lambda who: done(who, created_at=at(20)), lambda _: "2026-03-20", "2026-03-21"),
    "until": (lambda who: done(who, created_at=at(5)), lambda _: "2026-03-05", "2026-03-04"),
    "cost_from": (lambda who: done(who, cost_usd=Decimal("9.5")), lambda _: "9.50", "9.51"),
    "cost_to": (lambda who: done(who, cost_usd=Decimal("0.25")), lambda _: "0.25", "0.2"),
    "seconds_from": (
        lambda who: done(who, of_result={"duration_seconds": Decimal("17.5")}),
        lambda _: "17.5",
        "17.51",
    ),
    "seconds_to": (
        lambda who: done(who, of_result={"duration_seconds": Decimal("0.5")}),
        lambda _: "0.5",
        "0.49",
    ),
}


def fill(member: Member) -> None:
    """Make takes that no case asks for, two of them before what a case makes, two of another team."""
    stranger = make_member()
    for who in (member, stranger):
        for _ in range(2):
            done(who, cost_usd=1, created_at=at(10))


def among_others(member: Member, name: str) -> tuple[Generation, str, str]:
    """Make a case's take among others, as time went: also before them, where it is the older one."""
    make, says, other = CASES[name]
    if name == "until":
        take = make(member)
        fill(member)
    else:
        fill(member)
        take = make(member)
    return take, says(take), other


def test_every_filter_has_a_case():
    assert set(CASES) == set(FILTERS)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_finds_what_it_says_and_nothing_else(client, creator, name):
    take, said, other = among_others(creator, name)

    assert shown(client, f"?{name}={said}") == [take.pk]
    if other:
        assert shown(client, f"?{name}={other}") == []


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_goes_with_every_order_and_with_words(client, creator, name):
    take, said, _other = among_others(creator, name)

    for order in ORDERS:
        assert shown(client, f"?{name}={said}&sort={order}") == [take.pk], order
    assert shown(client, f"?{name}={said}&q=evening") == [take.pk]
    assert shown(client, f"?{name}={said}&q=zebra") == []


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_stands_on_a_chip_that_takes_it_off(client, creator, name):
    _take, said, _other = among_others(creator, name)

    html = html_of(client, f"?{name}={said}&sort=oldest")

    chips = re.findall(
        r'<a class="chip found-chip" href="([^"]+)"><span class="clip">(.*?)</s', html
    )
    assert len(chips) == 1 and chips[0][0] == "/gallery/?sort=oldest" and chips[0][1]
    assert "{" not in chips[0][1] and "not here" not in chips[0][1] and "gone" not in chips[0][1]


@pytest.mark.parametrize("name", FILTERS)
def test_a_value_that_cannot_be_is_let_go_or_refused(client, creator, name):
    fill(creator)

    for value in ("x", "-1", "9" * 40, "2026-02-30", "1e9", "%F0%9F%8D%8B", "½", "%00"):
        assert client.get(f"/gallery/?{name}={value}").status_code in {200, 400}, value


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("since=yesterday", "since: a day belongs here"),
        ("cost_from=free", "cost_from: a number from 0"),
        ("tag=hero", "tag: a whole number"),
        ("sort=dearest&before=9&past=x", "past: a whole number"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_name(client, query, says):
    answer = client.get(f"/gallery/?{query}", headers=HTMX)

    assert answer.status_code == 400 and answer.content.decode().startswith(says)


def test_several_values_of_a_filter_are_any_of_them_and_several_filters_all(client, creator):
    fill(creator)
    first, second = make_generation(creator, state=State.FAILED), done(creator, task="reframe")

    assert shown(client, "?state=failed&state=running") == [first.pk]
    assert shown(client, "?task=reframe&task=generate&state=done") == [second.pk]
    assert shown(client, "?task=reframe&state=failed") == []
    html = html_of(client, "?state=failed&state=running")
    assert html.count("found-chip") == 2 and 'href="/gallery/?state=running"' in html


def test_an_empty_result_says_which_filter_to_let_go(client, creator):
    fill(creator)
    make_generation(creator, state=State.FAILED, prompt="Zebra")

    html = html_of(client, "?state=done&q=zebra")

    assert "No take matches" in html
    ways = re.findall(
        r'<a class="btn" href="([^"]+)">Without (.*?): <span class="number">(.*?)<', html
    )
    assert ways == [
        ("/gallery/?state=done", "“zebra”", "2"),
        ("/gallery/?q=zebra", "Done", "1"),
    ]


def test_counts_say_how_many_match_and_how_many_each_choice_has(client, creator):
    fill(creator)
    organise.tag([make_generation(creator, state=State.FAILED).pk], "Hero", by=creator)

    html = html_of(client, "counts", **HTMX)
    failed = html_of(client, "counts?state=failed", **HTMX)

    assert ">3 takes</span>" in html and ">1 take</span>" in failed
    numbers = dict(re.findall(r'id="(n-[^"]+)" hx-swap-oob="true">([^<]*)<', html))
    assert (numbers["n-state-done"], numbers["n-state-failed"]) == ("2", "1")
    assert (numbers["n-review-none"], numbers["n-model-ray-3_2"]) == ("2", "3")
    assert numbers[f"n-person-{creator.user_id}"] == "3"
    assert numbers[f"n-tag-{Tag.objects.get().pk}"] == "1"
    less = dict(re.findall(r'id="(n-[^"]+)" hx-swap-oob="true">([^<]*)<', failed))
    assert (less["n-state-done"], less["n-state-failed"], less["n-review-none"]) == ("", "1", "0")
    assert set(numbers) <= set(re.findall(r'id="(n-[^"]+)"', html_of(client)))


def test_without_a_script_a_link_counts(client, creator):
    fill(creator)

    answer = client.get("/gallery/counts?state=done")

    assert answer["Location"] == "/gallery/?state=done&counted=1"
    assert ">2 takes</span>" in html_of(client, "?state=done&counted=1")


@pytest.mark.parametrize("order", ORDERS)
def test_pages_of_every_order_follow_each_other_without_a_gap(client, creator, order):
    costs = [None, Decimal("1.08"), Decimal("0.54")]
    takes = []
    for number in range(PAGE_SIZE * 2 + 3):
        seconds = {"duration_seconds": number % 4 + 1}
        takes.append(done(creator, of_result=seconds, cost_usd=costs[number % 3]).pk)
    for take in takes[::5]:
        organise.rate(take, take % 5 + 1, by=creator)

    found, address = [], f"/gallery/?sort={order}"
    while address:
        html = unescape(client.get(address).content.decode())
        found += cards(html)
        older = re.search(r'<a class="btn" href="([^"]+)">(?:Older|More) takes', html)
        address = older[1] if older else ""

    assert sorted(found) == takes and len(found) == len(set(found))
    if order in {"", "oldest"}:
        assert found == (takes if order else takes[::-1])


def test_who_is_in_no_project_counts_and_finds_nothing(creator):
    fill(creator)
    guest = signed_in(make_member(role=Role.GUEST, team=creator.team))

    for query in ("", "?state=done", "?q=evening", "?sort=dearest", "?task=edit&sort=rated"):
        assert shown(guest, query) == []
    assert ">0 takes</span>" in html_of(guest, "counts", **HTMX)
