"""Provenance: what leaves says that it was made with AI, to others' readers; pixels and sound stay as
they were, byte for byte, and every range is right.
"""

import io
import json
import shutil
import subprocess
import tracemalloc
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.PdfParser import PdfParser

from editorapp.exports.provenance.ai_mark import NEWSCODES, AiMark, DigitalSourceType, mark_of
from editorapp.exports.provenance.mark_pdf import marked_pdf
from editorapp.exports.provenance.marked import MemoryFile, is_signed, marked, marked_picture
from editorapp.exports.provenance.marked_frames import marked_archive
from editorapp.exports.provenance.splice import FileEdit, SplicedFile, Unmarkable
from tests.factories import make_generation, make_member
from tests.video import write_clip

MARK = AiMark(DigitalSourceType.EDITED, system="ray-3.2", is_simulated=True)
URL = f"{NEWSCODES}compositeWithTrainedAlgorithmicMedia"
EXIFTOOL = shutil.which("exiftool")
needs_exiftool = pytest.mark.skipif(
    EXIFTOOL is None, reason="exiftool is not here (Debian: libimage-exiftool-perl)"
)


class DiskFile:
    """A file on the disk, read piece by piece."""

    def __init__(self, path: Path) -> None:
        self.path, self.size = path, path.stat().st_size

    def pieces(self, start: int, end: int) -> Iterator[bytes]:
        with self.path.open("rb") as file:
            file.seek(start)
            while start < end and (data := file.read(min(100_000, end - start))):
                start += len(data)
                yield data


def whole(file) -> bytes:
    return b"".join(file.pieces(0, file.size))


def packets(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux() if packet.size]


def exiftool(path: Path, *options: str) -> dict:
    run = [EXIFTOOL, "-j", "-n", *options, str(path)]
    return json.loads(subprocess.run(run, capture_output=True, check=True).stdout)[0]


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("clips")
    plain = write_clip(folder / "plain.mp4", frames=12)
    made = {"mp4": plain, "mov": write_clip(folder / "a.mov", frames=12)}
    made["mkv"] = write_clip(folder / "a.mkv", frames=12)
    made["webm"] = _remuxed(plain, folder / "a.webm", "libvpx")
    made["faststart"] = _copied(plain, folder / "fast.mp4", {"movflags": "+faststart"})
    fragments = {"movflags": "frag_keyframe+empty_moov"}
    made["fragments"] = _copied(plain, folder / "fragments.mp4", fragments)
    return made


def _copied(path: Path, out: Path, options: dict[str, str]) -> Path:
    with av.open(str(path)) as source, av.open(str(out), "w", options=options) as made:
        stream = source.streams.video[0]
        copy = made.add_stream_from_template(stream)
        for packet in source.demux(stream):
            if packet.dts is not None:
                packet.stream = copy
                made.mux(packet)
    return out


def _remuxed(path: Path, out: Path, codec: str) -> Path:
    return write_clip(out, frames=12, codec=codec)


@pytest.mark.parametrize("kind", ["mp4", "mov", "mkv", "webm", "faststart", "fragments"])
def test_a_marked_clip_plays_as_before_and_says_what_it_is(clips, kind: str, tmp_path) -> None:
    made = marked(DiskFile(clips[kind]), MARK)
    file = tmp_path / clips[kind].name
    file.write_bytes(whole(made))

    assert packets(file) == packets(clips[kind])
    assert URL.encode() in file.read_bytes() and b"ray-3.2" in file.read_bytes()
    assert file.stat().st_size == made.size
    if EXIFTOOL:
        said = exiftool(
            file, "-ee"
        )  # of Matroska it reads past the pictures only when it is told to
        assert said["DigitalSourceType"] == URL
        assert "Error" not in said and "Warning" not in said


@needs_exiftool
def test_exiftool_reads_the_source_type_of_an_mp4_as_iptcs(clips, tmp_path) -> None:
    file = tmp_path / "a.mp4"
    file.write_bytes(whole(marked(DiskFile(clips["mp4"]), MARK)))

    said = exiftool(file, "-G1", "-XMP-iptcExt:DigitalSourceType", "-XMP-xmp:CreatorTool")
    assert said["XMP-iptcExt:DigitalSourceType"] == URL
    assert said["XMP-xmp:CreatorTool"] == "Rushes (simulated take)"


@given(st.data())
def test_every_range_of_a_marked_file_is_that_part_of_the_whole(clips, data) -> None:
    kind = data.draw(st.sampled_from(["mp4", "webm"]))
    made = marked(DiskFile(clips[kind]), MARK)
    start = data.draw(st.integers(0, made.size - 1))
    end = data.draw(st.integers(start + 1, made.size))

    assert b"".join(made.pieces(start, end)) == whole(made)[start:end]


def test_a_large_file_is_marked_without_being_read(clips, tmp_path) -> None:
    file = tmp_path / "large.mp4"
    shutil.copy(clips["mp4"], file)
    with file.open("r+b") as grown:  # 3 GB that take no room on the disk
        grown.seek(0, 2)
        grown.write(b"\0\0\0\1mdat")
        grown.write((3_000_000_016).to_bytes(8, "big"))
        grown.truncate(grown.tell() + 3_000_000_000)

    tracemalloc.start()
    made = marked(DiskFile(file), MARK)
    tail = b"".join(made.pieces(made.size - 2_000, made.size))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert URL.encode() in tail and peak < 2_000_000


def test_a_box_that_says_only_that_it_is_the_last_gets_its_end() -> None:
    file = b"\0\0\0\x10ftypisom\0\0\0\0" + b"\0\0\0\0mdat" + b"x" * 90

    made = whole(marked(MemoryFile(file), MARK))

    assert made[16:24] == (98).to_bytes(4, "big") + b"mdat"
    assert made[114 + 4 : 114 + 8] == b"uuid"


def test_an_index_of_fragments_stays_at_the_end(clips) -> None:
    before = clips["fragments"].read_bytes()
    made = whole(marked(MemoryFile(before), MARK))

    length = int.from_bytes(before[-4:], "big")  # mfro: how long the index is
    assert before[-length + 4 : -length + 8] == b"mfra"
    assert made[-length:] == before[-length:]


def test_a_packet_that_is_there_is_kept_and_ours_added(clips) -> None:
    theirs = (
        AiMark(DigitalSourceType.EDITED)
        .packet()
        .replace("Iptc4xmpExt:DigitalSourceType=", "dc:rights=")
    )
    box = bytes.fromhex("be7acfcb97a942e89c71999491e3afac") + theirs.encode()
    box = (len(box) + 8).to_bytes(4, "big") + b"uuid" + box
    file = clips["faststart"].read_bytes()
    size = int.from_bytes(file[:4], "big")  # of ftyp

    made = whole(marked(MemoryFile(file[:size] + box + file[size:]), MARK))

    assert made[size + 4 : size + 8] == b"free"
    tail = made[len(file) + len(box) :].decode("utf-8", "replace")
    assert "dc:rights=" in tail and f'DigitalSourceType="{URL}"' in tail
    again = marked(MemoryFile(made), MARK)
    assert whole(again) == made, "what says it already is left as it is"


def test_a_clip_that_its_provider_signed_leaves_as_it_came(clips) -> None:
    file = clips["mp4"].read_bytes()
    box = b"uuid" + bytes.fromhex("d8fec3d61b0e483c92975828877ec481") + b"their manifest"

    assert is_signed(MemoryFile(file + (len(box) + 4).to_bytes(4, "big") + box))
    assert not is_signed(MemoryFile(whole(marked(MemoryFile(file), MARK))))
    assert not is_signed(MemoryFile(b"no clip at all"))


@pytest.mark.django_db
def test_a_take_is_edited_where_its_lineage_began_with_a_clip_and_else_generated() -> None:
    member = make_member()
    edit = make_generation(member)
    generated = make_generation(member, task="generate", lineage="g7", source_asset=None)
    edit_of_it = make_generation(member, lineage="g7", parent=generated)

    kinds = [mark_of(take).source_type for take in (edit, generated, edit_of_it)]

    assert kinds == [
        DigitalSourceType.EDITED,
        DigitalSourceType.GENERATED,
        DigitalSourceType.GENERATED,
    ]
    assert mark_of(edit).system == "ray-3.2" and mark_of(edit).is_simulated


@pytest.mark.parametrize(
    "file",
    [b"", b"abc", b"\0\0\0\x20ftypisom", b"\x1a\x45\xdf\xa3", b"RIFF\0\0\0\0WEBP", b"PK\3\4"],
)
def test_what_cannot_be_marked_is_told(file: bytes) -> None:
    with pytest.raises(Unmarkable):
        marked(MemoryFile(file), MARK)


# Pictures


@pytest.mark.parametrize("mode", ["RGB", "RGBA"])
@pytest.mark.parametrize(
    ("ending", "options"),
    [("png", {}), ("jpeg", {}), ("webp", {}), ("webp", {"lossless": True})],
)
def test_a_marked_picture_has_its_pixels_and_says_what_it_is(
    ending, options, mode, tmp_path
) -> None:
    if (ending, mode) == ("jpeg", "RGBA"):
        mode = "L"
    pixels = np.random.default_rng(1).integers(0, 255, (31, 57, 4), np.uint8)
    before = io.BytesIO()
    Image.fromarray(pixels, "RGBA").convert(mode).save(before, ending, **options)

    after = marked_picture(before.getvalue(), MARK)

    with Image.open(io.BytesIO(before.getvalue())) as old, Image.open(io.BytesIO(after)) as new:
        assert old.convert("RGBA").tobytes() == new.convert("RGBA").tobytes()
        assert new.size == (57, 31)
        told = new.info.get("xmp") or new.info.get("XML:com.adobe.xmp", "").encode()
        assert f'DigitalSourceType="{URL}"'.encode() in told
    if EXIFTOOL:
        file = tmp_path / f"a.{ending}"
        file.write_bytes(after)
        assert exiftool(file)["DigitalSourceType"] == URL


def test_a_marked_pdf_has_its_pages_and_says_what_it_is(tmp_path) -> None:
    before, pages = io.BytesIO(), [Image.new("RGB", (50, 70), tone) for tone in ("red", "blue")]
    pages[0].save(before, "PDF", save_all=True, append_images=pages[1:], title="Sheet")

    after = marked_pdf(before.getvalue(), MARK.packet())

    with PdfParser(buf=after) as found:
        assert len(found.pages) == 2 and b"Metadata" in found.root
        assert found.info.Title == "Sheet"
    if EXIFTOOL:
        file = tmp_path / "a.pdf"
        file.write_bytes(after)
        said = exiftool(file)
        assert (said["DigitalSourceType"], said["PageCount"]) == (URL, 2)
        assert "Error" not in said and "Warning" not in said
    with pytest.raises(Unmarkable):
        marked_pdf(b"%PDF-1.4 cut off", MARK.packet())


# EXR


def _frame(light: float, compression: str = "zip16") -> bytes:
    encoder = av.CodecContext.create("exr", "w")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 40, "gbrpf32le"
    encoder.time_base, encoder.options = (
        Fraction(1, 24),
        {"compression": compression, "format": "half"},
    )
    ramp = np.linspace(0, light, 3 * 40 * 64, dtype=np.float32).reshape(40, 64, 3)
    frame = av.VideoFrame.from_ndarray(ramp, format="gbrpf32le")
    return b"".join(bytes(one) for one in [*encoder.encode(frame), *encoder.encode(None)])


def _decoded(frame: bytes) -> np.ndarray:
    decoder = av.CodecContext.create("exr", "r")
    found = [*decoder.decode(av.Packet(frame)), *decoder.decode(None)][0]
    return found.reformat(format="gbrpf32le").to_ndarray()


@pytest.mark.parametrize("compression", ["none", "rle", "zip1", "zip16"])
def test_a_marked_exr_frame_has_its_light_and_says_what_it_is(compression, tmp_path) -> None:
    before = _frame(4, compression)
    after = whole(marked(MemoryFile(before), MARK))

    assert np.array_equal(_decoded(before), _decoded(after))
    assert after.count(URL.encode()) == 2
    if EXIFTOOL:
        file = tmp_path / "a.exr"
        file.write_bytes(after)
        assert exiftool(file)["DigitalSourceType"] == URL
    assert whole(marked(MemoryFile(after), MARK)) == after


@pytest.mark.parametrize("kept", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_archive_of_frames_is_marked_frame_by_frame(kept: int) -> None:
    frames, packed = [_frame(light) for light in (1, 2, 3)], io.BytesIO()
    with zipfile.ZipFile(packed, "w", kept) as archive:
        for at, frame in enumerate(frames):
            archive.writestr(f"take/{at:04}.exr", frame)

    made = b"".join(marked_archive(MemoryFile(packed.getvalue()), MARK, now=timezone.now()))

    with zipfile.ZipFile(io.BytesIO(made)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"take/{at:04}.exr" for at in range(3)]
        for name, frame in zip(archive.namelist(), frames, strict=True):
            assert URL.encode() in archive.read(name)
            assert np.array_equal(_decoded(archive.read(name)), _decoded(frame))


def test_edits_that_overlap_are_refused() -> None:
    with pytest.raises(Unmarkable, match="overlap"):
        SplicedFile(MemoryFile(b"0123456789"), [FileEdit(0, 5, b""), FileEdit(3, 6, b"")])
