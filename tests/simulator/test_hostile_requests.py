"""Hostile requests to the simulated providers: an answer that their documents know, and the next
caller is served.
"""

import json
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.patience import PATIENCE_SECONDS
from tests.simulator_process import SimulatorProcess, http

LUMA = {"Authorization": "Bearer luma-api-hostile-1"}
GMI = {"Authorization": "Bearer gmi-hostile-0123456789"}
SCENARIO = {"Authorization": "Basic YXBpX2hvc3RpbGU6c2VjcmV0"}  # api_hostile:secret
GMI_PATH, LUMA_PATH, SCENARIO_PATH = (
    "/gmi-cloud/api/v1/ie/requestqueue/apikey",
    "/luma-agents/v1",
    "/scenario/v1",
)
# Every call that reads a body, with one that is sound.
CALLS: dict[str, tuple[str, dict[str, str], dict[str, Any]]] = {
    "luma submit": (
        f"{LUMA_PATH}/generations",
        LUMA,
        {
            "model": "ray-3.2",
            "type": "video_edit",
            "prompt": "x",
            "source": {"generation_id": "x"},
            "video": {
                "resolution": "720p",
                "edit": {"auto_controls": True, "controls": {"depth": {"blur": 0.5}}},
            },
        },
    ),
    "luma file": (
        f"{LUMA_PATH}/files",
        LUMA,
        {
            "mime_type": "video/mp4",
            "size_bytes": 10,
            "purpose": "input",
            "filename": "a",
            "expires_at": "2030-01-01",
        },
    ),
    "gmi submit": (
        f"{GMI_PATH}/requests",
        GMI,
        {
            "model": "luma-ray-3.2-edit",
            "payload": {"prompt": "x", "video": "y", "quality": "720p", "duration": 5},
        },
    ),
    "gmi upload": (f"{GMI_PATH}/upload-url", GMI, {"file_type": "mp4"}),
    "scenario submit": (
        f"{SCENARIO_PATH}/generate/custom/model_luma-ray-3-2-edit",
        SCENARIO,
        {
            "prompt": "x",
            "video": "asset_x",
            "resolution": "720p",
            "duration": 5,
        },
    ),
    "scenario price": (
        f"{SCENARIO_PATH}/generate/custom/model_luma-ray-3-2-edit?dryRun=true",
        SCENARIO,
        {"prompt": "x"},
    ),
    "scenario upload": (
        f"{SCENARIO_PATH}/uploads",
        SCENARIO,
        {
            "kind": "video",
            "fileName": "a",
            "contentType": "video/mp4",
            "fileSize": 10,
            "parts": 1,
        },
    ),
    "scenario picture": (f"{SCENARIO_PATH}/assets", SCENARIO, {"name": "a", "image": "AAAA"}),
    "scenario assets": (f"{SCENARIO_PATH}/assets/get-bulk", SCENARIO, {"assetIds": ["x"]}),
    "faults": ("/_simulator/faults", {}, {"call": "submit", "kind": "slow:1", "times": 1}),
}
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    10**17,
    1.5,
    "",
    "\0",
    "a\0b",
    "\u0661",
    "9" * 4_000,
    "Infinity",
    [],
    {},
    [[]],
    [None],
    {"a": {}},
    {"url": 5},
    [{"generation_id": "x", "data": ""}],
    "slow:inf",
    "slow:1e400",
    "0001-01-01",
    "9999-12-31T23:59:59-23:59",
)
RAW = (
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b"[" * 100 + b"]" * 100,
    b'{"prompt": Infinity}',
    b'{"prompt": NaN}',
    b'{"size_bytes": 1e400, "mime_type": "video/mp4"}',
    b'{"parts": ' + b"9" * 5_000 + b"}",
    b'{"prompt": "\\ud800"}',
    b"\xff\xfe{}",
    '{"prompt": "x"}'.encode("utf-16"),
    b"",
    b"null",
    b"[]",
    b'"x"',
    b"5",
    b"\0",
)
QUERIES = (
    "9" * 5_000,
    "\u0661",
    "-1",
    "1e400",
    "\0",
    "\ud7ff",
    "0001-01-01",
    "9999-12-31T23:59:59-23:59",
    "%",
    "\u00ff" * 500,
)


def places(body: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield every place of a body."""
    yield path
    for key, value in body.items() if isinstance(body, dict) else ():
        yield from places(value, (*path, key))


def put(body: Any, path: tuple[Any, ...], value: Any) -> Any:
    return value if not path else body | {path[0]: put(body[path[0]], path[1:], value)}


@pytest.mark.parametrize("call", CALLS)
def test_a_body_with_anything_in_any_of_its_places_is_answered(
    simulator: SimulatorProcess, call: str
) -> None:
    path, headers, sound = CALLS[call]
    bodies = [
        json.dumps(put(sound, place, value)).encode() for place in places(sound) for value in VALUES
    ]

    wrong = {}
    for body in (*RAW, *bodies):
        answer = http.post(simulator.url + path, content=body, headers=headers)
        if answer.status_code >= 500:
            wrong[body[:120]] = answer.status_code
        simulator.reset() if call == "faults" else None

    assert wrong == {}


@pytest.mark.parametrize(
    ("path", "headers", "names"),
    [
        (f"{LUMA_PATH}/files", LUMA, ("limit", "cursor", "state", "purpose")),
        (f"{GMI_PATH}/requests", GMI, ("model_id",)),
        (
            f"{SCENARIO_PATH}/jobs",
            SCENARIO,
            ("pageSize", "paginationToken", "createdAfter", "updatedAfter", "status"),
        ),
        ("/_storage/results/x/y", {}, ("expires", "n", "signature")),
        ("/scenario/cdn/assets/x", {}, ("Policy", "Signature")),
    ],
)
def test_an_address_with_anything_in_it_is_answered(
    simulator: SimulatorProcess, path: str, headers: dict[str, str], names: tuple[str, ...]
) -> None:
    sound = {"expires": "99999999999", "n": "x", "signature": "y"} if "_storage" in path else {}

    answers = {
        (name, value[:20]): http.get(
            simulator.url + path, params=sound | {name: value}, headers=headers
        ).status_code
        for name in names
        for value in QUERIES
    }

    assert {asked: status for asked, status in answers.items() if status >= 500} == {}


@pytest.mark.parametrize("name", ["x" * 300, "%00", "..%2f..%2fetc", "%ff%fe", "none", "a.mp4%0a"])
def test_a_public_file_of_any_name_is_not_there(simulator: SimulatorProcess, name: str) -> None:
    assert http.get(f"{simulator.url}/_storage/public/{name}").status_code == 404


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /scenario/v1/uploads HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 400),
        (
            b"POST /scenario/v1/uploads HTTP/1.1\r\nContent-Length: " + b"9" * 5_000 + b"\r\n\r\n",
            400,
        ),
        (b"GET //[ HTTP/1.1\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\n" + b"a: " + b"x" * 2_000_000 + b"\r\n\r\n", 431),
        *(
            (
                b"POST /luma-agents/v1/generations HTTP/1.1\r\nAuthorization: Bearer luma-api-x\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n" + size + b"\r\nabc",
                400,
            )
            for size in (b"-5", b"1_0", b"x", b"9" * 5_000)
        ),
    ],
    ids=["length", "long length", "target", "head", "negative", "underscore", "letters", "long"],
)
def test_a_request_that_cannot_be_read_is_refused_and_the_next_is_served(
    simulator: SimulatorProcess, sent: bytes, status: int
) -> None:
    place = urlsplit(simulator.url)
    with socket.create_connection((place.hostname, place.port), timeout=PATIENCE_SECONDS) as caller:
        caller.sendall(sent)
        answer = caller.recv(100)

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert http.get(f"{simulator.url}/_simulator/requests").status_code == 200
