"""What stands around the paid call: the upload of a file before it, and the provider's list if its
answer was lost.
"""

from dataclasses import replace

from tests.hostile.row import (
    COMPLETE,
    GMI,
    LIST,
    LUMA,
    NOT_SENT,
    NOT_TAKEN,
    OK,
    PUT,
    SCENARIO,
    UNKNOWN,
    UPLOAD,
    Row,
)
from tests.hostile.rows_result import LINKS, SOME_LINKS, _link
from tests.hostile.rows_submit import BODIES, ENDS, SILENT, WAITS
from tests.hostile.spoils import ODD_TEXTS, ODD_VALUES, Token, field, raw, says, status

SENT = replace(OK, most=12)
NO_KEY = replace(NOT_TAKEN, says="", alerts=frozenset({"account"}), most=1)
FOR_GOOD = (400, 403, 404, 405, 410, 413, 415, 422)
FOR_NOW = (408, 429, 500, 502, 503, 504)
COMPLETED = (LUMA, SCENARIO)
SOME_BODIES = (
    "a web page",
    "a document as deep as a well",
    "a broken gzip",
    "half a document",
    "a list",
    "20 MB",
)


def rows() -> list[Row]:
    """Return every row about uploads and lists."""
    return _uploads() + _lists()


def _uploads() -> list[Row]:
    found = [
        Row(f"status {code} for ever", PUT, status(code), replace(NOT_SENT, most=3))
        for code in FOR_GOOD
    ]
    found += [Row(f"status {code}, once", PUT, status(code, times=1), SENT) for code in (400, 403)]
    found += [Row(f"status {code} for ever", PUT, status(code), NOT_SENT) for code in FOR_NOW]
    found += [
        Row(f"status {code} three times", PUT, status(code, times=3), SENT) for code in (429, 503)
    ]
    found += [
        Row(f"moved, {code}", PUT, status(code, Location="http://127.0.0.1:1/"), NOT_SENT)
        for code in (301, 302, 307)
    ]
    found += [
        Row(f"ends with {name}, twice", PUT, replace(spoil, times=2), SENT)
        for name, spoil in ENDS.items()
    ]
    found += [
        Row(f"ends with {name} for ever", PUT, ENDS[name], NOT_SENT)
        for name in ("no answer", "another protocol")
    ]
    found += [Row(f"status {code} for ever", UPLOAD, status(code), NOT_SENT) for code in FOR_NOW]
    found += [
        Row(
            f"status {code} for ever",
            UPLOAD,
            status(code),
            replace(NOT_TAKEN, says="refused", most=1),
        )
        for code in (400, 405, 413, 422)
    ]
    found += [Row(f"status {code} for ever", UPLOAD, status(code), NO_KEY) for code in (401, 403)]
    found += [
        Row(f"an address of {name}", UPLOAD, field(url=_link(link)), NOT_SENT, is_shared=True)
        for name, link in LINKS.items()
    ]
    found += [
        Row(f"once an address of {name}", UPLOAD, field(1, url=_link(link)), SENT, is_shared=True)
        for name, link in LINKS.items()
        if name in SOME_LINKS
    ]
    found += [
        Row(f"an address that is {name}", UPLOAD, field(url=value), NOT_SENT)
        for name, value in ODD_VALUES.items()
    ]
    found += [
        Row(f"an id that is {name}", UPLOAD, field(id=value), NOT_SENT)
        for name, value in ODD_VALUES.items()
    ]
    for call, wires in ((UPLOAD, (LUMA, GMI, SCENARIO)), (COMPLETE, COMPLETED)):
        found += [
            Row(f"answers {name} for ever", call, BODIES[name], NOT_SENT, wires)
            for name in SOME_BODIES
        ]
        found += [
            Row(f"answers {name}, twice", call, replace(BODIES[name], times=2), SENT, wires)
            for name in SOME_BODIES[:3]
        ]
    for name, text in (
        ODD_TEXTS | {"a list": ["a"], "an object": {}, "a number": Token("1e400")}
    ).items():
        found.append(
            Row(
                f"not taken, with {name}",
                COMPLETE,
                field(state="failed", reason=text),
                NOT_TAKEN,
                COMPLETED,
            )
        )
    found += [
        Row(f"ends with {name}, once", PUT, replace(spoil, times=1), SENT, is_silent=True)
        for name, spoil in SILENT.items()
    ]
    found += [
        Row(
            f"{code}, and again after {name}",
            UPLOAD,
            status(code, times=1, Retry_After=WAITS[name][0]),
            SENT,
            wait=WAITS[name][1],
        )
        for code in (429, 503)
        for name in (
            "more seconds",
            "words",
            "seconds beyond all sense",
            "a date of an absurd zone",
        )
    ]
    return found


# The answer to the paid call is lost, and its job is on the list.
ANSWER_LOST = {"submit": raw(end="reset")}
IN_DOUBT = replace(UNKNOWN, most=60)
FOUND = replace(
    OK, lines=("reserve", "adjust", "charge"), most=12
)  # a line says that, and how, it was found
BESIDE = {
    **ODD_VALUES,
    "a job without an id": {"request_id": None, "jobId": None},
    "a job of an odd time": {
        "request_id": "x",
        "jobId": "x",
        "created_at": Token("1e400"),
        "createdAt": "9999-99-99",
    },
    "an id with half a character": {
        "request_id": "\ud83d",
        "jobId": "\x00",
        "created_at": [],
        "createdAt": 7,
    },
}


def _lists() -> list[Row]:
    wires, also = (GMI, SCENARIO), ANSWER_LOST
    found = [
        Row(f"answers {name} for ever", LIST, spoil, IN_DOUBT, wires, also=also)
        for name, spoil in BODIES.items()
    ]
    found += [
        Row(f"answers {name}, twice", LIST, replace(BODIES[name], times=2), FOUND, wires, also=also)
        for name in SOME_BODIES
    ]
    found += [
        Row(f"jobs that are {name}", LIST, field(jobs=value), IN_DOUBT, wires, also=also)
        for name, value in ODD_VALUES.items()
    ]
    found += [
        Row(
            f"{name} beside the job",
            LIST,
            field(jobs=lambda place, value=value: [value, *place.jobs]),
            IN_DOUBT,
            wires,
            also=also,
        )
        for name, value in BESIDE.items()
    ]
    found += [
        Row(
            "the job twice",
            LIST,
            field(jobs=lambda place: place.jobs * 2),
            IN_DOUBT,
            wires,
            also=also,
        )
    ]
    found += [Row("the job as it should be", LIST, says(b"", times=0), FOUND, wires, also=also)]
    found += [
        Row(f"status {code} for ever", LIST, status(code), IN_DOUBT, wires, also=also)
        for code in (401, 404, 429, 500)
    ]
    return found
