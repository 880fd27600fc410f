"""Shares: links made to takes, a comparison or a playlist; listed, copied again and revoked."""

from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from editorapp.core.encryption import KeyNotReadable
from editorapp.core.htmx import Context
from editorapp.core.paging import cursor, newest_first
from editorapp.core.request_values import BadValue, row_id, row_ids
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.review import shares
from editorapp.review.models import Playlist, Share
from editorapp.review.shared_takes import takes_of
from editorapp.review.shares import MOST_COMPARED, MOST_TAKES, ShareRefused
from editorapp.teams.access import MemberRequest, action_for, form_page_for, page_for
from editorapp.teams.roles import Act
from editorapp.web.presenters.cards import read_pictured
from editorapp.web.shares.forms import ShareForm, TermsForm
from editorapp.web.shares.listing import shared_links

PAGE = 30


@dataclass(frozen=True)
class Chosen:
    """What is to be shared: takes in their order, and the playlist that holds them, if one does."""

    takes: list[Generation] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)  # not finished, or not there
    playlist: Playlist | None = None

    @property
    def is_playlist(self) -> bool:
        return self.playlist is not None or len(self.takes) > MOST_COMPARED

    @property
    def kind(self) -> str:
        if self.is_playlist:
            return "playlist"
        return "take" if len(self.takes) == 1 else "comparison"


@page_for(Act.SHARE)
def page(request: MemberRequest) -> HttpResponse:
    """Show the team's links, newest first."""
    rows = Share.objects.visible_to(request.member).select_related("made_by")
    found = newest_first(rows, before=cursor(request.GET), size=PAGE)
    context = {
        "here": "gallery",
        "links": shared_links(found.rows, timezone.now()),
        "older": found.older(reverse("shares:page")),
    }
    return render(request, "shares/page.html", context)


@sensitive_post_parameters("password")
@form_page_for(Act.SHARE)
def new(request: MemberRequest) -> HttpResponse:
    """Ask how takes are to be shared (`generation`, or `takes` with commas, or `playlist`), and make
    the link.

    A form that only names takes, as that of the gallery does, is asked for the rest.
    """
    said = request.POST if request.method == "POST" else request.GET
    chosen = _chosen(request, said)
    about: dict[str, Any] = {"member": request.member, "is_playlist": bool(chosen.playlist)}
    if request.method != "POST" or "days" not in said:
        form = ShareForm(initial={"title": chosen.playlist or ""}, **about)
        return _new(request, chosen, form)
    form = ShareForm(said, **about)
    if form.is_valid():
        try:
            made, token = shares.share(
                [take.pk for take in chosen.takes],
                form.terms(timezone.now()),
                by=request.member,
                now=timezone.now(),
                playlist=chosen.playlist,
            )
        except ShareRefused as error:
            form.add_error(None, str(error))
        else:
            return _one(request, made, address=_address(request, token), status=201, is_new=True)
    return _new(request, chosen, form, status=422)


@page_for(Act.SHARE)
def one(request: MemberRequest, pk: int) -> HttpResponse:
    """Show a link: what it names and allows, and who came by it."""
    return _one(request, _share(request, pk))


@sensitive_post_parameters("password")
@action_for(Act.SHARE)
def change(request: MemberRequest, pk: int) -> HttpResponse:
    """Give a link other terms, at once."""
    made = _share(request, pk)
    form = TermsForm(request.POST, made=made, member=request.member)
    if form.is_valid():
        try:
            changed = shares.change(
                made,
                form.terms(timezone.now()),
                keeps_password=form.keeps_password,
                by=request.member,
                now=timezone.now(),
            )
        except ShareRefused as error:
            form.add_error(None, str(error))
        else:
            said = "has its new terms" if changed else "stays as it was"
            messages.success(request, f"The link to {_named(_share(request, pk))} {said}.")
            return redirect("shares:one", pk)
    return _one(request, _share(request, pk), status=422, form=form)


@action_for(Act.SHARE)
def copy(request: MemberRequest, pk: int) -> HttpResponse:
    """Show the address of a link once more, to be sent to somebody else."""
    made = _share(request, pk)
    try:
        token = shares.token_of(made, by=request.member)
    except KeyNotReadable:
        messages.error(
            request,
            "This link cannot be read any more: the key that it was kept with has changed. Those who "
            "have it can still open it. For others, make a new one.",
        )
        return redirect("shares:one", pk)
    return _one(request, made, address=_address(request, token))


@action_for(Act.SHARE)
def revoke(request: MemberRequest, pk: int) -> HttpResponse:
    """Close a link, at once."""
    made = _share(request, pk)
    if shares.revoke(made, by=request.member, now=timezone.now()):
        messages.success(request, f"The link to {_named(made)} is closed. Nobody sees it any more.")
    else:
        messages.warning(request, f"The link to {_named(made)} was closed already.")
    return redirect("shares:one", pk)


def _named(made: Share) -> str:
    return shared_links([made], timezone.now())[0].name


def _share(request: MemberRequest, pk: int) -> Share:
    rows = Share.objects.visible_to(request.member)
    return get_object_or_404(rows.select_related("made_by", "revoked_by", "playlist"), pk=pk)


def _address(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("guests:page", args=[token]))


def _one(
    request: MemberRequest,
    made: Share,
    *,
    address: str = "",
    status: int = 200,
    is_new: bool = False,
    form: TermsForm | None = None,
) -> HttpResponse:
    context: Context = {
        "here": "gallery",
        "link": shared_links([made], timezone.now())[0],
        "takes": read_pictured(takes_of(made)),
        "guests": made.guests.order_by("-visited_at", "-pk")[: shares.MOST_GUESTS],
        "address": address,
        "is_new": is_new,
        "form": form or TermsForm(made=made, member=request.member),
    }
    return render(request, "shares/one.html", context, status=status)


def _new(
    request: MemberRequest,
    chosen: Chosen,
    form: ShareForm,
    *,
    status: int = 200,
) -> HttpResponse:
    context = {"here": "gallery", "chosen": chosen, "form": form, "most": MOST_TAKES}
    return render(request, "shares/new.html", context, status=status)


def _chosen(request: MemberRequest, said: QueryDict) -> Chosen:
    """Return what a form or an address names. Raises: BadValue; Http404."""
    pk = row_id(said, "playlist")
    if pk is None:
        return _found(request, _numbers(said))
    playlist = get_object_or_404(Playlist.objects.visible_to(request.member), pk=pk)
    rows = playlist.items.order_by("place", "pk").values_list("generation_id", flat=True)
    return _found(request, list(rows), playlist)


def _found(
    request: MemberRequest,
    numbers: list[int],
    playlist: Playlist | None = None,
) -> Chosen:
    seen = Generation.objects.visible_to(request.member).filter(pk__in=numbers)
    done = set(seen.filter(state=State.SUCCEEDED).values_list("pk", flat=True))
    takes = read_pictured([number for number in numbers if number in done])
    left_out = [number for number in numbers if number not in done]
    return Chosen(takes, left_out, playlist)


def _numbers(said: QueryDict) -> list[int]:
    numbers = row_ids(said, "takes")
    if len(numbers) > MOST_TAKES:
        raise BadValue("takes", f"at most {MOST_TAKES} takes belong here.")
    return numbers


urlpatterns = [
    path("", page, name="page"),
    path("new", new, name="new"),
    path("<int:pk>", one, name="one"),
    path("<int:pk>/change", change, name="change"),
    path("<int:pk>/link", copy, name="copy"),
    path("<int:pk>/revoke", revoke, name="revoke"),
]
