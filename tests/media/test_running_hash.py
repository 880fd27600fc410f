"""The hash of an upload follows behind its pieces, and is given only when it is of the whole file."""

import hashlib
import os
from pathlib import Path

import pytest

from editorapp.media import running_hash


@pytest.fixture
def file(tmp_path: Path) -> Path:
    (tmp_path / "a.part").write_bytes(os.urandom(1_000_000))
    return tmp_path / "a.part"


def test_pieces_in_order_give_the_hash_of_the_file_once(file: Path) -> None:
    running_hash.follow("a", file, start=0, end=300_001)
    running_hash.follow("a", file, start=300_001, end=1_000_000)

    assert running_hash.result("a", size=1_000_000) == hashlib.sha256(file.read_bytes()).hexdigest()
    assert running_hash.result("a", size=1_000_000) is None


def test_a_piece_that_another_process_took_leaves_the_hash_unknown(file: Path) -> None:
    running_hash.follow("a", file, start=0, end=300_000)
    running_hash.follow("a", file, start=600_000, end=1_000_000)

    assert running_hash.result("a", size=1_000_000) is None


def test_a_part_of_the_file_is_not_taken_for_the_whole(file: Path) -> None:
    running_hash.follow("a", file, start=0, end=300_000)

    assert running_hash.result("a", size=1_000_000) is None


def test_an_upload_that_begins_again_is_hashed_from_its_first_byte(file: Path) -> None:
    running_hash.follow("a", file, start=0, end=300_000)
    running_hash.forget("a")
    running_hash.follow("a", file, start=0, end=1_000_000)

    assert running_hash.result("a", size=1_000_000) == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_file_that_is_shorter_than_it_was_has_no_hash(file: Path) -> None:
    running_hash.follow("a", file, start=0, end=2_000_000)

    assert running_hash.result("a", size=2_000_000) is None


def test_only_so_many_uploads_are_followed_at_once(file: Path) -> None:
    for number in range(running_hash._MOST + 1):
        running_hash.follow(f"many-{number}", file, start=0, end=10)

    assert running_hash.result("many-0", size=10) is None
    assert running_hash.result("many-1", size=10) == hashlib.sha256(file.read_bytes()[:10]).hexdigest()
    for number in range(running_hash._MOST + 1):
        running_hash.forget(f"many-{number}")
