"""Bad input gets one sentence with a way on, leaves nothing behind, and never harms the process
that took it.
"""

import io
import random
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import av
import pytest
from PIL import Image

from editorapp.media import store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.probe import probe
from editorapp.media.refusals import SENTENCES, Refusal, show_bytes, show_length
from tests.factories import make_member
from tests.media.clips import make_clip, make_sound

_noise = random.Random(5)
X264 = {"bf": "2", "g": "12"}
FAST_START = {"movflags": "faststart"}


def image(format: str, **options: object) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(out, format, **options)
    return out.getvalue()


def moving(format: str) -> bytes:
    out, colours = io.BytesIO(), [Image.new("RGB", (9, 9), colour) for colour in ("red", "blue")]
    colours[0].save(out, format, save_all=True, append_images=colours[1:])
    return out.getvalue()


def png_that_claims(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(9999)))
        + chunk(b"IEND", b"")
    )


CONTENTS: dict[str, tuple[str, bytes]] = {
    "empty.mp4": ("empty", b""),
    "one byte.mp4": ("not_media", b"x"),
    "zeros.mp4": ("not_media", bytes(100_000)),
    "noise.mp4": ("not_media", _noise.randbytes(100_000)),
    "noise in a box.mp4": (
        "truncated",
        b"\0\0\0\x18ftypisom\0\0\2\0isommp41" + _noise.randbytes(50_000),
    ),
    "noise.mkv": ("damaged", b"\x1a\x45\xdf\xa3" + _noise.randbytes(50_000)),
    "noise.ogv": ("damaged", b"OggS" + _noise.randbytes(50_000)),
    "noise.m2v": ("no_frames", b"\0\0\1\xb3" + _noise.randbytes(50_000)),
    "letter.mov": ("not_media", "Liebe Grüße, this is a letter.\n".encode() * 50),
    "page.mp4": ("not_media", b"<!DOCTYPE html><html><body>404</body></html>"),
    "paper.mp4": ("not_media", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3"),
    "zip.mp4": ("not_media", b"PK\x03\x04" + bytes(100)),
    "hls.mp4": ("playlist", b"#EXTM3U\n#EXTINF:10,\n/etc/passwd\n"),
    "concat.mp4": ("playlist", b"ffconcat version 1.0\nfile '/etc/passwd'\n"),
    "session.mp4": ("playlist", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n"),
    "dash.mp4": ("playlist", b'<?xml version="1.0"?>\n<MPD xmlns="urn:mpeg:dash">'),
    "script.mp4": ("playlist", b"#!/bin/sh\nrm -rf /\n"),
    "sound.mp4": ("audio_only", b"RIFF\0\0\0\0WAVEfmt " + bytes(100)),
    "song.mp4": ("audio_only", b"ID3\x04" + bytes(100)),
    "flash.mp4": ("unsupported_container", b"FLV\x01\x05" + bytes(100)),
    "windows.mp4": ("unsupported_container", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11" + bytes(100)),
    "png.mp4": ("picture_not_video", image("PNG")),
    "jpeg.mov": ("picture_not_video", image("JPEG")),
    "webp.webm": ("picture_not_video", image("WEBP")),
    "gif.mp4": ("picture_not_video", image("GIF")),
    "bitmap.mp4": ("unsupported_picture", image("BMP")),
    "tiff.mp4": ("unsupported_picture", image("TIFF")),
    "photo.mp4": ("unsupported_picture", b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + bytes(100)),
    "drawing.mp4": (
        "unsupported_picture",
        b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    ),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_what_is_no_clip_is_told_so(name: str, tmp_path: Path) -> None:
    code, content = CONTENTS[name]
    (tmp_path / name).write_bytes(content)

    with pytest.raises(Refusal) as refused:
        probe(tmp_path / name, expect="video")

    assert refused.value.code == code
    assert refused.value.message.endswith(".") and "{" not in refused.value.message


PICTURES: dict[str, tuple[str, bytes]] = {
    "moving gif": ("animated_picture", moving("GIF")),
    "moving webp": ("animated_picture", moving("WEBP")),
    "moving png": ("animated_picture", moving("PNG")),
    "a bomb": ("too_large_picture", png_that_claims(60_000, 60_000)),
    "a wide one": ("too_large_picture", png_that_claims(8_001, 10)),
    "less than it claims": ("damaged_picture", png_that_claims(2_000, 2_000)),
    "cut off": ("damaged_picture", image("JPEG", quality=95)[:300]),
    "a letter": ("not_picture", b"Dear Sir or Madam"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_that_cannot_be_a_guide_frame_is_told_so(name: str, tmp_path: Path) -> None:
    code, content = PICTURES[name]
    (tmp_path / "picture").write_bytes(content)

    with pytest.raises(Refusal) as refused:
        probe(tmp_path / "picture", expect="image")

    assert refused.value.code == code


CUT: dict[str, Callable[[Path], Path]] = {
    "a.mp4": lambda path: make_clip(path, options=X264, sound=True),
    "fast-start.mp4": lambda path: make_clip(path, options=X264, sound=True, mux=FAST_START),
    "a.mov": lambda path: make_clip(path, options=X264),
    "a.mkv": lambda path: make_clip(path, options=X264),
    "a.webm": lambda path: make_clip(
        path, codec="libvpx", options={"cpu-used": "8", "deadline": "realtime"}
    ),
    "a.avi": lambda path: make_clip(path, codec="mpeg4"),
    "a.ogv": lambda path: make_clip(
        path, codec="libvpx", options={"cpu-used": "8", "deadline": "realtime"}, format="ogg"
    ),
}


@pytest.mark.parametrize("name", CUT)
def test_a_clip_that_is_cut_off_anywhere_is_told_so(name: str, tmp_path: Path) -> None:
    whole = CUT[name](tmp_path / name).read_bytes()

    for share in (0.3, 0.9, 0.999):
        (tmp_path / "cut").write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(Refusal) as refused:
            probe(tmp_path / "cut")
        assert refused.value.code == "truncated"


def test_sound_alone_is_no_clip(tmp_path: Path) -> None:
    with pytest.raises(Refusal) as refused:
        probe(make_sound(tmp_path / "song.mp4"))

    assert refused.value.code == "audio_only"


def test_a_clip_under_a_wrong_name_is_taken_for_what_it_is(tmp_path: Path) -> None:
    make_clip(tmp_path / "clip.mp4").rename(tmp_path / "clip.txt")

    assert probe(tmp_path / "clip.txt").container == "mp4"


def test_a_clip_that_is_too_long_is_told_so_with_both_lengths(tmp_path: Path, settings) -> None:
    settings.MAX_SOURCE_SECONDS = 60
    for name in ("a.mp4", "a.mkv", "a.avi"):
        clip = make_clip(tmp_path / name, codec="mpeg4", frames=65, rate=1, size=(64, 64))

        with pytest.raises(Refusal) as refused:
            probe(clip)

        assert (
            refused.value.message
            == "This clip runs 1 min 5 s and the limit is 1 min: shorten it before uploading it."
        )


def test_a_file_that_is_too_big_is_told_so_before_it_is_read(tmp_path: Path, settings) -> None:
    with (tmp_path / "big.mp4").open("wb") as file:
        file.truncate(settings.MAX_UPLOAD_BYTES + 1)

    with pytest.raises(Refusal) as refused:
        probe(tmp_path / "big.mp4")

    assert refused.value.message.startswith("This file has 200 MB and the limit is 200 MB")


def test_a_picture_size_that_would_fill_the_memory_is_refused_by_its_header(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "a.mov", codec="qtrle", pixel_format="rgb24", frames=3)
    content = bytearray(clip.read_bytes())
    at = content.find(b"rle ", content.find(b"stsd"))
    content[at + 28 : at + 32] = struct.pack(">HH", 9000, 9000)
    clip.write_bytes(content)

    with pytest.raises(Refusal) as refused:
        probe(clip)

    assert refused.value.code == "too_large_picture"


def test_sixty_damaged_clips_end_in_an_answer_each(tmp_path: Path) -> None:
    makers = [
        make_clip(tmp_path / "a.mp4", frames=12, sound=True),
        make_clip(tmp_path / "a.mkv", frames=12),
        make_clip(tmp_path / "a.avi", frames=12, codec="mpeg4"),
    ]
    contents, ends = [made.read_bytes() for made in makers], set()
    for number in range(60):
        content = bytearray(contents[number % 3])
        for _ in range(_noise.choice([1, 5, 50])):
            content[_noise.randrange(len(content))] = _noise.randrange(256)
        (tmp_path / "damaged").write_bytes(content)
        try:
            probe(tmp_path / "damaged")
            ends.add("taken")
        except Refusal as refusal:
            ends.add(refusal.code)

    assert "taken" in ends and len(ends) > 2
    assert ends <= {"taken"} | set(SENTENCES)


def test_nothing_half_made_stays_after_any_refusal(db, settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    member = make_member()
    whole = make_clip(tmp_path / "a.mp4", mux=FAST_START).read_bytes()
    bad = [content for _, content in CONTENTS.values()] + [whole[: len(whole) // 2]]
    for content in bad:
        file = tmp_path / "in"
        file.write_bytes(content)
        with pytest.raises(Refusal):
            take_in(file, name="x", team=member.team, user=member.user, expect="video")
        assert not file.exists()

    assert not Asset.objects.exists()
    assert [path for path in (tmp_path / "media").rglob("*") if path.is_file()] == []
    assert list(store.incoming().iterdir()) == []


def test_every_sentence_says_what_to_do() -> None:
    for code, sentence in SENTENCES.items():
        assert sentence.endswith("."), code
        assert ":" in sentence, f"{code} names no way on"
        assert sentence.count(". ") == 0, f"{code} is more than one sentence"


def test_sizes_and_lengths_are_written_for_people() -> None:
    assert [show_bytes(n) for n in (1, 950, 1_400, 30_600, 200_000_000, 1_234_567)] == [
        "1 byte",
        "950 bytes",
        "1.4 kB",
        "30.6 kB",
        "200 MB",
        "1.2 MB",
    ]
    assert [show_length(n) for n in (4, 17.94, 60, 725.2)] == [
        "4 s",
        "17.9 s",
        "1 min",
        "12 min 5 s",
    ]


def test_a_cover_picture_is_not_taken_for_a_clip(tmp_path: Path) -> None:
    with (
        av.open(str(make_sound(tmp_path / "song.mp4"))) as song,
        av.open(str(tmp_path / "covered.mp4"), "w") as out,
    ):
        sound = out.add_stream_from_template(song.streams.audio[0])
        cover = out.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 64, 64, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        frame = av.VideoFrame.from_image(Image.new("RGB", (64, 64), "red")).reformat(
            format="yuvj420p"
        )
        out.mux(cover.encode(frame))
        out.mux(cover.encode(None))
        for packet in song.demux():
            if packet.dts is not None:
                packet.stream = sound
                out.mux(packet)

    with pytest.raises(Refusal) as refused:
        probe(tmp_path / "covered.mp4")

    assert refused.value.code == "audio_only"
