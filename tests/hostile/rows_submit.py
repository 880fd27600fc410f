"""The paid call. A definite refusal costs nothing; what leaves a doubt is unknown, keeps its money,
goes out once.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from tests.hostile.row import NO_ACCOUNT, OK, REFUSED, SUBMIT, UNKNOWN, Row
from tests.hostile.server import Reply, Spoil
from tests.hostile.spoils import (
    DEEP,
    HTML,
    LARGE,
    ODD_VALUES,
    at_head,
    body,
    chunked,
    deflated,
    field,
    gzipped,
    head,
    raw,
    says,
    status,
)

JSON = b"Content-Type: application/json"
# Answers that do not say whether the job was taken.
STATUSES = (302, 303, 408, 409, 425, 500, 502, 503, 504, 520, 599)
BODIES = {
    "nothing": says(b""),
    "nothing, as 201": says(b"", code=201),
    "nothing, as 204": status(204, b""),
    "a web page": says(HTML, Content_Type="text/html"),
    "plain words": says(b"OK"),
    "half a document": body(lambda good: good[:20]),
    "two documents": body(lambda good: good + good),
    "a list": says(b"[]"),
    "null": says(b"null"),
    "a number": says(b"1e400"),
    "a text": says(b'"ok"'),
    "a document as deep as a well": says(DEEP),
    "20 MB": says(LARGE),
    "20 MB in pieces": raw(
        head(JSON, b"Transfer-Encoding: chunked"),
        chunked(*[LARGE[i : i + 65536] for i in range(0, len(LARGE), 65536)]),
    ),
    "a broken gzip": body(lambda good: gzipped(good)[:-12], Content_Encoding="gzip"),
    "a coding that nobody knows": body(gzipped, Content_Encoding="snail"),
    "an error that calls itself a success": says(
        b'{"error": "Internal \\u0000 error", "detail": ["\\ud83d"]}'
    ),
}
IDS = {
    **ODD_VALUES,
    "a NUL": "job\x00id",
    "half a character": "job\ud83d",
    "a line break": "job\r\nX-Injected: 1",
    "only blanks": "   ",
    "ten thousand characters": "j" * 10_000,
    "dots": "..",
}
ENDS = {
    "a reset before the body is read": at_head(end="reset"),
    "an end before the body is read": at_head(end="close"),
    "a reset after the last byte": raw(end="reset"),
    "no answer": raw(end="close"),
    "half a head": raw(b"HTTP/1.1 201 Created\r\nContent-Ty"),
    "half a body": raw(head(JSON, b"Content-Length: 500"), b'{"id": "a'),
    "half a body, then a reset": raw(
        head(JSON, b"Content-Length: 500"), b'{"id": "a', 0.02, end="reset"
    ),
    "another protocol": raw(b"220 mail.example.org ESMTP ready\r\n"),
    "random bytes": raw(bytes(range(256)) * 8),
    "a status that is none": raw(b"HTTP/1.1 abc Fine\r\nContent-Length: 2\r\n\r\n{}"),
    "a head without an end": raw(b"HTTP/1.1 201 Created\r\n" + b"X-Padding: " + b"x" * 2_000_000),
    "a thousand headers": raw(b"HTTP/1.1 201 Created\r\n" + b"X-A: b\r\n" * 20_000 + b"\r\n"),
    "a header that is none": raw(
        b"HTTP/1.1 201 Created\r\nthis is no header\r\nContent-Length: 2\r\n\r\n{}"
    ),
    "two lengths": raw(head(JSON, b"Content-Length: 2", b"Content-Length: 3"), b"{}"),
    "a length that is none": raw(head(JSON, b"Content-Length: -5"), b"{}"),
    "pieces that are none": raw(
        head(JSON, b"Transfer-Encoding: chunked"), b"zz\r\n{}\r\n0\r\n\r\n"
    ),
    "a length that goes beyond all sense": raw(
        head(JSON, b"Content-Length: " + b"9" * 5000), b"{}"
    ),
}
SILENT = {
    "silence": raw(end="hang"),
    "silence before the body is read": at_head(end="hang"),
    "a head, then silence": raw(head(JSON, b"Content-Length: 500"), end="hang"),
    "half a body, then silence": raw(head(JSON, b"Content-Length: 500"), b'{"id": ', end="hang"),
    "a byte now and then": raw(head(JSON, b"Content-Length: 500"), *(b"{", 0.05) * 200),
    "interim answers without an end": raw(*[b"HTTP/1.1 100 Continue\r\n\r\n" * 50, 0.01] * 500),
}
# Odd, and yet it says plainly that the job was taken and what its id is.
PLAIN = {
    "interim answers first": Spoil(
        lambda asked, good, place: Reply((b"HTTP/1.1 102 Processing\r\n\r\n" * 3, *good.pieces))
    ),
    "a gzip": body(gzipped, Content_Encoding="gzip"),
    "no gzip, although it says so": body(lambda good: good, Content_Encoding="gzip"),
    "a deflate": body(deflated, Content_Encoding="deflate"),
    "a mark of the byte order": body(lambda good: b"\xef\xbb\xbf" + good),
    "UTF-16": body(lambda good: good.decode().encode("utf-16")),
    "the id twice, the right one last": body(
        lambda good: (
            good.replace(b'"id": ', b'"id": "x", "id": ')
            .replace(b'"request_id": ', b'"request_id": "x", "request_id": ')
            .replace(b'"jobId": ', b'"jobId": "x", "jobId": ')
        )
    ),
    "a character of another encoding": body(lambda good: good[:-1] + b', "note": "caf\xe9"}'),
    "half a character beside it": body(lambda good: good[:-1] + b', "note": "\\ud83d \\u0000"}'),
    "5 MB beside it": body(lambda good: good[:-1] + b', "note": "' + b"x" * 5_000_000 + b'"}'),
    "another type of content": body(lambda good: good, Content_Type="text/html; charset=utf-16"),
    "no length": Spoil(
        lambda asked, good, place: Reply.of(
            201, good.pieces[0].partition(b"\r\n\r\n")[2], {"Content-Length": ""}, end="close"
        )
    ),
    "pieces": Spoil(
        lambda asked, good, place: Reply(
            (
                head(JSON, b"Transfer-Encoding: chunked"),
                chunked(good.pieces[0].partition(b"\r\n\r\n")[2]),
            )
        )
    ),
    "a state that nobody knows": field(state="thinking"),
    "a state that is a list": field(state=["queued"]),
    "a state with half a character": field(state="queued\ud83d"),
    "done at once": field(state="success"),
}
REFUSALS = (400, 401, 402, 403, 404, 405, 413, 415, 422, 451, 307, 308)
ACCOUNT = (401, 402, 403)
REFUSAL_BODIES = {
    "a web page": (HTML, {"Content_Type": "text/html"}),
    "half a character": (b'{"detail": "Not this \\ud83d"}', {}),
    "a NUL": (b'{"detail": "Not\\u0000 this", "error": {"message": ["\\u0000"]}}', {}),
    "a gzip": (gzipped(b'{"detail": "Not this"}'), {"Content_Encoding": "gzip"}),
    "a broken gzip": (gzipped(b'{"detail": "Not this"}')[:-9], {"Content_Encoding": "gzip"}),
    "a list": (b"[1, null]", {}),
    "nothing": (b"", {}),
    "a document as deep as a well": (b'{"detail": ' + DEEP + b"}", {}),
    "10 MB": (b'{"detail": "' + b"x" * 10_000_000 + b'"}', {}),
    "bytes of another encoding": (b'{"detail": "caf\xe9"}', {}),
    "an encoding that is none": (b"caf\xe9", {"Content_Type": "text/plain; charset=klingon"}),
    "odd details": (
        b'{"details": {"actionName": ["\\ud83d"], "actionLimit": 1e400}, "detail": [{"loc": 7, "msg": {}}]}',
        {},
    ),
}


def rows() -> list[Row]:
    """Return every row about the paid call."""
    found = [Row(f"status {code}", SUBMIT, status(code), UNKNOWN) for code in STATUSES]
    found += [Row(f"answers {name}", SUBMIT, spoil, UNKNOWN) for name, spoil in BODIES.items()]
    found += [
        Row(f"an id that is {name}", SUBMIT, field(id=value), UNKNOWN)
        for name, value in IDS.items()
    ]
    found += [Row(f"ends with {name}", SUBMIT, spoil, UNKNOWN) for name, spoil in ENDS.items()]
    found += [
        Row(f"ends with {name}", SUBMIT, spoil, UNKNOWN, is_silent=True)
        for name, spoil in SILENT.items()
    ]
    found += [Row(f"taken, with {name}", SUBMIT, spoil, OK) for name, spoil in PLAIN.items()]
    found += [
        Row(
            f"refused with {code}", SUBMIT, status(code), NO_ACCOUNT if code in ACCOUNT else REFUSED
        )
        for code in REFUSALS
    ]
    found += [
        Row(f"refused with {name}", SUBMIT, status(400, content, **headers), REFUSED)
        for name, (content, headers) in REFUSAL_BODIES.items()
    ]
    # A head that refuses, and no whole answer: the money stays held until somebody looks.
    found.append(
        Row(
            "refused, and cut",
            SUBMIT,
            raw(head(b"Content-Length: 90", first=b"HTTP/1.1 400 Bad"), b"{"),
            UNKNOWN,
        )
    )
    return found + _waits()


# What `Retry-After` may say, and how long nothing is sent then: at least and at most.
LONGEST = 600.0
USUAL = (1.0, 75.0)  # as if it had said nothing
_NOW = datetime.now(UTC)
WAITS: dict[str, tuple[str, tuple[float, float]]] = {
    "seconds": ("7", (7.0, 90.0)),
    "more seconds": ("120", (120.0, 200.0)),
    "a fraction": ("7.5", (7.5, 90.0)),
    "zero": ("0", USUAL),
    "seconds below zero": ("-30", USUAL),
    "seconds beyond all sense": ("1e99", (1.0, LONGEST)),
    "more digits than a number has": ("9" * 400, (1.0, LONGEST)),
    "no number": ("nan", USUAL),
    "no end": ("inf", (1.0, LONGEST)),
    "words": ("soon", USUAL),
    "nothing": ("", USUAL),
    "a list": ("120, 60", (1.0, 200.0)),
    "a date": (format_datetime(_NOW + timedelta(hours=2), usegmt=True), (500.0, LONGEST)),
    "a date long ago": ("Wed, 21 Oct 2015 07:28:00 GMT", USUAL),
    "a date without a zone": ("Wed, 21 Oct 2015 07:28:00", USUAL),
    "a date of no zone": ("Wed, 21 Oct 2015 07:28:00 -0000", USUAL),
    "a date of an absurd zone": ("Wed, 21 Oct 2026 07:28:00 +99999", (1.0, LONGEST)),
    "a date of the last year": ("Fri, 31 Dec 9999 23:59:59 -2300", (1.0, LONGEST)),
    "a date of the first year": ("Mon, 01 Jan 0001 00:00:00 +2300", USUAL),
    "half a date": ("Wed, 21", USUAL),
    "bytes of another encoding": ("caf\xe9", USUAL),
}


def _waits() -> list[Row]:
    again = replace(OK, posts=2)
    found = [
        Row(
            f"429, and again after {name}",
            SUBMIT,
            status(429, times=1, Retry_After=said),
            again,
            wait=wait,
        )
        for name, (said, wait) in WAITS.items()
    ]
    found += [
        Row(
            f"429, and a reset of {name}",
            SUBMIT,
            status(429, times=1, X_RateLimit_Reset=said),
            again,
            wait=wait,
        )
        for name, (said, wait) in WAITS.items()
        if name in ("seconds beyond all sense", "no number", "words", "a date of an absurd zone")
    ]
    # A doubt stays a doubt, however politely it is told.
    for code in (500, 503):
        found += [
            Row(f"{code}, and again after {name}", SUBMIT, status(code, Retry_After=said), UNKNOWN)
            for name, (said, _wait) in WAITS.items()
            if name in ("seconds", "words", "a date of an absurd zone")
        ]
    return [
        *found,
        Row("403, and again after seconds", SUBMIT, status(403, Retry_After="120"), NO_ACCOUNT),
    ]
