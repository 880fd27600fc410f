"""S3-compatible storage through django-storages: the few calls that the bucket needs, with their
failures in words.
"""

import base64
import hashlib
import logging
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    IncompleteReadError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError
from storages.backends.s3 import S3Storage

from editorapp.core import retry
from editorapp.media.backends.files import blocks
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

# S3 wants at least 5 MiB in every part but the last, and takes 10,000 parts.
PART_BYTES = 8 * 1024 * 1024
_SHA256 = "sha256"  # the object's own note of what is in it
_GONE = {"404", "NoSuchKey", "NotFound", "NoSuchUpload"}
_REFUSED = {
    "401",
    "403",
    "AccessDenied",
    "AllAccessDisabled",
    "InvalidAccessKeyId",
    "NoSuchBucket",
    "SignatureDoesNotMatch",
    "ExpiredToken",
    "InvalidToken",
    "AccountProblem",
}
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"}
_CALL = retry.policy("bucket.call")
# No checksums that are AWS's own: not every compatible server takes them. Content-MD5 is taken by
# all.
_PLAIN = {
    "request_checksum_calculation": "when_required",
    "response_checksum_validation": "when_required",
}


@dataclass(frozen=True)
class Head:
    """An object's length, and the hash that was noted on it; "" where none is."""

    size: int
    sha256: str


class MediaStorage(S3Storage):
    """django-storages' S3 with one client for all threads of a process: its own keeps one for each,
    at 5 MB apiece.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options, client_config=_config(options))
        self._client: Any = None
        self._client_of = 0
        self._client_lock = threading.Lock()

    @property
    def client(self) -> Any:
        with self._client_lock:
            # A forked process must not share its parent's connections.
            if self._client_of != os.getpid():
                self._connect()
            return self._client

    def _connect(self) -> None:
        self._connections = threading.local()
        self._client, self._client_of = self.connection.meta.client, os.getpid()

    def key(self, name: str) -> str:
        return f"{self.location.strip('/')}/{name}".lstrip("/")

    def _place(self, name: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self.key(name)}

    def _pages(self, operation: str, prefix: str) -> Any:
        pages = self.client.get_paginator(operation)
        return pages.paginate(Bucket=self.bucket_name, Prefix=self.key(prefix))

    def head(self, name: str) -> Head | None:
        """Return what is said of an object; None, when there is none. Raises: Refusal."""
        try:
            with telling():
                said = self.client.head_object(**self._place(name))
        except FileNotFoundError:
            return None
        return Head(said["ContentLength"], said.get("Metadata", {}).get(_SHA256, ""))

    def put_bytes(self, name: str, data: bytes, sha256: str) -> None:
        """Write a small object; the server compares what came. Raises: Refusal."""
        with telling():
            self.client.put_object(
                **self._place(name),
                Body=data,
                ContentMD5=_md5(data),
                Metadata={_SHA256: sha256},
            )

    def put_file(self, name: str, file: Path, sha256: str) -> None:
        """Write a file of any size, part by part; it appears once every byte of it has been
        compared.

        Raises: Refusal; "storage_damaged", when the file is not what its hash says.
        """
        with file.open("rb") as handle:
            if os.fstat(handle.fileno()).st_size <= PART_BYTES:
                data = handle.read()
                _compare(hashlib.sha256(data).hexdigest(), sha256, name)
                self.put_bytes(name, data, sha256)
            else:
                with telling():
                    self._put_parts(name, handle, sha256)

    def _put_parts(self, name: str, handle: BufferedReader, sha256: str) -> None:
        place, metadata = self._place(name), {_SHA256: sha256}
        begun = self.client.create_multipart_upload(**place, Metadata=metadata)
        upload = {**place, "UploadId": begun["UploadId"]}
        try:
            digest = hashlib.sha256()
            parts = [
                self._put_part(upload, number, data)
                for number, data in enumerate(_parts(handle, digest), start=1)
            ]
            _compare(digest.hexdigest(), sha256, name)
            self.client.complete_multipart_upload(**upload, MultipartUpload={"Parts": parts})
        except BaseException:
            self._abort(upload)
            raise

    def _put_part(self, upload: dict[str, str], number: int, data: bytearray) -> JsonObject:
        said = self.client.upload_part(
            **upload,
            PartNumber=number,
            Body=data,
            ContentMD5=_md5(data),
        )
        return {"PartNumber": number, "ETag": said["ETag"]}

    def _abort(self, upload: dict[str, str]) -> None:
        """Have the parts forgotten. Where that fails too, the sweep does it a day later."""
        try:
            self.client.abort_multipart_upload(**upload)
        except (BotoCoreError, ClientError) as error:
            log.warning("An upload to the bucket was not ended: %s", type(error).__name__)

    def get(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield an object's bytes, from `start` to before `end`.

        The call is made at once, before the first byte.

        Raises: FileNotFoundError; Refusal, also when it ends too early.
        """
        last = "" if end is None else end - 1
        span = {} if (start, end) == (0, None) else {"Range": f"bytes={start}-{last}"}
        with telling():
            said = self.client.get_object(**self._place(name), **span)
        return _pieces(said["Body"], said["ContentLength"])

    def list(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        """Yield the name below the prefix, the length and the time of each object.

        Raises: Refusal.
        """
        above = self.key(prefix)
        with telling():
            for page in self._pages("list_objects_v2", prefix):
                for one in page.get("Contents", []):
                    yield one["Key"].removeprefix(above), one["Size"], one["LastModified"]

    def forget(self, name: str) -> None:
        """Delete an object, there or not. Raises: Refusal."""
        with telling():
            self.client.delete_object(**self._place(name))

    def forget_unfinished(self, before: datetime) -> int:
        """End the uploads in parts that were begun before an instant; return how many.

        Raises: Refusal.
        """
        with telling():
            old = self._begun_before(before)
            for upload in old:
                self._abort(upload)
        return len(old)

    def _begun_before(self, instant: datetime) -> Sequence[dict[str, str]]:
        return [
            {
                "Bucket": self.bucket_name,
                "Key": one["Key"],
                "UploadId": one["UploadId"],
            }
            for page in self._pages("list_multipart_uploads", "")
            for one in page.get("Uploads", [])
            if one["Initiated"] < instant
        ]


def _config(options: JsonObject) -> Config:
    usual = "path" if options.get("endpoint_url") else "auto"
    return Config(
        connect_timeout=5,
        read_timeout=20,
        max_pool_connections=32,
        s3={"addressing_style": options.get("addressing_style") or usual},
        retries={"mode": "standard", "total_max_attempts": _CALL.tries},
        signature_version="s3v4",
        **_PLAIN,
    )


@contextmanager
def telling() -> Iterator[None]:
    """Turn what goes wrong with the bucket into a sentence for people, and "not there" into what
    files say.

    Raises: FileNotFoundError; Refusal "storage_refused", "storage_full", "storage_away".
    """
    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _GONE:
            raise FileNotFoundError(code) from error
        log.warning("The bucket answered %s to %s", code, error.operation_name)
        raise Refusal(_reason(code)) from error
    except (BotoConnectionError, HTTPClientError, IncompleteReadError) as error:
        log.warning("The bucket does not answer: %s", type(error).__name__)
        raise Refusal("storage_away") from error
    except BotoCoreError as error:
        log.warning("The bucket cannot be used: %s", error)
        raise Refusal("storage_refused") from error


def _reason(code: str) -> str:
    if code in _REFUSED:
        return "storage_refused"
    return "storage_full" if code in _FULL else "storage_away"


def _pieces(body: Any, size: int) -> Iterator[bytes]:
    came = 0
    with telling(), closing(body):
        try:
            for data in blocks(body.read, size):
                came += len(data)
                yield data
        except OSError as error:
            raise Refusal("storage_away") from error
    if came < size:
        raise Refusal("storage_away")


def _parts(handle: BufferedReader, digest: Any) -> Iterator[bytearray]:
    """Yield a file part by part, each in the same block of memory: a fresh one would stay with the
    thread.
    """
    block = bytearray(PART_BYTES)
    while count := handle.readinto(block):
        data = block if count == len(block) else block[:count]
        digest.update(data)
        yield data


def _compare(found: str, expected: str, name: str) -> None:
    if found != expected:
        log.error("%s is not what its hash says", name)
        raise Refusal("storage_damaged")


def _md5(data: bytes | bytearray) -> str:
    """Return the checksum that S3 compares on arrival; it protects the way there and nothing else."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
