"""EXR frames in a zip: taken whole, with a poster; anything else is refused."""

import io
import struct
import zipfile
from fractions import Fraction
from functools import partial
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from editorapp.media import layout, store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT
from editorapp.media.refusals import Refusal
from tests.factories import make_member

take_in_archive = partial(take_in, expect="archive", origin=Asset.Origin.RESULT, max_bytes=NO_LIMIT)


def exr(light: float | tuple[float, ...], width: int = 64, height: int = 36) -> bytes:
    encoder = av.CodecContext.create("exr", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "gbrpf32le"
    encoder.time_base, encoder.options = Fraction(1, 25), {"format": "half", "compression": "zip16"}
    frame = av.VideoFrame.from_ndarray(np.full((height, width, 3), light, np.float32), "gbrpf32le")
    frame.pts = 0
    return b"".join(bytes(packet) for packet in [*encoder.encode(frame), *encoder.encode(None)])


def archive(path: Path, frames: list[bytes], *, extra: dict[str, bytes] | None = None) -> Path:
    with zipfile.ZipFile(path, "w") as out:
        for number, frame in enumerate(frames):
            out.writestr(f"frame_{number:05}.exr", frame)
        for name, content in (extra or {}).items():
            out.writestr(name, content)
    return path


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


def test_an_archive_is_counted_measured_and_gets_a_poster(db, tmp_path: Path) -> None:
    member = make_member()
    file = archive(
        tmp_path / "in.zip", [exr(0.18) for _ in range(5)], extra={"README.txt": b"hello"}
    )

    asset = take_in_archive(
        file, name="Take 7.zip", team=member.team, user=member.user, is_simulated=True
    )

    assert (asset.kind, asset.frame_count, asset.width, asset.height, asset.hdr) == (
        "archive",
        5,
        64,
        36,
        True,
    )
    assert (asset.mime_type, asset.origin, asset.is_simulated) == (
        "application/zip",
        "result",
        True,
    )
    assert asset.proxy == Asset.Proxy.NOT_NEEDED and not asset.is_playable
    grey = np.asarray(Image.open(store.path(asset.sha256, layout.POSTER)).convert("L"))
    assert abs(int(grey.mean()) - 118) <= 4  # 18 % grey in sRGB


@pytest.mark.parametrize(
    "kind", ["cut off", "no zip", "no frames", "no pictures", "a flipped bit", "a way out"]
)
def test_an_archive_that_is_not_whole_is_refused_and_gone(db, tmp_path: Path, kind: str) -> None:
    member, file = make_member(), tmp_path / "in.zip"
    whole = archive(file, [exr(0.5) for _ in range(3)]).read_bytes()
    middle = whole.index(b"exr") + 600
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("../../outside.exr", exr(0.5))
    contents = {
        "cut off": whole[: len(whole) // 2],
        "no zip": b"PK, but no zip" * 20,
        "no frames": None,
        "no pictures": None,
        "a flipped bit": whole[:middle] + bytes([whole[middle] ^ 1]) + whole[middle + 1 :],
        "a way out": out.getvalue(),
    }
    if kind == "no frames":
        archive(file, [], extra={"a.txt": b"x"})
    elif kind == "no pictures":
        archive(file, [b"this is no EXR"])
    else:
        file.write_bytes(contents[kind] or b"")

    with pytest.raises(Refusal) as refused:
        take_in_archive(file, name="x.zip", team=member.team, user=member.user)

    assert refused.value.code == "bad_archive"
    assert not file.exists() and not Asset.objects.exists()
    assert not list(store.incoming().iterdir())


ACES = (0.7347, 0.2653, 0.0, 1.0, 0.0001, -0.077, 0.32168, 0.33767)


def saying(frame: bytes, primaries: tuple[float, ...], *, lines: int = 36) -> bytes:
    """Return an EXR frame whose header names its primaries; its pixels stay.

    For blocks of 16 lines.
    """
    said = b"chromaticities\0chromaticities\0" + struct.pack("<i8f", 32, *primaries)
    table = frame.index(b"screenWindowWidth\0float\0") + len(b"screenWindowWidth\0float\0") + 4 + 4
    while frame[table]:  # further attributes: name, type, size, value
        kind = frame.index(b"\0", frame.index(b"\0", table) + 1)
        table = kind + 5 + int.from_bytes(frame[kind + 1 : kind + 5], "little")
    count = -(-lines // 16)
    offsets = np.frombuffer(frame, "<u8", count=count, offset=table + 1) + len(said)
    return frame[:table] + said + b"\0" + offsets.tobytes() + frame[table + 1 + 8 * count :]


def test_a_poster_is_in_the_colours_that_the_frames_say(db, tmp_path: Path) -> None:
    def poster(name: str, frame: bytes) -> np.ndarray:
        member = make_member()
        asset = take_in_archive(
            archive(tmp_path / name, [frame]),
            name=name,
            team=member.team,
            user=member.user,
            is_simulated=True,
        )
        return np.asarray(Image.open(store.path(asset.sha256, layout.POSTER)).convert("RGB"))[
            10, 10
        ].astype(int)

    # Rec. 709's (0.5, 0.2, 0.1), written in its own primaries and in those of ACES2065-1.
    unsaid = poster("unsaid.zip", exr((0.5, 0.2, 0.1)))
    aces = poster("aces.zip", saying(exr((0.3142, 0.2173, 0.1182)), ACES))
    grey = poster("grey.zip", saying(exr((0.18, 0.18, 0.18)), ACES))
    odd = poster("odd.zip", saying(exr((0.5, 0.2, 0.1)), (0.0,) * 8))

    assert unsaid.tolist() == odd.tolist() and unsaid[0] > unsaid[1] + 40
    assert np.abs(aces - unsaid).max() <= 3
    assert np.ptp(grey) <= 1
