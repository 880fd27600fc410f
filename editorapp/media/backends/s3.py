"""S3-compatible storage through django-storages: the few calls that the bucket needs, with their
failures in words.
"""

import base64
import hashlib
import logging
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BufferedReader
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, IncompleteReadError
from botocore.exceptions import ConnectionError as BotoConnectionError
from storages.backends.s3 import S3Storage

from editorapp.core import retry
from editorapp.media.refusals import Refusal

log = logging.getLogger(__name__)

PART_BYTES = (
    8 * 1024 * 1024
)  # S3 wants at least 5 MiB in every part but the last, and takes 10,000 parts
READ_BYTES = 256 * 1024
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
_CALL = retry.policy("bucket.call")
_FULL = {"QuotaExceeded", "XMinioStorageFull", "InsufficientStorage", "507"}
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
        style = options.get("addressing_style") or (
            "path" if options.get("endpoint_url") else "auto"
        )
        options["client_config"] = Config(
            connect_timeout=5,
            read_timeout=20,
            max_pool_connections=32,
            s3={"addressing_style": style},
            retries={"mode": "standard", "total_max_attempts": _CALL.tries},
            signature_version="s3v4",
            **_PLAIN,
        )
        super().__init__(**options)
        self._client: Any = None
        self._client_of = 0
        self._client_lock = threading.Lock()

    @property
    def client(self) -> Any:
        with self._client_lock:
            if (
                self._client_of != os.getpid()
            ):  # a forked process must not share its parent's connections
                self._connections = threading.local()
                self._client, self._client_of = self.connection.meta.client, os.getpid()
            return self._client

    def key(self, name: str) -> str:
        return f"{self.location.strip('/')}/{name}".lstrip("/")

    def head(self, name: str) -> Head | None:
        """Return what is said of an object; None, when there is none. Raises: Refusal."""
        try:
            with telling():
                said = self.client.head_object(Bucket=self.bucket_name, Key=self.key(name))
        except FileNotFoundError:
            return None
        return Head(said["ContentLength"], said.get("Metadata", {}).get(_SHA256, ""))

    def put_bytes(self, name: str, data: bytes | bytearray, sha256: str) -> None:
        """Write a small object; the server compares what came. Raises: Refusal."""
        with telling():
            self.client.put_object(
                Bucket=self.bucket_name,
                Key=self.key(name),
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
        place = {"Bucket": self.bucket_name, "Key": self.key(name)}
        upload = self.client.create_multipart_upload(**place, Metadata={_SHA256: sha256})[
            "UploadId"
        ]
        try:
            parts: list[dict[str, Any]] = []
            digest = hashlib.sha256()
            block = bytearray(
                PART_BYTES
            )  # the same for all parts: a fresh one each would stay with the thread
            while count := handle.readinto(block):
                data = block if count == len(block) else block[:count]
                digest.update(data)
                number = len(parts) + 1
                said = self.client.upload_part(
                    **place, UploadId=upload, PartNumber=number, Body=data, ContentMD5=_md5(data)
                )
                parts.append({"PartNumber": number, "ETag": said["ETag"]})
            _compare(digest.hexdigest(), sha256, name)
            self.client.complete_multipart_upload(
                **place, UploadId=upload, MultipartUpload={"Parts": parts}
            )
        except BaseException:
            self._abort(place, upload)
            raise

    def _abort(self, place: dict[str, str], upload: str) -> None:
        """Have the parts forgotten. Where that fails too, the sweep does it a day later."""
        try:
            self.client.abort_multipart_upload(**place, UploadId=upload)
        except (BotoCoreError, ClientError) as error:
            log.warning("An upload to the bucket was not ended: %s", type(error).__name__)

    def get(self, name: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Yield an object's bytes, from `start` to before `end`.

        The call is made at once, before the first byte.

        Raises: FileNotFoundError; Refusal, also when it ends too early.
        """
        span = (
            {}
            if (start, end) == (0, None)
            else {"Range": f"bytes={start}-{'' if end is None else end - 1}"}
        )
        with telling():
            said = self.client.get_object(Bucket=self.bucket_name, Key=self.key(name), **span)
        return _pieces(said["Body"], said["ContentLength"])

    def list(self, prefix: str) -> Iterator[tuple[str, int, datetime]]:
        """Yield the name below the prefix, the length and the time of each object.

        Raises: Refusal.
        """
        whole = self.key(prefix)
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket_name, Prefix=whole
        )
        with telling():
            for page in pages:
                for one in page.get("Contents", []):
                    yield one["Key"].removeprefix(whole), one["Size"], one["LastModified"]

    def forget(self, name: str) -> None:
        """Delete an object, there or not. Raises: Refusal."""
        with telling():
            self.client.delete_object(Bucket=self.bucket_name, Key=self.key(name))

    def forget_unfinished(self, before: datetime) -> int:
        """End the uploads in parts that were begun before an instant; return how many.

        Raises: Refusal.
        """
        pages = self.client.get_paginator("list_multipart_uploads").paginate(
            Bucket=self.bucket_name, Prefix=self.key("")
        )
        count = 0
        with telling():
            for one in [upload for page in pages for upload in page.get("Uploads", [])]:
                if one["Initiated"] < before:
                    self._abort({"Bucket": self.bucket_name, "Key": one["Key"]}, one["UploadId"])
                    count += 1
        return count


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
        reason = (
            "storage_refused"
            if code in _REFUSED
            else "storage_full"
            if code in _FULL
            else "storage_away"
        )
        raise Refusal(reason) from error
    except (BotoConnectionError, HTTPClientError, IncompleteReadError) as error:
        log.warning("The bucket does not answer: %s", type(error).__name__)
        raise Refusal("storage_away") from error
    except BotoCoreError as error:
        log.warning("The bucket cannot be used: %s", error)
        raise Refusal("storage_refused") from error


def _pieces(body: Any, size: int) -> Iterator[bytes]:
    left = size
    with telling():
        try:
            while left > 0 and (data := body.read(min(READ_BYTES, left))):
                left -= len(data)
                yield data
        except OSError as error:
            raise Refusal("storage_away") from error
        finally:
            body.close()
    if left > 0:
        raise Refusal("storage_away")


def _compare(found: str, expected: str, name: str) -> None:
    if found != expected:
        log.error("%s is not what its hash says", name)
        raise Refusal("storage_damaged")


def _md5(data: bytes | bytearray) -> str:
    """Return the checksum that S3 compares on arrival; it protects the way there and nothing else."""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
