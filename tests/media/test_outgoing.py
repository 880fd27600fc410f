"""What leaves the house: pictures upright, in sRGB and without metadata; clips without what they
tell of a place.
"""

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from PIL import Image, ImageCms, ImageOps

from editorapp.media import intake, outgoing, sandbox, store
from editorapp.media.decoding import clip_metadata
from editorapp.media.decoding.clip import examine
from editorapp.media.decoding.outgoing import outgoing as written
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from tests.factories import make_member
from tests.media.clips import make_clip

FORMATS = {"JPEG": "jpg", "PNG": "png", "WEBP": "webp"}
# How a camera stores what is upright, by the orientation that it notes.
STORED: dict[int, Image.Transpose | None] = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}
SECRETS = (
    b"Phone maker",
    b"xmpmeta",
    b"a comment of mine",
    b"Photoshop 3.0",
    b"GPS",
    b"Exif\0\0",
    b"\0II*\0",
    b"MPF\0",
)
XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><exif:GPSLatitude>48,51N</exif:GPSLatitude></x:xmpmeta>'


def upright(width: int = 96, height: int = 64) -> Image.Image:
    """Red, green, blue and white quarters, wider than high."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("green", (width // 2, 0, width, height // 2))
    picture.paste("blue", (0, height // 2, width // 2, height))
    picture.paste("white", (width // 2, height // 2, width, height))
    return picture


def exif_of(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = orientation, "Phone maker"
    exif.get_ifd(0x8825).update(
        {1: "N", 2: (48.0, 51.0, 30.0), 3: "E", 4: (2.0, 17.0, 40.0), 29: "GPS"}
    )
    return exif


def photo(path: Path, orientation: int = 6, *, format: str = "JPEG") -> Path:
    """Write a picture as a camera stores it, with its place, its maker and how it is to be turned."""
    turn = STORED[orientation]
    stored = upright() if turn is None else upright().transpose(turn)
    options: dict[str, Any] = {"quality": 95, "subsampling": 0} if format == "JPEG" else {}
    stored.save(
        path,
        format,
        exif=exif_of(orientation),
        **(options | {"lossless": True} if format == "WEBP" else options),
    )
    return path


def is_upright(picture: Image.Image) -> bool:
    quarters = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    colours = [(255, 0, 0), (0, 128, 0), (0, 0, 255), (255, 255, 255)]
    seen = [
        picture.convert("RGB").getpixel((int(x * picture.width), int(y * picture.height)))
        for x, y in quarters
    ]
    return picture.width > picture.height and all(
        max(abs(one - other) for one, other in zip(have, want, strict=True)) < 40
        for have, want in zip(seen, colours, strict=True)
    )


def assert_bare(file: Path) -> None:
    """No metadata, whoever reads it."""
    data = file.read_bytes()
    assert [secret for secret in SECRETS if secret in data] == []
    with Image.open(file) as picture:
        assert (
            not picture.getexif()
            and not {"exif", "xmp", "comment", "photoshop"} & picture.info.keys()
        )


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("orientation", STORED)
def test_a_photo_leaves_upright_and_without_place_and_camera(tmp_path, orientation, format):
    file = photo(tmp_path / f"in.{FORMATS[format]}", orientation, format=format)
    with Image.open(file) as before:
        assert before.getexif()[0x0112] == orientation and is_upright(
            ImageOps.exif_transpose(before)
        )

    assert written(file, tmp_path / "out")

    assert_bare(tmp_path / "out")
    with Image.open(tmp_path / "out") as picture:
        assert is_upright(picture) and picture.format == format and picture.size == (96, 64)


@pytest.mark.parametrize("format", [*FORMATS, "GIF"])
def test_a_picture_that_needs_nothing_leaves_byte_for_byte(tmp_path, format):
    file = tmp_path / "in"
    upright().save(file, format)

    assert written(file, tmp_path / "out") is False and not (tmp_path / "out").exists()


def segment(marker: int, body: bytes) -> bytes:
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def test_a_jpeg_that_is_upright_loses_what_is_told_and_no_pixel(tmp_path):
    plain = io.BytesIO()
    upright().save(plain, "JPEG", progressive=True, restart_marker_blocks=2)
    data = plain.getvalue()
    told = (
        segment(0xE1, b"Exif\0\0" + exif_of(1).tobytes()[6:])
        + segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + XMP)
        + segment(0xED, b"Photoshop 3.0\0" + b"8BIM" + b"IPTC")
        + segment(0xE2, b"MPF\0" + bytes(40))
        + segment(0xE5, b"maker's own GPS")
        + segment(0xFE, b"a comment of mine")
    )
    file = tmp_path / "in.jpg"
    file.write_bytes(
        data[:2] + told + data[2:] + b"\xff\xd8 a second picture \xff\xd9 and a clip: GPS"
    )

    assert written(file, tmp_path / "out")

    assert (tmp_path / "out").read_bytes() == data


def test_a_png_that_is_upright_loses_what_is_told_and_no_pixel(tmp_path):
    plain = io.BytesIO()
    upright().save(plain, "PNG", dpi=(72, 72))
    data = plain.getvalue()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    told = chunk(b"tEXt", b"Comment\0a comment of mine") + chunk(
        b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP
    )
    told += (
        chunk(b"tIME", bytes(7)) + chunk(b"eXIf", exif_of(1).tobytes()[6:]) + chunk(b"vpAg", b"GPS")
    )
    file = tmp_path / "in.png"
    at = data.index(b"IDAT") - 4
    file.write_bytes(data[:at] + told + data[at:] + b"GPS behind the end")

    assert written(file, tmp_path / "out")

    assert (tmp_path / "out").read_bytes() == data


def test_a_webp_and_a_gif_lose_what_is_told_and_no_pixel(tmp_path):
    upright().save(tmp_path / "in.webp", "WEBP", exif=exif_of(1), xmp=XMP, quality=80)
    upright().save(tmp_path / "in.gif", "GIF", comment=b"a comment of mine", transparency=0)

    for name in ("in.webp", "in.gif"):
        assert written(tmp_path / name, tmp_path / "out")
        assert_bare(tmp_path / "out")
        with Image.open(tmp_path / name) as before, Image.open(tmp_path / "out") as after:
            assert before.convert("RGBA").tobytes() == after.convert("RGBA").tobytes()


def test_what_is_built_oddly_is_coded_anew_rather_than_sent_with_what_it_tells(
    tmp_path, monkeypatch
):
    file = photo(tmp_path / "in.jpg", 1)
    monkeypatch.setattr(
        "editorapp.media.decoding.outgoing.stripped",
        lambda *_, **__: (_ for _ in ()).throw(ValueError),
    )

    assert written(file, tmp_path / "out")

    assert_bare(tmp_path / "out")
    with Image.open(tmp_path / "out") as picture:
        assert is_upright(picture)


def swapped_profile() -> bytes:
    """Return a colour profile in which red means blue, and blue red."""
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    rows = {
        bytes(icc[at : at + 4]): at
        for at in range(132, 132 + 12 * struct.unpack(">I", icc[128:132])[0], 12)
    }
    red, blue = rows[b"rXYZ"], rows[b"bXYZ"]
    icc[red + 4 : red + 12], icc[blue + 4 : blue + 12] = (
        icc[blue + 4 : blue + 12],
        icc[red + 4 : red + 12],
    )
    return bytes(icc)


@pytest.mark.parametrize(
    ("format", "mode"),
    [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("WEBP", "RGB"), ("PNG", "P")],
)
def test_colours_of_another_profile_leave_as_srgb(tmp_path, format, mode):
    Image.new("RGB", (32, 32), "red").convert(mode).save(
        tmp_path / "in", format, icc_profile=swapped_profile()
    )

    assert written(tmp_path / "in", tmp_path / "out")

    with Image.open(tmp_path / "out") as picture:
        red, _green, blue = picture.convert("RGB").getpixel((16, 16))
        assert blue > 200 > 60 > red and "icc_profile" not in picture.info
        assert picture.has_transparency_data == (mode == "RGBA")


def test_a_profile_that_says_srgb_stays_with_pixels_that_stay(tmp_path):
    icc = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    upright().save(tmp_path / "in.jpg", "JPEG", icc_profile=icc)
    upright().save(tmp_path / "told.jpg", "JPEG", icc_profile=icc, exif=exif_of(1))

    assert written(tmp_path / "in.jpg", tmp_path / "out") is False
    assert written(tmp_path / "told.jpg", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == (tmp_path / "in.jpg").read_bytes()


@pytest.mark.parametrize("icc", [b"", b"no profile at all", bytes(200)])
def test_a_profile_that_cannot_be_read_stops_nothing(tmp_path, icc):
    upright().save(tmp_path / "in.png", "PNG", icc_profile=icc, exif=exif_of(6))

    assert written(tmp_path / "in.png", tmp_path / "out")
    assert_bare(tmp_path / "out")


def test_printers_colours_leave_as_those_of_a_screen(tmp_path):
    Image.new("CMYK", (32, 32), (0, 255, 255, 0)).save(tmp_path / "in.jpg", "JPEG")

    assert written(tmp_path / "in.jpg", tmp_path / "out")

    with Image.open(tmp_path / "out") as picture:
        assert picture.mode == "RGB" and picture.getpixel((16, 16))[0] > 200


def test_the_real_stills(tmp_path, real_media):
    says = {}
    for file in [
        *real_media.glob("*.jpg"),
        *real_media.glob("*.png"),
        *(real_media / "odd").glob("*.jpg"),
        *(real_media / "odd").glob("*.png"),
    ]:
        out = tmp_path / file.name
        says[file.name] = written(file, out)
        if says[file.name]:
            assert_bare(out)
            with Image.open(file) as before, Image.open(out) as after:
                assert after.size in (before.size, before.size[::-1])
    with Image.open(tmp_path / "prophoto.png") as picture:
        mean = np.asarray(picture.convert("RGB")).reshape(-1, 3).mean(axis=0)
    assert np.abs(mean - (117, 160, 210)).max() <= 4
    assert says["coffee.png"] and says["apple_gainmap_old.jpg"] and says["paris_icc_exif_xmp.png"]
    with (
        Image.open(real_media / "coffee.png") as before,
        Image.open(tmp_path / "coffee.png") as after,
    ):
        assert before.tobytes() == after.tobytes(), "it told when it was made"


PLACE = "+48.8577+002.2950+035/"


def with_place(path: Path, *, keys: bool, container: str = "mov") -> Path:
    """Write a clip of a phone: turned, with sound and the place where it was made."""
    plain = make_clip(path.with_name("plain.mp4"), frames=12, turn=90, sound=True)
    options = {"movflags": "use_metadata_tags"} if keys else {}
    with (
        av.open(str(plain)) as source,
        av.open(str(path), "w", format=container, options=options) as out,
    ):
        out.metadata["com.apple.quicktime.location.ISO6709" if keys else "location"] = PLACE
        out.metadata["com.apple.quicktime.make" if keys else "make"] = "Phone maker"
        streams = {one.index: out.add_stream_from_template(one) for one in source.streams}
        with av.open(str(plain)) as again:
            matrix = clip_metadata.colour.display_matrix(next(again.decode(video=0)))
        streams[source.streams.video[0].index].set_display_matrix(matrix)
        for packet in source.demux():
            if packet.size:
                packet.stream = streams[packet.stream.index]
                out.mux(packet)
    return path


def facts(file: Path) -> dict[str, Any]:
    return {
        key: value
        for key, value in examine(file, max_seconds=0).facts.items()
        if key != "container"
    }


@pytest.mark.parametrize(
    ("keys", "container"), [(True, "mov"), (False, "mov"), (False, "mp4"), (True, "mp4")]
)
def test_a_clip_leaves_without_its_place_and_is_the_same_clip(tmp_path, keys, container):
    file = with_place(tmp_path / "in.mov", keys=keys, container=container)
    assert b"8577" in file.read_bytes() or b"loci" in file.read_bytes()

    assert written(file, tmp_path / "out.mov")

    left = (tmp_path / "out.mov").read_bytes()
    assert len(left) == file.stat().st_size and not any(
        word in left for word in (b"8577", b"loci", b"location", b"Phone maker", b"\xa9xyz")
    )
    assert facts(tmp_path / "out.mov") == facts(file) and facts(file)["rotation"] == 90


def test_a_clip_that_tells_nothing_leaves_byte_for_byte(tmp_path):
    assert written(make_clip(tmp_path / "in.mp4", frames=5, sound=True), tmp_path / "out") is False
    assert not (tmp_path / "out").exists()


def with_notes(path: Path) -> bytearray:
    """Return a clip whose sound was made an action camera's track of positions."""
    data = bytearray(make_clip(path, frames=12, sound=True).read_bytes())
    for before, after in ((b"soun", b"meta"), (b"mp4a", b"gpmd")):
        at = data.index(before)
        data[at : at + 4] = after
    return data


def test_a_track_of_positions_leaves_no_trace(tmp_path):
    file = tmp_path / "in.mp4"
    data = with_notes(file)
    file.write_bytes(data)
    before = facts(file)

    assert written(file, tmp_path / "out.mp4")

    with av.open(str(tmp_path / "out.mp4")) as container:
        assert [one.type for one in container.streams] == ["video"]
    assert facts(tmp_path / "out.mp4") == before
    assert (tmp_path / "out.mp4").read_bytes().count(0) > data.count(0) + 500, (
        "its samples are gone, too"
    )


def test_notes_that_point_into_the_picture_do_not_cost_the_picture(tmp_path):
    file = tmp_path / "in.mp4"
    data = with_notes(file)
    first, second = (found for found in range(len(data)) if data[found : found + 4] == b"stco")
    data[second + 12 : second + 16] = data[
        first + 12 : first + 16
    ]  # its samples lie where the picture's do
    file.write_bytes(data)

    assert written(file, tmp_path / "out.mp4") is False and not (tmp_path / "out.mp4").exists()


@pytest.mark.parametrize("cut", [8, 40, 200])
def test_boxes_that_make_no_sense_are_left_alone(tmp_path, cut):
    file = with_place(tmp_path / "in.mov", keys=True)
    data = bytearray(file.read_bytes())
    at = data.index(b"moov") + cut
    data[at : at + 4] = b"\xff\xff\xff\xf0"
    file.write_bytes(data)

    written(file, tmp_path / "out")  # raises nothing


def test_the_real_clips_stay_the_clips_that_they_are(tmp_path, real_media):
    for file in (*real_media.glob("*.m*"), *(real_media / "odd").glob("*.m*")):
        if file.suffix not in (".mp4", ".mov"):
            continue
        if written(file, tmp_path / file.name):
            assert facts(tmp_path / file.name) == facts(file), file.name


# Stored, once.


@pytest.fixture
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def taken(file: Path, **more: Any) -> Asset:
    member = make_member()
    return intake.take_in(file, name=file.name, team=member.team, user=member.user, **more)


def test_the_upload_stays_as_it_came_and_its_copy_is_made_once(
    db, media_root, tmp_path, monkeypatch
):
    original = photo(tmp_path / "in.jpg").read_bytes()

    asset = taken(photo(tmp_path / "in.jpg"))

    assert store.path(asset.sha256, store.ORIGINAL).read_bytes() == original
    assert (asset.width, asset.height) == (96, 64), "rules see it as it goes out"
    copy = store.path(asset.outgoing_sha256, store.ORIGINAL)
    assert asset.outgoing_sha256 != asset.sha256 and asset.outgoing_bytes == copy.stat().st_size
    assert store.hash_file(copy) == asset.outgoing_sha256
    monkeypatch.setattr(sandbox, "run", lambda *_, **__: pytest.fail("it is made a second time"))
    assert outgoing.make(Asset.objects.get()) == outgoing.Outgoing(
        asset.outgoing_sha256, asset.outgoing_bytes
    )


def test_a_copy_that_is_gone_is_made_again(db, media_root, tmp_path):
    asset = taken(photo(tmp_path / "in.jpg"))
    store.remove(asset.outgoing_sha256)

    assert outgoing.make(asset).sha256 == asset.outgoing_sha256 and store.exists(
        asset.outgoing_sha256, store.ORIGINAL
    )


def test_an_upload_is_taken_although_its_copy_could_not_be_made(
    db, media_root, tmp_path, monkeypatch
):
    def refuse(_asset: Asset) -> None:
        raise Refusal("timed_out")

    monkeypatch.setattr(outgoing, "make", refuse)

    assert taken(photo(tmp_path / "in.jpg")).outgoing_sha256 == ""


def test_what_needs_nothing_is_kept_once(db, media_root, tmp_path):
    upright().save(tmp_path / "in.png")

    asset = taken(tmp_path / "in.png")

    assert (asset.outgoing_sha256, asset.outgoing_bytes) == (asset.sha256, asset.size_bytes)
    assert outgoing.sizes({asset.sha256}) == {asset.sha256: asset.size_bytes}
