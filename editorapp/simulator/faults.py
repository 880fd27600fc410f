"""What can go wrong on demand: set through the admin endpoint for the next calls, or written into a
prompt.

One table, `KINDS`, which `/_simulator/` shows.
"""

import re
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any

from editorapp.core.request_values import as_whole

CALLS = {
    "submit": "the paid POST: a generation, a request",
    "poll": "GET of a generation, a request",
    "list": "GET of the list of requests, of jobs",
    "price": "asking what a request would cost, where no price is published",
    "upload": "asking where to upload a file",
    "put": "PUT to the presigned upload URL",
    "complete": "saying that a file's upload is complete",
    "file": "GET of an uploaded file",
    "download": "GET of a result's presigned URL",
    "job": "the rendering of a job (in a prompt, or set for the next submit)",
}
FAILURES = {
    "content_moderated": "Generation output was flagged by our content moderation system.",
    "generation_failed": "Generation failed",
    "output_not_found": "Output artifacts not found",
    "budget_exhausted": "Insufficient balance to complete this generation.",
    "image_too_large": "An input image exceeds the size limit.",
    "unsupported_format": "The format of an input is not supported.",
    "corrupt_input": "An input could not be decoded.",
    "invalid_request": "The request has parameters that do not fit together.",
    "rate_limited": "An upstream service is throttling requests.",
    "cancelled": "The request was cancelled.",
}


@dataclass(frozen=True)
class FaultKind:
    """One thing that can go wrong. `default_call` is where a magic word without a call strikes."""

    name: str
    says: str
    default_call: str
    calls: tuple[str, ...]


_HTTP = ("submit", "poll", "list", "price", "upload", "put", "complete", "file", "download")
KINDS = {
    kind.name: kind
    for kind in (
        FaultKind(
            "status",
            "answers this status and does nothing; detail and retry_after may follow",
            "submit",
            _HTTP,
        ),
        FaultKind(
            "hang",
            "takes the request in full and acts on it (a job is made), then never answers",
            "submit",
            _HTTP,
        ),
        FaultKind("hang_before", "never answers and does nothing", "submit", _HTTP),
        FaultKind(
            "reset", "closes the connection without an answer and does nothing", "submit", _HTTP
        ),
        FaultKind(
            "accept_then_reset",
            "acts on the request, then closes without an answer",
            "submit",
            _HTTP,
        ),
        FaultKind(
            "slow", "answers (a job: finishes) this many seconds late", "job", (*_HTTP, "job")
        ),
        FaultKind(
            "fail",
            "the job (or, at complete, the file) fails with this failure code",
            "job",
            ("job", "submit", "poll", "complete"),
        ),
        FaultKind(
            "lag", "the list leaves out what is younger than this many seconds", "list", ("list",)
        ),
        FaultKind("bare", "the list does not show what was asked for", "list", ("list",)),
        FaultKind(
            "filled", "the list writes out all defaults, in another order", "list", ("list",)
        ),
        FaultKind(
            "cut", "the connection ends in the middle of the file", "download", ("download",)
        ),
        FaultKind(
            "trickle", "the file takes this many seconds to arrive", "download", ("download",)
        ),
        FaultKind("expired", "the link answers 403, as after its hour", "download", ("download",)),
        FaultKind(
            "corrupt",
            "the result has the right length but does not decode",
            "job",
            ("job", "submit", "download"),
        ),
        FaultKind(
            "truncated",
            "the result is a file that ends half-way",
            "job",
            ("job", "submit", "download"),
        ),
        FaultKind("no_output", "the job succeeds, and names no result", "job", ("job", "submit")),
        FaultKind("empty", "the result is a file of 0 bytes", "job", ("job", "submit", "download")),
    )
}
_MAGIC = re.compile(
    r"\[\[\s*(?:(?P<call>[a-z]+)\s+)?(?P<kind>[a-z_]+|\d{3})(?::(?P<value>[^\]:]*))?(?::(?P<more>[^\]]*))?\]\]"
)


MOST_SECONDS = 7 * 24 * 3600  # that a fault lasts: jobs of days are followed, too


class UnknownFault(ValueError):
    """The fault asked for is not in the table."""


@dataclass
class Fault:
    """One fault that waits to strike: the next `times` calls of `call`.

    Units: `seconds` for slow, trickle and lag; `retry_after` in seconds.
    """

    call: str
    kind: str
    times: int = 1
    status: int = 0
    code: str = ""
    seconds: float = 0.0
    detail: str = ""
    retry_after: int | None = None

    def to_json(self) -> dict[str, Any]:
        return {key: value for key, value in vars(self).items() if value not in ("", None, 0, 0.0)}


def fault_of(call: str, kind: str, *, times: int = 1, **options: Any) -> Fault:
    """Return the fault named `kind` ("reset", "status:503", "fail:generation_failed", "slow:20",
    "429:7").

    Raises: UnknownFault, when there is no such call, kind, status or failure code.
    """
    if not isinstance(call, str) or not isinstance(kind, str):
        raise UnknownFault("call and kind are texts.")
    name, _colon, value = kind.partition(":")
    if as_whole(name) is not None:
        name, value = "status", kind
    if name not in KINDS:
        raise UnknownFault(f"There is no kind {name!r}: one of {', '.join(KINDS)}.")
    call = call or KINDS[name].default_call
    if call not in KINDS[name].calls:
        raise UnknownFault(
            f"{name!r} cannot happen to {call!r}: one of {', '.join(KINDS[name].calls)}."
        )
    fault = Fault(call, name, times=int(times))
    if name == "status":
        _read_status(fault, value or str(options.get("status", "")))
    if name == "fail":
        fault.code = value or str(options.get("code", "generation_failed"))
        if fault.code not in FAILURES:
            raise UnknownFault(
                f"There is no failure code {fault.code!r}: one of {', '.join(FAILURES)}."
            )
    if name in ("slow", "trickle", "lag"):
        fault.seconds = float(value or options.get("seconds", 5))
        if not 0 <= fault.seconds <= MOST_SECONDS:
            raise UnknownFault(f"{value!r} is no time from 0 to {MOST_SECONDS} seconds.")
    fault.detail = str(options.get("detail") or fault.detail)
    if options.get("retry_after") is not None:
        fault.retry_after = int(options["retry_after"])
    return fault


def _read_status(fault: Fault, value: str) -> None:
    number, _colon, rest = value.partition(":")
    if not 400 <= (status := as_whole(number) or 0) <= 599:
        raise UnknownFault(f"{number!r} is not an HTTP status between 400 and 599.")
    fault.status = status
    if (seconds := as_whole(rest)) is not None:
        fault.retry_after = seconds
    else:
        fault.detail = rest


def magic(prompt: str) -> list[Fault]:
    """Return the faults written into a prompt as `[[kind]]`, `[[kind:value]]` or `[[call
    kind:value]]`.

    The value of slow and trickle is seconds, that of cut and expired how many downloads they strike
    (1). Words that mean nothing are left alone.
    """
    found = []
    for match in _MAGIC.finditer(prompt):
        kind, value, more = match["kind"], match["value"] or "", match["more"] or ""
        times = 1
        if kind in ("cut", "expired") and (said := as_whole(value)) is not None:
            times, value = said, ""
        whole = ":".join(part for part in (kind, value, more) if part)
        try:
            found.append(fault_of(match["call"] or "", whole, times=times))
        except ValueError:
            continue
    return found


@dataclass
class Faults:
    """The faults that wait, and what was counted since the last reset."""

    waiting: list[Fault] = field(default_factory=list)
    accepted: int = 0
    posts: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    recent: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=200))

    def take(self, *calls: str, kinds: tuple[str, ...] = ()) -> Fault | None:
        """Return the first fault that waits for one of these calls (and kinds), used up by one."""
        for fault in self.waiting:
            if fault.call in calls and (not kinds or fault.kind in kinds):
                fault.times -= 1
                if fault.times <= 0:
                    self.waiting.remove(fault)
                return fault
        return None

    def clear(self) -> None:
        self.waiting.clear()
        self.accepted = self.posts = 0
        self.calls.clear()
        self.by_status.clear()
        self.recent.clear()
