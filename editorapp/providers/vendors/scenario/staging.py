"""Put a file of ours into Scenario: a small picture in one call, everything else in parts that are
sent one by one.

Sections 2.5 and 2.6 of docs/providers/scenario.md.
"""

import asyncio
import base64
from pathlib import Path
from typing import Any

from editorapp.providers import job_states
from editorapp.providers.contract import JobState, Ref, Rejected, Unavailable
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import Answer, identifier, link, mapping
from editorapp.providers.shared_calls import FileState, path_part, until_ready
from editorapp.providers.vendors.scenario.jobs import STATES
from editorapp.providers.vendors.scenario.models import SPEC
from editorapp.providers.vendors.scenario.parameters import CONTAINERS

SMALL_IMAGE_BYTES = 6_000_000  # a picture below this goes in one call
MIN_PART_BYTES = 5 * 1024**2  # of each but the last
PART_BYTES = 16 * 1024**2
MAX_PARTS = 10_000


async def stage(
    path: Path,
    *,
    name: str,
    media_type: str,
    purpose: str,
    session: ProviderSession,
) -> Ref:
    """Upload a file and return the reference to the asset that Scenario makes of it. Free.

    A clip is sent in parts, each streamed from disk to a signed address without the key.

    Raises: Rejected, when Scenario does not take the file; Unavailable and Throttled, when a later
    try may succeed.
    """
    size = path.stat().st_size
    if not media_type.startswith("image/"):
        _check_container(media_type)
    elif size < SMALL_IMAGE_BYTES:
        return Ref(file_id=await _small_image(path, name, session), media_type=media_type)
    upload = await _begun(name, media_type, size, session)
    await _send_parts(path, size, upload["parts"], session)
    address = f"/uploads/{path_part(upload['id'])}"
    answer = await session.call("POST", f"{address}/action", body={"action": "complete"})
    imported = await until_ready(session, address, answer, _file_state)
    return Ref(file_id=identifier(_upload_in(imported).get("entityId")), media_type=media_type)


def _check_container(media_type: str) -> None:
    if media_type not in CONTAINERS.values():
        says = f"{SPEC.name} takes MP4 and WebM clips only; this is {media_type}."
        raise Rejected(says, code="content_type")


async def _send_parts(
    path: Path,
    size: int,
    parts: list[Answer],
    session: ProviderSession,
) -> None:
    length = part_bytes(size)
    places = sorted((one["number"], one["url"]) for one in parts)
    for place, (_number, url) in enumerate(places):
        start = place * length
        await session.upload(
            url,
            path,
            headers={},
            start=start,
            length=min(length, size - start),
        )


def part_bytes(size: int) -> int:
    """Return how large each part of a file is: whole, where it is small; never more than 10,000
    parts.
    """
    return max(PART_BYTES, MIN_PART_BYTES, -(-size // MAX_PARTS))


def _parts(size: int) -> int:
    return max(1, -(-size // part_bytes(size)))


async def _small_image(path: Path, name: str, session: ProviderSession) -> str:
    data = await asyncio.to_thread(_as_base64, path)
    made = await session.call("POST", "/assets", body={"name": name, "image": data})
    asset_id = identifier(mapping(made.get("asset")).get("id"))
    if not asset_id:
        raise Unavailable(f"{SPEC.name} gave no id for the picture.", code="upload")
    return asset_id


def _as_base64(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


async def _begun(
    name: str,
    media_type: str,
    size: int,
    session: ProviderSession,
) -> dict[str, Any]:
    """Announce a file and return the upload, whose parts have addresses."""
    asked = {
        "fileName": name,
        "contentType": media_type,
        "fileSize": size,
        "kind": "image" if media_type.startswith("image/") else "video",
        "parts": _parts(size),
    }
    upload = _upload_in(await session.call("POST", "/uploads", body=asked))
    parts = upload.get("parts")
    is_whole = isinstance(parts, list) and len(parts) == _parts(size) and all(map(_is_place, parts))
    if not identifier(upload.get("id")) or not is_whole:
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    return upload


def _is_place(part: Any) -> bool:
    said = mapping(part)
    return bool(link(said.get("url"))) and isinstance(said.get("number"), int)


def _file_state(answer: Answer) -> FileState:
    """Read whether Scenario has looked at a file; "complete" is not the end (7.5)."""
    upload = _upload_in(answer)
    said, asset_id = upload.get("status"), identifier(upload.get("entityId"))
    is_ready = job_states.squeezed(said) == "imported" and bool(asset_id)
    is_failed = STATES.read(said).state is JobState.FAILED
    return FileState(is_ready, is_failed, upload.get("errorMessage"))


def _upload_in(answer: Answer) -> dict[str, Any]:
    return dict(mapping(answer.get("upload")))
