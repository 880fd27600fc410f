"""Organise views: stars, ratings, tags, colours and projects for chosen takes, each a plain form.

To htmx each answers with the cards that changed; else it leads back to the page that the form stood
on, and says what was done, and what was left out.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import path, reverse
from django.utils import timezone

from editorapp.core.htmx import is_part
from editorapp.core.request_values import BadValue, row_id, text
from editorapp.core.way_back import way_back
from editorapp.generations.models import Generation
from editorapp.generations.moving import move
from editorapp.library import organise
from editorapp.library.kept import NOTHING, kept_of
from editorapp.library.models import Colour, Tag
from editorapp.library.organise import LONGEST_TAG, NotOrganised
from editorapp.review import playlists
from editorapp.review.models import Playlist
from editorapp.review.playlists import PlaylistRefused
from editorapp.teams.access import MemberRequest, View, action_for
from editorapp.teams.models import Project
from editorapp.teams.roles import Act
from editorapp.web.gallery import batches
from editorapp.web.keeping.chosen import NoneChosen, chosen, counted, missing
from editorapp.web.presenters.clips import MOST_CLIPS

# Pieces of a card that htmx puts in by themselves, by what stands before the take's number.
PIECES = {"star": "keeping/_star.html", "rating": "keeping/_rating.html"}
# What is done to takes that who asks sees; it returns what is said then.
Work = Callable[[MemberRequest, list[int]], str]


def _for_chosen(act: Act) -> Callable[[Work], View]:
    """Return a decorator for a view that does something to the takes that a form names."""

    def view_of(work: Work) -> View:
        @action_for(act)
        @wraps(work)
        def view(request: MemberRequest) -> HttpResponse:
            try:
                numbers = chosen(request.POST)
                seen = _seen(request, numbers)
                said = work(request, seen) if seen else ""
            except (NoneChosen, NotOrganised) as error:
                return answered(request, [], bad=str(error))
            return answered(request, seen, said, missing(numbers, seen))

        return view

    return view_of


@_for_chosen(Act.SEE)
def star(request: MemberRequest, takes: list[int]) -> str:
    """Put one's own star on takes."""
    organise.star(takes, by=request.member)
    return f"{counted(len(takes))} starred."


@_for_chosen(Act.SEE)
def unstar(request: MemberRequest, takes: list[int]) -> str:
    """Take one's own star off takes."""
    organise.star(takes, by=request.member, is_on=False)
    return f"{counted(len(takes))} without your star."


@action_for(Act.ORGANISE)
def rate(request: MemberRequest, pk: int, value: int) -> HttpResponse:
    """Give a take 1 to 5 of 5; 0 takes one's rating back."""
    try:
        mark = organise.rate(pk, value, by=request.member)
    except NotOrganised as error:
        return answered(request, [], bad=str(error))
    if mark is None:
        raise Http404("There is no such take.")
    said = f"rated {value} of 5" if value else "without your rating now"
    return answered(request, [pk], f"#{pk} {said}.")


@_for_chosen(Act.ORGANISE)
def tag(request: MemberRequest, takes: list[int]) -> str:
    """Put a tag on takes, made where there is none of this name."""
    name = request.POST.get("tag_name", "")
    organise.tag(takes, name, by=request.member)
    return f"{counted(len(takes))} tagged “{' '.join(name.split())}”."


@_for_chosen(Act.ORGANISE)
def untag(request: MemberRequest, takes: list[int]) -> str:
    """Take a tag off takes, named by its id or as it is called."""
    made = _tag(request)
    count = organise.untag(takes, made, by=request.member)
    return f"“{made}” taken off {counted(count)}."


@_for_chosen(Act.ORGANISE)
def colour(request: MemberRequest, takes: list[int]) -> str:
    """Mark takes with a colour, or with none."""
    name = text(request.POST, "colour", most=8)
    if name not in Colour.values:
        raise BadValue("colour", "a colour of the list belongs here, or nothing.")
    organise.colour(takes, name, by=request.member)
    said = f"marked {Colour(name).label.lower()}" if name else "without a colour now"
    return f"{counted(len(takes))} {said}."


@_for_chosen(Act.ORGANISE)
def put(request: MemberRequest, takes: list[int]) -> str:
    """Put takes into a project; with none named, into none."""
    pk = row_id(request.POST, "project")
    project = Project.objects.visible_to(request.member).filter(pk=pk or 0).first()
    if pk and (project is None or project.is_archived):
        raise NotOrganised("Nothing can be put into this project: choose another.")
    count = move(takes, project, by=request.member)
    return f"{counted(count)} moved: now {f'in {project}' if project else 'in no project'}."


@_for_chosen(Act.ORGANISE)
def list_up(request: MemberRequest, takes: list[int]) -> str:
    """Put takes at the end of a playlist, or of a new one."""
    by, pk = request.member, row_id(request.POST, "into_playlist")
    rows = Playlist.objects.visible_to(by)
    target = rows.filter(pk=pk).first() if pk else None
    if pk and target is None:
        raise NotOrganised("There is no such playlist any more: choose another.")
    try:
        with transaction.atomic():
            name = request.POST.get("playlist_name", "")
            target = target or playlists.make(name, by=by, now=timezone.now())
            count = playlists.add(target, takes, by=by)
    except PlaylistRefused as error:
        raise NotOrganised(str(error)) from error
    there = len(takes) - count
    known = f" {counted(there)} {'is' if there == 1 else 'are'} in it already." if there else ""
    return f"{counted(count)} added to “{target}”.{known}"


@action_for(Act.SEE)
def compare(request: MemberRequest) -> HttpResponse:
    """Lead to takes in step, the oldest first."""
    try:
        numbers = sorted(chosen(request.POST))
    except NoneChosen as error:
        return answered(request, [], bad=str(error))
    if not 2 <= len(numbers) <= MOST_CLIPS:
        count = f"{len(numbers)} {'is' if len(numbers) == 1 else 'are'} marked"
        said = f"Two to {MOST_CLIPS} takes can be seen in step: {count}."
        return answered(request, [], bad=said)
    said = urlencode({"takes": ",".join(map(str, numbers))}, safe=",")
    return redirect(f"{reverse('compare:page')}?{said}")


def answered(
    request: MemberRequest,
    takes: Sequence[int],
    said: str = "",
    left_out: str = "",
    *,
    bad: str = "",
) -> HttpResponse:
    """Answer an act on takes: with their cards anew, or the page that it was asked from."""
    if is_part(request) and (one := _piece(request, takes)):
        return one
    if is_part(request):
        rows = Generation.objects.visible_to(request.member).filter(pk__in=takes)
        context = {
            "groups": batches.cards_of(rows.values_list("pk", "batch"), request.member)
            if takes
            else [],
            "opened": batches.all_named(request.POST),
            "changed": takes,
            "oob": True,
            "told": [
                (one, kind) for one, kind in ((said, ""), (left_out, "warn"), (bad, "bad")) if one
            ],
        }
        return render(request, "keeping/_answered.html", context)
    for tell, words in (
        (messages.success, said),
        (messages.warning, left_out),
        (messages.error, bad),
    ):
        if words:
            tell(request, words)
    return redirect(way_back(request, "gallery:page"))


def _piece(request: MemberRequest, takes: Sequence[int]) -> HttpResponse | None:
    """Return the one star or rating of a card that htmx has asked for; None where it is more."""
    name, _dash, number = (request.headers.get("HX-Target") or "").partition("-")
    if name not in PIECES or [number] != [str(pk) for pk in takes]:
        return None
    found = kept_of(takes, request.member.user_id)
    kept = found.get(takes[0], NOTHING)
    context = {
        "id": number,
        "is_starred": kept.is_starred,
        "own_rating": kept.own_rating,
        "mean": kept.mean,
        "rated_by": kept.rated_by,
        "may_organise": request.member.may_organise,
    }
    return render(request, PIECES[name], context)


def _seen(request: MemberRequest, numbers: Sequence[int]) -> list[int]:
    rows = Generation.objects.visible_to(request.member).filter(pk__in=numbers)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _tag(request: MemberRequest) -> Tag:
    """Return the tag that a form names. Raises: NotOrganised, where the team has none such."""
    tags = Tag.objects.filter(team=request.member.team_id)
    if (pk := row_id(request.POST, "tag")) is not None:
        found = tags.filter(pk=pk).first()
    else:
        name = text(request.POST, "tag_name", most=LONGEST_TAG)
        found = organise.find_tag(name, by=request.member)
    if found is None:
        raise NotOrganised("There is no such tag: choose one that is on these takes.")
    return found


urlpatterns = [
    path("star", star, name="star"),
    path("unstar", unstar, name="unstar"),
    path("rate/<int:pk>/<int:value>", rate, name="rate"),
    path("tag", tag, name="tag"),
    path("untag", untag, name="untag"),
    path("colour", colour, name="colour"),
    path("move", put, name="move"),
    path("playlist", list_up, name="list_up"),
    path("compare", compare, name="compare"),
]
