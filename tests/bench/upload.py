"""A clip of 200 MB comes in over HTTP, beside `cp` and a hash of the same file in the same run.

A real granian as the studio starts it, a real clip at the very limit, pieces as the browser sends
them, one after the other on one connection. What is compared: from the first call until the last
piece is answered, plus all of finishing but the measuring, so transfer, hash, and stored under its
hash, on the disk. Against it: `cp` to the same disk, which does not even wait for the disk, and the
fastest hash there is here. Measuring decodes every frame; it would be the same however the file
came, and is told beside. Each file differs in its last bytes, so that none is known already.
"""

import contextlib
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.core.management import call_command

from editorapp.media import store
from editorapp.media.models import Asset
from editorapp.ops import web_server as serving
from editorapp.teams.models import Member
from tests.bench import Figure, processes, promised
from tests.factories import make_member

SIZE = 200_000_000  # what RUSHES_MAX_UPLOAD_MB allows, to the byte
PIECE = 25_000_000  # as static/js/studio/upload.js sends them
RUNS = 5
TIMES_AT_MOST = 1.5
GROWS_AT_MOST_MB = 32
CSRF = "m" * 32


@dataclass
class Times:
    """Seconds of one pair."""

    copied: float  # cp
    hashed: float
    sent: float  # all pieces
    kept: float  # finishing, without measuring
    measured: float

    @property
    def ratio(self) -> float:
        return (self.sent + self.kept) / (self.copied + self.hashed)


def run() -> list[Figure]:
    call_command("migrate", verbosity=0)
    serving.collect_static_files()
    member = make_member()
    folder = Path(settings.DATA_DIR)
    clip = draw(folder / "clip.mp4")
    with web_server(folder / "web.log") as port:
        client = Client(port, member)
        small = draw(folder / "small.mp4", size=4_000_000)
        client.upload(
            small
        )  # what is loaded once, and the sandbox's helper, are no part of an upload's cost
        worker = web_worker(port)
        before = memory(worker, "VmRSS")
        Path(f"/proc/{worker}/clear_refs").write_text("5")  # the peak counts from here
        pairs = [pair(clip, client, number) for number in range(RUNS)]
        grown = memory(worker, "VmHWM") - before
    return figures(pairs, grown, before)


def figures(pairs: list[Times], grown: float, before: float) -> list[Figure]:
    def median(name: str) -> str:
        return f"{statistics.median(getattr(one, name) for one in pairs):.2f} s"

    return [
        promised(
            "200 MB sent, hashed and stored / cp + hash (median)",
            statistics.median(one.ratio for one in pairs),
            at_most=TIMES_AT_MOST,
            digits=2,
        ),
        Figure("  of each pair", " ".join(f"{one.ratio:.2f}" for one in pairs)),
        Figure("  cp", median("copied")),
        Figure("  SHA-256 of the file", median("hashed")),
        Figure("  all pieces sent, written and hashed", median("sent")),
        Figure("  finished without measuring: on the disk, renamed, row", median("kept")),
        Figure("  measured beside: every frame decoded, poster, filmstrip", median("measured")),
        promised(
            "the web process grows by, at its peak",
            grown,
            at_most=GROWS_AT_MOST_MB,
            digits=1,
            unit=" MB",
        ),
        Figure("  from", f"{before:.1f} MB"),
    ]


def pair(clip: Path, client: "Client", number: int) -> Times:
    """Copy and hash, then upload the same file; every second pair the other way round."""
    with clip.open("r+b") as file:
        file.seek(-8, os.SEEK_END)
        file.write(number.to_bytes(8, "big"))
        file.flush()
        os.fsync(file.fileno())
    if number % 2:
        sent, kept, measured = client.upload(clip)
        copied, hashed = copy_and_hash(clip)
    else:
        copied, hashed = copy_and_hash(clip)
        sent, kept, measured = client.upload(clip)
    return Times(copied, hashed, sent, kept, measured)


def copy_and_hash(clip: Path) -> tuple[float, float]:
    """Return the seconds of `cp` beside the store's folder, and of hashing the copy."""
    copy = store.incoming() / "copy"
    began = time.monotonic()
    subprocess.run(["cp", str(clip), str(copy)], check=True)
    copied = time.monotonic()
    store.hash_file(copy)
    hashed = time.monotonic()
    copy.unlink()
    return copied - began, hashed - copied


class Client:
    """A signed-in browser, as little as can be: the file goes from the kernel's memory into the
    socket.
    """

    def __init__(self, port: int, member: Member) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        cookies = {settings.SESSION_COOKIE_NAME: _session(member), settings.CSRF_COOKIE_NAME: CSRF}
        self._headers = {
            "Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items()),
            "X-CSRFToken": CSRF,
        }

    def upload(self, clip: Path) -> tuple[float, float, float]:
        """Upload a clip; return the seconds for its pieces, for finishing without measuring, and
        for measuring.
        """
        size = clip.stat().st_size
        began = time.monotonic()
        asked = json.dumps({"name": clip.name, "size": size}).encode()
        url = self._call("POST", "/media/uploads", 201, asked)[0]["url"]
        with clip.open("rb") as file:
            for at in range(0, size, PIECE):
                self._piece(url, file, at, min(PIECE, size - at))
        sent = time.monotonic()
        answer, timing = self._call("POST", f"{url}/finish", 201, b"")
        done = time.monotonic()
        _check(clip, answer["asset"]["id"])
        measured = float(re.search(r"measure;dur=([\d.]+)", timing)[1]) / 1000  # type: ignore[index]
        return sent - began, done - sent - measured, measured

    def _piece(self, url: str, file, at: int, length: int) -> None:
        self._begin("PUT", url, {"Upload-Offset": str(at), "Content-Length": str(length)})
        sock = self._connection.sock
        assert sock is not None
        sock.sendfile(file, at, length)
        self._answer(200)

    def _call(self, method: str, url: str, expected: int, body: bytes) -> tuple[dict, str]:
        self._begin(
            method, url, {"Content-Type": "application/json", "Content-Length": str(len(body))}
        )
        self._connection.send(body)
        return self._answer(expected)

    def _begin(self, method: str, url: str, headers: dict[str, str]) -> None:
        self._connection.putrequest(method, url)
        for name, value in (self._headers | headers).items():
            self._connection.putheader(name, value)
        self._connection.endheaders()

    def _answer(self, expected: int) -> tuple[dict, str]:
        response = self._connection.getresponse()
        body = response.read()
        if response.status != expected:
            raise RuntimeError(f"The studio answered {response.status}: {body[:300]!r}")
        return json.loads(body), response.headers.get("Server-Timing", "")


def _session(member: Member) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(member.user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = member.user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


def _check(clip: Path, asset_id: int) -> None:
    """The file must lie where its own hash says: a fast upload of something else would be no
    upload.
    """
    asset = Asset.objects.get(pk=asset_id)
    with clip.open("rb") as file:
        assert hashlib.file_digest(file, "sha256").hexdigest() == asset.sha256
    kept = store.path(asset.sha256, store.ORIGINAL)
    assert kept.stat().st_size == clip.stat().st_size
    shutil.rmtree(kept.parent)  # the disk need not hold all runs


@contextlib.contextmanager
def web_server(log: Path) -> Iterator[int]:
    """Run the web server alone, as the studio runs it."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    with log.open("ab") as output:
        process = subprocess.Popen(
            serving.granian("127.0.0.1", port), cwd=processes.ROOT, stdout=output, stderr=output
        )
        try:
            _wait_for(port, process, log)
            yield port
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until and process.poll() is None:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
            connection.request("GET", "/")
            connection.getresponse().read()
            connection.close()
            return
        time.sleep(0.1)
    raise RuntimeError("The web server did not start:\n" + log.read_text())


def web_worker(port: int) -> int:
    """Return the process that runs our code: the largest below us that listens, and is no helper
    for decoding.
    """
    found = {}
    for pid in processes.tree(os.getpid())[1:]:
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
            if b"editorapp.media.decoding.fork_server" not in words:
                found[pid] = memory(pid, "VmRSS")
    return max(found, key=lambda pid: found[pid])


def memory(pid: int, field: str) -> float:
    """Return a size from a process's status in MB."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"{field}:\s+(\d+) kB", status)[1]) * 1024 / 1_000_000  # type: ignore[index]


def draw(clip: Path, size: int = SIZE) -> Path:
    """Write a clip of exactly so many bytes: 720p H.264 at some 110 Mbit/s, its last box padding."""
    noise = numpy.random.default_rng(4)
    with av.open(str(clip), "w") as container:
        stream = container.add_stream(
            "libx264", rate=Fraction(24), options={"preset": "ultrafast", "qp": "16", "g": "1"}
        )
        stream.width, stream.height, stream.pix_fmt = 1280, 720, "yuv420p"
        packets = []
        for index in range(8):
            picture = noise.integers(0, 256, (720, 1280, 3), dtype=numpy.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = index, Fraction(1, 24)
            packets += stream.encode(frame)
        packets += stream.encode(None)
        room, index = size - 500_000, 0
        contents = [(bytes(packet), packet.time_base) for packet in packets]
        while room > len(contents[index % 8][0]):
            data, time_base = contents[index % 8]
            packet = av.Packet(data)
            packet.stream, packet.time_base, packet.is_keyframe = stream, time_base, True
            packet.pts = packet.dts = int(Fraction(index, 24) / time_base)
            packet.duration = int(Fraction(1, 24) / time_base)
            container.mux(packet)
            room -= len(data)
            index += 1
    padding = size - clip.stat().st_size
    with clip.open("ab") as file:
        file.write(padding.to_bytes(4, "big") + b"free" + bytes(padding - 8))
    return clip


if __name__ == "__main__":
    sys.exit("Run it as `python -m tests.bench upload`.")
