"""Filter options: what each filter can be set to, by the names that are shown: people (also former
ones), projects, tags, accounts, clips. Each is asked for once a request, and only where it is shown.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.generations.models import Generation
from editorapp.library.kept import tags_of_team
from editorapp.library.models import Tag
from editorapp.media.models import Asset
from editorapp.providers.models import ProviderAccount
from editorapp.teams import projects
from editorapp.teams.models import Member, Project, User
from editorapp.web.gallery.filter_kinds import BoundFilter, ChoiceFilter, DateFilter, Value, Values
from editorapp.web.gallery.filter_table import FILTERS

Names = dict[Value, str]


class FilterOptions:
    """The names of what filters can be set to, for one person."""

    def __init__(self, member: Member, said: Mapping[str, Values]) -> None:
        self._member = member
        self._said = said
        self.of = cache(self._of)

    def _of(self, name: str) -> Names:
        """Return what a filter can be set to, and what it is set to, in the order of the form."""
        one = FILTERS[name]
        if isinstance(one, ChoiceFilter):
            return {value: words for value, words in one.choices().items()}  # noqa: C416
        readers: dict[str, Callable[[Values], Names]] = {
            "person": self._people,
            "project": self._projects,
            "tag": self._tags,
            "account": self._accounts,
            "source": self._clips,
        }
        return readers[name](self._said.get(name, ())) if name in readers else {}

    @cached_property
    def projects(self) -> dict[int, str]:
        """The current projects, those too that takes can be put into."""
        return projects.offered(self._member)

    @cached_property
    def tags(self) -> dict[int, str]:
        """The tags of the team."""
        return tags_of_team(self._member.team_id)

    def _projects(self, chosen: Values) -> Names:
        """Return the current projects, and the chosen ones."""
        rows = Project.objects.visible_to(self._member)
        names = _with_chosen(self.projects, chosen, rows)
        if self._member.may_see_team and (names or 0 in chosen):
            names[0] = "No project"
        return names

    def _tags(self, chosen: Values) -> Names:
        """Return the tags of the team, and the chosen ones."""
        return _with_chosen(self.tags, chosen, Tag.objects.filter(team_id=self._member.team_id))

    def _accounts(self, _chosen: Values) -> Names:
        return dict(_used_accounts(self._member.team_id))

    def _clips(self, chosen: Values) -> Names:
        return _with_chosen({}, chosen, Asset.objects.visible_to(self._member))

    def _people(self, _chosen: Values) -> Names:
        """Return who is in the team, by name; then who was, and has made something in it; to who
        sees not the team, who made what they see.
        """
        member, team = self._member, self._member.team_id
        if not member.may_see_team:
            made = Generation.objects.visible_to(member).filter(created_by=OuterRef("pk"))
            makers = User.objects.filter(Exists(made)).order_by("display_name", "username")
            return {one.pk: str(one) for one in makers}
        return _named(_members(team), "") | _named(_former_makers(team), " (former member)")

    def words(self, name: str, value: Value) -> str:
        """Say one value of a filter: what stands on its chip."""
        one = FILTERS[name]
        if isinstance(one, BoundFilter | DateFilter):
            return one.says.format(value)
        if name in _SAID:
            return _SAID[name].format(value)
        return _LEAD.get(name, "{}").format(self.of(name).get(value) or _GONE.get(name, value))


_SAID = {"parent": "Edit of #{}", "lineage": "One lineage: all from one first source"}
_LEAD = {
    "person": "Made by {}",
    "source": "Made straight from {}",
    "tag": "Tagged {}",
    "rating": "Rated {}",
    "answers": "Answers a note: {}",
    "with": "With {}",
}
_GONE = {
    "person": "somebody who is not here",
    "source": "a clip that is gone",
    "tag": "what is gone",
    "project": "A project that is not here",
    "account": "An account that is gone",
}


def _with_chosen(names: Mapping[Any, str], chosen: Values, rows: "QuerySet[Any]") -> Names:
    """Return the names of a list, and of what is chosen and stands not in it."""
    found: Names = dict(names)
    if missing := [one for one in chosen if one and one not in names]:
        found |= dict(rows.filter(pk__in=missing).values_list("pk", "name"))
    return found


@CompiledQuery
def _used_accounts(team: int) -> "QuerySet[ProviderAccount, Any]":
    made = Generation.objects.of_team(team).filter(account=OuterRef("pk"))
    rows = ProviderAccount.objects.filter(Exists(made)).order_by("name", "pk")
    return rows.values_list("pk", "name")


def _named(rows: Iterable[tuple[int, str, str]], more: str) -> Names:
    return {pk: f"{shown or name}{more}" for pk, shown, name in rows}


@CompiledQuery
def _members(team: int) -> "QuerySet[Member, Any]":
    here = Member.objects.active().filter(team_id=team)
    return here.order_by("user__display_name", "user__username").values_list(
        "user_id", "user__display_name", "user__username"
    )


@CompiledQuery
def _former_makers(team: int) -> "QuerySet[User, Any]":
    made = Generation.objects.of_team(team).filter(created_by=OuterRef("pk"))
    here = Member.objects.active().filter(team_id=team, user=OuterRef("pk"))
    gone = User.objects.filter(~Exists(here), Exists(made))
    return gone.order_by("display_name", "username").values_list("pk", "display_name", "username")
