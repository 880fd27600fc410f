"""Protocol of Scenario: uploads in parts, and imports by URL.

Section 2.6 of docs/providers/scenario.md.
"""

import asyncio
import shutil
import time
from pathlib import Path
from typing import Any

from editorapp.simulator.http import Answer, Request, Response
from editorapp.simulator.protocol import moment
from editorapp.simulator.references import UnusableReference, fetch
from editorapp.simulator.scenario.assets import ScenarioAssets, json_of, new_asset, new_id
from editorapp.simulator.state import SimulatedFile
from editorapp.simulator.storage import denied, store
from editorapp.simulator.tables import JsonObject

MIN_PART_BYTES, MAX_PARTS = 5 * 1000**2, 10_000
MAX_FILE_BYTES = 5 * 1000**4
VIDEO_TYPES = ("video/mp4", "video/webm")
KINDS = ("3d", "asset", "audio", "avatar", "image", "model", "text", "video")
STEP_SECONDS = 0.05  # how long an upload stays in a state that only passes
ABANDONED_SECONDS = 24 * 3600.0
PURPOSE = "scenario-upload"  # what a stored file is for


class ScenarioUploads(ScenarioAssets):
    """The part that answers everything under uploads, and the PUTs of their parts."""

    upload_folder = "scenario"

    async def answer_upload(self, request: Request, rest: str) -> Answer:
        """Answer a call below /v1/uploads.

        Raises: TooLarge; ValueError, when a body is no JSON object; EarlyAnswer.
        """
        upload_id, _slash, action = rest.partition("/")
        if request.method == "POST" and not upload_id:
            return await self.call("upload", lambda: self._begin(request))
        upload = self.state.file(request.client, upload_id)
        if upload is None or upload.purpose != PURPOSE:
            return self.error(404, f"Upload {upload_id} not found")
        match (request.method, action):
            case ("GET", ""):
                return await self.call("file", lambda: _answer(upload))
            case ("POST", "action"):
                return await self._act(request, upload)
        return self.error(404, "Not found")

    async def _begin(self, request: Request) -> Answer:
        body = await json_of(request)
        if problem := _no_upload(body):
            return self.error(400, problem)
        upload = _upload_from(body, request.client)
        self.state.save(upload)
        if upload.facts["url"] is not None:
            self.simulation.start(self._import(upload))
        links = [self._link(request, upload, number) for number in _numbers(upload)]
        return {"upload": _upload_of(upload) | {"parts": links}}

    def _link(
        self,
        request: Request,
        upload: SimulatedFile,
        number: int,
    ) -> JsonObject:
        name = f"{self.upload_folder}/{upload.id}/{number}"
        return {
            "number": number,
            "url": self.simulation.link(request, "PUT", name),
            "expires": moment(self.simulation.link_ends_at()),
        }

    async def receive(self, request: Request, name: str) -> Response:
        upload_id, _slash, number = name.partition("/")
        upload = self.state.files.get(upload_id)
        if upload is None or upload.facts.get("status") != "pending":
            return denied(
                "The specified upload does not exist.",
                code="NoSuchUpload",
                status=404,
            )
        return await store(
            request,
            self._part(upload, int(number)),
            upload.size_bytes,
            too_large="More bytes than announced",
            ETag=f'"{upload.id}-{number}"',
        )

    def _parts(self, upload: SimulatedFile) -> list[Path]:
        return [self._part(upload, number) for number in _numbers(upload)]

    def _part(self, upload: SimulatedFile, number: int) -> Path:
        return self.state.path_of(f"{upload.id}.{number}")

    async def _act(self, request: Request, upload: SimulatedFile) -> Answer:
        if (await json_of(request)).get("action") != "complete":
            return self.error(400, "action must be complete")
        return await self.faults.completing(
            self.refuse,
            lambda: self._complete(upload),
            lambda says: self._refuse_upload(upload, says),
        )

    def _refuse_upload(self, upload: SimulatedFile, says: str) -> JsonObject:
        self._give_up(upload, says)
        return _answer(upload)

    def _complete(self, upload: SimulatedFile) -> Answer:
        if upload.facts["status"] == "pending":
            if problem := _problem_of(self._parts(upload)):
                return self.error(400, problem)
            self._step(upload, "validating")
            self.simulation.start(self._validate(upload))
        return _answer(upload)

    def resume(self) -> None:
        """Take up the uploads that a restart interrupted, and let go of the parts of those that
        nobody completed.
        """
        abandoned = time.time() - ABANDONED_SECONDS
        for upload in list(self.state.files.values()):
            if upload.purpose == PURPOSE:
                self._take_up(upload, abandoned)

    def _take_up(self, upload: SimulatedFile, abandoned: float) -> None:
        status = upload.facts["status"]
        if status in ("validating", "validated") and upload.facts["parts"]:
            self.simulation.start(self._validate(upload))
        elif status == "pending" and upload.created_at < abandoned:
            self._drop_parts(upload)
            self._give_up(upload, "The upload was not completed in time")

    def _drop_parts(self, upload: SimulatedFile) -> None:
        for part in self._parts(upload):
            part.unlink(missing_ok=True)

    def _step(self, upload: SimulatedFile, status: str, **more: Any) -> None:
        upload.facts |= {"status": status, **more}
        self.state.save(upload)

    def _give_up(self, upload: SimulatedFile, says: str) -> None:
        self._step(upload, "failed", error=says)

    async def _validate(self, upload: SimulatedFile) -> None:
        """Join the parts, look into the file, and make it an asset."""
        asset = new_asset(
            upload.client,
            upload.filename,
            upload.mime_type,
            upload.size_bytes,
        )
        path = self.state.path_of(asset.id)
        size = await asyncio.to_thread(_join, self._parts(upload), path)
        if size != upload.size_bytes:
            path.unlink()
            self._give_up(upload, f"Expected {upload.size_bytes} bytes but received {size}")
        else:
            await self._import_file(upload, asset, path)
        self._drop_parts(upload)  # not before: a restart in between begins with them again

    async def _import(self, upload: SimulatedFile) -> None:
        """Fetch what a URL names, and make it an asset."""
        is_video = upload.facts["kind"] == "video"
        mime_type = upload.mime_type or ("video/mp4" if is_video else "image/png")
        asset = new_asset(upload.client, upload.filename, mime_type, 0)
        path = self.state.path_of(asset.id)
        try:
            await fetch("source" if is_video else "image", upload.facts["url"], path)
        except UnusableReference as unusable:
            self._give_up(upload, unusable.says)
            return
        asset.size_bytes = path.stat().st_size
        self._step(upload, "validating")
        await self._import_file(upload, asset, path)

    async def _import_file(
        self,
        upload: SimulatedFile,
        asset: SimulatedFile,
        path: Path,
    ) -> None:
        known = await self.simulation.inspect_upload(path)
        problem = _unfit(known, upload.facts["kind"], path)
        if problem and not self.options.any_media:
            path.unlink()
            self._give_up(upload, problem)
            return
        self._step(upload, "validated")
        await asyncio.sleep(STEP_SECONDS)
        self.keep(asset, known)
        self._step(upload, "imported", entity=asset.id)


def _numbers(upload: SimulatedFile) -> range:
    return range(1, upload.facts["parts"] + 1)


def _upload_from(body: JsonObject, client: str) -> SimulatedFile:
    is_import = "url" in body
    return SimulatedFile(
        id=new_id("upload"),
        client=client,
        mime_type=str(body.get("contentType") or ""),
        size_bytes=0 if is_import else int(body["fileSize"]),
        purpose=PURPOSE,
        filename=body.get("fileName"),
        facts={
            "kind": body["kind"],
            "parts": 0 if is_import else int(body["parts"]),
            "status": "pending",
            "url": body.get("url"),
        },
    )


def _no_upload(body: JsonObject) -> str:
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
    return type(value) in (int, float) and 1 <= value <= most and value % 1 == 0


def _unfit(known: JsonObject, kind: str, path: Path) -> str:
    """Say why a file is not what it was announced as."""
    if kind not in ("video", "image"):
        return ""
    is_other = known.get("kind") != kind or known.get("problem")
    if is_other or (kind == "video" and _is_quicktime(path)):
        return f"The file is not a supported {kind}"
    return ""


def _is_quicktime(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(12)[4:12] == b"ftypqt  "


def _problem_of(parts: list[Path]) -> str:
    if not parts or not all(part.exists() for part in parts):
        return "Not all parts have been uploaded"
    if any(part.stat().st_size < MIN_PART_BYTES for part in parts[:-1]):
        return "Every part but the last must have at least 5 MB"
    return ""


def _join(parts: list[Path], path: Path) -> int:
    """Write the parts one after the other; return how many bytes they were."""
    with path.open("wb") as whole:
        for part in parts:
            with part.open("rb") as file:
                shutil.copyfileobj(file, whole, 1 << 20)
    return path.stat().st_size


def _upload_of(upload: SimulatedFile) -> JsonObject:
    known = upload.facts
    shown: JsonObject = {
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


def _answer(upload: SimulatedFile) -> JsonObject:
    return {"upload": _upload_of(upload)}
