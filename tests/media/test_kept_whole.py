"""Where an original is, all is; what is not taken leaves nothing; what could harm the reader is
never decoded.
"""

import zipfile
from pathlib import Path

import pytest

from editorapp.media import layout, store
from editorapp.media.decoding import archive
from editorapp.media.intake import take_in
from editorapp.media.models import Asset, Upload
from editorapp.media.refusals import Refusal
from editorapp.media.uploads import part_file, resumable
from tests.factories import make_member
from tests.generations.small_clip import draw
from tests.media.clips import make_clip


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(file: Path) -> Asset:
    member = make_member()
    return take_in(file, name="clip.mp4", team=member.team, user=member.user)


def test_the_original_is_kept_after_all_that_is_made_of_it(db, tmp_path: Path, monkeypatch) -> None:
    kept, keep = [], store.keep
    monkeypatch.setattr(
        store, "keep", lambda file, sha256, what: (kept.append(what), keep(file, sha256, what))[1]
    )

    taken(draw(tmp_path / "in.mp4"))

    assert kept[-1] == store.ORIGINAL and set(kept[:-1]) == {
        layout.POSTER,
        layout.FILMSTRIP,
        layout.FRAMES,
    }


@pytest.mark.parametrize("full_at", [layout.POSTER, layout.FRAMES, store.ORIGINAL])
def test_a_disk_that_is_full_in_the_middle_leaves_no_row_and_no_part_of_a_file(
    db, tmp_path: Path, monkeypatch, full_at: str
) -> None:
    keep = store.keep

    def fills(file: Path, sha256: str, what: str) -> Path:
        if what == full_at:
            raise Refusal("disk_full")
        return keep(file, sha256, what)

    monkeypatch.setattr(store, "keep", fills)
    with pytest.raises(Refusal):
        taken(draw(tmp_path / "in.mp4"))

    assert not Asset.objects.exists() and not list(store.incoming().iterdir())
    assert not [path for path in (tmp_path / "media" / "blobs").rglob("*") if path.is_file()]


def test_more_than_was_announced_is_not_taken_and_none_of_it_stays(db, client, settings) -> None:
    member = make_member()
    client.force_login(member.user)
    upload = resumable.begin(name="a.mp4", size_bytes=10, member=member)
    url = f"/media/uploads/{upload.token}"
    piece = {"content_type": "application/octet-stream"}
    client.put(url, b"12345678", headers={"Upload-Offset": "0"}, **piece)

    answer = client.put(url, b"90123", headers={"Upload-Offset": "8"}, **piece)

    assert (answer.status_code, answer.json()["reason"]) == (413, "too_big")
    assert not Upload.objects.exists() and not part_file.path(upload.token).exists()


def test_an_upload_of_which_bytes_are_missing_is_not_finished(db, client) -> None:
    member = make_member()
    client.force_login(member.user)
    upload = resumable.begin(name="a.mp4", size_bytes=10, member=member)
    url = f"/media/uploads/{upload.token}"
    client.put(
        url, b"123456789", content_type="application/octet-stream", headers={"Upload-Offset": "0"}
    )

    answer = client.post(f"{url}/finish")

    assert (answer.status_code, answer.json()) == (409, {"offset": 9})
    assert part_file.path(upload.token).read_bytes() == b"123456789" and not Asset.objects.exists()


def test_an_archive_that_unpacks_to_more_than_any_clip_is_refused_before_it_is_unpacked(
    tmp_path, monkeypatch
) -> None:
    file = tmp_path / "in.zip"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr("frame_00000.exr", archive._EXR_MAGIC + bytes(1_000_000))
    monkeypatch.setattr(archive, "_MAX_FRAME_BYTES", 999_999)
    monkeypatch.setattr(archive, "_check_bytes", lambda *_: pytest.fail("it was unpacked"))

    with pytest.raises(Refusal, match="unpacks to more than any clip has"):
        archive.examine_archive(file, None)


def test_a_clip_in_a_coding_that_is_not_on_the_list_is_not_decoded(db, tmp_path: Path) -> None:
    file = make_clip(tmp_path / "old.avi", codec="flv", format="avi", frames=5)

    with pytest.raises(Refusal) as refused:
        taken(file)

    assert refused.value.code == "unsupported_codec" and not Asset.objects.exists()
