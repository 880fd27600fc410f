"""Put together: which path goes to which wire, the storage, and the admin endpoints."""

import asyncio
import html
import ipaddress
import logging
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

from editorapp.core import strict_json
from editorapp.simulator.core import Options, Simulation
from editorapp.simulator.faults import CALLS, FAILURES, KINDS, UnknownFault, fault_of
from editorapp.simulator.gmi_cloud import GmiCloud
from editorapp.simulator.http import BadRequest, Hang, Request, Reset, Response, Server, TooLarge
from editorapp.simulator.luma_agents import LumaAgents
from editorapp.simulator.protocol import ProviderProtocol
from editorapp.simulator.render.result import POSTER
from editorapp.simulator.scenario import Scenario
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.storage import PREFIX as STORAGE
from editorapp.simulator.storage import PublicFiles, denied, download

logger = logging.getLogger(__name__)
ADMIN = "/_simulator/"
# The protocols spoken: one line each.
WIRES: tuple[type[ProviderProtocol], ...] = (
    LumaAgents,
    GmiCloud,
    Scenario,
)


class App:
    """The handler of all requests."""

    def __init__(self, options: Options) -> None:
        self.simulation = Simulation(options)
        self.wires = [wire(self.simulation) for wire in WIRES]
        self.uploads = {folder: put for wire in self.wires for folder, put in wire.uploads.items()}
        self.server = Server(self.handle)

    async def start(self, host: str, port: int) -> int:
        bound = await self.server.start(host, port)
        self.simulation.resume()
        for wire in self.wires:
            wire.resume()
        return bound

    async def stop(self) -> None:
        await self.server.stop()
        await self.simulation.stop()

    async def handle(self, request: Request) -> Response:
        try:
            for wire in self.wires:
                if request.path.startswith(wire.prefix + "/"):
                    return await wire.handle(request)
            if request.path.startswith(STORAGE):
                return await self._storage(request)
            if request.path.startswith(ADMIN):
                return await self._admin(request)
        except (BadRequest, Hang, Reset, ConnectionError, asyncio.IncompleteReadError):
            raise  # asked for, or the caller is gone
        except Exception:  # whatever it was, the caller gets an answer and the next one is served
            logger.exception("%s %s failed", request.method, request.path)
            return Response.of_json({"detail": "Internal server error"}, 500)
        return Response.of_json({"detail": "Not Found"}, 404)

    # Storage

    async def _storage(self, request: Request) -> Response:
        folder, _slash, rest = request.path[len(STORAGE) :].partition("/")
        if folder == PublicFiles.FOLDER and request.method in ("GET", "HEAD"):
            return download(self.simulation.public.path(rest), request, None)
        if refusal := self.simulation.signer.refusal(request, time.time()):
            return refusal
        if folder in self.uploads and request.method == "PUT":
            return await self.uploads[folder](request, rest)
        if folder == "results" and request.method in ("GET", "HEAD"):
            return await self._download(request, rest)
        return denied("The specified method is not allowed", code="MethodNotAllowed", status=405)

    async def _download(self, request: Request, rest: str) -> Response:
        job_id, _slash, name = rest.partition("/")
        job = self.simulation.state.jobs.get(job_id)
        stored = _stored(job, name) if job is not None else ""
        return await self.simulation.deliver(
            request, self.simulation.options.folder / (stored or "none"), job
        )

    # Admin

    async def _admin(self, request: Request) -> Response:
        host, origin = request.headers.get("host", ""), request.headers.get("origin", "")
        # A page in a browser of this machine is on loopback too: a stranger's, or one whose own
        # host's name was made to lead here (DNS rebinding). Its origin tells, or the name of the
        # host.
        is_near = ipaddress.ip_address(request.peer).is_loopback and _is_this_machine(host)
        if not is_near or origin not in ("", f"http://{host}"):
            return Response.of_json({"detail": "Only from this machine"}, 403)
        what = request.path[len(ADMIN) :].rstrip("/")
        faults = self.simulation.faults
        if what == "" and request.method == "GET":
            return Response(
                200,
                page(self.simulation, self.wires).encode(),
                {"Content-Type": "text/html; charset=utf-8"},
            )
        if what == "requests" and request.method == "GET":
            return Response.of_json(
                {
                    "accepted": faults.accepted,
                    "posts": faults.posts,
                    "calls": faults.calls,
                    "by_status": faults.by_status,
                    "recent": list(faults.recent),
                }
            )
        if what == "faults":
            return await self._faults(request)
        return Response.of_json({"detail": "Not Found"}, 404)

    async def _faults(self, request: Request) -> Response:
        faults = self.simulation.faults
        if request.method == "DELETE":
            faults.clear()
        elif request.method == "POST":
            try:
                faults.waiting.append(fault_of(**strict_json.parse(await request.body(1 << 16))))
            except (UnknownFault, TypeError, ValueError, TooLarge) as error:
                return Response.of_json({"detail": str(error)}, 422)
        elif request.method != "GET":
            return Response.of_json({"detail": "Method Not Allowed"}, 405)
        return Response.of_json({"waiting": [fault.to_json() for fault in faults.waiting]})


def _is_this_machine(host: str) -> bool:
    """Is the value of a `Host` header "localhost" or an address of loopback, with or without a
    port?
    """
    try:
        name = urlsplit(f"//{host}").hostname or ""
        return name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _stored(job: SimulatedJob, name: str) -> str:
    """Return where a result of this name lies; "" for none. The poster lies beside the results."""
    if name == POSTER and job.outputs:
        return f"{job.outputs[0]['file'].rpartition('/')[0]}/{POSTER}"
    return next((one["file"] for one in job.outputs if one["file"].endswith(f"/{name}")), "")


def page(simulation: Simulation, wires: Sequence[ProviderProtocol]) -> str:
    """Return the page that explains the faults, made from their table."""
    spoken = "".join(
        f"<p>{html.escape(wire.provider.SPEC.name)} answers under <code>{wire.prefix}</code>. {wire.about}</p>"
        for wire in wires
    )
    kinds = "".join(
        f"<tr><td><code>{kind.name}</code></td><td>{html.escape(kind.says)}</td>"
        f"<td>{', '.join(kind.calls)}</td><td>{kind.default_call}</td></tr>"
        for kind in KINDS.values()
    )
    calls = "".join(
        f"<tr><td><code>{name}</code></td><td>{html.escape(says)}</td></tr>"
        for name, says in CALLS.items()
    )
    return f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Simulated providers</title>
<style>body{{font:15px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}td,th{{text-align:left;
vertical-align:top;padding:.25rem .75rem .25rem 0}}code{{background:#eee;padding:0 .25em}}</style>
<h1>Simulated providers</h1>
{spoken}
<h2>Faults</h2>
<p>For the next calls: <code>POST {ADMIN}faults</code>
<code>{{"call":"submit","kind":"status:503","times":1}}</code>; <code>DELETE</code> clears them and the counters of
<code>{ADMIN}requests</code>. For one job, in its prompt: <code>[[status:503]]</code>, <code>[[429:7]]</code>
(once; retry after 7 s),
<code>[[fail:generation_failed]]</code>, <code>[[slow:20]]</code>, <code>[[hang]]</code>, <code>[[cut]]</code>,
<code>[[cut:3]]</code> (three downloads), or with a call in front: <code>[[poll status:500]]</code>.</p>
<table><tr><th>kind</th><th>what happens</th><th>calls</th><th>in a prompt strikes</th></tr>{kinds}</table>
<h2>Calls</h2><table>{calls}</table>
<h2>Failure codes</h2><p>{", ".join(f"<code>{code}</code>" for code in FAILURES)}</p>
<p>{len(simulation.state.jobs)} jobs and {len(simulation.state.files)} files are kept.</p></html>"""
