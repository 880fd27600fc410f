"""Media in a bucket: the object is the truth, any machine has the file, and nothing half written is
ever seen.
"""

import asyncio
import base64
import errno
import hashlib
import json
import os
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from editorapp.media import frames, intake, layout, store, tasks, trim
from editorapp.media.backends import bucket as backend
from editorapp.media.backends import s3
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.providers.http.inline_body import InlineBody, StoredFile
from editorapp.teams.models import Member
from tests.factories import make_asset, make_member
from tests.media.conftest import Bucket
from tests.s3 import storage_at


def take_in(folder: Path, file: Path, member: Member | None = None, **more: Any) -> Asset:
    member = member or make_member()
    copy = Path(shutil.copyfile(file, folder.parent / f"in-{file.name}"))
    return intake.take_in(copy, name=file.name, team=member.team, user=member.user, **more)


def owner_of(asset: Asset) -> Client:
    client = Client()
    assert asset.created_by
    client.force_login(asset.created_by)
    return client


def content(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def keep(bucket: Bucket, data: bytes, what: str = store.ORIGINAL, sha256: str = "") -> str:
    file = store.incoming() / "one"
    file.write_bytes(data)
    store.keep(file, sha256 or content(data), what)
    return sha256 or content(data)


def held_bytes(sha256: str, what: str = store.ORIGINAL) -> bytes:
    with store.held(sha256, what) as (path,):
        return path.read_bytes()


# Two machines


def test_a_result_fetched_on_one_machine_plays_from_another(
    db, bucket: Bucket, small_clip: Path
) -> None:
    asset = take_in(bucket.move("a"), small_clip, origin=Asset.Origin.RESULT)
    bucket.move("b")

    whole = owner_of(asset).get(f"/media/{asset.pk}/playable")
    part = owner_of(asset).get(f"/media/{asset.pk}/playable", headers={"Range": "bytes=100-199"})
    poster = owner_of(asset).get(f"/media/{asset.pk}/poster")

    assert whole.getvalue() == small_clip.read_bytes()
    assert (part.status_code, part.getvalue()) == (206, small_clip.read_bytes()[100:200])
    assert poster.getvalue()[:4] == b"RIFF" and poster.headers["Content-Type"] == "image/webp"


def test_a_long_file_plays_at_once_and_is_not_copied_first(
    db, bucket: Bucket, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asset = take_in(bucket.move("a"), small_clip)
    bucket.move("b")
    monkeypatch.setattr(backend, "COPIED_FIRST_BYTES", 1000)

    part = owner_of(asset).get(f"/media/{asset.pk}/playable", headers={"Range": "bytes=2000-2999"})

    assert (part.status_code, part.getvalue()) == (206, small_clip.read_bytes()[2000:3000])
    assert part.headers["Content-Range"] == f"bytes 2000-2999/{small_clip.stat().st_size}"
    assert not store.path(asset.sha256, store.ORIGINAL).exists()


def test_another_machine_makes_stills_cuts_copies_and_bodies_of_it(
    db, bucket: Bucket, small_clip: Path, django_capture_on_commit_callbacks
) -> None:
    asset = take_in(bucket.move("a"), small_clip)
    Asset.objects.update(proxy=Asset.Proxy.PENDING)
    bucket.move("b")

    still = frames.still(asset, 3)
    cut = trim.trim(asset, 2, 9, user=None)
    tasks.make_proxy(asset.pk)
    body = InlineBody({"source": StoredFile.of(asset.sha256)})

    async def sent() -> bytes:
        return b"".join([piece async for piece in body.pieces()])

    text = asyncio.run(sent())
    body.close()
    assert still[:4] == b"\x89PNG" and cut.frame_count == 8
    assert Asset.objects.get(pk=asset.pk).proxy == Asset.Proxy.READY and store.exists(
        asset.sha256, layout.PROXY
    )
    assert base64.b64decode(
        json.loads(text)["source"]
    ) == small_clip.read_bytes() and body.size == len(text)


def test_what_lies_on_this_machine_alone_is_not_there(db, bucket: Bucket, small_clip: Path) -> None:
    asset = take_in(bucket.move("a"), small_clip)
    for key in bucket.names("blobs/"):
        bucket.storage.forget("blobs/" + key)

    again = take_in(bucket.move("a"), small_clip, Member.objects.get())

    assert again == asset and store.exists(asset.sha256, store.ORIGINAL)
    assert len(bucket.names("blobs/")) == 4


def test_a_file_that_nobody_has_is_gone_and_says_so(db, bucket: Bucket) -> None:
    asset = make_asset(make_member())

    answer = owner_of(asset).get(f"/media/{asset.pk}/original")

    assert answer.status_code == 404
    with pytest.raises(Refusal, match="upload it again"):
        frames.still(asset, 0)
    with pytest.raises(store.Gone):
        InlineBody({"source": StoredFile.of(asset.sha256)})


# Nothing half written


def test_a_file_of_many_parts_appears_when_all_of_it_was_compared(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 5 * 1024 * 1024)
    data = os.urandom(11_000_000)

    sha256 = keep(bucket, data)

    assert bucket.storage.head(f"blobs/{sha256[:2]}/{sha256}/original") == s3.Head(
        len(data), sha256
    )
    bucket.move("b")
    assert held_bytes(sha256) == data


@pytest.mark.parametrize("size", [1000, 11_000_000])
def test_a_file_that_is_not_what_its_name_says_never_appears(bucket: Bucket, size: int) -> None:
    with pytest.raises(Refusal) as refused:
        keep(bucket, b"y" * size, sha256=content(b"x" * size))

    assert refused.value.code == "storage_damaged"
    assert bucket.names() == [] and not store.exists(content(b"x" * size), store.ORIGINAL)


def test_a_bucket_that_goes_away_while_a_file_is_stored_leaves_no_row_and_a_sentence(
    db, bucket: Bucket, small_clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = s3.MediaStorage.put_bytes

    def cut(self: s3.MediaStorage, name: str, *rest: Any) -> None:
        if name.endswith("original"):
            bucket.gate.shut()
        put(self, name, *rest)

    monkeypatch.setattr(s3.MediaStorage, "put_bytes", cut)
    with pytest.raises(Refusal) as refused:
        take_in(bucket.move("a"), small_clip)

    bucket.gate.open()
    assert (
        refused.value.code == "storage_away"
        and "try again in a few minutes" in refused.value.message
    )
    assert not Asset.objects.exists() and not list(store.incoming().iterdir())
    assert not any(key.endswith("original") for key in bucket.names())


def test_a_bucket_that_is_not_ours_is_told_to_an_admin(bucket: Bucket, settings) -> None:
    settings.STORAGES = {
        **settings.STORAGES,
        "default": storage_at(bucket.gate.port, bucket="nobodys-bucket"),
    }

    with pytest.raises(Refusal, match="ask an admin to check its settings"):
        keep(bucket, b"one")


# Copies


def test_an_object_that_was_cut_short_is_never_given_out(bucket: Bucket) -> None:
    data = os.urandom(50_000)
    sha256 = keep(bucket, data)
    bucket.replace(f"blobs/{sha256[:2]}/{sha256}/original", data[:20_000], sha256=sha256)
    bucket.move("b")

    with pytest.raises(Refusal) as refused:
        held_bytes(sha256)

    assert (
        refused.value.code == "storage_damaged"
        and "restore it from a backup" in refused.value.message
    )
    assert not store.path(sha256, store.ORIGINAL).exists() and not list(store.incoming().iterdir())


@pytest.mark.parametrize("what", [store.ORIGINAL, layout.POSTER])
def test_a_damaged_copy_is_noticed_and_fetched_again(bucket: Bucket, what: str) -> None:
    data = os.urandom(50_000)
    sha256 = keep(bucket, data, what, sha256=content(data))
    held_bytes(sha256, what)
    store.path(sha256, what).write_bytes(data[:-1] + b"?")

    assert held_bytes(sha256, what) == data
    assert store.path(sha256, what).read_bytes() == data


def test_a_machine_that_was_off_compares_its_copies_before_it_gives_them_out(
    bucket: Bucket,
) -> None:
    data = os.urandom(50_000)
    sha256 = keep(bucket, data)
    copy = store.path(sha256, store.ORIGINAL)
    was = copy.stat()
    copy.write_bytes(b"?" + data[1:])
    os.utime(copy, ns=(was.st_atime_ns, was.st_mtime_ns))
    bucket.move("a")

    assert held_bytes(sha256) == data


def test_the_least_recently_used_copy_goes_first_and_none_that_is_in_use(
    bucket: Bucket, settings
) -> None:
    old, used, unused, new = (keep(bucket, os.urandom(30_000)) for _ in range(4))
    for age, sha256 in enumerate((new, unused, old)):
        at = time.time() - 1000 * age
        os.utime(
            store.path(sha256, store.ORIGINAL),
            (at, store.path(sha256, store.ORIGINAL).stat().st_mtime),
        )
    settings.CACHE_BYTES = 100_000

    with store.held(used, store.ORIGINAL) as (path,):
        os.utime(path, (1, path.stat().st_mtime))
        newest = keep(bucket, os.urandom(30_000))
        assert path.exists()

    kept = {
        sha256
        for sha256 in (old, used, unused, new, newest)
        if store.path(sha256, store.ORIGINAL).exists()
    }
    assert kept == {used, new, newest}
    assert len(held_bytes(old)) == 30_000, "what was cleared away is fetched again"


def test_a_full_disk_is_cleared_of_copies_before_it_is_a_failure(
    db, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, other = os.urandom(50_000), keep(bucket, os.urandom(1000))
    sha256 = keep(bucket, data)
    store.path(sha256, store.ORIGINAL).unlink()
    write = backend.Bucket._write

    def full_once(self: backend.Bucket, name: str, head: s3.Head, part: Path) -> None:
        if store.path(other, store.ORIGINAL).exists():
            part.write_bytes(b"half")
            raise OSError(errno.ENOSPC, "No space left on device")
        write(self, name, head, part)

    monkeypatch.setattr(backend.Bucket, "_write", full_once)

    assert held_bytes(sha256) == data
    assert not store.path(other, store.ORIGINAL).exists() and not list(store.incoming().iterdir())


def test_a_disk_that_stays_full_is_told_in_words(
    db, bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = os.urandom(50_000)
    asset = make_asset(make_member(), sha256=keep(bucket, data), size_bytes=len(data))
    store.path(asset.sha256, store.ORIGINAL).unlink()

    def full(self: backend.Bucket, name: str, head: s3.Head, part: Path) -> None:
        part.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(backend.Bucket, "_write", full)
    answer = owner_of(asset).get(f"/media/{asset.pk}/original")

    assert (answer.status_code, answer.json()["reason"]) == (507, "disk_full")
    assert "disk is full" in answer.json()["message"] and not list(store.incoming().iterdir())


def test_a_silent_bucket_is_told_in_words_and_copies_play_on(
    db, bucket: Bucket, small_clip: Path
) -> None:
    asset = take_in(bucket.move("a"), small_clip)
    bucket.gate.shut()

    here = owner_of(asset).get(f"/media/{asset.pk}/playable")
    bucket.move("b")
    elsewhere = owner_of(asset).get(f"/media/{asset.pk}/playable")

    assert here.getvalue() == small_clip.read_bytes()
    assert (elsewhere.status_code, elsewhere.json()["reason"]) == (503, "storage_away")


def test_a_copy_for_browsers_waits_for_a_silent_bucket(
    db, bucket: Bucket, small_clip: Path
) -> None:
    asset = take_in(bucket.move("a"), small_clip)
    Asset.objects.update(proxy=Asset.Proxy.PENDING)
    bucket.gate.shut()

    tasks.make_proxy(asset.pk)

    assert Asset.objects.get().proxy == Asset.Proxy.PENDING


# Deleting and sweeping


def test_deleting_a_content_deletes_its_objects_and_this_machines_copies(bucket: Bucket) -> None:
    sha256, other = keep(bucket, b"one"), keep(bucket, b"two")
    keep(bucket, b"poster", layout.POSTER, sha256)

    store.remove(sha256)

    assert bucket.names("blobs/") == [f"{other[:2]}/{other}/original"]
    assert (
        not store.exists(sha256, store.ORIGINAL) and not store.path(sha256, layout.POSTER).exists()
    )


def test_the_sweep_deletes_what_given_up_uploads_left_in_the_bucket(bucket: Bucket) -> None:
    kept = keep(bucket, b"one")
    bucket.replace("incoming/token/000-3-abc", b"abc")

    early, late = store.sweep(now=time.time() + 80_000), store.sweep(now=time.time() + 90_000)

    assert (early, late) == (0, 1)
    assert bucket.names() == [f"blobs/{kept[:2]}/{kept}/original"]


def test_parts_of_a_file_that_was_never_completed_are_swept(bucket: Bucket) -> None:
    bucket.storage.client.create_multipart_upload(
        Bucket=bucket.storage.bucket_name, Key="media/blobs/x"
    )

    before = bucket.storage.forget_unfinished(datetime(2001, 1, 1, tzinfo=UTC))
    after = bucket.storage.forget_unfinished(datetime.now(UTC) + timedelta(days=1))

    assert (before, after) == (0, 1)
    assert "Uploads" not in bucket.storage.client.list_multipart_uploads(
        Bucket=bucket.storage.bucket_name
    )


def test_a_sweep_while_the_bucket_is_silent_does_the_rest(bucket: Bucket) -> None:
    (store.incoming() / "old.part").write_bytes(b"x")
    bucket.gate.shut()

    assert store.sweep(now=time.time() + 90_000) == 1
