"""Counts: how many takes match, how many of them each value of a filter has, and which filter to let
go where none does. All of it as far as one request looks.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render

from editorapp.core.htmx import is_part
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.library.finding import TakeCount, count, listed_ids, looked_through
from editorapp.library.models import Mark, Star, TakeTag
from editorapp.teams.access import MemberRequest, page_for
from editorapp.teams.models import Member
from editorapp.teams.roles import Act
from editorapp.web.gallery.filter_kinds import Value
from editorapp.web.gallery.filter_options import FilterOptions
from editorapp.web.gallery.filter_table import REVIEWS, STATE_GROUPS
from editorapp.web.gallery.filters import Filters

MOST = 1_000
MOST_WAYS = 8  # filters that are tried without, where nothing matches
# What is counted of the take's own row: a filter and its field.
FIELDS = {
    "task": "task",
    "provider": "provider",
    "model": "model",
    "person": "created_by",
    "project": "project",
    "account": "account",
}
COUNTED = ("state", "review", *FIELDS, "star", "rating", "colour", "tag")
Numbers = dict[tuple[str, Value], int]


@dataclass(frozen=True)
class LooserSearch:
    """What would be found without one of the filters."""

    words: str
    address: str
    count: TakeCount


@page_for(Act.SEE)
def page(request: MemberRequest) -> HttpResponse:
    """Say how many takes match, and how many each choice has; to who opens the address, on the
    gallery itself.
    """
    filters = Filters.read(request.GET)
    if not is_part(request):
        address = filters.address()
        return redirect(f"{address}{'&' if '?' in address else '?'}counted=1")
    takes, is_all = looked_through(filters.query(request.member))
    total, numbers = _numbers(request.member, takes)
    options = FilterOptions(request.member, filters.said)
    context = {
        "count": TakeCount(min(total, MOST), total > MOST or not is_all),
        "numbers": list(_shown(numbers, options, filters, is_all)),
    }
    return render(request, "gallery/_counts.html", context)


def said(request: MemberRequest, filters: Filters) -> TakeCount | None:
    """Return how many takes match, where the address asks for it without a script."""
    is_asked = "counted" in request.GET
    return count(filters.query(request.member), most=MOST) if is_asked else None


def ways_out(member: Member, filters: Filters, options: FilterOptions) -> list[LooserSearch]:
    """Return which filters let go would find something, and how much: the most first."""
    values = [(name, value) for name, said in filters.said.items() for value in said]
    less = [(options.words(name, value), filters.without(name, value)) for name, value in values]
    if filters.q:
        less.insert(0, (f"“{filters.q}”", filters.without("q")))
    found = [
        LooserSearch(words, one.address(), count(one.query(member), most=MOST))
        for words, one in less[:MOST_WAYS]
    ]
    return sorted((way for way in found if way.count.number), key=lambda way: -way.count.number)


def _shown(
    numbers: Numbers,
    options: FilterOptions,
    filters: Filters,
    is_all: bool,
) -> list[tuple[str, str]]:
    """Return the id of each choice's place on the page, and what stands there.

    Of a filter that is set only what is chosen is counted: the others are left out by it.
    """
    shown = []
    for name in COUNTED:
        for value in options.of(name):
            is_out = name in filters.said and value not in filters.said[name]
            number = numbers.get((name, value), 0)
            words = "" if is_out else f"{number:,}{'' if is_all else '+'}"
            shown.append((place(name, value), words))
    return shown


def place(name: str, value: Value) -> str:
    """Return the id of the place where a choice's number stands; a point is none of an id."""
    return f"n-{name}-{value}".replace(".", "_")


def _numbers(member: Member, takes: "QuerySet[Generation]") -> tuple[int, Numbers]:
    """Count takes, and their values: four queries."""
    rows = list(takes.values_list("pk", "state", "review", *FIELDS.values()))
    found = _of_rows(rows)
    its_take = {"generation__in": listed_ids([pk for pk, *_values in rows])}
    tags = TakeTag.objects.filter(**its_take).values_list("tag").annotate(n=Count("pk"))
    found.update({("tag", tag): number for tag, number in tags.order_by()})
    marks = Mark.objects.filter(**its_take).values_list("colour", "rating")
    for (colour, rating), many in Counter(marks).items():
        found[("colour", colour)] += many
        for one in range(1, 6):
            found[("rating", str(one))] += many if rating >= 100 * one else 0
    found[("star", "1")] = Star.objects.filter(**its_take, user=member.user_id).count()
    return len(rows), found


def _of_rows(rows: Sequence[tuple[Any, ...]]) -> Counter[tuple[str, Value]]:
    """Count the values that takes have in their own row: a column at a time."""
    found: Counter[tuple[str, Value]] = Counter()
    if not rows:
        return found
    _ids, states, reviews, *columns = zip(*rows, strict=True)
    for (state, review), many in Counter(zip(states, reviews, strict=True)).items():
        found.update(
            {("state", name): many for name, (_l, of) in STATE_GROUPS.items() if state in of}
        )
        if state == State.SUCCEEDED:
            found.update({("review", name): many for name, one in REVIEWS.items() if one == review})
    for name, column in zip(FIELDS, columns, strict=True):
        found.update({(name, value or 0): many for value, many in Counter(column).items()})
    return found
