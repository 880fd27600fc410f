"""A job that is followed. Polls are free; the money is held until the job ends or a person says what became of it."""

from dataclasses import replace

from tests.hostile.row import (
    BACK,
    COUNTED,
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
from tests.hostile.spoils import ODD_TEXTS, ODD_VALUES, Token, bomb, field, says, status

FOLLOWED = replace(OK, most=12)  # some polls that fail, and then one that does not
STATUSES = (400, 403, 404, 408, 409, 410, 418, 425, 429, 500, 502, 503, 504, 520, 301, 302, 307)
# Ends of a job, as providers write them; Scenario refunds what failed, the others do not say.
FAILURES = ("FAILED", "Failed", "failure", "error", "ERROR", "Errored")
CANCELED = ("cancelled", "canceled", "CANCELLED", "Cancelled", "expired", "EXPIRED", "timeout", "Timeout", "timed_out", "timed-out", "TIMED OUT", "aborted", "rejected")  # fmt: skip
DONE = ("SUCCESS", "Success", "succeeded", "COMPLETED", "completed", "Complete", "done", "finished")
UNDERWAY = ("thinking", "", "half \ud83d", "a NUL\x00", "x" * 100_000)
PRICES = {
    "beyond all sense": Token("1e13"), "beyond every number": Token("1e400"), "no number": Token("NaN"), "no end": Token("-Infinity"), "below zero": -1,
    "a word": "free", "an object": {}, "a list": [108], "true": True, "a text beyond all sense": "9" * 4000, "a number of many digits": Token("9" * 5000),
}  # fmt: skip

def rows() -> list[Row]:
    """Return every row about following a job."""
    found = [Row(f"status {code} three times", POLL, status(code, times=3), FOLLOWED) for code in STATUSES if code != 403]
    account = replace(FOLLOWED, alerts=frozenset({"account"}))  # stays open until the account is looked at
    found += [Row(f"status {code} three times", POLL, status(code, times=3), account) for code in (401, 403)]
    late = replace(OVERDUE, alerts=OVERDUE.alerts | {"account"})
    found += [Row(f"status {code} for ever", POLL, status(code), OVERDUE) for code in (400, 429, 500, 503)]
    found += [Row("status 401 for ever", POLL, status(401), late), Row("status 404 for ever", POLL, status(404), LOST)]
    found += _bodies() + _states() + _words() + _waits()
    if_silent = {"is_silent": True}
    found += [Row(f"ends with {name}, three times", POLL, replace(spoil, times=3), FOLLOWED) for name, spoil in ENDS.items()]
    found += [Row(f"ends with {name}, twice", POLL, replace(spoil, times=2), FOLLOWED, **if_silent) for name, spoil in SILENT.items()]
    found += [Row(f"ends with {name} for ever", POLL, ENDS[name], OVERDUE) for name in ("no answer", "another protocol", "half a body")]
    return found

def _bodies() -> list[Row]:
    odd = {name: spoil for name, spoil in BODIES.items() if not name.startswith(("nothing", "an error that"))}
    found = [Row(f"answers {name} three times", POLL, replace(spoil, times=3), FOLLOWED) for name, spoil in BODIES.items()]
    found += [Row(f"answers {name} for ever", POLL, spoil, NOT_READ) for name, spoil in odd.items()]
    found += [Row(f"answers {name} for ever", POLL, spoil, ODD_STATE) for name, spoil in BODIES.items() if name not in odd]
    same = {name: spoil for name, spoil in PLAIN.items() if not name.startswith(("a state", "done", "half", "the id"))}
    found += [Row(f"done, with {name}", POLL, spoil, OK) for name, spoil in same.items()]
    # An answer about another job is not about ours; one that names none is, for we have asked for ours.
    found += [Row("the id of another job", POLL, field(id="99999999-2222-4333-8444-555555555555"), NOT_READ)]
    found += [Row(f"an id that is {name}", POLL, field(id=value), OK) for name, value in ODD_VALUES.items() if value in (None, "")]
    found += [Row("a gzip of 600 MB", POLL, says(bomb(), Content_Encoding="gzip"), NOT_READ)]
    return found

def _states() -> list[Row]:
    found = [Row(f"says {word!r}", POLL, field(state=word), FAILED) for word in FAILURES]
    found += [Row(f"says {word!r}", POLL, field(state=word), FAILED) for word in CANCELED]
    found += [Row(f"says {word!r}", POLL, field(state=word), OK) for word in DONE]
    found += [Row(f"says {word[:20]!r} for ever", POLL, field(state=word), ODD_STATE) for word in UNDERWAY]
    found += [Row(f"says {word[:20]!r}, and then it is done", POLL, field(2, state=word), FOLLOWED) for word in UNDERWAY]
    found += [Row(f"a state that is {name}", POLL, field(state=value), ODD_STATE) for name, value in ODD_VALUES.items() if value != ""]
    running = {LUMA: "processing", GMI: "processing", SCENARIO: "in-progress"}
    found += [Row(f"is under way for ever at {slug}", POLL, field(state=word), OVERDUE, [slug]) for slug, word in running.items()]
    return found

def _words() -> list[Row]:
    """What a provider says of a failure, of how far it is and of what it costs."""
    found = []
    for slug, word, end in ((LUMA, "failed", COUNTED), (GMI, "failed", COUNTED), (SCENARIO, "failure", BACK)):
        for name, text in ODD_TEXTS.items():
            found.append(Row(f"failed, with {name}", POLL, field(state=word, reason=text), end, [slug]))
        for name, value in ODD_VALUES.items():
            found.append(Row(f"failed, and the reason is {name}", POLL, field(state=word, reason=value), end, [slug]))
    for name, value in (ODD_VALUES | ODD_TEXTS).items():
        found.append(Row(f"failed, and the code is {name}", POLL, field(state="failed", code=value), COUNTED, [LUMA]))
    for name, value in ODD_VALUES.items():
        found.append(Row(f"a progress that is {name}", POLL, field(progress=value), OK, [SCENARIO]))
    found += [Row(f"a price that is {name}", POLL, field(price=value), ODD_PRICE, [SCENARIO]) for name, value in PRICES.items()]
    found.append(Row("a price that is not said", POLL, field(price=None), OK, [SCENARIO]))
    return found

def _waits() -> list[Row]:
    """After every refusal nothing is asked for as long as it says: within sensible bounds, and garbage is ignored."""
    account = replace(FOLLOWED, alerts=frozenset({"account"}))
    found = []
    for code, end in ((403, account), (429, FOLLOWED), (500, FOLLOWED), (503, FOLLOWED)):
        found += [
            Row(f"{code}, and again after {name}", POLL, status(code, times=1, Retry_After=said), end, wait=wait)
            for name, (said, wait) in WAITS.items()
            if code in (429, 503) or name in ("more seconds", "words", "seconds beyond all sense", "a date of an absurd zone")
        ]
    return found

