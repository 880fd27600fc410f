"""Protocol of Luma Agents: the Files API. Source: docs/providers/luma-agents.md, section 2.6."""

import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from editorapp.core import strict_json
from editorapp.core.request_values import as_whole
from editorapp.simulator.faults import Fault
from editorapp.simulator.http import Answer, EarlyAnswer, Request, Response, TooLarge
from editorapp.simulator.luma_agents.multipart import Parts, parse_multipart
from editorapp.simulator.protocol import ProviderProtocol, cursor_of, key_of, moment
from editorapp.simulator.state import SimulatedFile
from editorapp.simulator.storage import (
    check_content_type,
    denied,
    no_such_key,
    store,
)
from editorapp.simulator.tables import JsonObject

MAX_FILE_BYTES = 5 * 1024**3
MAX_INLINE_BYTES = 20 * 1024**2  # the real cap is not published
PURPOSES = ("input", "reference")
STATES = ("pending", "ready", "failed", "deleted")


def _detail(status: int, detail: str, **headers: str) -> Response:
    return Response.of_json({"detail": detail}, status, **headers)


def _refusal(status: int, detail: str) -> EarlyAnswer:
    return EarlyAnswer(_detail(status, detail))


def _refuse(fault: Fault) -> Response:
    wait = {} if fault.retry_after is None else {"Retry-After": str(fault.retry_after)}
    return _detail(fault.status, fault.detail or f"Status {fault.status}", **wait)


class LumaFiles(ProviderProtocol):
    """The part that answers everything under files, and the PUT of presigned uploads."""

    upload_folder = "files"

    async def answer_file(self, request: Request, rest: str) -> Answer:
        """Answer a call below /files. Raises: EarlyAnswer."""
        file_id, _slash, action = rest.partition("/")
        if not file_id:
            return await self._collection(request)
        file = self.state.file(request.client, file_id)
        if file is None:
            return _detail(404, "File not found")
        match (request.method, action):
            case ("POST", "complete"):
                return await self.faults.completing(
                    _refuse,
                    lambda: self._complete(file),
                    lambda says: self._refuse_file(file, says),
                )
            case ("GET", ""):
                return await self.faults.under("file", _refuse, lambda: _shown(file))
            case ("DELETE", ""):
                return self._delete(file)
        return _detail(404, "Not Found") if action else _detail(405, "Method Not Allowed")

    async def _collection(self, request: Request) -> Answer:
        if request.method == "POST":
            return await self.faults.under(
                "upload",
                _refuse,
                lambda: self._create(request),
            )
        if request.method == "GET":
            return self._list(request)
        return _detail(405, "Method Not Allowed")

    # Create

    async def _create(self, request: Request) -> Response:
        kind = request.header("content-type")
        try:
            if kind.startswith("multipart/form-data"):
                return await self._create_inline(request, kind)
            body = strict_json.parse(await request.body(1 << 20))
        except TooLarge:
            return _detail(413, "Request body too large")
        except ValueError:
            return _detail(400, "Request body is not valid JSON")
        file = _file_from(body, request.client)
        self.state.save(file)
        upload = {
            "url": self.simulation.link(request, "PUT", f"files/{file.id}"),
            "method": "PUT",
            "headers": {"Content-Type": file.mime_type},
            "expires_at": moment(self.simulation.link_ends_at()),
        }
        return _created(file, upload)

    async def _create_inline(self, request: Request, content_type: str) -> Response:
        parts = parse_multipart(await request.body(MAX_INLINE_BYTES), content_type)
        head, data = parts.get("file", (None, b""))
        if head is None or head.get_filename() is None:
            return _detail(400, "file: a part with the file's bytes is required")
        said = _said_beside(parts) | {
            "mime_type": head.get("content-type", "application/octet-stream"),
            "size_bytes": len(data),
            "filename": head.get_filename(),
        }
        file = _file_from(said, request.client)
        self.state.path_of(file.id).write_bytes(data)
        self._ingest(file)
        return _created(file, None)

    async def receive(self, request: Request, name: str) -> Response:
        file = self.state.files.get(name)
        if file is None or file.deleted_at is not None:
            return no_such_key()
        check_content_type(request, file.mime_type)
        if file.is_completed:
            return denied(
                "The upload is complete already",
                code="PreconditionFailed",
                status=412,
            )
        return await store(
            request,
            self.state.path_of(file.id),
            file.size_bytes,
            too_large="More bytes than announced",
            ETag=f'"{file.id}"',
        )

    # Complete, and what happens then

    def _complete(self, file: SimulatedFile) -> Answer:
        if file.deleted_at is not None:
            return _detail(404, "File not found")
        if not file.is_completed:
            if not self.state.path_of(file.id).exists():
                return _detail(400, "Nothing has been uploaded for this file")
            self._ingest(file)
        return _shown(file)

    def resume(self) -> None:
        """Take up the ingests that a restart interrupted."""
        for file in self.state.files.values():
            if file.is_completed and file.state == "pending":
                self._ingest(file)

    def _ingest(self, file: SimulatedFile) -> None:
        file.is_completed = True
        self.state.save(file)
        self.simulation.start(self._look_into(file))

    async def _look_into(self, file: SimulatedFile) -> None:
        """Measure the file; it is ready then.

        Bytes that do not decode are a job's failure, not the file's.
        """
        known = await self.simulation.inspect_upload(self.state.path_of(file.id))
        size = known.get("size_bytes")
        if size is None:
            _fail(file, "The file could not be read")
        elif size != file.size_bytes:
            _fail(file, f"Expected {file.size_bytes} bytes but received {size}")
        else:
            file.facts, file.state = known, "ready"
        if file.deleted_at is None:
            self.state.save(file)

    def _refuse_file(self, file: SimulatedFile, says: str) -> JsonObject:
        file.is_completed = True
        _fail(file, says)
        self.state.save(file)
        return _shown(file)

    # Read and delete

    def _list(self, request: Request) -> Answer:
        query = request.query
        limit, cursor = as_whole(query.get("limit", "25")), query.get("cursor")
        if limit is None or not 1 <= limit <= 100:
            return _detail(400, "limit must be between 1 and 100")
        found = list(filter(_filter_of(query), self.state.files_of(request.client)))
        if cursor:
            last = self._file_at(request.client, cursor)
            # By time and not by place in the list, so that a file deleted meanwhile moves nothing.
            found = [file for file in found if file.created_at < last.created_at]
        page, more = found[:limit], len(found) > limit
        return {
            "data": [_shown(one) for one in page],
            "has_more": more,
            "next_cursor": cursor_of(page[-1].id) if more else None,
        }

    def _file_at(self, client: str, cursor: str) -> SimulatedFile:
        with suppress(ValueError):
            if file := self.state.file(client, key_of(cursor)):
                return file
        raise _refusal(400, "Invalid cursor")

    def _delete(self, file: SimulatedFile) -> Response:
        if file.deleted_at is None:
            file.deleted_at, file.state = time.time(), "deleted"
            self.state.save(file)
            self.state.path_of(file.id).unlink(missing_ok=True)
        return Response(204)


def _fail(file: SimulatedFile, reason: str) -> None:
    file.state, file.failure_reason = "failed", reason


def _said_beside(parts: Parts) -> JsonObject:
    named = ("purpose", "user_id", "expires_at")
    return {name: parts[name][1].decode() for name in named if name in parts}


def _filter_of(query: dict[str, str]) -> Callable[[SimulatedFile], bool]:
    """Return whether a file belongs on the list. Raises: EarlyAnswer, with the refusal."""
    for name, choices in (("state", STATES), ("purpose", PURPOSES)):
        if name in query:
            _check_choice(name, query[name], choices)
    states = [query["state"]] if "state" in query else STATES[:-1]
    purposes = [query["purpose"]] if "purpose" in query else PURPOSES
    return lambda file: _state(file) in states and file.purpose in purposes


def _created(file: SimulatedFile, upload: JsonObject | None) -> Response:
    told = {
        "id": file.id,
        "state": file.state,
        "file": _shown(file),
        "upload": upload,
    }
    return Response.of_json(told, 201)


def _shown(file: SimulatedFile) -> JsonObject:
    return {
        "id": file.id,
        "created_at": moment(file.created_at),
        "mime_type": file.mime_type,
        "purpose": file.purpose,
        "size_bytes": file.size_bytes,
        "state": _state(file),
        "filename": file.filename,
        "user_id": file.user_id,
        "expires_at": moment(file.expires_at),
        "deleted_at": moment(file.deleted_at),
        "failure_reason": file.failure_reason,
    }


def _state(file: SimulatedFile) -> str:
    has_expired = file.expires_at is not None and time.time() >= file.expires_at
    return "deleted" if has_expired else file.state


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise _refusal(400, f"Invalid {name} '{value}'. Valid: {', '.join(choices)}")


def _file_from(body: Any, client: str) -> SimulatedFile:
    """Return a new file as described by a create call. Raises: EarlyAnswer, with the refusal."""
    if not isinstance(body, dict):
        raise _refusal(400, "Request body must be an object")
    purpose = body.get("purpose") or "input"
    _check_bytes(body.get("mime_type"), body.get("size_bytes"))
    _check_choice("purpose", purpose, PURPOSES)
    return SimulatedFile(
        id=str(uuid.uuid4()),
        client=client,
        mime_type=body["mime_type"],
        size_bytes=body["size_bytes"],
        purpose=purpose,
        filename=body.get("filename"),
        user_id=body.get("user_id"),
        expires_at=_end_of(body.get("expires_at")),
    )


def _check_bytes(mime_type: Any, size: Any) -> None:
    if not isinstance(mime_type, str) or "/" not in mime_type:
        raise _refusal(400, "mime_type is required")
    _check_size(size)


def _check_size(size: Any) -> None:
    if type(size) is not int or size < 1:
        raise _refusal(400, "size_bytes must be a positive integer")
    if size > MAX_FILE_BYTES:
        raise _refusal(413, "size_bytes exceeds the 5 GiB limit")


def _end_of(said: Any) -> float | None:
    try:
        return datetime.fromisoformat(said).astimezone(UTC).timestamp() if said else None
    except (ValueError, TypeError, OverflowError):
        raise _refusal(400, "expires_at must be an ISO 8601 date and time") from None
