"""The hash of an upload is given only when it is of the whole file; what is read is
written and hashed, or says why not.
"""

import errno
import fcntl
import hashlib
import io
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from editorapp.media.uploads import part_file, running_hash
from editorapp.media.uploads.part_file import Body

BATCH_BYTES = part_file._BATCH * part_file._READ_BYTES


def piece(token: str, data: bytes, *, at: int) -> bool:
    """Hash a piece as an upload does; say whether its hash is known."""
    digest = running_hash.take(token, at=at)
    if digest is not None:
        digest.update(data)
        running_hash.give_back(token, digest, at=at + len(data))
    return digest is not None


def test_pieces_in_order_give_the_hash_of_the_file_once() -> None:
    piece("a", b"first", at=0)
    piece("a", b"second", at=5)

    assert running_hash.result("a", size=11) == hashlib.sha256(b"firstsecond").hexdigest()
    assert running_hash.result("a", size=11) is None


def test_a_piece_that_another_process_took_leaves_the_hash_unknown() -> None:
    piece("a", b"first", at=0)

    assert not piece("a", b"third", at=11)
    assert running_hash.result("a", size=16) is None


def test_a_part_of_the_file_is_not_taken_for_the_whole() -> None:
    piece("a", b"first", at=0)

    assert running_hash.result("a", size=11) is None


def test_an_upload_that_begins_again_is_hashed_from_its_first_byte() -> None:
    piece("a", b"first", at=0)
    piece("a", b"other", at=0)

    assert running_hash.result("a", size=5) == hashlib.sha256(b"other").hexdigest()


def test_only_so_many_uploads_are_followed_at_once() -> None:
    for number in range(running_hash._MOST + 1):
        piece(f"many-{number}", b"x", at=0)

    assert running_hash.result("many-0", size=1) is None
    assert running_hash.result("many-1", size=1) == hashlib.sha256(b"x").hexdigest()
    for number in range(running_hash._MOST + 1):
        running_hash.forget(f"many-{number}")


def copied(body: Body, file: BinaryIO, length: int, digest: Any = None) -> int:
    return part_file._copy(body, file.fileno(), at=0, length=length, digest=digest)


def test_all_that_comes_is_written_and_hashed_in_order(tmp_path: Path) -> None:
    data, digest = os.urandom(10 * BATCH_BYTES + 1), hashlib.sha256()

    with (tmp_path / "a.part").open("wb") as file:
        came = copied(io.BytesIO(data), file, len(data), digest)

    assert came == len(data) and (tmp_path / "a.part").read_bytes() == data
    assert digest.hexdigest() == hashlib.sha256(data).hexdigest()


@pytest.mark.parametrize("batches", [1, 100])
def test_what_the_writer_meets_is_raised_to_the_reader_who_never_hangs(
    tmp_path: Path, batches: int
) -> None:
    (tmp_path / "a.part").touch()
    data = bytes(batches * BATCH_BYTES)

    with (
        (tmp_path / "a.part").open("rb") as cannot_be_written,
        pytest.raises(OSError, match="Bad file descriptor"),
    ):
        copied(io.BytesIO(data), cannot_be_written, len(data), hashlib.sha256())


def test_nothing_is_written_behind_a_batch_that_could_not_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, met = part_file._write, []

    def full_for_a_moment(handle: int, batch: list[bytes]) -> int:
        met.append(batch)
        if len(met) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, batch)

    monkeypatch.setattr(part_file, "_write", full_for_a_moment)
    data = os.urandom(12 * BATCH_BYTES)

    with (tmp_path / "a.part").open("wb") as file, pytest.raises(OSError, match="No space"):
        copied(io.BytesIO(data), file, len(data))

    assert (tmp_path / "a.part").read_bytes() == data[:BATCH_BYTES]


def test_a_reader_waits_for_a_slow_writer_and_memory_stays_bounded(tmp_path: Path) -> None:
    length, body = 12 * BATCH_BYTES, io.BytesIO(bytes(12 * BATCH_BYTES))

    with (tmp_path / "a.part").open("wb") as file, (tmp_path / "a.part").open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        reader = threading.Thread(target=copied, args=(body, file, length))
        reader.start()
        reader.join(0.3)
        waiting = body.tell()
        fcntl.flock(other, fcntl.LOCK_UN)
        reader.join()

    assert (
        waiting <= (part_file._AHEAD + 1) * BATCH_BYTES
        and (tmp_path / "a.part").stat().st_size == length
    )
