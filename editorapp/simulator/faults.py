"""Faults on demand: set through the admin endpoint for the next calls, or written into a
prompt.

One table, `KINDS`, which `/_simulator/` shows.
"""

import asyncio
import re
from collections import Counter, deque
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from editorapp.core.request_values import as_whole
from editorapp.simulator.http import Act, Answer, Hang, Reset, Response, answered
from editorapp.simulator.tables import JsonObject, read_table

_TABLE = read_table("words/faults")
CALLS: dict[str, str] = _TABLE["calls"]
FAILURES: dict[str, str] = _TABLE["failures"]


@dataclass(frozen=True)
class FaultKind:
    """One thing that can go wrong, and to which calls."""

    name: str
    says: str
    calls: tuple[str, ...]

    @property
    def default_call(self) -> str:
        """Where a magic word without a call strikes."""
        return "job" if "job" in self.calls else self.calls[0]


def _kind(name: str, says: str, calls: list[str]) -> FaultKind:
    """Read a row; "http" among its calls stands for all but the rendering of a job."""
    http = [call for call in CALLS if call != "job"] if "http" in calls else []
    return FaultKind(
        name,
        says,
        (*http, *(call for call in calls if call != "http")),
    )


KINDS = {name: _kind(name, **row) for name, row in _TABLE["kinds"].items()}
HTTP_KINDS = ("status", "hang", "hang_before", "reset", "accept_then_reset", "slow")
SPOILS = ("corrupt", "truncated", "empty")
JOB_KINDS = ("fail", "slow", "no_output", *SPOILS)
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

    def to_json(self) -> JsonObject:
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
    fault = Fault(_call_of(call, name), name, times=int(times))
    _read_value(fault, value, options)
    fault.detail = str(options.get("detail") or fault.detail)
    if options.get("retry_after") is not None:
        fault.retry_after = int(options["retry_after"])
    return fault


def _call_of(call: str, name: str) -> str:
    if (kind := KINDS.get(name)) is None:
        raise UnknownFault(f"There is no kind {name!r}: one of {', '.join(KINDS)}.")
    if call and call not in kind.calls:
        raise UnknownFault(f"{name!r} cannot happen to {call!r}: one of {', '.join(kind.calls)}.")
    return call or kind.default_call


def _read_value(fault: Fault, value: str, options: JsonObject) -> None:
    match fault.kind:
        case "status":
            _read_status(fault, value or str(options.get("status", "")))
        case "fail":
            _read_code(fault, value or str(options.get("code", "generation_failed")))
        case "slow" | "trickle" | "lag":
            _read_seconds(fault, value or options.get("seconds", 5))


def _read_code(fault: Fault, code: str) -> None:
    if code not in FAILURES:
        raise UnknownFault(f"There is no failure code {code!r}: one of {', '.join(FAILURES)}.")
    fault.code = code


def _read_seconds(fault: Fault, said: Any) -> None:
    fault.seconds = float(said)
    if not 0 <= fault.seconds <= MOST_SECONDS:
        raise UnknownFault(f"{said!r} is no time from 0 to {MOST_SECONDS} seconds.")


def _read_status(fault: Fault, value: str) -> None:
    number, _colon, rest = value.partition(":")
    fault.status = as_whole(number) or 0
    if not 400 <= fault.status <= 599:
        raise UnknownFault(f"{number!r} is not an HTTP status between 400 and 599.")
    fault.retry_after = as_whole(rest)
    if fault.retry_after is None:
        fault.detail = rest


def magic(prompt: str) -> list[Fault]:
    """Return the faults written into a prompt as `[[kind]]`, `[[kind:value]]` or `[[call
    kind:value]]`.

    The value of slow and trickle is seconds, that of cut and expired how many downloads they strike
    (1). Words that mean nothing are left alone.
    """
    found = []
    for match in _MAGIC.finditer(prompt):
        with suppress(ValueError):
            found.append(_written(match))
    return found


def _written(match: re.Match[str]) -> Fault:
    """Return the fault of one magic word. Raises: ValueError, when it means nothing."""
    kind, value, more = match["kind"], match["value"] or "", match["more"] or ""
    times = 1
    if kind in ("cut", "expired") and (said := as_whole(value)) is not None:
        times, value = said, ""
    whole = ":".join(part for part in (kind, value, more) if part)
    return fault_of(match["call"] or "", whole, times=times)


Refuse = Callable[[Fault], Response]


@dataclass
class Faults:
    """The faults that wait, and what was counted since the last reset."""

    waiting: list[Fault] = field(default_factory=list)
    accepted: int = 0
    posts: int = 0
    calls: Counter[str] = field(default_factory=Counter)
    by_status: Counter[int] = field(default_factory=Counter)
    recent: deque[JsonObject] = field(default_factory=lambda: deque(maxlen=200))

    def take(self, call: str, kinds: Collection[str] = KINDS) -> Fault | None:
        """Return the first fault (of these kinds) that waits for this call, used up by one."""
        waiting = (one for one in self.waiting if one.call == call and one.kind in kinds)
        fault = next(waiting, None)
        if fault is not None:
            self._use_up(fault)
        return fault

    def _use_up(self, fault: Fault) -> None:
        fault.times -= 1
        if fault.times <= 0:
            self.waiting.remove(fault)

    def met(self, call: str) -> Fault | None:
        """Count a call; return the fault that waits for it."""
        self.calls[call] += 1
        return self.take(call)

    async def under(self, call: str, refuse: Refuse, act: Act) -> Response:
        """Act as one call of this name, under whatever fault waits for it."""
        return await under_fault(self.met(call), refuse, act)

    async def completing(self, refuse: Refuse, act: Act, fail: Callable[[str], Answer]) -> Response:
        """Act on the word that an upload is complete, or fail the file as a fault has it."""
        fault = self.met("complete")
        if fault is not None and fault.kind == "fail":
            code, fault = fault.code, None
            act = partial(fail, FAILURES[code])
        return await under_fault(fault, refuse, act)

    def clear(self) -> None:
        vars(self).update(vars(Faults()))


async def under_fault(fault: Fault | None, refuse: Refuse, act: Act) -> Response:
    """Act under a fault: refuse, hang, reset or be slow, before or after the act.

    Raises: Hang, Reset.
    """
    if fault is None:
        return await answered(act)
    match fault.kind:
        case "status":
            return refuse(fault)
        case "hang_before":
            raise Hang
        case "reset":
            raise Reset
        case "slow":
            await asyncio.sleep(fault.seconds)
    answer = await answered(act)
    match fault.kind:
        case "hang":
            raise Hang
        case "accept_then_reset":
            raise Reset
    return answer
