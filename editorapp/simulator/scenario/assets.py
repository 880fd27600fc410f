"""The protocol of Scenario: assets, small pictures sent in one call, and results.

Sections 2.5, 2.7 and 2.8.
"""

import base64
import binascii
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editorapp.simulator.core import under_fault
from editorapp.simulator.http import Request, Response
from editorapp.simulator.protocol import moment
from editorapp.simulator.references import Found, UnusableReference
from editorapp.simulator.scenario.ids import new_id
from editorapp.simulator.scenario.jobs import history_of
from editorapp.simulator.scenario.links import asset_behind, link_to
from editorapp.simulator.state import SimulatedFile, SimulatedJob
from editorapp.simulator.worker_pool import WorkerLost

if TYPE_CHECKING:
    from editorapp.simulator.scenario import Scenario

SMALL_IMAGE_BYTES = 6_000_000
BULK, DELETES = 200, 100
PURPOSE = "scenario-asset"  # what a stored file is for


class ScenarioAssets:
    """Answers everything under assets, and the signed links to them."""

    def __init__(self, wire: "Scenario") -> None:
        self.wire = wire
        self.simulation = wire.simulation
        self.state = wire.simulation.state

    async def handle(self, request: Request, client: str, rest: str) -> Response:
        """Answer a call below /v1/assets.

        Raises: TooLarge; ValueError, when a body is no JSON object.
        """
        item, _slash, action = rest.partition("/")
        faults = self.simulation.faults
        if request.method == "POST" and not item:
            faults.calls["upload"] += 1
            fault = faults.take("upload")
            return await under_fault(
                fault, self.wire.refuse, lambda: self._small_image(request, client)
            )
        if (request.method, item) in (("DELETE", ""), ("POST", "get-bulk")):
            return await self._many(request, client)
        if request.method == "GET" and item and not action:
            faults.calls["file"] += 1
            return await under_fault(
                faults.take("file"), self.wire.refuse, lambda: self._shown(request, client, item)
            )
        if request.method == "POST" and action == "download":
            return await self._link_to(request, client, item)
        return self.wire.error(404, "Not found")

    # What is kept

    def find(self, client: str, name: str, asset_id: str) -> Found:
        """Return the file of an asset that a request names. Raises: Unusable."""
        folder = self.simulation.options.folder
        job = self.state.job_of_result(client, asset_id)
        if job is not None and job.outputs:
            return str(folder / job.outputs[0]["file"]), job.facts or None
        file = self._file(client, asset_id)
        if file is None:
            raise UnusableReference(name, 404, f"Asset {asset_id} not found")
        kind = file.facts.get("kind")
        wanted = "video" if name == "source" else "image"
        if kind and kind != wanted:
            raise UnusableReference(name, 400, f"asset {asset_id} must be of kind {wanted}")
        return str(folder / "files" / file.id), file.facts or None

    def _file(self, client: str, asset_id: str) -> SimulatedFile | None:
        file = self.state.file(client, asset_id)
        return (
            file
            if file is not None and file.purpose == PURPOSE and file.deleted_at is None
            else None
        )

    def _asset(self, request: Request, client: str, asset_id: str) -> dict[str, Any] | None:
        file = self._file(client, asset_id)
        if file is not None:
            known = file.facts
            about = {
                "kind": known.get("kind") or file.mime_type.partition("/")[0],
                "type": "uploaded",
            }
            about["type"] += "-video" if about["kind"] == "video" else ""
            return self._described(
                request, asset_id, about, known, file.mime_type, file.created_at, file.filename
            )
        job = self.state.job_of_result(client, asset_id)
        if job is None or not job.outputs or history_of(job, time.time())[-1][1] != "success":
            return None
        about = {"kind": "video", "type": "video2video" if "source" in job.inputs else "txt2video"}
        return self._described(
            request, asset_id, about, job.facts, "video/mp4", job.rendered_at or 0.0, None, job
        )

    def _described(
        self,
        request: Request,
        asset_id: str,
        about: dict[str, Any],
        known: dict[str, Any],
        mime_type: str,
        at: float,
        name: str | None,
        job: SimulatedJob | None = None,
    ) -> dict[str, Any]:
        metadata = dict(about) | ({"name": name} if name else {})
        if job is not None:
            metadata |= {"parentJobId": job.id, "modelId": job.model}
        return {
            "id": asset_id,
            "url": link_to(self.simulation, request, asset_id, mime_type),
            "status": "success",
            "kind": about["kind"],
            "mimeType": mime_type,
            "source": about["type"],
            "metadata": metadata,
            "properties": _properties(known),
            "privacy": "private",
            "authorId": "user_simulated",
            "ownerId": "proj_simulated",
            "createdAt": moment(at),
            "updatedAt": moment(at),
            "collectionIds": [],
            "tags": [],
            "editCapabilities": [],
        }

    async def _shown(self, request: Request, client: str, asset_id: str) -> Response:
        asset = self._asset(request, client, asset_id)
        return (
            Response.of_json({"asset": asset})
            if asset
            else self.wire.error(404, f"Asset {asset_id} not found")
        )

    async def _many(self, request: Request, client: str) -> Response:
        most = DELETES if request.method == "DELETE" else BULK
        ids = (await self.wire.json_of(request)).get("assetIds")
        if (
            not isinstance(ids, list)
            or not 1 <= len(ids) <= most
            or not all(isinstance(one, str) for one in ids)
        ):
            return self.wire.error(400, f"assetIds must be a list of 1 to {most} ids")
        if request.method == "DELETE":
            for asset_id in ids:
                self._delete(client, asset_id)
            return Response.of_json({})
        found = [self._asset(request, client, one) for one in ids]
        return Response.of_json({"assets": [one for one in found if one is not None]})

    def _delete(self, client: str, asset_id: str) -> None:
        folder = self.simulation.options.folder
        file, job = self._file(client, asset_id), self.state.job_of_result(client, asset_id)
        if file is not None:
            file.deleted_at = time.time()
            (folder / "files" / file.id).unlink(missing_ok=True)
            self.state.save(file)
        elif job is not None and job.outputs:
            (folder / job.outputs[0]["file"]).unlink(missing_ok=True)
            job.outputs = []
            self.state.save(job)

    async def _small_image(self, request: Request, client: str) -> Response:
        body = await self.wire.json_of(request)
        name, image = body.get("name"), body.get("image")
        if not isinstance(name, str) or not name or not isinstance(image, str):
            return self.wire.error(400, "name and image are required")
        try:
            data = base64.b64decode(image.rpartition("base64,")[2], validate=True)
        except (binascii.Error, ValueError):
            return self.wire.error(400, "image is not valid base64")
        if len(data) >= SMALL_IMAGE_BYTES:
            return self.wire.error(413, "Image is too large: use POST /uploads")
        file = self.new_asset(client, name, "image/png", len(data))
        path = self.simulation.options.folder / "files" / file.id
        path.write_bytes(data)
        known = await self.inspected(path)
        if known.get("kind") != "image" and not self.simulation.options.any_media:
            path.unlink()
            return self.wire.error(400, "Unsupported image format")
        file.facts, file.state, file.mime_type = (
            known | {"size_bytes": len(data)},
            "ready",
            _image_type(data),
        )
        self.state.save(file)
        return Response.of_json({"asset": self._asset(request, client, file.id)})

    def new_asset(self, client: str, name: str | None, mime_type: str, size: int) -> SimulatedFile:
        return SimulatedFile(
            id=new_id("asset"),
            client=client,
            created_at=time.time(),
            mime_type=mime_type,
            size_bytes=size,
            purpose=PURPOSE,
            filename=name,
        )

    async def inspected(self, path: Path) -> dict[str, Any]:
        try:
            answer = await self.simulation.inspector.do({"task": "inspect", "paths": [str(path)]})
        except WorkerLost:
            return {"kind": "", "problem": "corrupt_input"}
        known: dict[str, Any] = answer["all"][0]
        return known

    # Links

    async def download(self, request: Request) -> Response:
        """Serve a signed link."""
        asset_id = asset_behind(self.simulation, request)
        if isinstance(asset_id, Response):
            return asset_id
        job = self.state.job_behind(asset_id)
        stored = job.outputs[0]["file"] if job is not None and job.outputs else f"files/{asset_id}"
        return await self.simulation.deliver(request, self.simulation.options.folder / stored, job)

    async def _link_to(self, request: Request, client: str, asset_id: str) -> Response:
        body = await self.wire.json_of(request)
        asset = self._asset(request, client, asset_id)
        if asset is None:
            return self.wire.error(404, f"Asset {asset_id} not found")
        wanted = body.get("targetFormat")
        if (
            wanted is not None
            and asset["kind"] == "video"
            and wanted != asset["mimeType"].rpartition("/")[2]
        ):
            return self.wire.error(400, "Invalid target format")
        return Response.of_json({"url": asset["url"], "mimeType": asset["mimeType"]})


def _properties(known: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"size": known.get("size_bytes", 0)}
    found |= {name: known[name] for name in ("width", "height") if name in known}
    if known.get("kind") == "video" and known.get("duration_seconds"):
        rate = _number(known.get("fps", "24"))
        found |= {
            "duration": known["duration_seconds"],
            "frameRate": round(rate, 3),
            "codecName": known.get("codec"),
            "nbFrames": round(known["duration_seconds"] * rate),
            "bitrate": round(8 * found["size"] / known["duration_seconds"]),
        }
    return found


def _number(fraction: str) -> float:
    above, _slash, below = fraction.partition("/")
    return float(above) / float(below or 1)


def _image_type(data: bytes) -> str:
    for start, kind in (
        (b"\xff\xd8", "image/jpeg"),
        (b"RIFF", "image/webp"),
        (b"GIF8", "image/gif"),
    ):
        if data.startswith(start):
            return kind
    return "image/png"
