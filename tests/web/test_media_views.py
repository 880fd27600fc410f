"""Uploads in pieces, files by range, stills by index; each as owner, teammate, outsider and
stranger.
"""

import errno
import io
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from PIL import Image

from editorapp.alerts.models import Alert
from editorapp.media import sandbox, store
from editorapp.media.models import Asset, Upload
from tests.factories import make_asset, make_member, signed_in

PIECE = 400_000


def begin(client: Client, name: str, size: int) -> Any:
    return client.post(
        "/media/uploads", json.dumps({"name": name, "size": size}), content_type="application/json"
    )


def put(client: Client, url: str, data: bytes, offset: int) -> Any:
    return client.put(
        url, data, content_type="application/octet-stream", headers={"Upload-Offset": str(offset)}
    )


def upload(client: Client, name: str, data: bytes) -> Any:
    url = begin(client, name, len(data)).json()["url"]
    for at in range(0, len(data), PIECE):
        assert put(client, url, data[at : at + PIECE], at).json() == {
            "offset": min(len(data), at + PIECE)
        }
    return client.post(f"{url}/finish")


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    """Give each test a store of its own, so that it can say that nothing is left in it."""
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(scope="module")
def taken(
    real_media: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, dict[str, Any]]:
    """The frog as the store keeps it, measured once for all tests here."""
    folder = tmp_path_factory.mktemp("frog")
    shutil.copyfile(real_media / "frog_vp9_8s.webm", folder / store.ORIGINAL)
    path = str(folder / store.ORIGINAL)
    return folder, sandbox.run("take", path=path, max_seconds=600, expect="video", out=str(folder))[
        "facts"
    ]


@pytest.fixture
def clip(db, taken: tuple[Path, dict[str, Any]]) -> Asset:
    folder, facts = taken
    sha256 = store.hash_file(folder / store.ORIGINAL)
    shutil.copytree(folder, store.path(sha256, store.ORIGINAL).parent)
    return make_asset(
        make_member(),
        name="frog.webm",
        sha256=sha256,
        mime_type="video/webm",
        container="webm",
        codec="vp9",
        width=facts["width"],
        height=facts["height"],
        frame_count=facts["frame_count"],
        size_bytes=facts["size_bytes"],
    )


def owner_of(asset: Asset) -> Client:
    client = Client()
    assert asset.created_by
    client.force_login(asset.created_by)
    return client


# Uploads


def test_a_clip_uploaded_in_pieces_becomes_an_asset(db, real_media: Path) -> None:
    member = make_member()
    data = (real_media / "vertical_4s.mp4").read_bytes()

    response = upload(signed_in(member), "my phone clip.mp4", data)

    assert response.status_code == 201
    asset = response.json()["asset"]
    assert (asset["width"], asset["height"], asset["fps"], asset["frame_count"]) == (
        720,
        1280,
        "30000/1001",
        127,
    )
    assert (asset["name"], asset["kind"], asset["size_bytes"]) == (
        "my phone clip.mp4",
        "video",
        len(data),
    )
    steps = re.findall(r"(\w+);dur=[\d.]+", response.headers["Server-Timing"])
    assert steps == ["hash", "measure", "store", "outgoing"]
    assert asset["playable_url"].startswith(f"/media/{asset['id']}/playable")
    assert Asset.objects.get().team == member.team
    assert not Upload.objects.under_way().exists() and not list(store.incoming().iterdir())


def test_a_piece_at_the_wrong_place_is_answered_with_the_right_one(db) -> None:
    client = signed_in(make_member())
    url = begin(client, "a.mp4", 100).json()["url"]
    put(client, url, b"x" * 60, 0)

    again, ahead = put(client, url, b"x" * 60, 0), put(client, url, b"x" * 10, 90)

    for response in (again, ahead):
        assert (response.status_code, response.headers["Upload-Offset"]) == (409, "60")
    assert client.head(url).headers["Upload-Offset"] == "60"


def test_finishing_too_early_says_where_to_go_on(db) -> None:
    client = signed_in(make_member())
    url = begin(client, "a.mp4", 100).json()["url"]
    put(client, url, b"x" * 60, 0)

    response = client.post(f"{url}/finish")

    assert (response.status_code, response.json()) == (409, {"offset": 60})
    assert put(client, url, b"x" * 40, 60).status_code == 200


def test_more_bytes_than_announced_are_refused_before_they_are_written(db) -> None:
    client = signed_in(make_member())
    url = begin(client, "a.mp4", 10).json()["url"]

    response = put(client, url, b"x" * 11, 0)

    assert (response.status_code, response.json()["reason"]) == (413, "too_big")
    assert not list(store.incoming().iterdir())


@pytest.mark.parametrize(("size", "reason"), [(0, "empty"), (200_000_001, "too_big")])
def test_a_size_that_is_not_taken_is_refused_at_the_beginning(db, size: int, reason: str) -> None:
    response = begin(signed_in(make_member()), "a.mp4", size)

    assert (response.status_code, response.json()["reason"]) == (422, reason)
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        "",
        "[]",
        "{}",
        '{"name": "a"}',
        '{"name": "a", "size": "x"}',
        '{"name": "a", "size": -1}',
        "null",
    ],
)
def test_a_beginning_without_name_and_size_is_a_bad_request(db, body: str) -> None:
    client = signed_in(make_member())

    response = client.post("/media/uploads", body, content_type="application/json")

    assert response.status_code == 400


def test_a_full_disk_is_told_in_words_and_leaves_nothing(
    db, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = signed_in(make_member())
    url = begin(client, "a.mp4", 100).json()["url"]

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("editorapp.media.uploads.part_file.os.write", full)
        response = put(client, url, b"x" * 60, 0)

    assert (response.status_code, response.json()["reason"]) == (507, "disk_full")
    assert Alert.objects.get().kind == "disk_full"
    assert not Upload.objects.exists() and not list(store.incoming().iterdir())


def test_two_files_of_one_name_are_two_assets(db, real_media: Path) -> None:
    client = signed_in(make_member())

    first = upload(client, "clip.mp4", (real_media / "rocket.jpg").read_bytes()).json()["asset"]
    second = upload(client, "clip.mp4", (real_media / "coffee.png").read_bytes()).json()["asset"]

    assert first["name"] == second["name"] == "clip.mp4"
    assert first["id"] != second["id"]
    assert (first["kind"], first["playable_url"], first["filmstrip_url"]) == ("image", None, None)


def test_a_cancelled_upload_leaves_nothing(db) -> None:
    client = signed_in(make_member())
    url = begin(client, "a.mp4", 100).json()["url"]
    put(client, url, b"x" * 60, 0)

    response = client.delete(url)

    assert response.status_code == 204
    assert not Upload.objects.exists() and not list(store.incoming().iterdir())
    assert client.head(url).status_code == 404


def test_a_file_that_is_no_video_gets_one_sentence_and_is_gone(db) -> None:
    response = upload(signed_in(make_member()), "letter.mp4", b"Dear Sir or Madam, " * 100)

    assert response.status_code == 422
    assert response.json()["reason"] == "not_media"
    assert response.json()["message"].startswith("This is a text file, not a video: upload an MP4")
    assert not Asset.objects.exists() and not list(store.incoming().iterdir())


def test_only_those_who_may_create_upload_and_only_into_their_own_uploads(db) -> None:
    owner = make_member()
    url = begin(signed_in(owner), "a.mp4", 100).json()["url"]
    teammate, reviewer = make_member(team=owner.team), make_member(team=owner.team, role="reviewer")

    assert put(signed_in(teammate), url, b"x", 0).status_code == 404
    assert signed_in(teammate).delete(url).status_code == 404
    assert begin(signed_in(reviewer), "a.mp4", 100).status_code == 403
    assert begin(Client(), "a.mp4", 100).status_code == 401


def test_a_plain_form_uploads_too(db, real_media: Path) -> None:
    member = make_member()
    with (real_media / "bunny_720p_5s.mp4").open("rb") as file:
        response = signed_in(member).post("/media/uploads/form", {"file": file})

    asset = Asset.objects.get()
    assert response.status_code == 302
    assert response.headers["Location"] == f"/studio/?source={asset.pk}"
    assert asset.frame_count == 132


def test_a_plain_form_with_a_bad_file_goes_back_with_the_reason(db) -> None:
    client = signed_in(make_member())

    response = client.post("/media/uploads/form", {"file": io.BytesIO(b"not a film at all")})

    assert (response.status_code, response.headers["Location"]) == (302, "/studio/")
    assert "text file" in str(list(client.get("/studio/").context["messages"])[0])


def test_a_plain_form_keeps_its_csrf_check(db) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_member().user)

    assert client.post("/media/uploads/form", {"file": io.BytesIO(b"x")}).status_code == 403


# Files


def body(response: Any) -> bytes:
    return response.getvalue() if response.streaming else response.content


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=-500", 696_701, 697_200),
        ("bytes=697200-", 697_200, 697_200),
        ("bytes=100-9999999", 100, 697_200),
        ("bytes=-9999999", 0, 697_200),
        ("bytes=0-", 0, 697_200),
    ],
)
def test_a_range_is_answered_with_exactly_these_bytes(
    clip: Asset, real_media: Path, asked: str, first: int, last: int
) -> None:
    data = (real_media / "frog_vp9_8s.webm").read_bytes()

    response = owner_of(clip).get(f"/media/{clip.pk}/original", headers={"Range": asked})

    assert response.status_code == 206
    assert response.headers["Content-Range"] == f"bytes {first}-{last}/697201"
    assert response.headers["Content-Length"] == str(last - first + 1)
    assert body(response) == data[first : last + 1]


@pytest.mark.parametrize("asked", ["bytes=697201-", "bytes=900000-900001", "bytes=-0"])
def test_a_range_outside_the_file_is_416(clip: Asset, asked: str) -> None:
    response = owner_of(clip).get(f"/media/{clip.pk}/original", headers={"Range": asked})

    assert (response.status_code, response.headers["Content-Range"]) == (416, "bytes */697201")


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-9", "bytes=9-2", "bytes=a-b", "pages=1-2", "bytes=-", ""]
)
def test_several_ranges_and_unreadable_ones_get_the_whole(clip: Asset, asked: str) -> None:
    response = owner_of(clip).get(f"/media/{clip.pk}/original", headers={"Range": asked})

    assert (response.status_code, len(body(response))) == (200, 697_201)


def test_an_open_range_of_a_large_file_is_cut_to_a_piece(clip: Asset, real_media: Path) -> None:
    store.path(clip.sha256, store.ORIGINAL).write_bytes(b"x" * 5_000_000)

    response = owner_of(clip).get(f"/media/{clip.pk}/original", headers={"Range": "bytes=1000-"})

    assert response.headers["Content-Range"] == "bytes 1000-2000999/5000000"
    assert len(body(response)) == 2_000_000


def test_validators_save_the_transfer(clip: Asset) -> None:
    client, url = owner_of(clip), f"/media/{clip.pk}/original"
    etag = client.get(url).headers["ETag"]

    known = client.get(url, headers={"If-None-Match": etag})
    fresh = client.get(url, headers={"Range": "bytes=0-9", "If-Range": etag})
    stale = client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"another"'})

    assert (known.status_code, fresh.status_code, stale.status_code) == (304, 206, 200)
    assert known.headers["ETag"] == etag


def test_head_tells_the_size_and_sends_nothing(clip: Asset) -> None:
    response = owner_of(clip).head(f"/media/{clip.pk}/original")

    assert (response.status_code, response.headers["Content-Length"]) == (200, "697201")
    assert response.headers["Accept-Ranges"] == "bytes"


def test_a_file_says_what_it_is_and_nothing_may_guess(clip: Asset) -> None:
    client = owner_of(clip)

    shown = client.get(f"/media/{clip.pk}/original")
    saved = client.get(f"/media/{clip.pk}/original?download=1")

    assert shown.headers["Content-Type"] == "video/webm"
    assert shown.headers["X-Content-Type-Options"] == "nosniff"
    assert shown.headers["Cache-Control"].startswith("private")
    assert shown.headers["Content-Disposition"].startswith('inline; filename="frog.webm"')
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="frog.webm"')


@pytest.mark.parametrize(
    "what", ["original", "playable", "poster", "filmstrip", "times", "frames/0.png"]
)
def test_files_are_for_the_team_only(clip: Asset, what: str) -> None:
    url = f"/media/{clip.pk}/{what}"
    reviewer = make_member(team=clip.team, role="reviewer")

    assert owner_of(clip).get(url).status_code == 200
    assert signed_in(reviewer).get(url).status_code == 200
    assert signed_in(make_member()).get(url).status_code == 404
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("what", ["secret", "frames.json", "proxy.mp4", "..%2foriginal"])
def test_nothing_else_is_served(clip: Asset, what: str) -> None:
    assert owner_of(clip).get(f"/media/{clip.pk}/{what}").status_code == 404


# Times


def test_when_each_frame_is_shown_is_told_in_runs_and_only_once(clip: Asset) -> None:
    client = owner_of(clip)

    told = client.get(f"/media/{clip.pk}/times")
    again = client.get(f"/media/{clip.pk}/times", headers={"If-None-Match": told.headers["ETag"]})

    assert (told.json()["base"], told.json()["first"], told.json()["lasts"][:3]) == (
        [1, 1000],
        7,
        [[33, 1], [34, 1], [33, 2]],
    )
    assert sum(frames for _length, frames in told.json()["lasts"]) == 248
    assert told.headers["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")


def test_a_copy_for_viewing_has_times_of_its_own(clip: Asset) -> None:
    client = owner_of(clip)
    own = client.get(f"/media/{clip.pk}/times")
    Asset.objects.filter(pk=clip.pk).update(proxy=Asset.Proxy.READY)

    copied = client.get(f"/media/{clip.pk}/times", headers={"If-None-Match": own.headers["ETag"]})

    assert copied.status_code == 200
    assert copied.json() == own.json() | {"first": 0}


def test_a_picture_has_no_times(clip: Asset) -> None:
    picture = Asset.objects.get(
        pk=owner_of(clip).post(f"/media/{clip.pk}/frames/90/pin").json()["id"]
    )

    assert owner_of(picture).get(f"/media/{picture.pk}/times").status_code == 404


# Stills


@pytest.mark.parametrize(("ending", "format"), [("png", "PNG"), ("jpg", "JPEG"), ("webp", "WEBP")])
def test_a_still_is_a_picture_of_the_displayed_size(clip: Asset, ending: str, format: str) -> None:
    response = owner_of(clip).get(f"/media/{clip.pk}/frames/247.{ending}")

    with Image.open(io.BytesIO(response.content)) as image:
        assert (image.format, image.size) == (format, (720, 480))


def test_a_still_can_be_smaller(clip: Asset) -> None:
    response = owner_of(clip).get(f"/media/{clip.pk}/frames/10.png?height=120")

    assert Image.open(io.BytesIO(response.content)).size == (180, 120)


def test_there_is_no_frame_after_the_last(clip: Asset) -> None:
    response = owner_of(clip).get(f"/media/{clip.pk}/frames/248.png")

    assert response.status_code == 404
    assert response.json()["message"] == "There is no frame 248: this clip has the frames 0 to 247."


def test_a_frame_is_pinned_as_a_picture_of_the_team(clip: Asset) -> None:
    response = owner_of(clip).post(f"/media/{clip.pk}/frames/90/pin")

    assert response.status_code == 201
    pinned = Asset.objects.get(pk=response.json()["id"])
    assert (pinned.kind, pinned.origin, pinned.width, pinned.height) == ("image", "frame", 720, 480)


def test_a_reviewer_pins_nothing(clip: Asset) -> None:
    reviewer = make_member(team=clip.team, role="reviewer")

    assert signed_in(reviewer).post(f"/media/{clip.pk}/frames/90/pin").status_code == 403
