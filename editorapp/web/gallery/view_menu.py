"""View menu: the saved views that somebody can open, and which of them is open."""

from dataclasses import dataclass

from django.http import QueryDict
from django.urls import reverse

from editorapp.library.models import SavedView
from editorapp.library.saved_views import listed
from editorapp.teams.models import Member
from editorapp.web.gallery.filters import Filters


@dataclass(frozen=True)
class ViewLine:
    """A saved view as it can be opened."""

    view: SavedView
    is_own: bool
    is_open: bool

    @property
    def address(self) -> str:
        said = f"{self.view.query}&" if self.view.query else ""
        return f"{reverse('gallery:page')}?{said}view={self.view.pk}"


@dataclass(frozen=True)
class ViewMenu:
    """The views of one person, their own before those that others share."""

    lines: tuple[ViewLine, ...]
    filters: Filters

    @property
    def own(self) -> list[ViewLine]:
        return [line for line in self.lines if line.is_own]

    @property
    def shared(self) -> list[ViewLine]:
        return [line for line in self.lines if not line.is_own]

    @property
    def opened(self) -> ViewLine | None:
        """The view that the page was opened with."""
        return next((line for line in self.lines if line.is_open), None)

    @property
    def is_changed(self) -> bool:
        """Do the filters say something else than the view that is open?"""
        return self.opened is not None and not is_same(self.opened.view, self.filters)


def menu(member: Member, filters: Filters) -> ViewMenu:
    """Return the menu of views: one query."""
    lines = [
        ViewLine(one, one.owner_id == member.user_id, one.pk == filters.view)
        for one in listed(member)
    ]
    return ViewMenu(tuple(lines), filters)


def is_same(view: SavedView, filters: Filters) -> bool:
    """Does a view keep these filters? The order of their values is nothing."""
    kept = Filters.read(QueryDict(view.query))
    return sorted(map(str, kept.pairs())) == sorted(map(str, filters.pairs()))
