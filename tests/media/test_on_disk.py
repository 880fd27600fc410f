"""What is said to be stored survives a power cut: bytes first, then the name, then the folder that
holds it.
"""

import asyncio
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from editorapp.generations.files import partial
from editorapp.generations.files.download import download
from editorapp.generations.files.partial import PartialFile
from editorapp.media import store
from editorapp.providers.contract import Access

Event = tuple[str, str]


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[Event]:
    """What was made durable or renamed, in order: ("fsync", path) and ("replace", new path)."""
    seen: list[Event] = []
    real_sync, real_replace = os.fsync, os.replace

    def fsync(handle: int) -> None:
        is_folder = stat.S_ISDIR(os.fstat(handle).st_mode)
        seen.append(
            ("fsync folder" if is_folder else "fsync", os.readlink(f"/proc/self/fd/{handle}"))
        )
        real_sync(handle)

    def replace(source: str | Path, target: str | Path) -> None:
        seen.append(("replace", str(target)))
        real_replace(source, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    return seen


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_stored_file_is_on_the_disk_before_it_has_its_name_and_its_name_before_anybody_hears(
    events,
):
    file = store.incoming() / "a.part"
    file.write_bytes(b"paid for")

    kept = store.keep(file, "ab" * 32, store.ORIGINAL)

    assert kept.read_bytes() == b"paid for"
    order = [events.index(("fsync", str(file))), events.index(("replace", str(kept)))]
    order.append(events.index(("fsync folder", str(kept.parent)), order[-1]))
    assert order == sorted(order)
    made = {path for what, path in events[: order[1]] if what == "fsync folder"}
    assert {str(kept.parent.parent), str(kept.parent.parent.parent)} <= made, (
        "the new folders' own names"
    )


def test_a_stored_file_that_is_prepared_while_it_is_measured_is_on_the_disk_when_that_ends(events):
    file = store.incoming() / "a.part"
    file.write_bytes(b"paid for")

    with store.settling(file):
        pass

    assert events == [("fsync", str(file))]


def test_a_note_of_a_download_never_says_more_than_is_on_the_disk(events, tmp_path):
    part = PartialFile.begin(tmp_path / "a.part")
    part.progress.validator, part.progress.received = '"v1"', 5
    part.write(b"12345")

    part.sync()

    note = str(tmp_path / "a.note")
    assert [("fsync", str(tmp_path / "a.part")), ("replace", note)] == events
    part.drop()


BODY = bytes(range(256)) * 4000


def fetched(answer: Callable[[int], bytes], part: PartialFile) -> int:
    """Download from a server that answers each connection, by the first byte that it is asked for;
    return how often.
    """
    asked: list[int] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        start = int(head.partition("range: bytes=")[2].partition("-")[0] or 0)
        asked.append(start)
        writer.write(answer(start))
        await writer.drain()
        writer.close()

    async def scenario() -> None:
        async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
            base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            access = Access(1, "luma-agents", base + "/v1", "key", is_simulated=True)
            await download(f"{base}/result.mp4", part, access=access, max_bytes=10**9)

    asyncio.run(scenario())
    return len(asked)


def whole(_start: int, *, ranges: str = "") -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n{ranges}\r\n".encode() + BODY


RANGES = 'Accept-Ranges: bytes\r\nETag: "v1"\r\n'


@pytest.mark.parametrize("ranges", ["", RANGES])
def test_a_download_is_on_the_disk_when_it_is_said_to_have_come(events, tmp_path, ranges):
    part = PartialFile.begin(tmp_path / "a.part")

    fetched(lambda start: whole(start, ranges=ranges), part)

    synced = [index for index, event in enumerate(events) if event == ("fsync", str(part.path))]
    assert synced, "and not only somewhere in the system's memory"
    part.drop()


def test_a_long_download_is_made_durable_on_its_way(events, tmp_path, monkeypatch):
    monkeypatch.setattr(partial, "SYNC_BYTES", 100_000)
    part = PartialFile.begin(tmp_path / "a.part")

    fetched(lambda start: whole(start, ranges=RANGES), part)

    assert events.count(("fsync", str(part.path))) >= 2
    part.drop()


def test_a_server_that_gives_a_piece_at_a_time_is_asked_until_all_of_it_is_here(tmp_path):
    """Each answer is whole by its own length, and shorter than the file that was announced."""
    part = PartialFile.begin(tmp_path / "a.part")

    def answer(start: int) -> bytes:
        if not start:
            head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(BODY)}\r\n{RANGES}\r\n"
            return head.encode() + BODY[:300_000]  # and breaks off
        piece = BODY[start : start + 400_000]
        head = f"HTTP/1.1 206 Partial\r\nContent-Length: {len(piece)}\r\n"
        head += f"Content-Range: bytes {start}-{start + len(piece) - 1}/{len(BODY)}\r\n\r\n"
        return head.encode() + piece

    count = fetched(answer, part)

    assert part.finish().read_bytes() == BODY and count == 3
