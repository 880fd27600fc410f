"""Two machines and a bucket between them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from editorapp.media.backends import cache, s3
from editorapp.media.uploads import running_hash
from tests.s3 import Gate, server, storage_at


@dataclass
class Bucket:
    """The bucket of a test: its objects, the gate before it, and the machines that use it."""

    gate: Gate
    storage: s3.MediaStorage
    move: Callable[[str], Path]  # go on as another machine: its own data folder, its own process

    def names(self, prefix: str = "") -> list[str]:
        return [name for name, _size, _at in self.storage.list(prefix)]

    def replace(self, name: str, data: bytes, **metadata: str) -> None:
        """Change an object behind everybody's back."""
        self.storage.client.put_object(
            Bucket=self.storage.bucket_name,
            Key=self.storage.key(name),
            Body=data,
            Metadata=metadata,
        )


@pytest.fixture(scope="session")
def s3_port() -> Iterator[int]:
    with server() as port:
        yield port


@pytest.fixture
def bucket(s3_port: int, settings, tmp_path: Path) -> Iterator[Bucket]:
    """An empty bucket, and machine "a" that uses it."""

    def move(machine: str) -> Path:
        running_hash._running.clear()
        cache._compared.clear()
        settings.MEDIA_ROOT = tmp_path / machine
        return tmp_path / machine

    gate = Gate(s3_port)
    default: dict[str, Any] = storage_at(gate.port, bucket=f"test-{gate.port}", location="media")
    settings.STORAGES = {**settings.STORAGES, "default": default}
    settings.CACHE_BYTES = 1_000_000_000
    move("a")
    storage = storages["default"]
    assert isinstance(storage, s3.MediaStorage)
    storage.client.create_bucket(Bucket=storage.bucket_name)
    yield Bucket(gate, storage, move)
    gate.close()
