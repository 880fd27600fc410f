"""Audit origin: who acts now and from where, for the audit log, without every function passing it on.

A request has the address that it came from and who is signed in; a worker is "engine"; any other
process is a person at the machine, "command line".
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse

from editorapp.core.client_address import address_of
from editorapp.teams.middleware import member_of
from editorapp.teams.models import Member

ENGINE, COMMAND_LINE = "engine", "command line"


@dataclass(frozen=True)
class ActOrigin:
    """From where an act comes, and who is signed in there: asked only when something is recorded."""

    address: str
    member: Callable[[], Member | None] = lambda: None


class _Process:
    """What this process is, where no request says more."""

    origin = ActOrigin(COMMAND_LINE)


_of_request: ContextVar[ActOrigin | None] = ContextVar("audit_origin", default=None)


@contextmanager
def this_process_is(name: str) -> Iterator[None]:
    """Say what this process is meanwhile, for all its threads and the processes forked from it."""
    before, _Process.origin = _Process.origin, ActOrigin(name)
    try:
        yield
    finally:
        _Process.origin = before


def current() -> ActOrigin:
    """Return where what happens now comes from."""
    return _of_request.get() or _Process.origin


@contextmanager
def coming_from(origin: ActOrigin) -> Iterator[None]:
    """Have what is recorded meanwhile come from there."""
    token = _of_request.set(origin)
    try:
        yield
    finally:
        _of_request.reset(token)


class AuditOrigin:
    """Middleware: what a request does comes from its address, and is done by who is signed in."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with coming_from(ActOrigin(address_of(request), lambda: member_of(request))):
            return self.get_response(request)
