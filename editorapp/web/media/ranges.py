"""Serve a stored file so that browsers can seek in it: byte ranges, validators, and no more memory
than one read.
"""

import re
from urllib.parse import quote

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse

from editorapp.media.backends.contract import Opened

MAX_PIECE_BYTES = (
    2_000_000  # an open-ended range gets this much: a player that is closed has cost little
)
_RANGE = re.compile(
    r"bytes=([0-9]{0,19})-([0-9]{0,19})"
)  # more digits than any size has: it cannot be read


def serve(
    request: HttpRequest,
    file: Opened,
    *,
    content_type: str,
    etag: str,
    name: str,
    download: bool = False,
) -> HttpResponseBase:
    """Answer GET or HEAD for a file whose content never changes.

    206 for one range, 416 for one that lies outside, 304 for a known `etag`; several ranges, or one
    that cannot be read, get the whole. `name` must be safe already (media/names.py). Source: RFC
    9110, sections 13 and 14.
    """
    size = file.size
    if _is_known(request, etag):
        return _dressed(HttpResponse(status=304), etag, name, download)
    asked = "" if download or _is_stale(request, etag) else request.headers.get("Range", "")
    try:
        span = _span(asked, size)
    except ValueError:
        return HttpResponse(
            status=416, headers={"Content-Range": f"bytes */{size}", "Accept-Ranges": "bytes"}
        )
    start, end = span or (0, size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(file.pieces(start, end), content_type=content_type)
    if span:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
    response.headers["Content-Length"] = str(end - start)
    response.headers["Accept-Ranges"] = "bytes"
    return _dressed(response, etag, name, download, is_versioned="v" in request.GET)


def _dressed(
    response: HttpResponseBase, etag: str, name: str, download: bool, *, is_versioned: bool = False
) -> HttpResponseBase:
    plain = re.sub(r'[^ -~]|["\\%]', "_", name)
    kind = "attachment" if download else "inline"
    response.headers["Content-Disposition"] = (
        f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    response.headers["ETag"] = etag
    response.headers["Cache-Control"] = "private, " + (
        "max-age=31536000, immutable" if is_versioned else "max-age=300"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _is_known(request: HttpRequest, etag: str) -> bool:
    known = [
        item.strip().removeprefix("W/")
        for item in request.headers.get("If-None-Match", "").split(",")
    ]
    return etag in known or "*" in known


def _is_stale(request: HttpRequest, etag: str) -> bool:
    """Does the browser want a range only of a version that is not this one? (We name no dates, so
    no date fits.)
    """
    wanted = request.headers.get("If-Range", "").strip()
    return bool(wanted) and wanted != etag


def _span(asked: str, size: int) -> tuple[int, int] | None:
    """Return the half-open range of bytes that is asked for, None for the whole.

    Raises: ValueError for 416.
    """
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if not match or match.group() == "bytes=-":
        return None
    first, last = match.groups()
    if not first:  # the last n bytes
        start, end = max(0, size - int(last)), size
        end = end if int(last) else start
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
        if last and int(last) < int(first):
            return None
    if start >= size or end <= start:
        raise ValueError(asked)
    return start, min(end, start + MAX_PIECE_BYTES)
