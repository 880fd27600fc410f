"""Bytes are kept once, whole or not at all, under names that we made."""

import errno
import os
import time
from pathlib import Path

import pytest

from editorapp.alerts.models import Alert
from editorapp.media import store
from editorapp.media.display_names import safe_name
from editorapp.media.refusals import Refusal

HASH = "ab" * 32


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_a_kept_file_lies_under_its_hash_and_is_gone_from_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(b"film")

    kept = store.keep(tmp_path / "in", HASH, store.ORIGINAL)

    assert kept == tmp_path / "media" / "blobs" / "ab" / HASH / "original"
    assert kept.read_bytes() == b"film" and not (tmp_path / "in").exists()


@pytest.mark.parametrize("wrong", ["", "../../etc/passwd", "AB" * 32, "ab" * 31, "ab" * 31 + "/."])
def test_only_a_hash_names_a_place(wrong: str) -> None:
    with pytest.raises(ValueError):
        store.path(wrong, store.ORIGINAL)
    with pytest.raises(ValueError):
        store.path(HASH, "../" + store.ORIGINAL)


def test_a_full_disk_is_told_and_leaves_no_half_file(
    db, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").write_bytes(b"film")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Refusal) as refused:
        store.keep(tmp_path / "in", HASH, store.ORIGINAL)

    assert refused.value.code == "disk_full"
    assert not store.path(HASH, store.ORIGINAL).exists()
    alert = Alert.objects.get()
    assert alert.kind == "disk_full" and "is full. Delete what is not needed" in alert.message


def test_what_cannot_be_swept_keeps_nothing_else_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    stuck, old = (store.incoming() / name for name in ("a-stuck.part", "b-old.part"))
    for file in (stuck, old):
        file.write_bytes(b"x")
        os.utime(file, (0, 0))
    unlink = Path.unlink

    def refused(path: Path, **options: bool) -> None:
        if path == stuck:
            raise PermissionError(errno.EPERM, "Operation not permitted")
        unlink(path, **options)

    monkeypatch.setattr(Path, "unlink", refused)
    monkeypatch.setattr(Path, "iterdir", lambda _folder: iter([stuck, old]))

    assert store.sweep() == 1
    assert stuck.exists() and not old.exists()


def test_only_what_is_older_than_a_day_is_swept() -> None:
    fresh, old, folder = (
        store.incoming() / "a.part",
        store.incoming() / "b.part",
        store.incoming() / "work-c",
    )
    fresh.write_bytes(b"x")
    old.write_bytes(b"x")
    folder.mkdir()
    (folder / "half").write_bytes(b"x")
    long_ago = time.time() - 90_000
    for path in (old, folder):
        os.utime(path, (long_ago, long_ago))

    assert store.sweep() == 2

    assert list(store.incoming().iterdir()) == [fresh]


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("holiday.mp4", "holiday.mp4"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\clip.mov", "clip.mov"),
        ("a\x00b\r\nSet-Cookie: x.mp4", "abSet-Cookie_ x.mp4"),
        ("invoice\u202e4pm.exe", "invoice4pm.exe"),
        ("\u200b\u200f\ufeff", "clip"),
        ("", "clip"),
        ("...", "clip"),
        (".hidden", "hidden"),
        ("  spaces \t\n everywhere  .mp4", "spaces everywhere .mp4"),
        ("Ärger 漢字 🎬.mp4", "Ärger 漢字 🎬.mp4"),
        ("\udcff broken.mp4", "? broken.mp4".replace("?", "_")),
        ('<script>"x".mp4', "_script__x_.mp4"),
    ],
)
def test_a_hostile_name_becomes_a_harmless_one(given: str, shown: str) -> None:
    assert safe_name(given) == shown


def test_a_name_of_five_thousand_letters_keeps_its_ending() -> None:
    name = safe_name("x" * 5000 + ".mp4")

    assert len(name) == 120 and name.endswith("x.mp4")
