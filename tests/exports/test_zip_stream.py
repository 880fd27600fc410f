"""Zip stream: whole, stored as it is, in the 64-bit form where it must be, never all in memory."""

import io
import tracemalloc
import zipfile
from datetime import UTC, datetime

from editorapp.exports.zip_stream import ZipStream

NOW = datetime(2026, 11, 30, 12, 30, tzinfo=UTC)


def test_what_comes_out_is_a_zip_of_what_went_in() -> None:
    made = ZipStream(now=NOW)
    sent = b"".join(
        [
            *made.text("README.txt", "Guten Tag"),
            *made.file("media/café · 1.mp4", [b"abc", b"", b"def"], size=6),
            *made.end(),
        ]
    )

    with zipfile.ZipFile(io.BytesIO(sent)) as found:
        assert found.testzip() is None
        assert found.namelist() == ["README.txt", "media/café · 1.mp4"]
        assert found.read("media/café · 1.mp4") == b"abcdef"
        info = found.getinfo("README.txt")
        assert (info.compress_type, info.date_time) == (
            zipfile.ZIP_STORED,
            (2026, 11, 30, 12, 30, 0),
        )


def test_a_file_past_four_gigabytes_is_begun_in_the_64_bit_form() -> None:
    made = ZipStream(now=NOW)

    head = next(iter(made.file("long.mp4", [b"x"], size=5_000_000_000)))

    assert head[:4] == b"PK\3\4"
    assert int.from_bytes(head[4:6], "little") >= 45, "the version that knows it"
    assert head[14:26] == b"\0" * 4 + b"\xff" * 8, "both sizes stand in the extra field"
    assert b"\x01\x00\x10\x00" in head[30 + len("long.mp4") :]


def test_a_long_file_passes_through_piece_by_piece() -> None:
    piece, count = b"\0" * 1_000_000, 80
    made = ZipStream(now=NOW)

    tracemalloc.start()
    sent = sum(len(one) for one in made.file("a", (piece for _ in range(count)), size=80_000_000))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert sent > 80_000_000 and peak < 5_000_000
