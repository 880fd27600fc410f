"""Guests' pages: the door of a link, and behind it its take, its comparison or its playlist, on the
stage that the team has too; and the poll that tells when it closes.
"""

import json
import zlib
from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.views.decorators.debug import sensitive_post_parameters

from editorapp.core.client_address import address_of
from editorapp.core.htmx import Context
from editorapp.generations.models import Generation
from editorapp.media.refusals import Refusal
from editorapp.review import shares
from editorapp.review.models import Share
from editorapp.review.shared_takes import takes_of
from editorapp.review.shares import ShareRefused, WrongPassword
from editorapp.teams.password_throttle import TooSoon, in_words
from editorapp.web.guests import comment_views, media
from editorapp.web.guests.clips import GuestClip, stage_of, takes_in_full
from editorapp.web.guests.discussion import talk_of
from editorapp.web.guests.door import (
    GuestRequest,
    LinkRequest,
    by_link,
    for_guests,
    forget,
    let_in,
    shown,
)
from editorapp.web.guests.forms import DoorForm


@by_link()
def page(request: LinkRequest) -> HttpResponse:
    """Show what the link leads to; the door, to who has not come in."""
    if request.guest is None:
        return _door(request)
    ids = takes_of(request.share)
    shares.visited(request.guest, now=timezone.now())
    if request.share.kind == Share.Kind.COMPARE:
        return _looked_at(request, ids, ids)
    return _looked_at(request, ids, ids[:1])


@for_guests(sends_to_door=True)
def take(request: GuestRequest, pk: int) -> HttpResponse:
    """Show one take of those that the link names."""
    ids = takes_of(request.share)
    if pk not in ids:
        raise Http404
    shares.visited(request.guest, now=timezone.now())
    return _looked_at(request, ids, [pk])


@sensitive_post_parameters("password")
@by_link("POST")
def enter(request: LinkRequest) -> HttpResponse:
    """Let somebody in who says who they are, and the password where there is one."""
    made, now = request.share, timezone.now()
    form = DoorForm(request.POST, needs_password=bool(made.password))
    if not form.is_valid():
        return _door(request, form, status=422)
    try:
        password = form.cleaned_data.get("password", "")
        shares.check(made, password, address=address_of(request), now=now)
        _guest, key = shares.welcome(
            made,
            form.cleaned_data["name"],
            address=address_of(request),
            now=now,
        )
    except TooSoon as error:
        return _waits(request, form, error)
    except WrongPassword as error:
        form.add_error("password", str(error))
        return _door(request, form, status=422)
    except ShareRefused as error:
        form.add_error(None, str(error))
        return _door(request, form, status=422)
    response = redirect("guests:page", request.token)
    let_in(response, made, request.token, key)
    return response


@for_guests("POST", sends_to_door=True)
def leave(request: GuestRequest) -> HttpResponse:
    """Have this browser known as nobody's: somebody else comes in by the same link."""
    response = redirect("guests:page", request.token)
    forget(response, request.share, request.token)
    return response


@for_guests(sends_to_door=True)
def now(request: GuestRequest) -> HttpResponse:
    """Tell a page that polls whether there is anything new; a closed link has it loaded anew.

    `seen`: the stamp that the page had; `at`: the takes that it shows, with commas; `shows`: what the
    link allowed then. A page that shows more than is allowed now is loaded anew.
    """
    ids = takes_of(request.share)
    at = set(filter(None, request.GET.get("at", "").split(",")))
    takes = takes_in_full(request.share, [pk for pk in ids if str(pk) in at])
    clips = _clips(request, takes)
    if set(request.GET.get("shows", "")) - set(_shows(request.share)):
        return HttpResponse(headers={"HX-Refresh": "true"})  # the page has what is closed now
    stamp = _stamp(request.share, ids, clips)
    if stamp == request.GET.get("seen", ""):
        answer = HttpResponse(status=204)
    else:
        here = ",".join(str(one.pk) for one in takes)
        told = {"is_gone": len(takes) < len(at), "stamp": stamp, "at": here}
        told["shows"] = _shows(request.share)
        answer = shown(request, "guests/_new.html", told)
    if request.share.may_comment:
        talks = {str(one.pk): talk_of(request, one).stamp for one in takes}
        answer.headers["HX-Trigger"] = json.dumps({"rushes:talks": talks})
    return answer


def _looked_at(request: LinkRequest, ids: Sequence[int], here: Sequence[int]) -> HttpResponse:
    takes = takes_in_full(request.share, here)
    clips = _clips(request, takes)
    context: Context = {
        "takes": takes,
        "take": takes[0] if len(takes) == 1 else None,
        "on_stage": clips,
        "stage_mode": _mode(request.share, clips),
        "waits": [clip for clip in clips if not clip.is_ready and clip.asset.is_playable],
        "stamp": _stamp(request.share, ids, clips),
        "shows": _shows(request.share),
        "at": ",".join(map(str, here)),
    }
    if request.share.may_comment and len(takes) == 1:
        context["talk"] = talk_of(request, takes[0])
    if request.share.kind == Share.Kind.PLAYLIST and here:
        context |= _playlist(request, ids, here[0])
    return shown(request, "guests/page.html", context)


def _mode(share: Share, clips: Sequence[GuestClip]) -> str:
    """Return how clips are shown first: a take alone, two by a wipe, more in a grid."""
    if share.kind != Share.Kind.COMPARE or len(clips) < 2:
        return "single"
    return "wipe" if len(clips) == 2 else "grid"


def _playlist(request: LinkRequest, ids: Sequence[int], here: int) -> Context:
    takes = takes_in_full(request.share, ids)
    place = ids.index(here)
    return {
        "playlist": takes,
        "place": place + 1,
        "before": ids[place - 1] if place else None,
        "after": ids[place + 1] if place + 1 < len(ids) else None,
    }


def _clips(request: LinkRequest, takes: Sequence[Generation]) -> list[GuestClip]:
    """Return what the stage shows; nothing, where the store does not answer just now."""
    assert request.guest is not None
    try:
        return stage_of(request.share, request.guest, request.token, takes)
    except Refusal:
        return []


def _stamp(share: Share, ids: Sequence[int], clips: Sequence[GuestClip]) -> str:
    seen = [(clip.asset.pk, clip.is_ready) for clip in clips]
    said = (share.title, _shows(share), list(ids), seen)
    return f"{zlib.crc32(repr(said).encode()):x}"


def _shows(share: Share) -> str:
    """Return a letter for each thing that a page of this link has and another one might not."""
    letters = {
        "c": share.may_comment,
        "d": share.may_download,
        "s": share.shows_source,
        "p": share.shows_prompt,
        "k": share.shows_cost,
        "u": not share.has_watermark,  # files without a name in them
    }
    return "".join(letter for letter, is_on in letters.items() if is_on)


def _door(
    request: LinkRequest,
    form: DoorForm | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    if form is None:
        name = str(request.user) if request.user.is_authenticated else ""
        form = DoorForm(needs_password=bool(request.share.password), initial={"name": name})
    return shown(request, "guests/door.html", {"form": form}, status=status)


def _waits(request: LinkRequest, form: DoorForm, error: TooSoon) -> HttpResponse:
    wait = in_words(error.wait)
    form.add_error("password", f"Too many wrong passwords came from here: try again in {wait}.")
    response = _door(request, form, status=429)
    response.headers["Retry-After"] = str(error.seconds)
    return response


urlpatterns = [
    path("<str:token>/", page, name="page"),
    path("<str:token>/enter", enter, name="enter"),
    path("<str:token>/leave", leave, name="leave"),
    path("<str:token>/now", now, name="now"),
    path("<str:token>/takes/<int:pk>", take, name="take"),
    *comment_views.urlpatterns,
    *media.urlpatterns,
]
