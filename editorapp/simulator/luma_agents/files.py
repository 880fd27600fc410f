"""The protocol of Luma Agents: the Files API. Source: docs/providers/luma-agents.md, section 2.6."""

import asyncio
import base64
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from editorapp.core import strict_json
from editorapp.core.request_values import as_whole
from editorapp.simulator.core import Simulation, under_fault
from editorapp.simulator.faults import FAILURES, Fault
from editorapp.simulator.http import Request, Response, TooLarge
from editorapp.simulator.state import SimulatedFile
from editorapp.simulator.storage import denied, receive
from editorapp.simulator.worker_pool import WorkerLost

MAX_FILE_BYTES = 5 * 1024**3
MAX_INLINE_BYTES = 20 * 1024**2  # the real cap is not published
PURPOSES = ("input", "reference")
STATES = ("pending", "ready", "failed", "deleted")


def _error(status: int, detail: str) -> Response:
    return Response.of_json({"detail": detail}, status)


def _refuse(fault: Fault) -> Response:
    answer = _error(fault.status, fault.detail or f"Status {fault.status}")
    if fault.retry_after is not None:
        answer.headers["Retry-After"] = str(fault.retry_after)
    return answer


def _moment(at: float | None) -> str | None:
    if at is None:
        return None
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class LumaFiles:
    """Answers everything under files, and the PUT of presigned uploads."""

    def __init__(self, simulation: Simulation) -> None:
        self.simulation = simulation
        self._ingests: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request, client: str, rest: str) -> Response:
        file_id, _slash, action = rest.partition("/")
        faults = self.simulation.faults
        if not file_id:
            if request.method == "POST":
                faults.calls["upload"] += 1
                return await under_fault(
                    faults.take("upload"), _refuse, lambda: self._create(request, client)
                )
            return (
                self._list(request, client)
                if request.method == "GET"
                else _error(405, "Method Not Allowed")
            )
        file = self.simulation.state.file(client, file_id)
        if file is None:
            return _error(404, "File not found")
        if action == "complete" and request.method == "POST":
            faults.calls["complete"] += 1
            return await self._complete_under_fault(file)
        if not action and request.method == "GET":
            faults.calls["file"] += 1
            return await under_fault(
                faults.take("file"), _refuse, lambda: _answer(self._shown(file))
            )
        if not action and request.method == "DELETE":
            return self._delete(file)
        return _error(
            405 if not action else 404, "Method Not Allowed" if not action else "Not Found"
        )

    # Create

    async def _create(self, request: Request, client: str) -> Response:
        kind = request.headers.get("content-type", "")
        try:
            if kind.startswith("multipart/form-data"):
                return await self._create_inline(request, client, kind)
            body = strict_json.parse(await request.body(1 << 20))
        except TooLarge:
            return _error(413, "Request body too large")
        except ValueError:
            return _error(400, "Request body is not valid JSON")
        file = _file_from(body, client)
        if isinstance(file, Response):
            return file
        self.simulation.state.save(file)
        link = self.simulation.link(request, "PUT", f"files/{file.id}")
        upload = {
            "url": link,
            "method": "PUT",
            "headers": {"Content-Type": file.mime_type},
            "expires_at": _moment(time.time() + self.simulation.options.url_lifetime),
        }
        return Response.of_json(self._created(file, upload), 201)

    async def _create_inline(self, request: Request, client: str, content_type: str) -> Response:
        fields = parse_multipart(await request.body(MAX_INLINE_BYTES), content_type)
        part = fields.get("file")
        if part is None or part.filename is None:
            return _error(400, "file: a part with the file's bytes is required")
        said: dict[str, Any] = {
            name: fields[name].data.decode()
            for name in ("purpose", "user_id", "expires_at")
            if name in fields
        }
        said |= {
            "mime_type": part.content_type,
            "size_bytes": len(part.data),
            "filename": part.filename,
        }
        file = _file_from(said, client)
        if isinstance(file, Response):
            return file
        (self.simulation.options.folder / "files" / file.id).write_bytes(part.data)
        file.is_completed = True
        self.simulation.state.save(file)
        self._ingest(file)
        return Response.of_json(self._created(file, None), 201)

    def _created(self, file: SimulatedFile, upload: dict[str, Any] | None) -> dict[str, Any]:
        return {"id": file.id, "state": file.state, "file": self._shown(file), "upload": upload}

    async def put(self, request: Request, file_id: str) -> Response:
        """Take the bytes of a presigned upload, on the storage's side: no API key, and errors in
        XML.
        """
        faults = self.simulation.faults
        faults.calls["put"] += 1

        def refuse(fault: Fault) -> Response:
            return denied(
                fault.detail or "Refused on demand", code="SimulatedFault", status=fault.status
            )

        return await under_fault(faults.take("put"), refuse, lambda: self._put(request, file_id))

    async def _put(self, request: Request, file_id: str) -> Response:
        file = self.simulation.state.files.get(file_id)
        if file is None or file.deleted_at is not None:
            return denied("The specified key does not exist.", code="NoSuchKey", status=404)
        if request.headers.get("content-type", "") != file.mime_type:
            return denied(
                "A signed header was not sent as given: Content-Type", code="SignatureDoesNotMatch"
            )
        if file.is_completed:
            return denied("The upload is complete already", code="PreconditionFailed", status=412)
        size = await receive(
            request, self.simulation.options.folder / "files" / file.id, file.size_bytes
        )
        if size is None:
            return denied("More bytes than announced", code="EntityTooLarge", status=400)
        return Response(200, b"", {"ETag": f'"{file.id}"'})

    # Complete, and what happens then

    async def _complete_under_fault(self, file: SimulatedFile) -> Response:
        fault = self.simulation.faults.take("complete")
        if fault is not None and fault.kind == "fail":
            file.is_completed, file.state, file.failure_reason = (
                True,
                "failed",
                FAILURES[fault.code],
            )
            self.simulation.state.save(file)
            return await _answer(self._shown(file))
        return await under_fault(fault, _refuse, lambda: self._complete(file))

    async def _complete(self, file: SimulatedFile) -> Response:
        path = self.simulation.options.folder / "files" / file.id
        if file.deleted_at is not None:
            return _error(404, "File not found")
        if not file.is_completed:
            if not path.exists():
                return _error(400, "Nothing has been uploaded for this file")
            file.is_completed = True
            self.simulation.state.save(file)
            self._ingest(file)
        return Response.of_json(self._shown(file))

    def resume(self) -> None:
        """Take up the ingests that a restart interrupted."""
        for file in self.simulation.state.files.values():
            if file.is_completed and file.state == "pending":
                self._ingest(file)

    def _ingest(self, file: SimulatedFile) -> None:
        task = asyncio.ensure_future(self._look_into(file))
        self._ingests.add(task)
        task.add_done_callback(self._ingests.discard)

    async def _look_into(self, file: SimulatedFile) -> None:
        """Measure the file; it is ready then.

        Bytes that do not decode are a job's failure, not the file's.
        """
        path = self.simulation.options.folder / "files" / file.id
        size = path.stat().st_size
        if size != file.size_bytes:
            file.state = "failed"
            file.failure_reason = f"Expected {file.size_bytes} bytes but received {size}"
        else:
            try:
                answer = await self.simulation.inspector.do(
                    {"task": "inspect", "paths": [str(path)]}
                )
                file.facts = answer["all"][0] | {"size_bytes": size}
                file.state = "ready"
            except WorkerLost:
                file.state, file.failure_reason = "failed", "The file could not be read"
        if file.deleted_at is None:
            self.simulation.state.save(file)

    # Read and delete

    def _shown(self, file: SimulatedFile) -> dict[str, Any]:
        return {
            "id": file.id,
            "created_at": _moment(file.created_at),
            "mime_type": file.mime_type,
            "purpose": file.purpose,
            "size_bytes": file.size_bytes,
            "state": _state(file),
            "filename": file.filename,
            "user_id": file.user_id,
            "expires_at": _moment(file.expires_at),
            "deleted_at": _moment(file.deleted_at),
            "failure_reason": file.failure_reason,
        }

    def _list(self, request: Request, client: str) -> Response:
        limit, state = as_whole(request.query.get("limit", "25")), request.query.get("state")
        purpose, cursor = request.query.get("purpose"), request.query.get("cursor")
        if limit is None or not 1 <= limit <= 100:
            return _error(400, "limit must be between 1 and 100")
        if state is not None and state not in STATES:
            return _error(400, f"Invalid state '{state}'. Valid: {', '.join(STATES)}")
        if purpose is not None and purpose not in PURPOSES:
            return _error(400, f"Invalid purpose '{purpose}'. Valid: {', '.join(PURPOSES)}")

        def matches(file: SimulatedFile) -> bool:
            shown = _state(file)
            return (shown == state if state else shown != "deleted") and purpose in (
                None,
                file.purpose,
            )

        found = list(self.simulation.state.files_of(client, matches))
        if cursor:
            after = self.simulation.state.file(client, _from_cursor(cursor))
            if after is None:
                return _error(400, "Invalid cursor")
            # By time and not by place in the list, so that a file deleted meanwhile moves nothing.
            found = [file for file in found if file.created_at < after.created_at]
        page, more = found[:limit], len(found) > limit
        following = base64.urlsafe_b64encode(page[-1].id.encode()).decode() if more else None
        return Response.of_json(
            {"data": [self._shown(one) for one in page], "has_more": more, "next_cursor": following}
        )

    def _delete(self, file: SimulatedFile) -> Response:
        if file.deleted_at is None:
            file.deleted_at, file.state = time.time(), "deleted"
            self.simulation.state.save(file)
            (self.simulation.options.folder / "files" / file.id).unlink(missing_ok=True)
        return Response(204)


async def _answer(value: dict[str, Any]) -> Response:
    return Response.of_json(value)


def _state(file: SimulatedFile) -> str:
    return (
        "deleted" if file.expires_at is not None and time.time() >= file.expires_at else file.state
    )


def _from_cursor(cursor: str) -> str:
    try:
        return base64.urlsafe_b64decode(cursor).decode()
    except ValueError:
        return ""


def _file_from(body: Any, client: str) -> SimulatedFile | Response:
    """Return a new file as described by a create call, or the refusal."""
    if not isinstance(body, dict):
        return _error(400, "Request body must be an object")
    mime_type, size = body.get("mime_type"), body.get("size_bytes")
    if not isinstance(mime_type, str) or "/" not in mime_type:
        return _error(400, "mime_type is required")
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        return _error(400, "size_bytes must be a positive integer")
    if size > MAX_FILE_BYTES:
        return _error(413, "size_bytes exceeds the 5 GiB limit")
    purpose = body.get("purpose") or "input"
    if purpose not in PURPOSES:
        return _error(400, f"Invalid purpose '{purpose}'. Valid: {', '.join(PURPOSES)}")
    try:
        ends = (
            datetime.fromisoformat(body["expires_at"]).astimezone(UTC)
            if body.get("expires_at")
            else None
        )
    except (ValueError, TypeError, OverflowError):
        return _error(400, "expires_at must be an ISO 8601 date and time")
    return SimulatedFile(
        id=str(uuid.uuid4()),
        client=client,
        created_at=time.time(),
        mime_type=mime_type,
        size_bytes=size,
        purpose=purpose,
        filename=body.get("filename"),
        user_id=body.get("user_id"),
        expires_at=ends.timestamp() if ends else None,
    )


class BodyPart:
    """One part of a multipart body."""

    def __init__(self, head: str, data: bytes) -> None:
        self.data = data
        self.name = self.filename = None
        self.content_type = "application/octet-stream"
        for line in head.split("\r\n"):
            field, _colon, value = line.partition(":")
            if field.lower() == "content-type":
                self.content_type = value.strip()
            elif field.lower() == "content-disposition":
                self.name, self.filename = _said(value, "name"), _said(value, "filename")


def _said(value: str, key: str) -> str | None:
    for piece in value.split(";")[1:]:
        name, _equals, text = piece.strip().partition("=")
        if name == key:
            return text.strip('"')
    return None


def parse_multipart(body: bytes, content_type: str) -> dict[str, BodyPart]:
    """Return the parts of a multipart/form-data body by name."""
    boundary = _said(content_type, "boundary") or ""
    parts = {}
    for piece in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:-1]:
        head, _blank, data = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        part = BodyPart(head.decode("utf-8", "replace"), data)
        if part.name:
            parts[part.name] = part
    return parts
