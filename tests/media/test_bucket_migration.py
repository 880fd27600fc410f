"""An installation that grows takes its media folder into a bucket, whole."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from editorapp.media import layout, store
from tests.environment import ROOT
from tests.media.conftest import Bucket
from tests.patience import PATIENCE_SECONDS
from tests.s3 import environment_at


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
    lay(root, b"poster", layout.POSTER, sha256)

    call_command("media_to_bucket")
    call_command("media_to_bucket")

    said = capsys.readouterr().out
    assert (
        "Files: 2 (9 MB) copied and compared, 0 were there." in said
        and "Files: 0" in said
        and "2 were there" in said
    )
    assert (root / "blobs" / sha256[:2] / sha256 / "original").exists()
    bucket.move("b")
    with store.held(sha256, store.ORIGINAL, layout.POSTER) as (original, poster):
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


def test_the_environment_names_bucket_key_and_place(bucket: Bucket, tmp_path: Path) -> None:
    sha256 = lay(tmp_path / "media", b"one", store.ORIGINAL)
    named = environment_at(bucket.gate.port, bucket.storage.bucket_name) | {
        "RUSHES_S3_PREFIX": "studio/one"
    }

    done = subprocess.run(
        [sys.executable, "manage.py", "media_to_bucket"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        env={**os.environ, **named, "RUSHES_DATA_DIR": str(tmp_path)},
    )

    assert done.stdout == "Files: 1 (3 bytes) copied and compared, 0 were there.\n", done.stderr
    said = bucket.storage.client.list_objects_v2(Bucket=bucket.storage.bucket_name)
    assert [one["Key"] for one in said["Contents"]] == [
        f"studio/one/blobs/{sha256[:2]}/{sha256}/original"
    ]


def test_without_a_bucket_it_says_what_to_set(settings) -> None:
    with pytest.raises(CommandError, match="RUSHES_S3_BUCKET"):
        call_command("media_to_bucket")
