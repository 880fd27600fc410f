"""Put a file of ours into Scenario: a small picture in one call, everything else in parts that are
sent one by one.

Sections 2.5 and 2.6 of contracts/scenario.md.
"""

import asyncio
import base64
import time
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any

from editorapp.core import retry
from editorapp.providers import job_states
from editorapp.providers.contract import JobState, Ref, Rejected, Unavailable
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.http.typed_readers import identifier, line, link, mapping
from editorapp.providers.vendors.scenario.common_rules import CONTAINERS
from editorapp.providers.vendors.scenario.jobs import STATES, path_part
from editorapp.providers.vendors.scenario.models import SPEC

SMALL_IMAGE_BYTES = 6_000_000  # a picture below this goes in one call
MIN_PART_BYTES = 5 * 1024**2  # of each but the last
PART_BYTES = 16 * 1024**2
MAX_PARTS = 10_000
READY = retry.policy("stage.ready")


async def stage(
    path: Path, *, name: str, media_type: str, purpose: str, wire: ProviderSession
) -> Ref:
    """Upload a file and return the reference to the asset that Scenario makes of it. Free.

    A clip is sent in parts, each streamed from disk to a signed address without the key.

    Raises: Rejected, when Scenario does not take the file; Unavailable and Throttled, when a later
    try may succeed.
    """
    size = path.stat().st_size
    if not media_type.startswith("image/"):
        if media_type not in CONTAINERS.values():
            raise Rejected(
                f"{SPEC.name} takes MP4 and WebM clips only; this is {media_type}.",
                code="content_type",
            )
    elif size < SMALL_IMAGE_BYTES:
        return Ref(file_id=await _small_image(path, name, wire), media_type=media_type)
    upload = await _begun(name, media_type, size, wire)
    places = [(one["number"], one["url"]) for one in upload["parts"]]
    length = part_bytes(size)
    for place, (_number, url) in enumerate(sorted(places)):
        await wire.upload(
            url, path, headers={}, start=place * length, length=min(length, size - place * length)
        )
    address = f"/uploads/{path_part(upload['id'])}"
    answer = await wire.call("POST", f"{address}/action", body={"action": "complete"})
    return Ref(file_id=await _imported(address, _upload_in(answer), wire), media_type=media_type)


def part_bytes(size: int) -> int:
    """Return how large each part of a file is: whole, where it is small; never more than 10,000
    parts.
    """
    return max(PART_BYTES, MIN_PART_BYTES, -(-size // MAX_PARTS))


def _parts(size: int) -> int:
    return max(1, -(-size // part_bytes(size)))


async def _small_image(path: Path, name: str, wire: ProviderSession) -> str:
    data = await asyncio.to_thread(lambda: base64.b64encode(path.read_bytes()).decode())
    made = await wire.call("POST", "/assets", body={"name": name, "image": data})
    asset_id = identifier(mapping(made.get("asset")).get("id"))
    if not asset_id:
        raise Unavailable(f"{SPEC.name} gave no id for the picture.", code="upload")
    return asset_id


async def _begun(name: str, media_type: str, size: int, wire: ProviderSession) -> dict[str, Any]:
    """Announce a file and return the upload, whose parts have addresses."""
    kind = "image" if media_type.startswith("image/") else "video"
    made = await wire.call(
        "POST",
        "/uploads",
        body={
            "fileName": name,
            "contentType": media_type,
            "fileSize": size,
            "kind": kind,
            "parts": _parts(size),
        },
    )
    upload = _upload_in(made)
    parts = upload.get("parts")
    is_whole = isinstance(parts, list) and all(
        isinstance(one, Mapping) and link(one.get("url")) and isinstance(one.get("number"), int)
        for one in parts
    )
    if not identifier(upload.get("id")) or not is_whole or len(upload["parts"]) != _parts(size):
        raise Unavailable(f"{SPEC.name} gave no place for the upload.", code="upload")
    return upload


async def _imported(address: str, upload: dict[str, Any], wire: ProviderSession) -> str:
    """Wait until Scenario has looked at the file, and return its asset's id.

    "complete" is not the end (7.5).
    """
    began = time.monotonic()
    for look in count(1):
        entity = identifier(upload.get("entityId"))
        if job_states.squeezed(upload.get("status")) == "imported" and entity:
            return entity
        if STATES.read(upload.get("status")).state is JobState.FAILED:
            reason = (line(upload.get("errorMessage"), most=300) or "no reason given").rstrip(".")
            raise Rejected(f"{SPEC.name} does not take this file: {reason}.", code="file_failed")
        if READY.is_over(look, time.monotonic() - began):
            raise Unavailable(f"{SPEC.name} has not looked at the upload yet.", code="file_pending")
        await asyncio.sleep(READY.pause_seconds(look))
        upload = _upload_in(await wire.call("GET", address))
    raise AssertionError("A loop without an end has ended.")


def _upload_in(answer: Mapping[str, Any]) -> dict[str, Any]:
    return dict(mapping(answer.get("upload")))
