"""Admin endpoints: faults for the next calls, what was received, and the page that explains both."""

import ipaddress
from collections.abc import Sequence
from urllib.parse import urlsplit

from django.template.loader import render_to_string

from editorapp.core import strict_json
from editorapp.simulator.faults import CALLS, FAILURES, KINDS, Fault, fault_of
from editorapp.simulator.http import Answer, Request, Response, TooLarge, answered
from editorapp.simulator.protocol import ProviderProtocol
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.tables import JsonObject

ADMIN = "/_simulator/"
HTML = {"Content-Type": "text/html; charset=utf-8"}


class Admin:
    """Answers everything under `ADMIN`, to this machine alone."""

    def __init__(self, simulation: Simulation, protocols: Sequence[ProviderProtocol]) -> None:
        self.simulation, self.protocols = simulation, protocols

    async def handle(self, request: Request) -> Response:
        return await answered(lambda: self._route(request))

    async def _route(self, request: Request) -> Answer:
        if not _is_near(request):
            return Response.of_json({"detail": "Only from this machine"}, 403)
        match (request.method, request.path[len(ADMIN) :].rstrip("/")):
            case ("GET", ""):
                page = render_to_string("simulator/faults.html", self._shown())
                return Response(200, page.encode(), HTML)
            case ("GET", "requests"):
                return self._requests()
            case (_, "faults"):
                return await self._faults(request)
        return Response.of_json({"detail": "Not Found"}, 404)

    def _shown(self) -> JsonObject:
        state = self.simulation.state
        return {
            "protocols": self.protocols,
            "kinds": KINDS.values(),
            "calls": CALLS,
            "failures": FAILURES,
            "admin": ADMIN,
            "jobs": len(state.jobs),
            "files": len(state.files),
        }

    def _requests(self) -> JsonObject:
        faults = self.simulation.faults
        return {
            "accepted": faults.accepted,
            "posts": faults.posts,
            "calls": faults.calls,
            "by_status": faults.by_status,
            "recent": list(faults.recent),
        }

    async def _faults(self, request: Request) -> Answer:
        faults = self.simulation.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                faults.waiting.append(await _fault_in(request))
            except (TypeError, ValueError, TooLarge) as error:
                return Response.of_json({"detail": str(error)}, 422)
        elif request.method != "GET":
            return Response.of_json({"detail": "Method Not Allowed"}, 405)
        return {"waiting": [fault.to_json() for fault in faults.waiting]}


async def _fault_in(request: Request) -> Fault:
    return fault_of(**strict_json.parse(await request.body(1 << 16)))


def _is_near(request: Request) -> bool:
    host, origin = request.header("host"), request.header("origin")
    # A page in a browser of this machine is on loopback too: a stranger's, or one whose own
    # host's name was made to lead here (DNS rebinding). Its origin tells, or the name of the
    # host.
    is_near = ipaddress.ip_address(request.peer).is_loopback and _is_this_machine(host)
    return is_near and origin in ("", f"http://{host}")


def _is_this_machine(host: str) -> bool:
    """Is the value of a `Host` header "localhost" or an address of loopback, with or without a
    port?
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
