"""Limits, links, restarts, and how the server bears many callers and odd ones."""

import asyncio
import base64
import os
import signal
import socket
import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
import httpx
import luma_agents
import numpy as np
import pytest
from luma_agents import Luma

from editorapp.simulator import references
from editorapp.simulator.spooled_body import SpooledBody
from tests.environment import ROOT
from tests.patience import PATIENCE_SECONDS, awaited
from tests.simulator.clips import seen
from tests.simulator.conftest import edit, finished, sdk, upload
from tests.simulator_process import SimulatorProcess, http


def test_submits_over_the_minute_are_refused_with_the_time_to_wait(another, tiny: Path) -> None:
    client = sdk(another("--rpm", "2"))
    file_id = upload(client, tiny)

    sent = [client.generations.with_raw_response.create(**_edit(file_id)) for _ in range(2)]
    with pytest.raises(luma_agents.RateLimitError) as refused:
        edit(client, file_id)

    assert [answer.headers["x-ratelimit-remaining"] for answer in sent] == ["1", "0"]
    assert {answer.headers["x-ratelimit-limit"] for answer in sent} == {"2"}
    assert int(sent[0].headers["x-ratelimit-reset"]) >= time.time() + 58
    headers = refused.value.response.headers
    assert refused.value.body == {"detail": "Rate limit exceeded"}
    assert headers["x-ratelimit-remaining"] == "0" and 1 <= int(headers["retry-after"]) <= 60
    assert client.files.list(limit=1).data, "reads are outside the limit"


def test_jobs_over_the_slots_are_refused_until_one_ends(another, tiny: Path) -> None:
    simulator = another("--concurrent", "1", "--render-seconds", "1")
    client = sdk(simulator)
    file_id = upload(client, tiny)

    running = edit(client, file_id)
    with pytest.raises(luma_agents.RateLimitError) as refused:
        edit(client, file_id)
    other = sdk(simulator, "luma-api-other-1")
    elsewhere = edit(other, upload(other, tiny))
    finished(client, running.id)

    assert refused.value.body == {"detail": "Too many concurrent jobs"}
    assert refused.value.response.headers["retry-after"] == "60"
    assert "x-ratelimit-limit" not in refused.value.response.headers
    assert elsewhere.state == "queued"
    assert edit(client, file_id).state == "queued"


def _edit(file_id: str) -> dict:
    return {
        "model": "ray-3.2",
        "type": "video_edit",
        "prompt": "x",
        "source": {"file_id": file_id},
        "video": {"resolution": "360p", "edit": {"auto_controls": True}},
    }


def test_a_link_really_expires_and_a_new_poll_brings_a_new_one(another, tiny: Path) -> None:
    client = sdk(another("--url-lifetime", "2"))
    generation = finished(client, edit(client, upload(client, tiny)).id)
    old = generation.output[0].url

    time.sleep(3.1)

    answer = http.get(old)
    assert answer.status_code == 403 and "expired" in answer.text
    assert http.get(client.generations.get(generation.id).output[0].url).status_code == 200


def test_an_expiry_cannot_be_pushed_back_by_hand(client: Luma, uploaded: str) -> None:
    link = httpx.URL(finished(client, edit(client, uploaded).id).output[0].url)

    later = link.copy_set_param("expires", str(int(time.time()) + 10**6))

    assert http.get(later).status_code == 403
    assert http.put(link, content=b"x").status_code == 403


@pytest.mark.parametrize(
    ("asked", "status", "expected"),
    [
        ("bytes=0-0", 206, slice(0, 1)),
        ("bytes=10-19", 206, slice(10, 20)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=7-", 206, slice(7, None)),
        ("bytes=0-99999999", 200, slice(None)),
        ("bytes=99999999-", 416, None),
        ("lines=1-2", 200, slice(None)),
        ("bytes=1-2,4-5", 200, slice(None)),
    ],
)
def test_results_are_served_in_ranges(
    client: Luma, uploaded: str, asked: str, status: int, expected: slice | None
) -> None:
    url = finished(client, edit(client, uploaded).id).output[0].url
    whole = http.get(url).content

    part = http.get(url, headers={"Range": asked})

    assert part.status_code == status
    if expected is not None:
        assert part.content == whole[expected]


def test_a_restart_keeps_results_links_and_files(another, tiny: Path) -> None:
    first = another()
    client = sdk(first)
    file_id = upload(client, tiny)
    done = finished(client, edit(client, file_id).id)
    first.stop()

    client = sdk(another())

    again = client.generations.get(done.id)
    assert again.state == "completed" and again.created_at == done.created_at
    assert http.get(again.output[0].url).status_code == 200
    assert client.files.get(file_id).state == "ready"
    assert finished(client, edit(client, file_id).id).state == "completed"


def test_a_job_that_was_killed_half_way_is_rendered_again(another, real_media: Path) -> None:
    first = another()
    client = sdk(first)
    running = edit(client, upload(client, real_media / "vertical_4s.mp4"))
    while client.generations.get(running.id).state == "queued":
        time.sleep(0.02)
    first.process.kill()
    first.process.wait()

    client = sdk(another())

    assert finished(client, running.id).state == "completed"
    assert http.get(client.generations.get(running.id).output[0].url).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_and_takes_its_note_away(another, tmp_path: Path, number: int) -> None:
    simulator = another()
    note = tmp_path / "own" / "run" / "simulator.url"
    assert note.read_text() == simulator.url

    simulator.process.send_signal(number)

    assert simulator.process.wait(timeout=PATIENCE_SECONDS) == 0
    assert not note.exists()


def test_it_ends_with_its_parent_only_when_asked(tmp_path: Path) -> None:
    environment = {**os.environ, "RUSHES_DATA_DIR": str(tmp_path), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "manage.py", "simulator", "--port", "0", "--with-parent"]
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and "answering at" in process.stdout.readline()

    assert process.stdin is not None
    process.stdin.close()

    assert process.wait(timeout=PATIENCE_SECONDS) == 0


def test_a_taken_port_is_said_in_one_sentence(simulator: SimulatorProcess, tmp_path: Path) -> None:
    port = simulator.url.rsplit(":", 1)[1]
    environment = {**os.environ, "RUSHES_DATA_DIR": str(tmp_path)}

    ended = subprocess.run(
        [sys.executable, "manage.py", "simulator", "--port", port],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
    )

    assert ended.returncode == 1
    assert f"Cannot answer on port {port}" in ended.stderr and "Traceback" not in ended.stderr


def test_any_media_stands_in_for_what_is_not_known(another, tmp_path: Path) -> None:
    client = sdk(another("--any-media"))
    sources = [
        {"generation_id": "6f0c2a54-8a4b-4a57-9a55-0f6d0c1b7e21"},
        {"file_id": "0b1d9c1e-6a1f-4f0e-9d8e-2f6f6f1a5c77"},
        {"url": "https://media.example.org/clip.mp4", "media_type": "video/mp4"},
        {"data": "AAAAGGZ0eXBpc29tAAACAGlzb21pc28y", "media_type": "video/mp4"},
    ]

    made = [
        client.generations.create(
            model="ray-3.2",
            type="video_edit",
            prompt="calm",
            source=source,
            video={"resolution": "360p"},
        )
        for source in sources
    ]

    assert [one.state for one in made] == ["queued"] * 4
    (tmp_path / "result.mp4").write_bytes(
        http.get(finished(client, made[0].id).output[0].url).content
    )
    result = seen(tmp_path / "result.mp4", pictures=False)
    assert (result.width, result.height, len(result.times)) == (640, 360, 96)


def test_hundreds_of_callers_are_answered_at_once(another, tiny: Path) -> None:
    simulator = another("--no-render")
    client = sdk(simulator)
    generation = edit(client, upload(client, tiny))

    host, port = simulator.url.removeprefix("http://").split(":")
    path = f"/luma-agents/v1/generations/{generation.id}"
    request = f"GET {path} HTTP/1.1\r\nAuthorization: Bearer luma-api-test-0001\r\n\r\n"

    async def one() -> bytes:
        reader, writer = await asyncio.open_connection(host, int(port))
        await asyncio.sleep(0.2)  # until all are connected
        writer.write(request.encode())
        head = await reader.readuntil(b"\r\n\r\n")
        writer.close()
        return head.split(b"\r\n")[0]

    async def all_at_once() -> list[bytes]:
        return await asyncio.gather(*(one() for _ in range(600)))

    assert asyncio.run(all_at_once()) == [b"HTTP/1.1 200 OK"] * 600


def test_callers_that_hang_or_stop_in_the_middle_hold_nobody_up(
    simulator: SimulatorProcess, client: Luma, uploaded: str
) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")
    idle = [socket.create_connection((host, int(port))) for _ in range(200)]
    for one in idle[:100]:
        one.sendall(b"POST /luma-agents/v1/generations HTTP/1.1\r\nContent-Length: 50\r\n\r\n{")

    try:
        assert edit(client, uploaded).state == "queued"
    finally:
        for one in idle:
            one.close()


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", b"400"),
        (b"GET /nowhere HTTP/1.1\r\n\r\n", b"404"),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n", b"431"),
    ],
)
def test_what_is_no_request_is_answered_all_the_same(
    simulator: SimulatorProcess, sent: bytes, status: bytes
) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")

    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(sent)
        answer = connection.recv(200)

    assert answer.startswith(b"HTTP/1.1 " + status)


def test_one_connection_carries_many_requests(simulator: SimulatorProcess) -> None:
    host, port = simulator.url.removeprefix("http://").split(":")
    request = b"GET /luma-agents/v1/nothing HTTP/1.1\r\nHost: x\r\n\r\n"

    with socket.create_connection((host, int(port)), timeout=PATIENCE_SECONDS) as connection:
        connection.sendall(request * 3)
        answers = b""
        while answers.count(b"HTTP/1.1 401") < 3:
            answers += connection.recv(65536)

    assert answers.count(b"Missing or invalid API key") == 3


def _plain_clip(path: Path, *, frames: int) -> Path:
    """Write a small clip at 10 frames a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(np.full((90, 160, 3), index % 250, np.uint8))
            frame.pts, frame.time_base = index, Fraction(1, 10)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


@pytest.mark.parametrize(
    ("kind", "frames", "is_taken"),
    [
        ("video_edit", 179, True),
        ("video_edit", 181, False),
        ("video_reframe", 299, True),
        ("video_reframe", 301, False),
    ],
)
def test_the_length_of_the_source_is_measured_on_every_channel(
    simulator: SimulatorProcess,
    client: Luma,
    tmp_path: Path,
    kind: str,
    frames: int,
    is_taken: bool,
) -> None:
    clip = _plain_clip(tmp_path / "clip.mp4", frames=frames)
    sources = [
        {"file_id": upload(client, clip)},
        {"data": base64.b64encode(clip.read_bytes()).decode(), "media_type": "video/mp4"},
    ]
    simulator.fail(
        "job", "fail:generation_failed", times=2
    )  # only whether it is taken is asked here

    for source in sources:
        wanted = {"model": "ray-3.2", "type": kind, "prompt": "x", "source": source}
        if kind == "video_reframe":
            wanted["aspect_ratio"] = "1:1"
        if is_taken:
            assert client.generations.create(**wanted).state == "queued"
        else:
            with pytest.raises((luma_agents.BadRequestError, luma_agents.UnprocessableEntityError)):
                client.generations.create(**wanted)


@pytest.mark.parametrize(
    ("name", "says"), [("source", "video exceeds 200 MB limit"), ("start_frame", "50 MB")]
)
def test_inline_media_over_its_size_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, name: str, says: str
) -> None:
    monkeypatch.setattr(references, "MAX_VIDEO_BYTES", 9)
    monkeypatch.setattr(references, "MAX_IMAGE_BYTES", 9)

    with pytest.raises(references.UnusableReference, match=says) as refused:
        references.decode(
            name, base64.b64encode(bytes(10)).decode(), tmp_path / "media", SpooledBody(tmp_path)
        )

    assert refused.value.status == 413
    assert not (tmp_path / "media").exists()


def test_inline_bytes_are_kept_only_as_long_as_they_are_needed(
    another, tiny: Path, tmp_path: Path
) -> None:
    client = sdk(another())
    source = {"data": base64.b64encode(tiny.read_bytes()).decode(), "media_type": "video/mp4"}

    made = client.generations.create(
        model="ray-3.2", type="video_edit", prompt="x", source=source, video={"resolution": "360p"}
    )

    assert finished(client, made.id).state == "completed"
    assert list((tmp_path / "own" / "simulator" / "inputs").iterdir()) == []


def test_a_download_can_trickle(simulator: SimulatorProcess, client: Luma, uploaded: str) -> None:
    url = finished(client, edit(client, uploaded).id).output[0].url
    whole = http.get(url).content
    simulator.fail("download", "trickle", seconds=0.5)

    before = time.monotonic()
    slowly = http.get(url).content

    assert slowly == whole
    assert time.monotonic() - before >= 0.5


def test_a_renderer_that_is_killed_is_replaced_and_the_job_goes_on(
    another, real_media: Path
) -> None:
    simulator = another()
    client = sdk(simulator)
    running = edit(client, upload(client, real_media / "vertical_4s.mp4"))
    while client.generations.get(running.id).state == "queued":
        time.sleep(0.02)

    for child in _children(simulator.process.pid):
        os.kill(child, signal.SIGKILL)

    assert finished(client, running.id).state == "completed"


def test_its_workers_end_with_it_even_when_it_is_killed(another, tiny: Path) -> None:
    simulator = another()
    client = sdk(simulator)
    finished(client, edit(client, upload(client, tiny)).id)
    children = _children(simulator.process.pid)

    simulator.process.kill()
    simulator.process.wait()

    assert children
    assert awaited(lambda: not any(_is_running(child) for child in children), "their end")


def _children(pid: int) -> list[int]:
    """Return the worker processes of a simulator, read from /proc (a bare machine has no `ps`)."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = (folder / "cmdline").read_bytes()
        except OSError:
            continue
        if parent == str(pid) and b"simulator.worker" in command:
            found.append(int(folder.name))
    return found


def _is_running(pid: int) -> bool:
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
