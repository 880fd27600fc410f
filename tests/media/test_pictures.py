"""Pictures as people have them: what is told beside the pixels never refuses them, and colours are
what they mean.
"""

import io
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageCms

from editorapp.media import sandbox
from editorapp.media.decoding.outgoing import outgoing as written
from editorapp.media.refusals import Refusal

GREY_16 = 40_000  # of 65,535: 156 of 255


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def file_of(picture: Image.Image, format: str, **options: Any) -> bytes:
    out = io.BytesIO()
    picture.save(out, format, **options)
    return out.getvalue()


def plain() -> Image.Image:
    """A picture that is wider than high: red on the left, blue on the right."""
    picture = Image.new("RGB", (64, 32), (200, 30, 30))
    picture.paste((30, 30, 200), (32, 0, 64, 32))
    return picture


def png_with(*chunks: bytes, first: bool = True) -> bytes:
    data = file_of(plain(), "PNG")
    at = 33 if first else len(data) - 12  # behind the header, or before the end
    return data[:at] + b"".join(chunks) + data[at:]


def jpeg_with(*segments: tuple[int, bytes], behind: bytes = b"") -> bytes:
    data = file_of(plain(), "JPEG", quality=95, subsampling=0)
    told = b"".join(
        bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body for marker, body in segments
    )
    return data[:2] + told + data[2:] + behind


def jpeg_with_a_second() -> bytes:
    """Return a JPEG with a gain map behind it, as phones write it (MPF)."""
    return file_of(plain(), "MPO", save_all=True, append_images=[Image.new("RGB", (16, 8), "grey")])


def damaged(data: bytes) -> bytes:
    """Return a chunk whose checksum is wrong."""
    return data[:-1] + bytes([data[-1] ^ 1])


TOLD: dict[str, Callable[[], bytes]] = {
    "two pictures.jpg": jpeg_with_a_second,
    "noise as exif.jpg": lambda: jpeg_with((0xE1, b"Exif\0\0" + b"II*\0\xff\xff\xff\x7f" * 40)),
    "exif of nothing.jpg": lambda: jpeg_with((0xE1, b"Exif\0\0")),
    "noise as mpf.jpg": lambda: jpeg_with((0xE2, b"MPF\0" + b"MM\0*\0\0\0\x08\xff\xff" * 9)),
    "noise as photoshop.jpg": lambda: jpeg_with(
        (0xED, b"Photoshop 3.0\0" + b"8BIM\x04\x04\xff\xff\xff")
    ),
    "half a profile.jpg": lambda: jpeg_with((0xE2, b"ICC_PROFILE\0\x02\x07" + bytes(80))),
    "a clip behind it.jpg": lambda: jpeg_with(behind=b"\0\0\0\x18ftypmp42" + bytes(3000)),
    "hex that is none.png": lambda: png_with(
        chunk(b"tEXt", b"Raw profile type exif\0\nexif\n 2\nzz")
    ),
    "text of no alphabet.png": lambda: png_with(
        chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"\xff\xfe\0" * 30)
    ),
    "huge text.png": lambda: png_with(
        chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(3_000_000)))
    ),
    "much text.png": lambda: png_with(
        *[chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(900_000)))] * 80
    ),
    "cut off text.png": lambda: png_with(chunk(b"zTXt", b"Comment")),
    "a checksum of text.png": lambda: png_with(damaged(chunk(b"tEXt", b"Comment\0hello"))),
    "a checksum at the end.png": lambda: png_with(
        damaged(chunk(b"tEXt", b"Comment\0hello")), first=False
    ),
    "noise as exif.png": lambda: png_with(chunk(b"eXIf", b"MM\0*\xff\xff\xff\xff" * 9)),
    "a profile of nothing.png": lambda: png_with(
        chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3_000_000)))
    ),
    "a gamma of two bytes.png": lambda: png_with(chunk(b"gAMA", b"\0\1")),
    "an unknown chunk.png": lambda: png_with(chunk(b"viVi", bytes(50))),
    "noise as exif.webp": lambda: file_of(
        plain(), "WEBP", lossless=True, exif=b"Exif\0\0MM\0*\xff\xff\xff\xff"
    ),
    "noise as xmp.webp": lambda: file_of(plain(), "WEBP", lossless=True, xmp=b"\xff\xfe\0" * 30),
    "a comment.gif": lambda: file_of(plain(), "GIF", comment=b"\xff\xfe\0" * 80),
}


def taken(data: bytes, folder: Path) -> tuple[dict[str, Any], Image.Image]:
    """Take a picture in the sandbox, and return its facts and its poster."""
    (folder / "in").write_bytes(data)
    done = sandbox.run(
        "take", path=str(folder / "in"), max_seconds=0, expect="image", out=str(folder)
    )
    with Image.open(folder / "poster.webp") as poster:
        return done["facts"], poster.copy()


def colours(picture: Image.Image) -> tuple[Any, Any]:
    """Return the colour left and right."""
    shown = picture.convert("RGB")
    middle = shown.height // 2
    return shown.getpixel((shown.width // 4, middle)), shown.getpixel(
        (3 * shown.width // 4, middle)
    )


def near(one: Any, other: Any, *, by: int = 6) -> bool:
    return max(abs(a - b) for a, b in zip(one, other, strict=True)) <= by


@pytest.mark.parametrize("name", TOLD)
def test_what_is_told_beside_the_pixels_refuses_no_picture(name: str, tmp_path: Path) -> None:
    facts, poster = taken(TOLD[name](), tmp_path)

    assert (facts["width"], facts["height"]) == (64, 32)
    left, right = colours(poster)
    assert near(left, (200, 30, 30), by=20) and near(right, (30, 30, 200), by=20)
    # And it goes out, as one picture.
    out = tmp_path / "out" if written(tmp_path / "in", tmp_path / "out") else tmp_path / "in"
    with Image.open(out) as sent:
        sent.load()
        assert sent.format in {"JPEG", "PNG", "WEBP", "GIF"} and sent.size == (64, 32)


def deep(colour: tuple[int, ...], *, kind: int, told: bytes = b"") -> bytes:
    """Return a PNG of 16 bits a channel; `kind`: 0 grey, 2 RGB, 4 grey and alpha, 6 RGB and alpha."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 16, kind, 0, 0, 0))
    line = b"\0" + struct.pack(f">{len(colour)}H", *colour) * 8
    return (
        b"\x89PNG\r\n\x1a\n"
        + header
        + told
        + chunk(b"IDAT", zlib.compress(line * 8))
        + chunk(b"IEND", b"")
    )


def display_p3() -> bytes:
    """Return a profile with the primaries of Display P3 (sRGB's with its three colours put
    elsewhere).
    """
    icc = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    rows = {
        bytes(icc[at : at + 4]): at
        for at in range(132, 132 + 12 * struct.unpack(">I", icc[128:132])[0], 12)
    }
    p3 = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.1571, 0.0666, 0.7841),
    }
    for name, xyz in p3.items():
        at = struct.unpack(">I", icc[rows[name] + 4 : rows[name] + 8])[0] + 8
        icc[at : at + 12] = struct.pack(">3i", *(round(value * 65536) for value in xyz))
    return bytes(icc)


def palette(clear: bool) -> bytes:
    picture = Image.new("P", (8, 8), 1)
    picture.putpalette([0, 0, 0, 30, 160, 90])
    return file_of(picture, "PNG", **({"transparency": 1} if clear else {}))


SHOWN: dict[str, tuple[Callable[[], bytes], tuple[int, ...]]] = {
    # made, and the colour that is seen (with alpha, where the picture has some)
    "grey of 16 bits": (lambda: deep((GREY_16,), kind=0), (156, 156, 156)),
    "grey of 16 bits, partly clear": (
        lambda: deep((GREY_16,), kind=0, told=chunk(b"tRNS", struct.pack(">H", GREY_16))),
        (156, 156, 156, 0),
    ),
    "grey and alpha of 16 bits": (lambda: deep((GREY_16, 65_535), kind=4), (156, 156, 156)),
    "RGB of 16 bits": (lambda: deep((51_400, 7_710, 25_700), kind=2), (200, 30, 100)),
    "RGB and alpha of 16 bits": (
        lambda: deep((51_400, 7_710, 25_700, 65_535), kind=6),
        (200, 30, 100),
    ),
    "one bit": (lambda: file_of(Image.new("1", (8, 8), 1), "PNG"), (255, 255, 255)),
    "a palette": (lambda: palette(clear=False), (30, 160, 90)),
    "a palette with clear places": (lambda: palette(clear=True), (30, 160, 90, 0)),
    "grey": (lambda: file_of(Image.new("L", (8, 8), 77), "JPEG"), (77, 77, 77)),
    "Display P3": (
        lambda: file_of(Image.new("RGB", (8, 8), (200, 100, 50)), "PNG", icc_profile=display_p3()),
        (215, 93, 30),
    ),
    "Display P3 as a JPEG": (
        lambda: file_of(
            Image.new("RGB", (8, 8), (200, 100, 50)), "JPEG", quality=100, icc_profile=display_p3()
        ),
        (215, 93, 30),
    ),
    "Display P3 with alpha": (
        lambda: file_of(
            Image.new("RGBA", (8, 8), (200, 100, 50, 128)), "PNG", icc_profile=display_p3()
        ),
        (215, 93, 30, 128),
    ),
    "printers' colours": (
        lambda: file_of(Image.new("CMYK", (8, 8), (0, 255, 255, 0)), "JPEG"),
        (255, 0, 0),
    ),
}


@pytest.mark.parametrize("name", SHOWN)
def test_a_poster_and_what_goes_out_show_the_colours_that_are_meant(
    name: str, tmp_path: Path
) -> None:
    make, meant = SHOWN[name]

    _facts, poster = taken(make(), tmp_path)

    seen: Any = poster.convert("RGBA").getpixel((4, 4))
    assert seen[3] == (meant[3] if len(meant) == 4 else 255)
    assert seen[3] == 0 or near(seen[:3], meant[:3])
    # Who is sent the picture, and heeds neither its depth nor its profile, sees the same.
    out = tmp_path / "out" if written(tmp_path / "in", tmp_path / "out") else tmp_path / "in"
    with Image.open(out) as sent:
        assert seen[3] == 0 or near(sent.convert("RGB").getpixel((4, 4)), meant[:3])


@pytest.mark.parametrize("format", ["GIF", "WEBP", "PNG"])
def test_a_film_is_refused_even_where_its_metadata_are_damaged(format: str, tmp_path: Path) -> None:
    data = file_of(
        plain(), format, save_all=True, append_images=[Image.new("RGB", (64, 32), "white")]
    )
    if format == "PNG":
        data = data[:33] + damaged(chunk(b"tEXt", b"Comment\0hello")) + data[33:]

    with pytest.raises(Refusal) as refused:
        taken(data, tmp_path)

    assert refused.value.code == "animated_picture"


def test_a_picture_that_is_sent_as_png_keeps_its_greys(tmp_path: Path) -> None:
    (tmp_path / "in").write_bytes(deep((GREY_16,), kind=0))

    sandbox.run("as_png", path=str(tmp_path / "in"), out=str(tmp_path / "out"))

    with Image.open(tmp_path / "out") as sent:
        assert np.asarray(sent.convert("L")).mean() == pytest.approx(156, abs=1)
