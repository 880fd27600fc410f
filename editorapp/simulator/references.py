"""From what a request names (an id, a URL, inline bytes) to a file on disk and what is known of it."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import httpx

from editorapp.core.ssrf_guard import AddressNotAllowed, guarded_client
from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.simulator.core import Simulation
from editorapp.simulator.http import TooLarge
from editorapp.simulator.spooled_body import NotBase64, SpooledBody

FETCH_SECONDS = 18
MAX_VIDEO_BYTES, MAX_IMAGE_BYTES, MAX_IMAGE_SIDE = 200_000_000, 50 * 1024**2, 8000
Found: TypeAlias = tuple[str, dict[str, Any] | None]  # a file, and what is known of it already


class UnusableReference(Exception):
    """A reference cannot be used; `says` completes "<path>: ..."."""

    def __init__(self, field: str, status: int, says: str) -> None:
        super().__init__(says)
        self.field = field
        self.status = status
        self.says = says


@dataclass
class Resolved:
    """The files behind a request: field ("source", "keyframes.3") -> path, and what is wrong with
    one of them.
    """

    inputs: dict[str, str] = field(default_factory=dict)
    facts: dict[str, dict[str, Any]] = field(default_factory=dict)
    failure: tuple[str, str] | None = (
        None  # found in the bytes: the job will fail with this code and reason
    )

    @property
    def source(self) -> MediaFacts | None:
        known = self.facts.get("source")
        return (
            media_facts(known)
            if known and known.get("kind") == "video" and not known["problem"]
            else None
        )


def media_facts(known: dict[str, Any]) -> MediaFacts:
    return MediaFacts(
        kind=known["kind"],
        container=known.get("container", "mp4"),
        codec=known.get("codec", "h264"),
        width=known["width"],
        height=known["height"],
        size_bytes=known.get("size_bytes", 0),
        fps=Fraction(known["fps"]),
        duration_seconds=Decimal(str(known["duration_seconds"])),
        has_audio=known.get("has_audio", False),
        hdr=known.get("hdr", False),
    )


async def resolve(
    simulation: Simulation,
    wanted: GenerationRequest,
    folder: Path,
    *,
    find: Callable[[str, Ref], Found],
    spilled: SpooledBody,
) -> Resolved:
    """Find or fetch every clip and picture of a request; new files go to `folder`.

    `find` knows the protocol's ids; inline data may lie in `spilled`.

    Raises: Unusable, on the first reference that is refused at once.
    """
    found = Resolved()
    for name, ref in wanted.refs():
        if ref.carriers:
            path, known = await _one(simulation, name, ref, folder / name, find, spilled)
            found.inputs[name] = path
            if known:
                found.facts[name] = known
    await _inspect(simulation, found)
    return found


async def _one(
    simulation: Simulation,
    name: str,
    ref: Ref,
    target: Path,
    find: Callable[[str, Ref], Found],
    spilled: SpooledBody,
) -> Found:
    if ref.generation_id is not None or ref.file_id is not None:
        try:
            return find(name, ref)
        except UnusableReference as unusable:
            if simulation.options.any_media and unusable.status == 404:
                return "sample", SAMPLE_FACTS
            raise
    if ref.data is not None:
        await asyncio.to_thread(decode, name, ref.data, target, spilled)
    elif (uploaded := simulation.public.find(ref.url or "")) is not None:
        return str(uploaded), None
    elif simulation.options.any_media:
        return "sample", SAMPLE_FACTS
    else:
        await fetch(name, ref.url or "", target)
    return str(target), None


SAMPLE_FACTS: dict[str, Any] = {
    "kind": "video",
    "problem": "",
    "width": 1280,
    "height": 720,
    "fps": "24",
    "duration_seconds": 4.0,
    "has_audio": True,
}


def decode(name: str, data: str, target: Path, spilled: SpooledBody) -> None:
    try:
        spilled.decode(data, target, limit_of(name))
    except NotBase64:
        raise UnusableReference(name, 422, "invalid base64 data") from None
    except TooLarge:
        raise too_large(name) from None


def limit_of(name: str) -> int:
    return MAX_VIDEO_BYTES if name == "source" else MAX_IMAGE_BYTES


def too_large(name: str) -> UnusableReference:
    return UnusableReference(
        name, 413, "video exceeds 200 MB limit" if name == "source" else "image exceeds 50 MB limit"
    )


async def fetch(name: str, url: str, target: Path) -> None:
    """Download what a URL names, as a careful provider does: https, public addresses, no redirect,
    in 18 s.
    """
    try:
        async with (
            asyncio.timeout(FETCH_SECONDS),
            guarded_client() as client,
            client.stream("GET", url, headers={"Accept-Encoding": "identity"}) as response,
        ):
            _check_head(name, response)
            await _write(response, target, limit_of(name))
    except (
        httpx.HTTPError,
        httpx.InvalidURL,
        AddressNotAllowed,
        OSError,
        ValueError,
        TimeoutError,
    ):
        raise UnusableReference(name, 422, "failed to fetch URL") from None
    except TooLarge:
        raise too_large(name) from None


def _check_head(name: str, response: httpx.Response) -> None:
    if response.status_code != 200:
        raise UnusableReference(name, 422, f"failed to fetch URL (HTTP {response.status_code})")
    kind = "video" if name == "source" else "image"
    if not response.headers.get("content-type", "").startswith(
        (f"{kind}/", "application/octet-stream")
    ):
        raise UnusableReference(
            name, 422, f"content-type is not {'a video' if kind == 'video' else 'an image'}"
        )


async def _write(response: httpx.Response, target: Path, limit: int) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    size = 0
    with target.open("wb") as file:
        async for piece in response.aiter_bytes():
            size += len(piece)
            if size > limit:
                raise TooLarge
            file.write(piece)


async def _inspect(simulation: Simulation, found: Resolved) -> None:
    """Look into the files that nothing is known of yet, and judge all of them."""
    unknown = [name for name in found.inputs if name not in found.facts]
    if unknown:
        answer = await simulation.inspector.do(
            {"task": "inspect", "paths": [found.inputs[name] for name in unknown]}
        )
        found.facts.update(zip(unknown, answer["all"], strict=True))
    for name, known in found.facts.items():
        if known["problem"] and simulation.options.any_media and name in unknown:
            # Inline bytes that are no media at all: the shape of the request is what is being
            # tried.
            found.inputs[name], found.facts[name] = "sample", SAMPLE_FACTS
        elif problem := _problem(name, known):
            found.failure = found.failure or problem


def _problem(name: str, known: dict[str, Any]) -> tuple[str, str] | None:
    what = "The source" if name == "source" else f"The picture {name}"
    if known["problem"] == "corrupt_input":
        return "corrupt_input", f"{what} could not be decoded."
    if known["problem"] or (name == "source" and known["kind"] != "video"):
        return "unsupported_format", f"{what} is not in a supported format."
    if known["kind"] == "image" and max(known["width"], known["height"]) > MAX_IMAGE_SIDE:
        return "image_too_large", f"{what} is larger than {MAX_IMAGE_SIDE} px on a side."
    return None
