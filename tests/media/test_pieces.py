"""Uploads by way of a bucket: any machine takes the next piece, and any finishes."""

import hashlib
import json
import zlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.media import store, tasks
from editorapp.media.models import Asset, Upload
from editorapp.media.uploads import piece_objects, resumable
from editorapp.media.uploads.claim import claimed
from tests.factories import make_member
from tests.media.conftest import Bucket

PIECE = 2_000


@pytest.fixture
def client(db) -> Client:
    signed_in = Client()
    signed_in.force_login(make_member().user)
    return signed_in


def begin(client: Client, size: int) -> str:
    asked = json.dumps({"name": "clip.mp4", "size": size})
    url: str = client.post("/media/uploads", asked, content_type="application/json").json()["url"]
    return url


def put(client: Client, url: str, data: bytes, at: int) -> Any:
    return client.put(
        url, data, content_type="application/octet-stream", headers={"Upload-Offset": str(at)}
    )


def offset(client: Client, url: str) -> int:
    return int(client.head(url).headers["Upload-Offset"])


def test_two_machines_take_turns_and_the_third_finishes(
    client: Client, bucket: Bucket, small_clip: Path
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    for number, at in enumerate(range(0, len(data), PIECE)):
        bucket.move("ab"[number % 2])
        assert put(client, url, data[at : at + PIECE], at).json() == {
            "offset": min(len(data), at + PIECE)
        }
    bucket.move("c")

    response = client.post(f"{url}/finish")

    assert response.status_code == 201 and response.json()["asset"]["frame_count"] == 24
    asset = Asset.objects.get()
    assert asset.sha256 == hashlib.sha256(data).hexdigest() and store.exists(
        asset.sha256, store.ORIGINAL
    )
    assert bucket.names("incoming/") == [] and not Upload.objects.under_way().exists()
    assert not list(store.incoming().iterdir())


def test_where_one_machine_took_all_pieces_none_is_fetched_back(
    client: Client, bucket: Bucket, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    for at in range(0, len(data), PIECE):
        put(client, url, data[at : at + PIECE], at)
    monkeypatch.delattr("editorapp.media.backends.s3.MediaStorage.get")

    assert client.post(f"{url}/finish").status_code == 201


def test_a_piece_that_comes_twice_changes_nothing(client: Client, bucket: Bucket) -> None:
    url = begin(client, 100)
    put(client, url, b"x" * 60, 0)
    bucket.move("b")

    again, ahead = put(client, url, b"x" * 60, 0), put(client, url, b"x" * 10, 90)

    for response in (again, ahead):
        assert (response.status_code, response.headers["Upload-Offset"]) == (409, "60")
    assert offset(client, url) == 60 and len(bucket.names("incoming/")) == 1


def test_pieces_of_two_machines_that_overlap_are_one_file(
    client: Client, bucket: Bucket, small_clip: Path
) -> None:
    """A browser that tries again while its first request still runs: each machine saw a part of the
    same bytes.
    """
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    token = url.rpartition("/")[2]
    for start, end in (
        (0, 700),
        (0, 500),
        (500, 900),
        (900, len(data)),
        (len(data) + 10, len(data) + 20),
    ):
        piece = data[start:end]
        name = f"incoming/{token}/{start:015d}-{len(piece)}-{hashlib.sha256(piece).hexdigest()}"
        bucket.replace(name, piece)

    assert offset(client, url) == len(data)
    assert client.post(f"{url}/finish").status_code == 201
    assert Asset.objects.get().sha256 == hashlib.sha256(data).hexdigest()


def test_a_bucket_that_goes_away_in_the_middle_of_a_piece_costs_what_had_not_arrived(
    client: Client, bucket: Bucket, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(piece_objects, "OBJECT_BYTES", PIECE)
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    put_bytes = piece_objects.MediaStorage.put_bytes

    def cut(self: piece_objects.MediaStorage, name: str, *rest: Any) -> None:
        if f"/{2 * PIECE:015d}-" in name:
            bucket.gate.shut()
        put_bytes(self, name, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(piece_objects.MediaStorage, "put_bytes", cut)
        broken = put(client, url, data, 0)
    silent = client.head(url)
    bucket.gate.open()

    assert (broken.status_code, broken.json()["reason"]) == (503, "storage_away")
    assert "nothing is lost" in broken.json()["message"] and silent.status_code == 503
    assert offset(client, url) == 2 * PIECE
    assert put(client, url, data[2 * PIECE :], 2 * PIECE).status_code == 200
    assert client.post(f"{url}/finish").status_code == 201


def test_an_upload_that_the_bucket_cannot_take_now_is_finished_later(
    client: Client, bucket: Bucket, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    put(client, url, data, 0)
    keep = store.keep

    def cut(*arguments: Any) -> Path:
        bucket.gate.shut()
        return keep(*arguments)

    with monkeypatch.context() as patched:
        patched.setattr(store, "keep", cut)
        refused = client.post(f"{url}/finish")
    bucket.gate.open()
    bucket.move("b")

    assert (refused.status_code, refused.json()["reason"]) == (503, "storage_away")
    assert Upload.objects.exists() and not Asset.objects.exists()
    assert client.post(f"{url}/finish").status_code == 201


def test_a_piece_that_was_damaged_in_the_bucket_is_never_part_of_a_file(
    client: Client, bucket: Bucket, small_clip: Path
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    put(client, url, data, 0)
    bucket.replace(f"incoming/{bucket.names('incoming/')[0]}", b"?" + data[1:])
    bucket.move("b")

    refused = client.post(f"{url}/finish")

    assert (refused.status_code, refused.json()["reason"]) == (507, "storage_damaged")
    assert not Asset.objects.exists() and bucket.names() == []


def test_of_two_machines_that_finish_one_upload_one_does(
    client: Client, bucket: Bucket, small_clip: Path
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    put(client, url, data, 0)

    with claimed(Upload.objects.get()):
        bucket.move("b")
        meanwhile = client.post(f"{url}/finish")

    assert (meanwhile.status_code, meanwhile.json()["reason"]) == (409, "being_taken")
    assert client.post(f"{url}/finish").status_code == 201


def test_a_machine_that_died_while_it_took_a_file_in_is_not_waited_for(
    client: Client, bucket: Bucket, small_clip: Path
) -> None:
    data = small_clip.read_bytes()
    url = begin(client, len(data))
    put(client, url, data, 0)
    Upload.objects.update(claimed_at=timezone.now() - timedelta(seconds=46))
    bucket.move("b")

    assert client.post(f"{url}/finish").status_code == 201


def test_another_machine_goes_on_and_says_what_has_arrived(client: Client, bucket: Bucket) -> None:
    asked = json.dumps({"name": "clip.mp4", "size": 100, "mark": "1-2-3"})
    begun = client.post("/media/uploads", asked, content_type="application/json").json()
    put(client, begun["url"], b"x" * 60, 0)
    bucket.move("b")

    again = client.post("/media/uploads", asked, content_type="application/json")

    assert again.status_code == 200
    assert again.json() == {**begun, "offset": 60, "crc32": zlib.crc32(b"x" * 60)}


def test_of_an_upload_that_somebody_still_sends_no_piece_is_swept(
    client: Client, bucket: Bucket
) -> None:
    url = begin(client, 100)
    put(client, url, b"x" * 60, 0)
    later = timezone.now() + timedelta(hours=25)
    Upload.objects.update(touched_at=later - timedelta(hours=1))

    tasks.sweep(later)
    kept = offset(client, url)
    tasks.sweep(later + timedelta(hours=24))

    assert kept == 60 and bucket.names() == [] and client.head(url).status_code == 404


def test_a_cancelled_upload_leaves_nothing_in_the_bucket(client: Client, bucket: Bucket) -> None:
    url = begin(client, 100)
    put(client, url, b"x" * 60, 0)
    bucket.move("b")

    assert client.delete(url).status_code == 204
    assert bucket.names() == [] and client.head(url).status_code == 404


def test_a_piece_that_breaks_off_is_kept_as_far_as_it_came(client: Client, bucket: Bucket) -> None:
    class Broken:
        def __init__(self) -> None:
            self.left = [b"x" * 40, b"y" * 30]

        def read(self, size: int = -1) -> bytes:
            if not self.left:
                raise OSError("the browser is gone")
            return self.left.pop(0)

    url = begin(client, 100)
    upload = Upload.objects.get()

    assert resumable.append(upload, Broken(), at=0, length=100) == 70
    bucket.move("b")
    assert offset(client, url) == 70
