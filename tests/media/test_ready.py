"""A process whose bucket takes nothing is not ready."""

import pytest
from django.utils import timezone

from editorapp.ops import readiness


@pytest.fixture(autouse=True)
def nothing_is_remembered(monkeypatch) -> None:
    monkeypatch.setattr(readiness, "_written", {})


def test_a_bucket_that_takes_files_is_ready_and_nothing_stays_in_it(bucket):
    assert readiness._media(timezone.now()) == ""
    assert bucket.names() == []


def test_a_bucket_that_is_gone_is_said(bucket):
    bucket.storage.client.delete_bucket(Bucket=bucket.storage.bucket_name)

    said = readiness._media(timezone.now()).lower()
    assert "bucket" in said or "storage" in said
