"""The hash of an upload is given only when it is of the whole file; what follows a reader is done,
or says why not.
"""

import hashlib
import threading

import pytest

from editorapp.media.uploads import consumer_thread, running_hash
from editorapp.media.uploads.consumer_thread import Batch, ConsumerThread


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


def test_all_that_was_put_is_done_in_order_at_the_end() -> None:
    done: list[bytes] = []

    with ConsumerThread(done.extend) as follower:
        for number in range(100):
            follower.put([bytes([number]), b"-"])

    assert b"".join(done) == b"-".join(bytes([number]) for number in range(100)) + b"-"


def test_what_a_follower_meets_is_raised_to_the_reader_who_never_hangs() -> None:
    def full(batch: Batch) -> None:
        raise OSError("full")

    with pytest.raises(OSError, match="full"), ConsumerThread(full) as follower:
        for _number in range(1000):
            follower.put([b"x"])
    with pytest.raises(OSError, match="full"), ConsumerThread(full) as follower:
        follower.put([b"x"])


def test_a_reader_waits_for_a_slow_follower_and_memory_stays_bounded() -> None:
    go = threading.Event()
    put: list[int] = []

    def read(follower: ConsumerThread) -> None:
        for number in range(consumer_thread._AHEAD * 3):
            follower.put([b"x"])
            put.append(number)

    with ConsumerThread(lambda batch: None if go.wait(30) else None) as follower:
        reader = threading.Thread(target=read, args=(follower,))
        reader.start()
        reader.join(0.3)
        waiting = len(put)
        go.set()
        reader.join()

    assert waiting <= consumer_thread._AHEAD + 1 and len(put) == consumer_thread._AHEAD * 3
