"""Byte ranges: serves a stored file so that browsers can seek in it, with validators and no more
memory than one read.
"""

import re
from functools import partial

from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseBase,
    StreamingHttpResponse,
)
from django.utils.cache import get_conditional_response

from editorapp.exports.provenance.splice import ReadableFile
from editorapp.web.presenters import file_names

# An open-ended range gets this much: a player that is closed has cost little.
MAX_PIECE_BYTES = 2_000_000
_RANGE = re.compile(r"bytes=([0-9]{0,19})-([0-9]{0,19})")  # more digits than any size has


def serve(
    request: HttpRequest,
    file: ReadableFile,
    *,
    content_type: str,
    etag: str,
    name: str,
    download: bool = False,
) -> HttpResponseBase:
    """Answer GET or HEAD for a file whose content never changes.

    206 for one range, 416 for one that lies outside, 304 for a known `etag`; several ranges, or one
    that cannot be read, get the whole. A download that goes on gets all that it lacks, a player at
    most MAX_PIECE_BYTES. `name` must be safe already (media/display_names.py). Source: RFC
    9110, sections 13 and 14.
    """
    as_attachment = partial(_dressed, etag=etag, name=name, download=download)
    if unchanged := get_conditional_response(request, etag=etag):
        return as_attachment(unchanged)
    wanted = "" if _is_stale(request, etag) else request.headers.get("Range", "")
    try:
        span = _span(wanted, file.size, most=file.size if download else MAX_PIECE_BYTES)
    except ValueError:
        headers = {"Content-Range": f"bytes */{file.size}", "Accept-Ranges": "bytes"}
        return HttpResponse(status=416, headers=headers)
    response = _body(request, file, span, content_type)
    return as_attachment(response, is_versioned="v" in request.GET)


def _body(
    request: HttpRequest,
    file: ReadableFile,
    span: tuple[int, int] | None,
    content_type: str,
) -> HttpResponseBase:
    start, end = span or (0, file.size)
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse(content_type=content_type)
    else:
        response = StreamingHttpResponse(file.pieces(start, end), content_type=content_type)
    if span:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{file.size}"
    response.headers["Content-Length"] = str(end - start)
    response.headers["Accept-Ranges"] = "bytes"
    return response


def _dressed(
    response: HttpResponseBase,
    *,
    etag: str,
    name: str,
    download: bool,
    is_versioned: bool = False,
) -> HttpResponseBase:
    kept = "max-age=31536000, immutable" if is_versioned else "max-age=300"
    headers = {
        "Content-Disposition": file_names.disposition(name, is_download=download),
        "ETag": etag,
        "Cache-Control": f"private, {kept}",
        "X-Content-Type-Options": "nosniff",
    }
    for header, value in headers.items():
        response.headers[header] = value
    return response


def _is_stale(request: HttpRequest, etag: str) -> bool:
    """Does the browser want a range only of a version that is not this one? (We name no dates, so
    no date fits.)
    """
    return request.headers.get("If-Range", "").strip() not in ("", etag)


def _span(wanted: str, size: int, *, most: int) -> tuple[int, int] | None:
    """Return the half-open range of bytes that is wanted, `most` of them, None for the whole.

    Raises: ValueError for 416.
    """
    match = _RANGE.fullmatch(wanted.replace(" ", ""))
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
        raise ValueError(wanted)
    return start, min(end, start + most)
