"""A process whose bucket takes nothing is not ready."""

import pytest

from editorapp.ops import readiness


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch) -> None:
    monkeypatch.setattr(readiness, "_written", {})


def test_a_bucket_that_takes_files_is_ready_and_nothing_stays_in_it(bucket):
    assert readiness._media() == ""
    assert bucket.names() == []


def test_a_bucket_that_is_gone_is_said(bucket):
    bucket.storage.client.delete_bucket(Bucket=bucket.storage.bucket_name)

    assert "bucket" in readiness._media().lower() or "storage" in readiness._media().lower()
