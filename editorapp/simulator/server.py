"""Server: which path goes to which protocol, to the storage, or to the admin endpoints."""

import asyncio
import logging
import time

from editorapp.simulator.admin import ADMIN, Admin
from editorapp.simulator.gmi_cloud import GmiCloud
from editorapp.simulator.http import (
    BadRequest,
    Handler,
    Hang,
    Request,
    Reset,
    Response,
    Server,
)
from editorapp.simulator.luma_agents import LumaAgents
from editorapp.simulator.options import Options
from editorapp.simulator.protocol import ProviderProtocol
from editorapp.simulator.render.result import POSTER
from editorapp.simulator.scenario import Scenario
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.state import SimulatedJob
from editorapp.simulator.storage import PREFIX as STORAGE
from editorapp.simulator.storage import PublicFiles, denied, download

logger = logging.getLogger(__name__)
# The protocols spoken: one line each.
PROTOCOLS: tuple[type[ProviderProtocol], ...] = (
    LumaAgents,
    GmiCloud,
    Scenario,
)


ASKED_FOR_OR_GONE = (
    BadRequest,
    Hang,
    Reset,
    ConnectionError,
    asyncio.IncompleteReadError,
)


class App:
    """The handler of all requests."""

    def __init__(self, options: Options) -> None:
        self.simulation = Simulation(options)
        self.protocols = [protocol(self.simulation) for protocol in PROTOCOLS]
        self.uploads = {protocol.upload_folder: protocol.put for protocol in self.protocols}
        self.server = Server(self.handle)
        admin = Admin(self.simulation, self.protocols)
        self.routes: dict[str, Handler] = {
            protocol.prefix + "/": protocol.handle for protocol in self.protocols
        }
        self.routes |= {STORAGE: self._storage, ADMIN: admin.handle}

    async def start(self, host: str, port: int) -> int:
        bound = await self.server.start(host, port)
        self.simulation.resume()
        for protocol in self.protocols:
            protocol.resume()
        return bound

    async def stop(self) -> None:
        """End all that goes on: connections, renderings, and what was begun beside them."""
        self.server.stop_listening()
        going_on = asyncio.all_tasks() - {asyncio.current_task()}
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        await self.simulation.stop()

    async def handle(self, request: Request) -> Response:
        try:
            return await self._handler_for(request.path)(request)
        except ASKED_FOR_OR_GONE:
            raise
        except Exception:  # whatever it was, the caller gets an answer and the next one is served
            logger.exception("%s %s failed", request.method, request.path)
            return Response.of_json({"detail": "Internal server error"}, 500)

    def _handler_for(self, path: str) -> Handler:
        return next((act for at, act in self.routes.items() if path.startswith(at)), _not_found)

    async def _storage(self, request: Request) -> Response:
        folder, _slash, name = request.path[len(STORAGE) :].partition("/")
        is_read = request.method in ("GET", "HEAD")
        if folder == PublicFiles.FOLDER and is_read:
            return download(self.simulation.public.path(name), request, None)
        if refusal := self.simulation.signer.refusal(request, time.time()):
            return refusal
        if folder in self.uploads and request.method == "PUT":
            return await self.uploads[folder](request, name)
        if folder == "results" and is_read:
            return await self._result(request, name)
        return denied(
            "The specified method is not allowed",
            code="MethodNotAllowed",
            status=405,
        )

    async def _result(self, request: Request, name: str) -> Response:
        job_id, _slash, file = name.partition("/")
        job = self.simulation.state.jobs.get(job_id)
        stored = _stored(job, file) if job is not None else "none"
        return await self.simulation.deliver(request, stored, job)


async def _not_found(request: Request) -> Response:
    return Response.of_json({"detail": "Not Found"}, 404)


def _stored(job: SimulatedJob, name: str) -> str:
    """Return where a result of this name lies."""
    found = (file for file in _files_of(job) if file.endswith(f"/{name}"))
    return next(found, "none")


def _files_of(job: SimulatedJob) -> list[str]:
    """Return where the results lie, and the poster beside them."""
    files = [one["file"] for one in job.outputs]
    return files + [_poster_beside(file) for file in files[:1]]


def _poster_beside(file: str) -> str:
    return f"{file.rpartition('/')[0]}/{POSTER}"
