"""A job that is followed.

Polls are free; the money is held until the job ends or a person says what became of it.
"""

from dataclasses import replace

from tests.hostile.row import (
    BACK,
    COUNTED,
    ENDED,
    FAILED,
    GMI,
    LOST,
    LUMA,
    NOT_READ,
    ODD_PRICE,
    ODD_STATE,
    OK,
    OVERDUE,
    POLL,
    SCENARIO,
    Row,
)
from tests.hostile.rows_submit import BODIES, ENDS, PLAIN, SILENT, WAITS
from tests.hostile.spoils import HALF_EMOJI, ODD_TEXTS, ODD_VALUES, Token, body, bomb, field, status

FOLLOWED = replace(OK, most=12)  # some polls that fail, and then one that does not
STATUSES = (400, 404, 408, 410, 429, 500, 503, 302)
# Ends of a job, as providers write them; Scenario refunds what failed, the others do not say.
FAILURES = ("FAILED", "failure", "error", "ERROR")
ENDS_OTHERWISE = (
    "cancelled",
    "canceled",
    "CANCELLED",
    "Expired",
    "expired",
    "timeout",
    "timed_out",
    "timed-out",
    "TIMED OUT",
    "aborted",
    "rejected",
)
DONE = ("SUCCESS", "Success", "succeeded", "COMPLETED", "completed", "done")
UNHEARD = ("thinking", "", "half \ud83d", "a NUL\x00", "x" * 100_000)
PRICES = {
    "beyond all sense": Token("1e13"),
    "beyond every number": Token("1e400"),
    "no number": Token("NaN"),
    "no end": Token("-Infinity"),
    "below zero": -1,
    "a word": "free",
    "an object": {},
    "a list": [108],
    "true": True,
    "a text beyond all sense": "9" * 4000,
    "a number of many digits": Token("9" * 5000),
}


def rows() -> list[Row]:
    """Return every row about following a job."""
    account = frozenset({"account"})  # such an alert stays open until the account is looked at
    found = [
        Row(f"status {code} three times", POLL, status(code, times=3), FOLLOWED)
        for code in STATUSES
    ]
    found += [
        Row(
            f"status {code} three times",
            POLL,
            status(code, times=3),
            replace(FOLLOWED, alerts=account),
        )
        for code in (401, 403)
    ]
    found += [
        Row(f"status {code} for ever", POLL, status(code), OVERDUE) for code in (400, 429, 500, 503)
    ]
    late = replace(OVERDUE, alerts=OVERDUE.alerts | account)
    found += [
        Row("status 401 for ever", POLL, status(401), late),
        Row("status 404 for ever", POLL, status(404), LOST),
    ]
    found += [
        Row(f"ends with {name}, three times", POLL, replace(spoil, times=3), FOLLOWED)
        for name, spoil in ENDS.items()
    ]
    found += [
        Row(f"ends with {name}, twice", POLL, replace(spoil, times=2), FOLLOWED, is_silent=True)
        for name, spoil in SILENT.items()
    ]
    found += [
        Row(f"ends with {name} for ever", POLL, ENDS[name], OVERDUE)
        for name in ("no answer", "another protocol", "half a body")
    ]
    return found + _bodies() + _ids() + _states() + _words() + _waits()


def _bodies() -> list[Row]:
    odd = {
        name for name in BODIES if name.startswith(("nothing", "an error that"))
    }  # no state is one that nobody knows
    found = [
        Row(f"answers {name} for ever", POLL, spoil, ODD_STATE if name in odd else NOT_READ)
        for name, spoil in BODIES.items()
    ]
    found += [
        Row(f"answers {name} three times", POLL, replace(BODIES[name], times=3), FOLLOWED)
        for name in (
            "nothing",
            "a web page",
            "a list",
            "20 MB",
            "a document as deep as a well",
            "a broken gzip",
        )
    ]
    found += [
        Row(
            "answers a gzip of 600 MB for ever",
            POLL,
            body(lambda good: bomb(), Content_Encoding="gzip"),
            NOT_READ,
        )
    ]
    same = {
        name: spoil
        for name, spoil in PLAIN.items()
        if not name.startswith(("a state", "done", "half", "the id"))
    }
    found += [Row(f"done, with {name}", POLL, spoil, OK) for name, spoil in same.items()]
    return found


def _ids() -> list[Row]:
    """An answer about another job is not about ours; one that names none is, for ours was asked
    for.
    """
    other = "99999999-2222-4333-8444-555555555555"
    found = [
        Row("the id of another job", POLL, field(id=other), NOT_READ),
        Row("the id of another job, twice", POLL, field(2, id=other), FOLLOWED),
        Row(
            "an asset of another id",
            "asset",
            field(id=other),
            replace(NOT_READ, most=400),
            [SCENARIO],
        ),
    ]
    return found + [
        Row(f"an id that is {name}", POLL, field(id=ODD_VALUES[name]), OK)
        for name in ("null", "a list")
    ]


def _states() -> list[Row]:
    running = {LUMA: "processing", GMI: "processing", SCENARIO: "in-progress"}
    found = [
        Row(f"says {word!r} for ever", POLL, field(state=word), OVERDUE, [slug])
        for slug, word in running.items()
    ]
    for word in FAILURES:
        found.append(Row(f"says {word!r}", POLL, field(state=word), FAILED, is_shared=True))
    for word in ENDS_OTHERWISE:
        end = FAILED if word == "canceled" else ENDED
        found.append(
            Row(f"says {word!r}", POLL, field(state=word), end, is_shared=word != "cancelled")
        )
    for word in DONE:
        found.append(Row(f"says {word!r}", POLL, field(state=word), OK, is_shared=True))
    for word in UNHEARD:
        found.append(
            Row(f"says {word[:20]!r} for ever", POLL, field(state=word), ODD_STATE, is_shared=True)
        )
        found.append(
            Row(f"says {word[:20]!r} twice", POLL, field(2, state=word), FOLLOWED, is_shared=True)
        )
    for name, value in ODD_VALUES.items():
        found.append(Row(f"a state that is {name}", POLL, field(state=value), ODD_STATE))
    return found


def _words() -> list[Row]:
    """What a provider says of a failure, of how far it is and of what it costs."""
    found = []
    for slug, word, end in (
        (LUMA, "failed", COUNTED),
        (GMI, "failed", COUNTED),
        (SCENARIO, "failure", BACK),
    ):
        for name, text in ODD_TEXTS.items():
            found.append(
                Row(f"failed, with {name}", POLL, field(state=word, reason=text), end, [slug])
            )
        for name, value in ODD_VALUES.items():
            found.append(
                Row(
                    f"failed, and the reason is {name}",
                    POLL,
                    field(state=word, reason=value),
                    end,
                    [slug],
                )
            )
    for name, value in (ODD_VALUES | {"half a character": HALF_EMOJI}).items():
        found.append(
            Row(
                f"failed, and the code is {name}",
                POLL,
                field(state="failed", code=value),
                COUNTED,
                [LUMA],
            )
        )
    for name, value in ODD_VALUES.items():
        found.append(Row(f"a progress that is {name}", POLL, field(progress=value), OK, [SCENARIO]))
    found += [
        Row(f"a price that is {name}", POLL, field(price=value), ODD_PRICE, [SCENARIO])
        for name, value in PRICES.items()
    ]
    found.append(Row("a price that is not said", POLL, field(price=None), OK, [SCENARIO]))
    return found


def _waits() -> list[Row]:
    """After every refusal nothing is asked for as long as it says: within sensible bounds, and
    garbage is ignored.
    """
    few = ("more seconds", "words", "seconds beyond all sense", "a date of an absurd zone")
    found = [
        Row(
            f"503, and again after {name}",
            POLL,
            status(503, times=1, Retry_After=said),
            FOLLOWED,
            wait=wait,
        )
        for name, (said, wait) in WAITS.items()
    ]
    for code in (403, 429, 500):
        end = replace(FOLLOWED, alerts=frozenset({"account"})) if code == 403 else FOLLOWED
        for name in few:
            said, wait = WAITS[name]
            spoil = status(code, times=1, Retry_After=said)
            found.append(Row(f"{code}, and again after {name}", POLL, spoil, end, wait=wait))
    return found
