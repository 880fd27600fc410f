"""Media views: uploads in pieces, stored files by range, stills by frame index."""

import re
from functools import wraps
from pathlib import Path, PurePath
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.files.uploadhandler import TemporaryFileUploadHandler
from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_http_methods

from editorapp.core import reasons
from editorapp.core.request_values import (
    BadValue,
    json_object,
    json_text,
    json_whole,
    needed_whole,
    row_id,
    whole,
)
from editorapp.media import frames, layout, store
from editorapp.media.frame_times import frame_times
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.probe import check_bytes
from editorapp.media.refusals import Refusal
from editorapp.media.timing import Timing
from editorapp.media.uploads import resumable
from editorapp.media.uploads.claim import BeingTaken
from editorapp.teams.access import (
    MemberRequest,
    View,
    action_for,
    needs,
    page_for,
)
from editorapp.teams.roles import Act
from editorapp.web.media.asset_json import asset_json
from editorapp.web.media.handed_out import HandedOut, ai_mark, picture, take_behind
from editorapp.web.presenters import file_names

_FORM_OVERHEAD_BYTES = 1_000_000  # the rest of a form around its file
_MARK = re.compile(r"[\w-]{0,100}", re.ASCII)  # what a browser knows a file again by
_STILLS = {"png": "png", "jpg": "jpeg", "webp": "webp"}
_FILES = ("original", "playable", "poster", "filmstrip")
_PREVIEWS = {"poster": layout.POSTER, "filmstrip": layout.FILMSTRIP}


def _asset(request: MemberRequest, pk: int) -> Asset:
    return get_object_or_404(Asset.objects.visible_to(request.member), pk=pk)


def _clip(request: MemberRequest, pk: int) -> Asset:
    clips = Asset.objects.visible_to(request.member).filter(kind=Asset.Kind.VIDEO)
    return get_object_or_404(clips, pk=pk)


def _refused(refusal: Refusal, status: int = 422) -> JsonResponse:
    """Answer with the reason; `status` where it is the file's own fault."""
    status = _status_of(refusal) or status
    return reasons.answer(refusal.code, refusal.message, status=status)


def _status_of(refusal: Refusal) -> int | None:
    """Return 5xx where it is ours and not the file's: 503 says that the same will do later."""
    if refusal.code in ("gone", "no_such_frame"):
        return 404
    if refusal.is_ours:
        return 503 if refusal.is_passing else 507
    return None


def _says_refusals(view: View) -> View:
    """Return the view with a refused file answered as `_refused` does, and a piece of another place
    with where the file has come to.
    """

    @wraps(view)
    def answering(*args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(*args, **kwargs)
        except Refusal as refusal:
            return _refused(refusal)
        except resumable.WrongOffset as wrong:
            return _at(wrong.offset, status=409)

    return answering


# Files out


@page_for(Act.SEE)
@_says_refusals
def file(request: MemberRequest, pk: int, what: str) -> HttpResponseBase:
    """Serve a stored file to the team that owns it.

    Also with a bucket it comes through us. A redirect to a presigned link would need the bucket's
    host in the policy (media-src), a CORS rule on the bucket for frames that are drawn on a canvas,
    and a bucket that browsers reach at all; and whoever has such a link needs no sign-in.
    """
    if what not in _FILES:
        raise Http404(f"No file is called {what}.")
    asset = _asset(request, pk)
    part, content_type, name = _stored(asset, what)
    is_download = "download" in request.GET
    take = None
    if what == "original" or is_download:
        take = take_behind(asset, request.member, take=row_id(request.GET, "take"))
    if what == "original" and is_download and take and asset.origin == Asset.Origin.RESULT:
        name = file_names.of_file(asset, take, request.member)
    try:
        handed = HandedOut(asset, part, content_type, name, is_download, ai_mark(take))
        return handed.answer(request)
    except store.Gone as gone:
        raise Http404(f"There is no {what} of this file.") from gone


def _stored(asset: Asset, what: str) -> tuple[str, str, str]:
    """Return what the store calls a file, its type, and the name it is offered under."""
    if what in _PREVIEWS:
        return _PREVIEWS[what], "image/webp", f"{_stem(asset)} {what}.webp"
    if what == "original":
        return store.ORIGINAL, asset.mime_type, asset.name
    if not asset.is_playable:
        raise Http404("A playable copy of this file is not ready.")
    if asset.proxy == Asset.Proxy.READY:
        return layout.PROXY, "video/mp4", f"{_stem(asset)}.mp4"
    # An .m4v or .mov that browsers play is an MP4 to them; not all know the other names.
    is_mp4 = asset.container in {"m4v", "mov"}
    return store.ORIGINAL, "video/mp4" if is_mp4 else asset.mime_type, asset.name


def _stem(asset: Asset) -> str:
    return asset.name.rpartition(".")[0] or asset.name


@page_for(Act.SEE)
@_says_refusals
def still(
    request: MemberRequest,
    pk: int,
    frame_index: int,
    ending: str,
) -> HttpResponse:
    """Answer with one frame of a clip as a picture."""
    if ending not in _STILLS:
        raise Http404(f"No still is made as {ending}.")
    asset = _clip(request, pk)
    try:
        height = _height(request)
    except BadValue:
        return reasons.answer("bad_height", "The height is a number of pixels.", status=400)
    is_download = "download" in request.GET
    take = None
    if is_download:
        take = take_behind(asset, request.member, take=row_id(request.GET, "take"))
    mark = ai_mark(take)
    what = f"{frame_index}-{ending}-{height or ''}{mark.tag if mark else ''}"
    etag = f'"{asset.sha256[:32]}-{what}"'
    headers = {"ETag": etag, "Cache-Control": "private, max-age=3600"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    made = frames.still(asset, frame_index, format=_STILLS[ending], max_height=height)
    is_of_take = take is not None and asset.origin == Asset.Origin.RESULT
    whole_name = (
        file_names.of_file(asset, take, request.member) if take and is_of_take else asset.name
    )
    name = f"{PurePath(whole_name).stem} frame {frame_index}.{ending}"
    headers["Content-Disposition"] = file_names.disposition(name, is_download=is_download)
    body = picture(made, mark, asset=asset, what=what, name=name)
    return HttpResponse(body, content_type=f"image/{_STILLS[ending]}", headers=headers)


def _height(request: MemberRequest) -> int | None:
    height = whole(request.GET, "height", low=1)
    return None if height is None else max(16, min(4320, height))


@page_for(Act.SEE)
@_says_refusals
def times(request: MemberRequest, pk: int) -> HttpResponse:
    """Answer with when each frame of a clip is shown, in the file that is played: see
    FrameTimes.told.
    """
    asset = _clip(request, pk)
    is_copy = asset.proxy == Asset.Proxy.READY
    etag = f'"{asset.sha256[:32]}-times-{"copy" if is_copy else "original"}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers=headers)
    return JsonResponse(frame_times(asset).told(is_copy=is_copy), headers=headers)


@action_for(Act.CREATE)
@_says_refusals
def pin(request: MemberRequest, pk: int, frame_index: int) -> HttpResponse:
    """Keep a frame of a clip as a picture of its own, to be a guide frame."""
    told = asset_json(frames.pin(_clip(request, pk), frame_index, user=request.member.user))
    return JsonResponse({"asset": told, **told}, status=201)


# Files in


@action_for(Act.CREATE)
@_says_refusals
def begin_upload(request: MemberRequest) -> HttpResponse:
    """Open an upload: {"name", "size", "mark"} -> its address and offset.

    200, where there is one of this very file (same person, name, size and mark): it goes on at the
    offset, and `crc32` is of the bytes that are here.
    """
    try:
        body = json_object(request)
        name, size = json_text(body, "name"), json_whole(body, "size")
        mark = json_text(body, "mark") if "mark" in body else ""
        if not _MARK.fullmatch(mark):
            raise BadValue("mark", "at most 100 letters, digits, - and _ belong here.")
    except BadValue:
        message = "An upload begins with the file's name and its size in bytes."
        return reasons.answer("bad_request", message, status=400)
    upload = resumable.begin(name=name, size_bytes=size, member=request.member, mark=mark)
    offset = resumable.offset(upload)
    here = {"crc32": resumable.checksum(upload, offset)} if offset else {}
    url = reverse("media:upload", args=[upload.token])
    told = {"id": upload.token, "url": url, "offset": offset, **here}
    return JsonResponse(told, status=200 if offset else 201)


@require_http_methods(["PUT", "GET", "HEAD", "DELETE"])
@needs(Act.CREATE)
@_says_refusals
def upload(request: MemberRequest, token: str) -> HttpResponse:
    """Take one piece (PUT), say how far the file has come (GET, HEAD), or forget it (DELETE)."""
    found = _own_upload(request, token)
    if request.method == "PUT":
        return _take_piece(request, found)
    if request.method == "DELETE":
        resumable.cancel(found)
        return HttpResponse(status=204)
    return _at(resumable.offset(found))


def _take_piece(request: MemberRequest, found: Upload) -> HttpResponse:
    try:
        at = needed_whole(request.headers, "Upload-Offset")
        length = needed_whole(request.headers, "Content-Length")
    except BadValue:
        message = (
            "A piece says where it begins (Upload-Offset) and how long it is (Content-Length)."
        )
        return reasons.answer("bad_request", message, status=400)
    if length > resumable.MAX_PIECE_BYTES:
        message = f"A piece has at most {resumable.MAX_PIECE_BYTES // 1_000_000} MB."
        return reasons.answer("piece_too_big", message, status=413)
    try:
        return _at(resumable.append(found, request, at=at, length=length))
    except Refusal as refusal:
        if not refusal.is_passing:  # the same piece can be sent again
            resumable.cancel(found)
        return _refused(refusal, 413)


def _at(offset: int, *, status: int = 200) -> HttpResponse:
    headers = {"Upload-Offset": str(offset)}
    return JsonResponse({"offset": offset}, status=status, headers=headers)


def _own_upload(request: MemberRequest, token: str) -> Upload:
    member = request.member
    mine = Upload.objects.filter(team=member.team_id).select_related("team", "user", "asset")
    return get_object_or_404(mine, token=token, user=member.user_id)


@action_for(Act.CREATE)
@_says_refusals
def finish_upload(request: MemberRequest, token: str) -> HttpResponse:
    """Take the uploaded file in: 201 with the asset, or 422 with the reason in one sentence; the
    same once more.
    """
    timing = Timing()
    try:
        asset = resumable.finish(_own_upload(request, token), timing=timing)
    except BeingTaken:
        message = "This file is being taken in already: ask again in a moment."
        return reasons.answer("being_taken", message, status=409)
    headers = {"Server-Timing": timing.header()}
    return JsonResponse({"asset": asset_json(asset)}, status=201, headers=headers)


@csrf_exempt
@action_for(Act.CREATE)
def upload_form(request: MemberRequest) -> HttpResponse:
    """Take a file from a plain form.

    The size is looked at before the first byte is read, the CSRF token after.
    """
    length = whole(request.headers, "Content-Length") or 0
    if length > settings.MAX_UPLOAD_BYTES + _FORM_OVERHEAD_BYTES:
        return _too_long(request, length)
    request.upload_handlers = [TemporaryFileUploadHandler(request)]
    return _take_form(request)


def _too_long(request: MemberRequest, length: int) -> HttpResponse:
    try:
        check_bytes(length)
    except Refusal as refusal:
        messages.error(request, refusal.message)
    return redirect("studio:page")


@csrf_protect
def _take_form(request: MemberRequest) -> HttpResponse:
    member, taken = request.member, None
    for sent in request.FILES.getlist("file"):
        try:
            file = Path(sent.temporary_file_path())  # type: ignore[attr-defined]
            taken = take_in(file, name=sent.name or "", team=member.team, user=member.user)
        except Refusal as refusal:
            messages.error(request, f"{sent.name}: {refusal.message}")
    if not request.FILES:
        messages.error(request, "No file was chosen: choose one and send it again.")
    if taken is None:
        return redirect("studio:page")
    field = "source" if taken.is_video else "guide_asset"
    return redirect(f"{reverse('studio:page')}?{field}={taken.pk}")


urlpatterns = [
    path("uploads", begin_upload, name="uploads"),
    path("uploads/form", upload_form, name="upload_form"),
    path("uploads/<str:token>", upload, name="upload"),
    path("uploads/<str:token>/finish", finish_upload, name="finish_upload"),
    path("<int:pk>/frames/<int:frame_index>/pin", pin, name="pin"),
    path("<int:pk>/frames/<int:frame_index>.<str:ending>", still, name="still"),
    path("<int:pk>/times", times, name="times"),
    path("<int:pk>/<str:what>", file, name="file"),
]
