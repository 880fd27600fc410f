"""References: from what a request names (an id, a URL, inline bytes) to a file on disk and what is
known of it.
"""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import httpx

from editorapp.core.ssrf_guard import AddressNotAllowed, guarded_client
from editorapp.media.facts import MediaFacts
from editorapp.media.probe import facts_from
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.simulator.http import TooLarge, within
from editorapp.simulator.simulation import Simulation
from editorapp.simulator.spooled_body import NotBase64, SpooledBody
from editorapp.simulator.tables import Inputs, JsonObject

FETCH_SECONDS = 18
FETCH_ERRORS = (
    httpx.HTTPError,
    httpx.InvalidURL,
    AddressNotAllowed,
    OSError,
    ValueError,
)
MAX_VIDEO_BYTES, MAX_IMAGE_BYTES, MAX_IMAGE_SIDE = 200_000_000, 50 * 1024**2, 8000
Found: TypeAlias = tuple[str, JsonObject | None]  # a file, and what is known of it already
Finder: TypeAlias = Callable[[str, Ref], Found]


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

    inputs: Inputs = field(default_factory=dict)
    facts: dict[str, JsonObject] = field(default_factory=dict)
    # Found in the bytes: the job will fail with this code and reason.
    failure: tuple[str, str] | None = None

    @property
    def source(self) -> MediaFacts | None:
        known = self.facts.get("source")
        if not known or known.get("kind") != "video" or known["problem"]:
            return None
        named = {"container": "mp4", "codec": "h264", "size_bytes": 0} | known
        del named["problem"]
        return facts_from(named | {"duration_seconds": str(known["duration_seconds"])})


@dataclass(frozen=True)
class Resolver:
    """Finds or fetches the clips and pictures of a request; new files go to `folder`.

    `find` knows the protocol's ids; inline data may lie in `spooled`.
    """

    simulation: Simulation
    folder: Path
    find: Finder
    spooled: SpooledBody

    async def resolve(self, wanted: GenerationRequest) -> Resolved:
        """Return the files behind a request.

        Raises: UnusableReference, on the first reference that is refused at once.
        """
        found = Resolved()
        for name, ref in wanted.refs():
            if ref.carriers:
                found.inputs[name], known = await self._one(name, ref)
                if known:
                    found.facts[name] = known
        await self._inspect(found)
        return found

    async def _one(self, name: str, ref: Ref) -> Found:
        if ref.generation_id is not None or ref.file_id is not None:
            return self._known(name, ref)
        target = self.folder / name
        if ref.data is not None:
            await asyncio.to_thread(decode, name, ref.data, target, self.spooled)
            return str(target), None
        return await self._behind(name, ref.url or "", target)

    async def _behind(self, name: str, url: str, target: Path) -> Found:
        uploaded = self.simulation.public.find(url)
        if uploaded is not None:
            return str(uploaded), None
        if self.simulation.options.any_media:
            return SAMPLE
        await fetch(name, url, target)
        return str(target), None

    def _known(self, name: str, ref: Ref) -> Found:
        try:
            return self.find(name, ref)
        except UnusableReference as unusable:
            if self.simulation.options.any_media and unusable.status == 404:
                return SAMPLE
            raise

    async def _inspect(self, found: Resolved) -> None:
        """Look into the files that nothing is known of yet, and judge all of them."""
        unknown = [name for name in found.inputs if name not in found.facts]
        if unknown:
            facts = await self.simulation.inspect(*(found.inputs[name] for name in unknown))
            found.facts.update(zip(unknown, facts, strict=True))
        self._judge(found, unknown)

    def _judge(self, found: Resolved, unknown: Collection[str]) -> None:
        for name, known in found.facts.items():
            if known["problem"] and self.simulation.options.any_media and name in unknown:
                # Inline bytes that are no media at all: the shape of the request is what is being
                # tried.
                found.inputs[name], found.facts[name] = SAMPLE
            elif problem := _problem(name, known):
                found.failure = found.failure or problem


SAMPLE_FACTS: JsonObject = {
    "kind": "video",
    "problem": "",
    "width": 1280,
    "height": 720,
    "fps": "24",
    "duration_seconds": 4.0,
    "has_audio": True,
}


SAMPLE = ("sample", SAMPLE_FACTS)


def decode(name: str, data: str, target: Path, spooled: SpooledBody) -> None:
    try:
        spooled.decode(data, target, limit_of(name))
    except NotBase64:
        raise UnusableReference(name, 422, "invalid base64 data") from None
    except TooLarge:
        raise too_large(name) from None


def limit_of(name: str) -> int:
    return MAX_VIDEO_BYTES if name == "source" else MAX_IMAGE_BYTES


def too_large(name: str) -> UnusableReference:
    says = "video exceeds 200 MB limit" if name == "source" else "image exceeds 50 MB limit"
    return UnusableReference(name, 413, says)


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
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("wb") as file:
                async for piece in within(limit_of(name), response.aiter_bytes()):
                    file.write(piece)
    except FETCH_ERRORS:
        raise UnusableReference(name, 422, "failed to fetch URL") from None
    except TooLarge:
        raise too_large(name) from None


def _check_head(name: str, response: httpx.Response) -> None:
    kind, what = ("video/", "a video") if name == "source" else ("image/", "an image")
    says = f"failed to fetch URL (HTTP {response.status_code})"
    if response.status_code == 200:
        sent = response.headers.get("content-type", "")
        if sent.startswith((kind, "application/octet-stream")):
            return
        says = f"content-type is not {what}"
    raise UnusableReference(name, 422, says)


def _problem(name: str, known: JsonObject) -> tuple[str, str] | None:
    what = "The source" if name == "source" else f"The picture {name}"
    if known["problem"] == "corrupt_input":
        return "corrupt_input", f"{what} could not be decoded."
    if known["problem"] or (name == "source" and known["kind"] != "video"):
        return "unsupported_format", f"{what} is not in a supported format."
    if known["kind"] == "image" and max(known["width"], known["height"]) > MAX_IMAGE_SIDE:
        return "image_too_large", f"{what} is larger than {MAX_IMAGE_SIDE} px on a side."
    return None
