"""Files come in: measured, previewed, stored once; refused ones leave nothing."""

import shutil
import threading
from fractions import Fraction
from pathlib import Path

import pytest
from django.db import connection
from PIL import Image

from editorapp.media import frames, layout, store, unreadable
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from tests.factories import make_member

CLIPS = {
    "bunny_720p_5s.mp4": (1280, 720, Fraction(25), 132, "5.280000"),
    "crystal_9s.mp4": (720, 480, Fraction(30), 288, "9.600000"),
    "vertical_4s.mp4": (720, 1280, Fraction(30000, 1001), 127, "4.237567"),
    "frog_vp9_8s.webm": (720, 480, Fraction(30), 248, "8.266667"),
    "pig_rotated_6s.mov": (720, 480, Fraction(30), 196, "6.533333"),
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    """Give each test a store of its own, so that it can say that nothing is left in it."""
    settings.MEDIA_ROOT = tmp_path / "media"


def copy_of(file: Path, folder: Path) -> Path:
    return Path(shutil.copyfile(file, folder / f"in-{file.name}"))


@pytest.mark.parametrize("name", CLIPS)
def test_a_real_clip_comes_in_with_exact_facts_and_previews(
    db, real_media: Path, tmp_path: Path, name: str
) -> None:
    member = make_member()
    file = copy_of(real_media / name, tmp_path)

    asset = take_in(file, name=name, team=member.team, user=member.user)

    shown = (asset.width, asset.height, asset.fps, asset.frame_count, str(asset.duration_seconds))
    assert shown == CLIPS[name]
    assert (asset.has_audio, asset.hdr, asset.variable_frame_rate) == (True, False, False)
    assert store.path(asset.sha256, store.ORIGINAL).read_bytes() == (real_media / name).read_bytes()
    assert not file.exists()
    with Image.open(store.path(asset.sha256, layout.FILMSTRIP)) as strip:
        assert strip.height == 90 and strip.width % 30 == 0


@pytest.mark.parametrize(("name", "size"), [("rocket.jpg", (640, 427)), ("coffee.png", (600, 400))])
def test_a_picture_comes_in(
    db, real_media: Path, tmp_path: Path, name: str, size: tuple[int, int]
) -> None:
    member = make_member()

    asset = take_in(
        copy_of(real_media / name, tmp_path), name=name, team=member.team, user=member.user
    )

    assert (asset.kind, asset.width, asset.height) == ("image", *size)
    assert store.path(asset.sha256, layout.POSTER).exists()


def test_the_same_bytes_are_one_asset_and_come_back_after_a_delete(
    db, real_media: Path, tmp_path: Path
) -> None:
    member = make_member()
    first = take_in(
        copy_of(real_media / "rocket.jpg", tmp_path),
        name="a.jpg",
        team=member.team,
        user=member.user,
    )
    Asset.objects.update(deleted_at="2026-01-01T00:00:00Z")

    again = take_in(
        copy_of(real_media / "rocket.jpg", tmp_path),
        name="b.jpg",
        team=member.team,
        user=member.user,
    )

    assert again.pk == first.pk
    assert again.name == "a.jpg"
    assert Asset.objects.visible_to(member).count() == 1


def test_a_refused_file_leaves_nothing(db, tmp_path: Path) -> None:
    member = make_member()
    file = tmp_path / "notes.mp4"
    file.write_text("Dear diary, this is not a film.")

    with pytest.raises(Refusal) as refused:
        take_in(file, name="notes.mp4", team=member.team, user=member.user)

    assert refused.value.code == "not_media"
    assert "text file" in refused.value.message
    assert not file.exists()
    assert not Asset.objects.exists()
    assert list(store.incoming().iterdir()) == []


def test_a_pinned_frame_is_a_picture_of_the_clips_displayed_size(
    db, real_media: Path, tmp_path: Path
) -> None:
    member = make_member()
    clip = copy_of(real_media / "pig_rotated_6s.mov", tmp_path)
    asset = take_in(clip, name="pig.mov", team=member.team, user=member.user)

    pinned = frames.pin(asset, 90, user=member.user)

    assert (pinned.kind, pinned.origin, pinned.width, pinned.height) == ("image", "frame", 720, 480)
    assert pinned.name == "pig frame 90.png"


def test_the_same_file_from_many_hands_at_once_is_one_asset(
    transactional_db, real_media: Path, tmp_path: Path
) -> None:
    member = make_member()
    copies = [
        Path(shutil.copyfile(real_media / "rocket.jpg", tmp_path / f"{n}.jpg")) for n in range(6)
    ]
    taken: list[int] = []

    def take(file: Path) -> None:
        taken.append(take_in(file, name=file.name, team=member.team, user=member.user).pk)
        connection.close()

    threads = [threading.Thread(target=take, args=[file]) for file in copies]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    asset = Asset.objects.get()
    assert taken == [asset.pk] * 6
    assert (
        store.path(asset.sha256, store.ORIGINAL).read_bytes()
        == (real_media / "rocket.jpg").read_bytes()
    )
    assert list(store.incoming().iterdir()) == []


def test_two_teams_keep_one_copy_and_each_its_own_asset(
    db, real_media: Path, tmp_path: Path
) -> None:
    ours, theirs = make_member(), make_member()

    first = take_in(
        copy_of(real_media / "rocket.jpg", tmp_path), name="a.jpg", team=ours.team, user=ours.user
    )
    second = take_in(
        copy_of(real_media / "rocket.jpg", tmp_path),
        name="b.jpg",
        team=theirs.team,
        user=theirs.user,
    )

    assert first.pk != second.pk and first.sha256 == second.sha256
    assert list(Asset.objects.visible_to(ours)) == [first]
    kept = {file.parent.name for file in (store.incoming().parent / "blobs").rglob("original")}
    assert kept == {first.sha256, first.outgoing_sha256} == {second.sha256, second.outgoing_sha256}


@pytest.mark.parametrize("how", ["changed", "cut", "gone"])
def test_a_stored_file_that_is_not_what_it_was_is_replaced_when_its_bytes_come_again(
    db, small_clip, tmp_path, how
):
    member = make_member()
    asset = take_in(copy_of(small_clip, tmp_path), name="a.mp4", team=member.team, user=member.user)
    kept = store.path(asset.sha256, store.ORIGINAL)
    whole = kept.read_bytes()
    if how == "gone":
        kept.unlink()
    else:
        kept.write_bytes(
            whole[:-1] + bytes([whole[-1] ^ 1]) if how == "changed" else whole[: len(whole) // 2]
        )

    again = take_in(copy_of(small_clip, tmp_path), name="a.mp4", team=member.team, user=member.user)

    assert again == asset
    assert kept.read_bytes() == whole and store.hash_file(kept) == asset.sha256


def test_what_could_not_be_read_when_it_came_is_a_clip_once_it_can(db, small_clip, tmp_path):
    member = make_member()
    about = {"team": member.team, "user": member.user, "is_simulated": False}
    came = unreadable.keep(copy_of(small_clip, tmp_path), name="as it came.mp4", **about)

    asset = take_in(copy_of(small_clip, tmp_path), name="a.mp4", team=member.team, user=member.user)

    assert asset.pk == came.pk and asset.is_video and asset.frame_count == 24
