"""The three protocols as a well-behaved provider speaks them, no more than the engine asks for."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tests.hostile.server import Asked, Place, Reply

CLIP = "clip.mp4"
SECRET = "Signature=SECRET-OF-THE-LINK"  # what no page, alert or log may show
NOT_THERE = Reply.json(404, {"detail": "Not found"})

# A call's document, and where in it each thing stands; a number is a place in a list.
Paths = dict[tuple[str, str], tuple[str | int, ...]]


@dataclass(frozen=True)
class Wire:
    """One provider's protocol.

    `task` and `model` are what is asked for; `states` the words of an end.
    """

    slug: str
    root: str  # of its base URL, after the row's own part
    answers: dict[str, Callable[[Place, Asked], Reply]]
    calls: Callable[[str, str, str], str]
    paths: Paths
    link: str  # the call whose answer holds the result's link
    listed: Callable[[Place, Any, datetime], Any] = lambda place, body, at: (
        None
    )  # a job as the list shows it
    model: str = "ray-3.2"

    def call_of(self, method: str, path: str, query: str) -> str:
        """Return which call a request is: submit, poll, asset, list, upload, put, complete,
        uploaded, file.
        """
        if path.startswith("/result/"):
            return "file"
        if path.startswith("/put/"):
            return "put"
        return self.calls(method, path.removeprefix(self.root), query)

    def answer(self, place: Place, asked: Asked) -> Reply:
        """Answer as the provider's documents say."""
        if asked.call == "file":
            found = place.files.get(asked.last)
            return (
                NOT_THERE if found is None else Reply.of(200, found, {"Content-Type": "video/mp4"})
            )
        if asked.call == "put":
            return Reply.of(200, b"")
        if asked.call == "submit":
            place.jobs.append(self.listed(place, json.loads(asked.body), asked.at))
        return self.answers[asked.call](place, asked)

    def link_to(self, place: Place, name: str = CLIP) -> str:
        return f"{place.base}/result/{name}?{SECRET}"


def _luma(method: str, path: str, query: str) -> str:
    if path == "/generations" and method == "POST":
        return "submit"
    if path.startswith("/generations/"):
        return "poll"
    if path == "/files":
        return "upload"
    return "complete" if path.endswith("/complete") else "uploaded"


def _luma_job(place: Place, state: str = "completed") -> dict[str, Any]:
    output = [{"type": "video", "url": LUMA.link_to(place)}] if state == "completed" else []
    return {
        "id": place.job,
        "type": "video",
        "state": state,
        "model": "ray-3.2",
        "created_at": "2026-11-29T10:00:00Z",
        "output": output,
        "failure_code": None,
        "failure_reason": None,
    }


LUMA = Wire(
    slug="luma-agents",
    root="/v1",
    calls=_luma,
    link="poll",
    answers={
        "submit": lambda place, asked: Reply.json(201, _luma_job(place, "queued")),
        "poll": lambda place, asked: (
            Reply.json(200, _luma_job(place)) if asked.last == place.job else NOT_THERE
        ),
        "upload": lambda place, asked: Reply.json(
            201,
            {
                "id": "file_1",
                "state": "pending",
                "upload": {
                    "url": f"{place.base}/put/1?{SECRET}",
                    "headers": {"Content-Type": "video/mp4"},
                },
            },
        ),
        "complete": lambda place, asked: Reply.json(200, {"id": "file_1", "state": "ready"}),
        "uploaded": lambda place, asked: Reply.json(200, {"id": "file_1", "state": "ready"}),
    },
    paths={
        ("submit", "id"): ("id",),
        ("submit", "state"): ("state",),
        ("poll", "id"): ("id",),
        ("poll", "state"): ("state",),
        ("poll", "outputs"): ("output",),
        ("poll", "url"): ("output", 0, "url"),
        ("poll", "type"): ("output", 0, "type"),
        ("poll", "reason"): ("failure_reason",),
        ("poll", "code"): ("failure_code",),
        ("upload", "url"): ("upload", "url"),
        ("upload", "id"): ("id",),
        ("complete", "state"): ("state",),
        ("complete", "reason"): ("failure_reason",),
    },
)


def _gmi(method: str, path: str, query: str) -> str:
    if path == "/upload-url":
        return "upload"
    if path == "/requests":
        return "submit" if method == "POST" else "list"
    return "poll"


def _gmi_job(place: Place, status: str = "success") -> dict[str, Any]:
    outcome = (
        {"video_url": GMI.link_to(place), "generation_id": "g-1"} if status == "success" else {}
    )
    return {
        "request_id": place.job,
        "model": "luma-ray-3-2-generate",
        "status": status,
        "outcome": outcome,
        "created_at": 1_790_000_000,
    }


GMI = Wire(
    slug="gmi-cloud",
    root="/apikey",
    calls=_gmi,
    link="poll",
    listed=lambda place, body, at: {
        **body,
        "request_id": place.job,
        "created_at": int(at.timestamp()),
    },
    answers={
        "submit": lambda place, asked: Reply.json(200, _gmi_job(place, "queued")),
        "poll": lambda place, asked: (
            Reply.json(200, _gmi_job(place)) if asked.last == place.job else NOT_THERE
        ),
        "list": lambda place, asked: Reply.json(
            200, {"requests": place.jobs, "total": len(place.jobs)}
        ),
        "upload": lambda place, asked: Reply.json(
            200,
            {
                "upload_url": f"{place.base}/put/1?{SECRET}",
                "public_url": f"{place.base}/public/1.png",
            },
        ),
    },
    paths={
        ("submit", "id"): ("request_id",),
        ("submit", "state"): ("status",),
        ("poll", "id"): ("request_id",),
        ("poll", "state"): ("status",),
        ("poll", "outputs"): ("outcome", "media_urls"),
        ("poll", "url"): ("outcome", "video_url"),
        ("poll", "reason"): ("error",),
        ("poll", "code"): ("outcome", "error_code"),
        ("upload", "url"): ("upload_url",),
        ("upload", "id"): ("public_url",),
        ("list", "jobs"): ("requests",),
    },
)


def _scenario(method: str, path: str, query: str) -> str:
    if path.startswith("/generate/custom/"):
        return "submit"
    if path == "/jobs":
        return "list"
    if path.startswith("/jobs/"):
        return "poll"
    if path.startswith("/assets/"):
        return "asset"
    if path in ("/uploads", "/assets"):
        return "upload"
    return "complete" if path.endswith("/action") else "uploaded"


def _scenario_job(place: Place, status: str = "success") -> dict[str, Any]:
    return {
        "job": {
            "jobId": place.job,
            "jobType": "custom",
            "status": status,
            "progress": 1,
            "createdAt": "2026-11-29T10:00:00Z",
            "metadata": {
                "assetIds": [place.job] if status == "success" else [],
                "error": "",
                "hint": "",
            },
            "billing": {
                "cuCost": 108,
                "cuDiscount": 0,
                "cuCostDetails": {},
                "disableRefund": False,
            },
        }
    }


def _scenario_asset(place: Place, asset_id: str) -> Reply:
    """The asset of the job's own id is the clip; of any other, the file that is named after it."""
    name = asset_id.partition("--")[2] or CLIP
    if not asset_id.startswith(place.job) or name not in place.files:
        return NOT_THERE
    kind = "video" if name.endswith(".mp4") else "image" if name.endswith(".png") else "audio"
    asset = {
        "id": asset_id,
        "url": SCENARIO.link_to(place, name),
        "status": "success",
        "kind": kind,
    }
    return Reply.json(200, {"asset": asset})


def _scenario_upload(place: Place, status: str) -> dict[str, Any]:
    return {
        "upload": {
            "id": "upload_1",
            "status": status,
            "entityId": "asset_in" if status == "imported" else None,
            "parts": [{"number": 1, "url": f"{place.base}/put/1?{SECRET}"}],
        }
    }


SCENARIO = Wire(
    slug="scenario",
    root="/v1",
    calls=_scenario,
    link="asset",
    listed=lambda place, body, at: {
        "jobId": place.job,
        "jobType": "custom",
        "createdAt": at.isoformat(),
        "metadata": {"input": body},
    },
    answers={
        "submit": lambda place, asked: Reply.json(200, _scenario_job(place, "queued")),
        "poll": lambda place, asked: (
            Reply.json(200, _scenario_job(place)) if asked.last == place.job else NOT_THERE
        ),
        "asset": lambda place, asked: _scenario_asset(place, asked.last),
        "list": lambda place, asked: Reply.json(200, {"jobs": place.jobs}),
        "upload": lambda place, asked: Reply.json(200, _scenario_upload(place, "pending")),
        "complete": lambda place, asked: Reply.json(200, _scenario_upload(place, "imported")),
        "uploaded": lambda place, asked: Reply.json(200, _scenario_upload(place, "imported")),
    },
    paths={
        ("submit", "id"): ("job", "jobId"),
        ("submit", "state"): ("job", "status"),
        ("poll", "id"): ("job", "jobId"),
        ("poll", "state"): ("job", "status"),
        ("poll", "outputs"): ("job", "metadata", "assetIds"),
        ("poll", "reason"): ("job", "metadata", "error"),
        ("poll", "price"): ("job", "billing", "cuCost"),
        ("poll", "progress"): ("job", "progress"),
        ("asset", "url"): ("asset", "url"),
        ("asset", "id"): ("asset", "id"),
        ("asset", "type"): ("asset", "kind"),
        ("asset", "state"): ("asset", "status"),
        ("upload", "url"): ("upload", "parts", 0, "url"),
        ("upload", "id"): ("upload", "id"),
        ("complete", "state"): ("upload", "status"),
        ("complete", "reason"): ("upload", "errorMessage"),
        ("list", "jobs"): ("jobs",),
    },
)

WIRES = (LUMA, GMI, SCENARIO)


def put(document: Any, path: tuple[str | int, ...], value: Any) -> Any:
    """Return a JSON document with a value at a path."""
    copy = json.loads(json.dumps(document))
    at = copy
    for step in path[:-1]:
        at = at[step]
    at[path[-1]] = value
    return copy
