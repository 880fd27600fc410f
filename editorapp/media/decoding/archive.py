"""Archives of EXR frames in a zip: whole, nothing but frames, and a poster of the middle one."""

import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

import av
import av.error
import numpy as np
from numpy.typing import NDArray

from editorapp.media.decoding import colour
from editorapp.media.decoding.poster_filmstrip import POSTER_HEIGHT, POSTER_WIDTH, save_preview
from editorapp.media.decoding.size_limits import check_frame_size
from editorapp.media.facts import JsonObject
from editorapp.media.refusals import Refusal

Matrix = NDArray[np.float64]
_MAX_FRAMES = 100_000
_MAX_FRAME_BYTES = 700_000_000
_EXR_MAGIC = b"\x76\x2f\x31\x01"
_PIECE = 1 << 20
_HEADER_BYTES = 65536  # of a frame, in which its attributes are looked for
_WINDOW = b"displayWindow\0box2i\0"
_PRIMARIES = b"chromaticities\0chromaticities\0"
_REC709 = ((0.64, 0.33), (0.30, 0.60), (0.15, 0.06), (0.3127, 0.3290))
# Bradford's
_CONES = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])


def _bad(detail: str) -> Refusal:
    return Refusal("bad_archive", detail=detail)


def examine_archive(path: Path, poster: Path | None) -> JsonObject:
    """Read every frame's bytes against its checksum, and the first one's header.

    Raises: Refusal "bad_archive".
    """
    try:
        with zipfile.ZipFile(path) as archive:
            frames = _frames(archive)
            for info in frames:
                _check_bytes(archive, info)
            width, height = _size(archive.open(frames[0]).read(_HEADER_BYTES))
            check_frame_size(width, height)
            if poster:
                _save_poster(archive.read(frames[len(frames) // 2]), poster)
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise _bad("it is cut off or damaged") from error
    return {
        "kind": "archive",
        "container": "zip",
        "codec": "exr",
        "width": width,
        "height": height,
        "size_bytes": path.stat().st_size,
        "frame_count": len(frames),
        "hdr": True,
        "pixel_format": "gbrpf16",
    }


def _frames(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    files = [info for info in archive.infolist() if not info.is_dir()]
    frames = [info for info in files if info.filename.lower().endswith(".exr")]
    if not frames:
        raise _bad("there is no EXR frame in it")
    if len(frames) > _MAX_FRAMES or any(info.file_size > _MAX_FRAME_BYTES for info in frames):
        raise _bad("it unpacks to more than any clip has")
    for info in files:
        parts = PurePosixPath(info.filename.replace("\\", "/"))
        if parts.is_absolute() or ".." in parts.parts:
            raise _bad("a name in it points outside of it")
    return sorted(frames, key=lambda info: info.filename)


def _check_bytes(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> None:
    """Read a frame to its end: zipfile compares the checksum there."""
    with archive.open(info) as file:
        if file.read(4) != _EXR_MAGIC:
            raise _bad(f"{PurePosixPath(info.filename).name[:60]} is no EXR picture")
        while file.read(_PIECE):
            pass


def _size(head: bytes) -> tuple[int, int]:
    """Read width and height from an EXR header: the display window, four little-endian integers."""
    window = _attribute(head, _WINDOW, "<i4", 4)
    if window is None:
        raise _bad("a frame says nothing of its size")
    left, top, right, bottom = window.tolist()
    return right - left + 1, bottom - top + 1


def _attribute(frame: bytes, name: bytes, kind: str, count: int) -> NDArray[Any] | None:
    """Return the numbers of an attribute of an EXR header; None where it has none of this name."""
    at = frame.find(name, 0, _HEADER_BYTES)
    return None if at < 0 else np.frombuffer(frame, kind, count, at + len(name) + 4)


def _save_poster(data: bytes, poster: Path) -> None:
    """Decode one frame of linear light and show it: in Rec. 709, highlights rolled off, then the
    sRGB curve.
    """
    light = _light(data)
    step = max(1, -(-light.shape[1] // POSTER_WIDTH), -(-light.shape[0] // POSTER_HEIGHT))
    light = np.nan_to_num(light[::step, ::step], posinf=65504.0)
    light = np.maximum(light @ _to_rec709(data).T, 0)
    shown = colour.srgb_curve(np.where(light > colour.KNEE, colour.rolled_off(light), light))
    save_preview(np.rint(shown * 255).astype(np.uint8), poster)


def _light(data: bytes) -> colour.Light:
    """Return the light of an EXR frame: (height, width, 3), never less than nothing."""
    decoder: Any = av.CodecContext.create("exr", "r")
    try:
        frame = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][0]
        return np.maximum(frame.reformat(format="gbrpf32le").to_ndarray().astype(np.float32), 0)
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        raise _bad("a frame in it cannot be decoded") from error


def _to_rec709(frame: bytes) -> Matrix:
    """Return the 3x3 matrix from the light of an EXR frame to that of Rec. 709, which is meant
    where nothing is said.

    Source: OpenEXR's attribute `chromaticities`: x and y of red, green, blue and white.
    """
    said = _primaries(frame)
    if said is None:
        return np.eye(3)
    try:
        ours, theirs = _to_xyz(np.array(_REC709)), _to_xyz(said)
    except np.linalg.LinAlgError:  # three points on a line
        return np.eye(3)
    # Whites are made to agree as the eye does it, so that grey stays grey.
    seen = (_CONES @ ours.sum(axis=1)) / (_CONES @ theirs.sum(axis=1))
    adapted = np.linalg.inv(_CONES) @ np.diag(seen) @ _CONES
    return np.asarray(np.linalg.inv(ours) @ adapted @ theirs, dtype=np.float64)


def _primaries(frame: bytes) -> Matrix | None:
    """Return x and y of red, green, blue and white; None where nothing sensible is said."""
    numbers = _attribute(frame, _PRIMARIES, "<f4", 8)
    if numbers is None:
        return None
    said = numbers.reshape(4, 2).astype(float)
    return said if _is_sensible(said) else None


def _is_sensible(places: Matrix) -> bool:
    return bool(np.isfinite(places).all() and places[:, 1].all())


def _to_xyz(places: Matrix) -> Matrix:
    """Return the matrix from RGB of these primaries and white (x, y) to XYZ."""
    x, y = places.T
    colours = np.stack((x / y, np.ones(4), (1 - x - y) / y))
    return colours[:, :3] * np.linalg.solve(colours[:, :3], colours[:, 3])
