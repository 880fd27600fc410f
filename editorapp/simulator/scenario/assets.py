"""Protocol of Scenario: assets, small pictures sent in one call, and results.

Sections 2.5, 2.7 and 2.8.
"""

import base64
import secrets
import string
import time
from fractions import Fraction
from typing import Any

from editorapp.core import strict_json
from editorapp.providers.contract import Ref
from editorapp.simulator.http import Answer, EarlyAnswer, Request, Response
from editorapp.simulator.protocol import ProviderProtocol, moment
from editorapp.simulator.references import Found, UnusableReference
from editorapp.simulator.scenario.jobs import history_of
from editorapp.simulator.scenario.links import asset_behind, link_to
from editorapp.simulator.state import SimulatedFile, SimulatedJob
from editorapp.simulator.tables import JsonObject

SMALL_IMAGE_BYTES = 6_000_000
BULK, DELETES = 200, 100
MAX_JSON_BYTES = 9_000_000  # a picture of 6 MB in base64, and some
_ALPHABET = string.ascii_letters + string.digits
PURPOSE = "scenario-asset"  # what a stored file is for


async def json_of(request: Request) -> JsonObject:
    """Return the body as an object. Raises: TooLarge; ValueError, when it is none."""
    body = strict_json.parse(await request.body(MAX_JSON_BYTES) or b"{}")
    if not isinstance(body, dict):
        raise ValueError("no object")
    return body


def new_id(kind: str) -> str:
    """Return a new id: "job_ocZCnG1Df35XRL1QyCZSRxAG"."""
    return f"{kind}_{''.join(secrets.choice(_ALPHABET) for _ in range(24))}"


class ScenarioAssets(ProviderProtocol):
    """The part that answers everything under assets, and the signed links to them."""

    async def answer_asset(self, request: Request, rest: str) -> Answer:
        """Answer a call below /v1/assets.

        Raises: TooLarge; ValueError, when a body is no JSON object; EarlyAnswer.
        """
        item, _slash, action = rest.partition("/")
        match (request.method, item, action):
            case ("POST", "", _):
                return await self.call("upload", lambda: self._small_image(request))
            case ("DELETE", "", _) | ("POST", "get-bulk", _):
                return await self._many(request)
            case ("GET", _, "") if item:
                return await self.call("file", lambda: {"asset": self._known(request, item)})
            case ("POST", _, "download"):
                return await self._link_to(request, item)
        return self.error(404, "Not found")

    # What is kept

    def find(self, client: str, name: str, ref: Ref) -> Found:
        asset_id = ref.file_id or ""
        job = self.state.job_of_result(client, asset_id)
        if job is not None and job.outputs:
            return str(self.state.folder / job.file), job.facts or None
        file = self._file(client, asset_id)
        if file is None:
            raise UnusableReference(name, 404, f"Asset {asset_id} not found")
        wanted = "video" if name == "source" else "image"
        if file.facts.get("kind", wanted) not in ("", wanted):
            raise UnusableReference(
                name,
                400,
                f"asset {file.id} must be of kind {wanted}",
            )
        return str(self.state.path_of(file.id)), file.facts or None

    def _file(self, client: str, asset_id: str) -> SimulatedFile | None:
        file = self.state.file(client, asset_id)
        is_asset = file is not None and file.purpose == PURPOSE and file.deleted_at is None
        return file if is_asset else None

    def _asset(self, request: Request, asset_id: str) -> JsonObject | None:
        """Return an asset as Scenario shows it; None for an unknown one."""
        job = self.state.job_of_result(request.client, asset_id)
        if (file := self._file(request.client, asset_id)) is not None:
            told, mime_type = _upload_shown(file), file.mime_type
        elif job is not None and job.outputs and history_of(job, time.time())[-1][1] == "success":
            told, mime_type = _result_shown(job), "video/mp4"
        else:
            return None
        link = link_to(self.simulation, request, asset_id, mime_type)
        return {
            "id": asset_id,
            "url": link,
            "mimeType": mime_type,
            **told,
            **_ALIKE,
        }

    def _known(self, request: Request, asset_id: str) -> JsonObject:
        asset = self._asset(request, asset_id)
        if asset is None:
            raise EarlyAnswer(self.error(404, f"Asset {asset_id} not found"))
        return asset

    async def _many(self, request: Request) -> JsonObject:
        is_delete = request.method == "DELETE"
        most = DELETES if is_delete else BULK
        ids = self._ids_in(await json_of(request), most)
        if is_delete:
            for asset_id in ids:
                self._delete(request.client, asset_id)
            return {}
        found = (self._asset(request, one) for one in ids)
        return {"assets": [one for one in found if one is not None]}

    def _ids_in(self, body: JsonObject, most: int) -> list[str]:
        ids: Any = body.get("assetIds")
        is_list = isinstance(ids, list) and 1 <= len(ids) <= most
        if not is_list or not all(isinstance(one, str) for one in ids):
            says = f"assetIds must be a list of 1 to {most} ids"
            raise EarlyAnswer(self.error(400, says))
        return list(ids)

    def _delete(self, client: str, asset_id: str) -> None:
        file, job = self._file(client, asset_id), self.state.job_of_result(client, asset_id)
        if file is not None:
            file.deleted_at = time.time()
            self.state.path_of(file.id).unlink(missing_ok=True)
            self.state.save(file)
        elif job is not None and job.outputs:
            (self.state.folder / job.file).unlink(missing_ok=True)
            job.outputs = []
            self.state.save(job)

    async def _small_image(self, request: Request) -> Answer:
        body = await json_of(request)
        name, image = body.get("name"), body.get("image")
        if not isinstance(name, str) or not name or not isinstance(image, str):
            return self.error(400, "name and image are required")
        try:
            data = base64.b64decode(image.rpartition("base64,")[2], validate=True)
        except ValueError:
            return self.error(400, "image is not valid base64")
        if len(data) >= SMALL_IMAGE_BYTES:
            return self.error(413, "Image is too large: use POST /uploads")
        return await self._keep_image(request, name, data)

    async def _keep_image(self, request: Request, name: str, data: bytes) -> Answer:
        file = new_asset(request.client, name, _image_type(data), len(data))
        path = self.state.path_of(file.id)
        path.write_bytes(data)
        known = await self.simulation.inspect_upload(path)
        if known["kind"] != "image" and not self.simulation.options.any_media:
            path.unlink()
            return self.error(400, "Unsupported image format")
        self.keep(file, known)
        return {"asset": self._asset(request, file.id)}

    def keep(self, file: SimulatedFile, known: JsonObject) -> None:
        """Keep an asset that is found to be good."""
        file.facts, file.state = known, "ready"
        self.state.save(file)

    # Links

    async def download(self, request: Request) -> Response:
        """Serve a signed link. Raises: EarlyAnswer, with the refusal."""
        asset_id = asset_behind(self.simulation, request)
        job = self.state.job_behind(asset_id)
        stored = job.file if job is not None and job.outputs else f"files/{asset_id}"
        return await self.simulation.deliver(request, stored, job)

    async def _link_to(self, request: Request, asset_id: str) -> Answer:
        wanted = (await json_of(request)).get("targetFormat")
        asset = self._known(request, asset_id)
        is_other = wanted not in (None, asset["mimeType"].rpartition("/")[2])
        if asset["kind"] == "video" and is_other:
            return self.error(400, "Invalid target format")
        return {"url": asset["url"], "mimeType": asset["mimeType"]}


def new_asset(
    client: str,
    name: str | None,
    mime_type: str,
    size: int,
) -> SimulatedFile:
    return SimulatedFile(
        id=new_id("asset"),
        client=client,
        mime_type=mime_type,
        size_bytes=size,
        purpose=PURPOSE,
        filename=name,
    )


_ALIKE: JsonObject = {
    "status": "success",
    "privacy": "private",
    "authorId": "user_simulated",
    "ownerId": "proj_simulated",
    "collectionIds": [],
    "tags": [],
    "editCapabilities": [],
}


def _upload_shown(file: SimulatedFile) -> JsonObject:
    kind = file.facts.get("kind") or file.mime_type.partition("/")[0]
    source = "uploaded-video" if kind == "video" else "uploaded"
    named = {"name": file.filename} if file.filename else {}
    return _described(kind, source, file.facts, file.created_at, named)


def _result_shown(job: SimulatedJob) -> JsonObject:
    source = "video2video" if "source" in job.inputs else "txt2video"
    return _described(
        "video",
        source,
        job.facts,
        job.rendered_at or 0.0,
        {"parentJobId": job.id, "modelId": job.model},
    )


def _described(
    kind: str,
    source: str,
    known: JsonObject,
    at: float,
    more: JsonObject,
) -> JsonObject:
    return {
        "kind": kind,
        "source": source,
        "metadata": {"kind": kind, "type": source} | more,
        "properties": _properties(known),
        "createdAt": moment(at),
        "updatedAt": moment(at),
    }


def _properties(known: JsonObject) -> JsonObject:
    found: JsonObject = {"size": known.get("size_bytes", 0)}
    found |= {name: known[name] for name in ("width", "height") if name in known}
    seconds = known.get("duration_seconds")
    if known.get("kind") == "video" and seconds:
        rate = float(Fraction(known.get("fps", "24")))
        found |= {
            "duration": seconds,
            "frameRate": round(rate, 3),
            "codecName": known.get("codec"),
            "nbFrames": round(seconds * rate),
            "bitrate": round(8 * found["size"] / seconds),
        }
    return found


def _image_type(data: bytes) -> str:
    kinds = {b"\xff\xd8": "image/jpeg", b"RIFF": "image/webp", b"GIF8": "image/gif"}
    return next((kind for start, kind in kinds.items() if data.startswith(start)), "image/png")
