"""An installation that grows takes its media folder into a bucket, whole."""

import hashlib
import os
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from editorapp.media import store
from tests.media.conftest import Bucket


def lay(root: Path, data: bytes, what: str, sha256: str = "") -> str:
    """Put a file where an installation without a bucket keeps it."""
    sha256 = sha256 or hashlib.sha256(data).hexdigest()
    file = root / "blobs" / sha256[:2] / sha256 / what
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(data)
    return sha256


def test_every_file_is_in_the_bucket_afterwards_and_a_second_time_changes_nothing(
    bucket: Bucket, capsys: pytest.CaptureFixture[str]
) -> None:
    root = bucket.move("a")
    data = os.urandom(9_000_000)
    sha256 = lay(root, data, store.ORIGINAL)
    lay(root, b"poster", store.POSTER, sha256)

    call_command("media_to_bucket")
    call_command("media_to_bucket")

    said = capsys.readouterr().out
    assert "2 files (9 MB) copied and compared, 0 were there." in said and "0 files" in said and "2 were there" in said
    assert (root / "blobs" / sha256[:2] / sha256 / "original").exists()
    bucket.move("b")
    with store.held(sha256, store.ORIGINAL, store.POSTER) as (original, poster):
        assert original.read_bytes() == data and poster.read_bytes() == b"poster"


def test_a_file_that_is_not_what_its_name_says_is_named_and_left_out(bucket: Bucket) -> None:
    root = bucket.move("a")
    damaged = lay(root, b"damaged", store.ORIGINAL, "ab" * 32)
    whole = lay(root, b"whole", store.ORIGINAL)

    with pytest.raises(CommandError, match=damaged):
        call_command("media_to_bucket")

    assert bucket.names("blobs/") == [f"{whole[:2]}/{whole}/original"]


def test_a_bucket_that_is_away_is_said_and_what_was_copied_stays(bucket: Bucket) -> None:
    lay(bucket.move("a"), b"one", store.ORIGINAL)
    bucket.gate.shut()

    with pytest.raises(CommandError, match="does not answer.* call this again"):
        call_command("media_to_bucket")


def test_without_a_bucket_it_says_what_to_set(settings) -> None:
    with pytest.raises(CommandError, match="RUSHES_S3_BUCKET"):
        call_command("media_to_bucket")
