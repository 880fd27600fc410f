"""Saved views: the filters of a gallery under a name, a person's own or for the whole team."""

from urllib.parse import parse_qsl, urlencode

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Q, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.typed_text import wrong_in
from editorapp.library.models import SavedView
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

LONGEST_NAME = 60
LONGEST_QUERY = 2000
MOST = 50  # of one person in a team
NOT_KEPT = {
    "before",
    "past",
    "batch",
    "view",
    "counted",
}  # where somebody was, not what they looked for


class ViewRefused(Exception):
    """A view that cannot be kept so; says what to do."""


def views_of(member: Member) -> "QuerySet[SavedView]":
    """Return a person's own views, and those that others share with the team."""
    mine = Q(owner=member.user_id) | Q(is_shared=True)
    return SavedView.objects.filter(mine, team_id=member.team_id).select_related("owner")


def listed(member: Member) -> list[SavedView]:
    """Return what `views_of` does, read, for the page that asks for it most."""
    return _listed(member.team_id, member.user_id)


@CompiledQuery
def _listed(team: int, user: int) -> "QuerySet[SavedView]":
    rows = SavedView.objects.filter(Q(owner=user) | Q(is_shared=True), team_id=team)
    return rows.select_related("owner")


def save(name: str, query: str, *, is_shared: bool, by: Member) -> SavedView:
    """Keep the filters of an address under a name; under the same name, instead of those before.

    Raises: PermissionDenied, for a shared one; ViewRefused.
    """
    if is_shared and not by.may(Act.ORGANISE):
        raise PermissionDenied("This role may not share views.")
    words, kept = _named(name), _kept(query)
    own = SavedView.objects.filter(team_id=by.team_id, owner=by.user_id)
    if own.exclude(name=words).count() >= MOST:
        raise ViewRefused(f"You keep {MOST} views: delete one first.")
    fields = {"query": kept, "is_shared": is_shared}
    view, _is_new = SavedView.objects.update_or_create(
        team=by.team,
        owner=by.user,
        name=words,
        defaults=fields,
    )
    return view


@transaction.atomic
def change(
    view: SavedView,
    *,
    name: str,
    is_shared: bool,
    query: str | None = None,
    by: Member,
) -> None:
    """Call a view of one's own something else, share it or not, or keep other filters in it.

    Raises: PermissionDenied; ViewRefused, also where another one of theirs is called so.
    """
    if view.team_id != by.team_id or view.owner_id != by.user_id:
        raise PermissionDenied("Only who saved a view may change it.")
    if is_shared and not view.is_shared and not by.may(Act.ORGANISE):
        raise PermissionDenied("This role may not share views.")
    words = _named(name)
    own = SavedView.objects.filter(team_id=view.team_id, owner_id=view.owner_id)
    if own.filter(name=words).exclude(pk=view.pk).exists():
        raise ViewRefused(f"You keep a view “{words}” already: choose another name.")
    view.name, view.is_shared = words, is_shared
    view.query = view.query if query is None else _kept(query)
    view.save(update_fields=["name", "is_shared", "query"])


def delete(view: SavedView, *, by: Member) -> None:
    """Delete a view of one's own; a shared one also who manages the team. Raises: PermissionDenied."""
    is_others = view.owner_id != by.user_id
    if view.team_id != by.team_id or (is_others and not (view.is_shared and by.may(Act.MANAGE))):
        raise PermissionDenied("Only who saved a view may delete it.")
    view.delete()


def _named(name: str) -> str:
    words = " ".join(name.split())
    if not words or (wrong := wrong_in(words, most=LONGEST_NAME)):
        raise ViewRefused(f"Give the view a name. {wrong if words else ''}".strip())
    return words


def _kept(query: str) -> str:
    """Return the filters of an address, in their order. Raises: ViewRefused."""
    pairs = [
        (name, value)
        for name, value in parse_qsl(query.removeprefix("?"))
        if name not in NOT_KEPT and not wrong_in(name + value)
    ]
    kept = urlencode(pairs)
    if len(kept) > LONGEST_QUERY:
        raise ViewRefused("These filters are too long to be kept: let some go.")
    return kept
