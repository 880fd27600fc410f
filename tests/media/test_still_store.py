"""A still that was asked for before comes from store: the same bytes, to whoever may see the clip."""

import errno
import io
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.utils import timezone
from PIL import Image

from editorapp.media import frames, sandbox, still_store, store
from editorapp.media.backends.cache import Cache
from editorapp.media.decoding import reader
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from tests.factories import make_member, signed_in
from tests.media.clips import make_clip, number_on
from tests.media.conftest import Bucket


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clip(db, tmp_path: Path) -> Asset:
    member = make_member()
    made = make_clip(tmp_path / "a.mp4", frames=40, options={"bf": "3"})
    return take_in(made, name="a.mp4", team=member.team, user=member.user)


@pytest.fixture
def jobs_run(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The jobs that the sandbox was asked for."""
    asked: list[str] = []
    run = sandbox.run

    def noting(job: str, **more: Any) -> Any:
        asked.append(job)
        return run(job, **more)

    monkeypatch.setattr(sandbox, "run", noting)
    return asked


def kept_files() -> list[Path]:
    folder = still_store._cache().folder / "blobs"
    return [file for file in folder.rglob("*") if file.is_file()]


def test_a_still_is_decoded_once(clip: Asset, jobs_run: list[str]) -> None:
    first = frames.still(clip, 33)
    again = frames.still(clip, 33)

    assert first == again and jobs_run == ["still"]
    assert number_on(np.asarray(Image.open(io.BytesIO(again)))) == 33


def test_each_size_and_format_is_a_still_of_its_own(clip: Asset, jobs_run: list[str]) -> None:
    made = [
        frames.still(clip, 3, format=format, max_height=height)
        for _time in range(2)
        for format, height in (("png", None), ("png", 60), ("webp", 60), ("jpeg", None))
    ]

    assert made[:4] == made[4:] and len(set(made)) == 4 and len(jobs_run) == 4


def test_a_frame_that_was_looked_at_is_pinned_without_decoding_it_again(
    clip: Asset, jobs_run: list[str]
) -> None:
    frames.still(clip, 7)
    pinned = frames.pin(clip, 7, user=clip.created_by)

    assert jobs_run.count("still") == 1
    assert store.path(pinned.sha256, store.ORIGINAL).read_bytes() == frames.still(clip, 7)


def test_what_was_damaged_on_the_disk_is_decoded_again(clip: Asset, jobs_run: list[str]) -> None:
    first = frames.still(clip, 5)
    (kept,) = kept_files()
    kept.write_bytes(kept.read_bytes()[:-1] + b"?")

    assert frames.still(clip, 5) == first
    assert frames.still(clip, 5) == first
    assert jobs_run == ["still", "still"]


def test_the_store_is_bounded_and_the_least_recently_used_still_goes_first(
    clip: Asset, settings, jobs_run: list[str]
) -> None:
    frames.still(clip, 0)
    size = kept_files()[0].stat().st_size
    settings.CACHE_BYTES = int(size * 3.5) * 20
    for index in (1, 2, 0, 3):  # 1 is used least recently when 3 needs room
        frames.still(clip, index)
    jobs_run.clear()

    for index in (0, 2, 3):
        frames.still(clip, index)

    assert jobs_run == []
    assert sum(file.stat().st_size for file in kept_files()) <= size * 3.5
    frames.still(clip, 1)
    assert jobs_run == ["still"]


def test_a_full_disk_keeps_nobody_from_seeing_a_still(
    clip: Asset, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_args: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    frames.still(clip, 1)
    monkeypatch.setattr(Cache, "put", full)

    picture = frames.still(clip, 2)

    assert number_on(np.asarray(Image.open(io.BytesIO(picture)))) == 2
    assert kept_files() == []
    assert list(store.incoming().iterdir()) == []


def test_stills_go_with_their_content(clip: Asset, jobs_run: list[str]) -> None:
    frames.still(clip, 1)
    frames.still(clip, 2)

    store.remove(clip.sha256)

    assert kept_files() == []
    with pytest.raises(store.Gone):
        frames.still(clip, 1)


def test_a_kept_still_is_shown_to_its_team_alone_and_not_after_it_was_deleted(clip: Asset) -> None:
    url = f"/media/{clip.pk}/frames/4.png"
    own, other = signed_in(make_member(team=clip.team)), signed_in(make_member())
    assert own.get(url).status_code == 200

    assert other.get(url).status_code == 404
    assert other.get(url, headers={"If-None-Match": own.get(url)["ETag"]}).status_code == 404
    Asset.objects.filter(pk=clip.pk).update(deleted_at=timezone.now())
    assert own.get(url).status_code == 404


def test_with_a_bucket_each_machine_keeps_the_stills_that_were_asked_of_it(
    db, bucket: Bucket, tmp_path: Path, jobs_run: list[str]
) -> None:
    member = make_member()
    bucket.move("a")
    made = make_clip(tmp_path / "a.mp4", frames=20)
    clip = take_in(made, name="a.mp4", team=member.team, user=member.user)
    jobs_run.clear()
    first = [frames.still(clip, 9), frames.still(clip, 9)]
    bucket.move("b")
    second = [frames.still(clip, 9), frames.still(clip, 9)]

    assert len({*first, *second}) == 1
    assert jobs_run == ["still", "still"]


@pytest.mark.parametrize("name", ["b.mp4", "pyramid.mkv", "hevc.mp4"])
def test_pictures_on_the_way_to_a_still_may_be_left_out_and_it_stays_the_same(
    name: str, tmp_path: Path
) -> None:
    made: dict[str, Any] = {"options": {"bf": "5", "b-pyramid": "strict", "g": "40"}}
    if name == "hevc.mp4":
        made = {"codec": "libx265", "options": {"x265-params": "log-level=none:temporal-layers=3"}}
    clip = make_clip(tmp_path / name, frames=80, **made)
    sandbox.run("take", path=clip, max_seconds=0, expect="video", out=tmp_path)
    index = reader.load_index(tmp_path / "frames.json")
    whole = [frame.to_ndarray() for frame in _frames_of(clip)]

    for number in range(80):
        frame, _aspect = reader.frame_at(clip, index, number)
        assert np.array_equal(frame.to_ndarray(), whole[number]), number


def _frames_of(clip: Path) -> Any:
    import av

    with av.open(str(clip)) as container:
        yield from container.decode(video=0)
