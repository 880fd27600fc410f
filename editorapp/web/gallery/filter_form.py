"""Filter form: the filters as they are chosen, and the chips of those that are set."""

from django.utils.safestring import SafeString

from editorapp.library.take_orders import ORDERS
from editorapp.web.gallery.counts import place
from editorapp.web.gallery.filter_kinds import Value
from editorapp.web.gallery.filter_options import FilterOptions
from editorapp.web.gallery.filter_table import FILTERS
from editorapp.web.gallery.filters import LONGEST_SEARCH, Filters
from editorapp.web.presenters.addresses import address
from editorapp.web.presenters.kept_parts import kept_part

Choice = tuple[str, str, bool, str]  # value, words, whether it is chosen, where its number stands
FIELDS = (
    ("Made", "date", ("since", "until")),
    ("Cost in dollars", "number", ("cost_from", "cost_to")),
    ("Length in seconds", "number", ("seconds_from", "seconds_to")),
)
# What a filter of the address alone keeps while others are changed.
HIDDEN = ("source", "parent", "lineage")
GROUPS = (
    *("person", "project", "tag", "star", "rating", "colour", "review", "asked", "answers"),
    *("task", "provider", "model", "account", "size", "with"),
)


def form(filters: Filters, options: FilterOptions) -> SafeString:
    """Write the search, the states, and the sheet with all other filters."""
    return kept_part(
        "gallery/_filters.html",
        page=address("gallery:page"),
        q=filters.q,
        longest=LONGEST_SEARCH,
        sort=filters.order.name,
        sorts=tuple((name, order.label) for name, order in ORDERS.items()),
        states=_choices("state", filters, options),
        groups=tuple(filter(None, (_group(name, filters, options) for name in GROUPS))),
        fields=tuple((label, unit, _bounds(names, filters)) for label, unit, names in FIELDS),
        kept=(*_hidden(filters), *((("view", filters.view),) if filters.view else ())),
    )


def chips(filters: Filters, options: FilterOptions) -> list[tuple[str, str]]:
    """Return each filter that is set, in words, with the address without it."""
    found = [("“" + filters.q + "”", filters.without("q").address())] if filters.q else []
    for name, values in filters.said.items():
        for value in values:
            found.append((options.words(name, value), filters.without(name, value).address()))
    return found


def _group(
    name: str,
    filters: Filters,
    options: FilterOptions,
) -> tuple[str, str, bool, tuple[Choice, ...]] | None:
    """Return a filter of the sheet; None for one without anything to choose."""
    choices = _choices(name, filters, options)
    is_one = getattr(FILTERS[name], "is_one", False) and len(choices) > 1
    return (name, FILTERS[name].label, is_one, choices) if choices else None


def _bounds(names: tuple[str, str], filters: Filters) -> tuple[tuple[str, str, str], ...]:
    """Return the two bounds of one thing: label, name, what is typed."""
    said = [str(filters.said.get(name, ("",))[0]) for name in names]
    return tuple(zip(("From", "To"), names, said, strict=True))


def _hidden(filters: Filters) -> tuple[tuple[str, Value], ...]:
    return tuple((name, value) for name in HIDDEN for value in filters.said.get(name, ()))


def _choices(name: str, filters: Filters, options: FilterOptions) -> tuple[Choice, ...]:
    said = filters.said.get(name, ())
    return tuple(
        (str(value), words, value in said, place(name, value))
        for value, words in options.of(name).items()
    )
