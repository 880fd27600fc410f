"""Guests' media: pictures and videos of the takes that a link names, and of nothing else.

Each address names a take and whether its result or its source is meant; which file that is, and
whether it may be seen, is asked anew each time. With a watermark only what has the guest's name in
it leaves.
"""

from collections.abc import Callable
from functools import partial, wraps
from pathlib import PurePath

from django.http import Http404, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import path

from editorapp.core import reasons
from editorapp.core.request_values import BadValue, whole
from editorapp.exports.provenance.ai_mark import mark_of
from editorapp.exports.provenance.leaving import leaving, leaving_picture
from editorapp.media import frames, layout, store, watermarked
from editorapp.media.display_names import safe_name
from editorapp.media.frame_times import frame_times
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.review import shares
from editorapp.review.shared_takes import takes_of
from editorapp.web.guests.clips import SOURCE, TAKE, LinkedFile, takes_in_full
from editorapp.web.guests.door import GuestRequest, View, for_guests
from editorapp.web.media.ranges import serve
from editorapp.web.presenters import file_names

_PICTURES = {"poster": layout.POSTER, "filmstrip": layout.FILMSTRIP}
_STILLS = {"png": "png", "jpg": "jpeg", "webp": "webp"}
_MP4, _WEBP = "video/mp4", "image/webp"


def _says_refusals(view: View) -> View:
    @wraps(view)
    def answering(request: GuestRequest, *args: object, **more: object) -> HttpResponseBase:
        try:
            return view(request, *args, **more)
        except store.Gone as gone:
            raise Http404 from gone
        except Refusal as refusal:
            status = 503 if refusal.is_passing else 507 if refusal.is_ours else 422
            status = 404 if refusal.code in ("gone", "no_such_frame") else status
            return reasons.answer(refusal.code, refusal.message, status=status)

    return answering


@for_guests()
@_says_refusals
def file(request: GuestRequest, pk: int, part: str, what: str) -> HttpResponseBase:
    """Serve what the stage shows of a take: "playable", "poster", "filmstrip", or "times"."""
    linked, asset = _linked(request, pk, part)
    if what in _PICTURES:
        return _picture(linked, asset, what)
    if what == "times" and asset.is_video:
        return _times(linked, asset)
    if what == "playable" and asset.is_video:
        return _playable(request, linked, asset)
    raise Http404


@for_guests()
@_says_refusals
def still(request: GuestRequest, pk: int, part: str, frame_index: int, ending: str) -> HttpResponse:
    """Answer with one frame as a picture; to be taken along only where that is allowed."""
    linked, asset = _linked(request, pk, part)
    is_download = "download" in request.GET
    if ending not in _STILLS or (is_download and not request.share.may_download):
        raise Http404
    try:
        height = whole(request.GET, "height", low=1)
    except BadValue:
        return reasons.answer("bad_height", "The height is a number of pixels.", status=400)
    height = None if height is None else max(16, min(4320, height))
    kind = _STILLS[ending]
    made = partial(frames.still, asset, frame_index, format=kind, max_height=height)
    name = f"frame-{frame_index}-{height or 0}.{ending}"
    body = _marked(linked, asset, name, made) if request.share.has_watermark else made()
    if is_download and part == TAKE:
        sha256, name = asset.sha256, f"{name}-{request.guest.pk}"
        body = leaving_picture(body, mark_of(linked.take), sha256=sha256, what=name, name=ending)
    file_name = safe_name(f"{_stem(linked)} frame {frame_index}.{ending}")
    headers = {"Content-Disposition": file_names.disposition(file_name, is_download=is_download)}
    return HttpResponse(body, content_type=f"image/{kind}", headers=headers)


@for_guests()
@_says_refusals
def video(request: GuestRequest, pk: int) -> HttpResponseBase:
    """Hand out a take's video, marked as made with AI; with a watermark, the copy that has it."""
    linked, asset = _linked(request, pk, TAKE)
    if not request.share.may_download or not asset.is_video:
        raise Http404
    sha256, what, kind = _handed(linked, asset)
    own = PurePath(asset.name).suffix or ".mp4"
    name = safe_name(f"{_stem(linked)}{'.mp4' if request.share.has_watermark else own}")
    made = leaving(sha256, mark_of(linked.take), what=what, name=name)
    if request.method == "GET" and request.headers.get("Range", "bytes=0-").startswith("bytes=0-"):
        shares.downloaded(request.guest)
    return serve(
        request,
        made.file,
        content_type=kind,
        etag=f'"{sha256[:32]}-{what}{made.tag}"',
        name=name,
        download=True,
    )


def _handed(linked: LinkedFile, asset: Asset) -> tuple[str, str, str]:
    """Return what is handed out of a take: of which content, which file, of which type."""
    if linked.share.has_watermark:
        copy = linked.copy(asset)
        if copy is None or not copy.is_ready:
            raise Http404
        return *watermarked.file_of(copy), _MP4
    return asset.sha256, linked.stored(asset, is_original=True), asset.mime_type


def _playable(request: GuestRequest, linked: LinkedFile, asset: Asset) -> HttpResponseBase:
    if linked.share.has_watermark:
        return _with_name(request, linked, asset)
    if not asset.is_playable:
        raise Http404
    what = linked.stored(asset, is_original=False)
    kind = asset.mime_type if asset.container == "webm" else _MP4
    return _served(request, asset.sha256, what, kind)


def _with_name(request: GuestRequest, linked: LinkedFile, asset: Asset) -> HttpResponseBase:
    copy = linked.copy(asset)
    if copy is None or not copy.is_ready:
        raise Http404
    try:
        return _served(request, *watermarked.file_of(copy), _MP4)
    except store.Gone:
        watermarked.lost(copy)  # it is made anew, and the page says that it is on its way
        raise


def _served(request: GuestRequest, sha256: str, what: str, kind: str) -> HttpResponseBase:
    opened, etag = store.opened(sha256, what), f'"{sha256[:32]}-{what}"'
    return serve(request, opened, content_type=kind, etag=etag, name="shared.mp4")


def _picture(linked: LinkedFile, asset: Asset, what: str) -> HttpResponse:
    def read() -> bytes:
        with store.held(asset.sha256, _PICTURES[what]) as (kept,):
            return kept.read_bytes()

    is_marked = linked.share.has_watermark
    body = _marked(linked, asset, f"{what}.webp", read) if is_marked else read()
    return HttpResponse(body, content_type=_WEBP)


def _times(linked: LinkedFile, asset: Asset) -> HttpResponse:
    """Answer with when each frame is shown in the file that this guest plays."""
    is_copy = linked.share.has_watermark or asset.proxy == Asset.Proxy.READY
    return JsonResponse(frame_times(asset).told(is_copy=is_copy))


def _marked(linked: LinkedFile, asset: Asset, what: str, read: Callable[[], bytes]) -> bytes:
    return watermarked.kept_picture(asset, linked.guest.name, what, read)


def _linked(request: GuestRequest, pk: int, part: str) -> tuple[LinkedFile, Asset]:
    """Return the file that an address means. Raises: Http404, for all that the link does not name."""
    if part not in (TAKE, SOURCE) or pk not in takes_of(request.share):
        raise Http404
    takes = takes_in_full(request.share, [pk])
    linked = LinkedFile(request.share, request.guest, takes[0], part) if takes else None
    asset = linked.asset if linked else None
    if linked is None or asset is None or asset.deleted_at is not None:
        raise Http404
    return linked, asset


def _stem(linked: LinkedFile) -> str:
    title = linked.share.title.replace("/", "_")
    return f"{title} take {linked.take.pk}".strip()


urlpatterns = [
    path("<str:token>/media/<int:pk>/<str:part>/<str:what>", file, name="file"),
    path(
        "<str:token>/media/<int:pk>/<str:part>/frames/<int:frame_index>.<str:ending>",
        still,
        name="still",
    ),
    path("<str:token>/video/<int:pk>", video, name="video"),
]
