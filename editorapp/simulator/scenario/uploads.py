"""The protocol of Scenario: uploads in parts, and imports by URL.

Section 2.6 of docs/providers/scenario.md.
"""

import asyncio
import time
from collections.abc import Coroutine
from pathlib import Path
from typing import TYPE_CHECKING, Any

from editorapp.simulator.core import under_fault
from editorapp.simulator.faults import FAILURES, Fault
from editorapp.simulator.http import Request, Response
from editorapp.simulator.protocol import moment
from editorapp.simulator.references import UnusableReference, fetch
from editorapp.simulator.scenario.ids import new_id
from editorapp.simulator.state import SimulatedFile
from editorapp.simulator.storage import denied, receive

if TYPE_CHECKING:
    from editorapp.simulator.scenario import Scenario

MIN_PART_BYTES, MAX_PARTS = 5 * 1000**2, 10_000
MAX_FILE_BYTES = 5 * 1000**4
VIDEO_TYPES = ("video/mp4", "video/webm")
KINDS = ("3d", "asset", "audio", "avatar", "image", "model", "text", "video")
STEP_SECONDS = 0.05  # how long an upload stays in a state that only passes
ABANDONED_SECONDS = 24 * 3600.0
PURPOSE = "scenario-upload"  # what a stored file is for


class ScenarioUploads:
    """Answers everything under uploads, and the PUTs of their parts."""

    def __init__(self, wire: "Scenario") -> None:
        self.wire = wire
        self.simulation = wire.simulation
        self.state = wire.simulation.state
        self._running: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request, client: str, rest: str) -> Response:
        """Answer a call below /v1/uploads.

        Raises: TooLarge; ValueError, when a body is no JSON object.
        """
        upload_id, _slash, action = rest.partition("/")
        faults = self.simulation.faults
        if request.method == "POST" and not upload_id:
            faults.calls["upload"] += 1
            return await under_fault(
                faults.take("upload"), self.wire.refuse, lambda: self._begin(request, client)
            )
        upload = self.state.file(client, upload_id)
        if upload is None or upload.purpose != PURPOSE:
            return self.wire.error(404, f"Upload {upload_id} not found")
        if request.method == "GET" and not action:
            faults.calls["file"] += 1
            return await under_fault(faults.take("file"), self.wire.refuse, lambda: _answer(upload))
        if request.method == "POST" and action == "action":
            return await self._act(request, upload)
        return self.wire.error(404, "Not found")

    async def _begin(self, request: Request, client: str) -> Response:
        body = await self.wire.json_of(request)
        if problem := _no_upload(body):
            return self.wire.error(400, problem)
        is_import = "url" in body
        count = 0 if is_import else int(body["parts"])
        upload = SimulatedFile(
            id=new_id("upload"),
            client=client,
            created_at=time.time(),
            mime_type=str(body.get("contentType") or ""),
            size_bytes=0 if is_import else int(body["fileSize"]),
            purpose=PURPOSE,
            filename=body.get("fileName"),
            facts={
                "kind": body["kind"],
                "parts": count,
                "status": "pending",
                "url": body.get("url"),
            },
        )
        self.state.save(upload)
        if is_import:
            self._start(self._import(upload))
        links = [
            {
                "number": number,
                "url": self.simulation.link(request, "PUT", f"scenario/{upload.id}/{number}"),
                "expires": moment(time.time() + self.simulation.options.url_lifetime),
            }
            for number in range(1, count + 1)
        ]
        shown = _upload_of(upload)
        shown["parts"] = links
        return Response.of_json({"upload": shown})

    async def put_part(self, request: Request, rest: str) -> Response:
        """Take the bytes of one part, on the storage's side: no API key, and errors in XML."""
        faults = self.simulation.faults
        faults.calls["put"] += 1

        def refuse(fault: Fault) -> Response:
            return denied(
                fault.detail or "Refused on demand", code="SimulatedFault", status=fault.status
            )

        return await under_fault(faults.take("put"), refuse, lambda: self._put_part(request, rest))

    async def _put_part(self, request: Request, rest: str) -> Response:
        upload_id, _slash, number = rest.partition("/")
        upload = self.state.files.get(upload_id)
        if upload is None or upload.facts.get("status") != "pending":
            return denied("The specified upload does not exist.", code="NoSuchUpload", status=404)
        size = await receive(request, self._part(upload, int(number)), upload.size_bytes)
        if size is None:
            return denied("More bytes than announced", code="EntityTooLarge", status=400)
        return Response(200, b"", {"ETag": f'"{upload.id}-{number}"'})

    def _part(self, upload: SimulatedFile, number: int) -> Path:
        return self.simulation.options.folder / "files" / f"{upload.id}.{number}"

    async def _act(self, request: Request, upload: SimulatedFile) -> Response:
        if (await self.wire.json_of(request)).get("action") != "complete":
            return self.wire.error(400, "action must be complete")
        faults = self.simulation.faults
        faults.calls["complete"] += 1
        fault = faults.take("complete")
        if fault is not None and fault.kind == "fail":
            self._fail(upload, FAILURES[fault.code])
            return await _answer(upload)
        return await under_fault(fault, self.wire.refuse, lambda: self._complete(upload))

    async def _complete(self, upload: SimulatedFile) -> Response:
        if upload.facts["status"] == "pending":
            parts = [self._part(upload, number) for number in range(1, upload.facts["parts"] + 1)]
            if not parts or not all(part.exists() for part in parts):
                return self.wire.error(400, "Not all parts have been uploaded")
            if any(part.stat().st_size < MIN_PART_BYTES for part in parts[:-1]):
                return self.wire.error(400, "Every part but the last must have at least 5 MB")
            self._step(upload, "validating")
            self._start(self._validate(upload))
        return await _answer(upload)

    def resume(self) -> None:
        """Take up the uploads that a restart interrupted, and let go of the parts of those that
        nobody completed.
        """
        for upload in [one for one in self.state.files.values() if one.purpose == PURPOSE]:
            if upload.facts["status"] in ("validating", "validated") and upload.facts["parts"]:
                self._start(self._validate(upload))
            elif (
                upload.facts["status"] == "pending"
                and upload.created_at < time.time() - ABANDONED_SECONDS
            ):
                for number in range(1, upload.facts["parts"] + 1):
                    self._part(upload, number).unlink(missing_ok=True)
                self._fail(upload, "The upload was not completed in time")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    def _step(self, upload: SimulatedFile, status: str, **more: Any) -> None:
        upload.facts |= {"status": status, **more}
        self.state.save(upload)

    def _fail(self, upload: SimulatedFile, says: str) -> None:
        self._step(upload, "failed", error=says)

    async def _validate(self, upload: SimulatedFile) -> None:
        """Join the parts, look into the file, and make it an asset."""
        asset = self.wire.assets.new_asset(
            upload.client, upload.filename, upload.mime_type, upload.size_bytes
        )
        path = self.simulation.options.folder / "files" / asset.id
        parts = [self._part(upload, number) for number in range(1, upload.facts["parts"] + 1)]
        size = await asyncio.to_thread(_join, parts, path)
        if size != upload.size_bytes:
            path.unlink()
            self._fail(upload, f"Expected {upload.size_bytes} bytes but received {size}")
        else:
            await self._import_file(upload, asset, path)
        for part in parts:  # not before: a restart in between begins with them again
            part.unlink(missing_ok=True)

    async def _import(self, upload: SimulatedFile) -> None:
        """Fetch what a URL names, and make it an asset."""
        asset = self.wire.assets.new_asset(upload.client, upload.filename, upload.mime_type, 0)
        path = self.simulation.options.folder / "files" / asset.id
        try:
            await fetch(
                "source" if upload.facts["kind"] == "video" else "image", upload.facts["url"], path
            )
        except UnusableReference as unusable:
            self._fail(upload, unusable.says)
            return
        asset.size_bytes = path.stat().st_size
        asset.mime_type = asset.mime_type or (
            "video/mp4" if upload.facts["kind"] == "video" else "image/png"
        )
        self._step(upload, "validating")
        await self._import_file(upload, asset, path)

    async def _import_file(self, upload: SimulatedFile, asset: SimulatedFile, path: Path) -> None:
        known = await self.wire.assets.inspected(path)
        problem = (
            "" if self.simulation.options.any_media else _unfit(known, upload.facts["kind"], path)
        )
        if problem:
            path.unlink()
            self._fail(upload, problem)
            return
        self._step(upload, "validated")
        await asyncio.sleep(STEP_SECONDS)
        asset.facts, asset.state = known | {"size_bytes": asset.size_bytes}, "ready"
        self.state.save(asset)
        self._step(upload, "imported", entity=asset.id)


def _no_upload(body: dict[str, Any]) -> str:
    """Say what is wrong with the announcement of an upload; "" where nothing is."""
    if body.get("kind") not in KINDS:
        return f"kind must be one of: {', '.join(KINDS)}"
    if "url" in body:
        return "" if isinstance(body["url"], str) else "url must be a string"
    if not isinstance(body.get("fileName"), str) or not isinstance(body.get("contentType"), str):
        return "fileName and contentType are required"
    size, parts = body.get("fileSize"), body.get("parts")
    if not _is_count(size, MAX_FILE_BYTES) or not _is_count(parts, MAX_PARTS):
        return "fileSize and parts must be positive numbers, at most 5 TB in 10,000 parts"
    if body["kind"] == "video" and body["contentType"] not in VIDEO_TYPES:
        return f"Unsupported content type: {body['contentType']}"
    return ""


def _is_count(value: Any, most: int) -> bool:
    return (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and 1 <= value <= most
        and value % 1 == 0
    )


def _unfit(known: dict[str, Any], kind: str, path: Path) -> str:
    """Say why a file is not what it was announced as."""
    if kind not in ("video", "image"):
        return ""
    with path.open("rb") as file:
        is_quicktime = file.read(12)[4:12] == b"ftypqt  "
    if known.get("kind") != kind or known.get("problem") or (kind == "video" and is_quicktime):
        return f"The file is not a supported {kind}"
    return ""


def _join(parts: list[Path], path: Path) -> int:
    """Write the parts one after the other; return how many bytes they were."""
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                while piece := file.read(1 << 20):
                    whole.write(piece)
    return path.stat().st_size


def _upload_of(upload: SimulatedFile) -> dict[str, Any]:
    known = upload.facts
    shown: dict[str, Any] = {
        "id": upload.id,
        "authorId": "user_simulated",
        "ownerId": "proj_simulated",
        "kind": known["kind"],
        "fileName": upload.filename or "",
        "source": "url" if known.get("url") else "multipart",
        "status": known["status"],
        "createdAt": moment(upload.created_at),
        "updatedAt": moment(time.time()),
        "contentType": upload.mime_type,
        "fileSize": upload.size_bytes,
        "partsCount": known["parts"],
    }
    if known.get("entity"):
        shown["entityId"] = known["entity"]
    if known.get("error"):
        shown["errorMessage"] = known["error"]
    return shown


async def _answer(upload: SimulatedFile) -> Response:
    return Response.of_json({"upload": _upload_of(upload)})
