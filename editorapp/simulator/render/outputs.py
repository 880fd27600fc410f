"""Outputs: all results of one job, written side by side: the video, and where asked for the EXR
frames in a zip.
"""

import struct
import zipfile
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import ExifTags, Image

from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.render import hdr
from editorapp.simulator.render.clip import Clock, Shot, SourceClip
from editorapp.simulator.render.mark import SimulatedMark
from editorapp.simulator.render.planes import HLG, PQ, Planes, Size
from editorapp.simulator.render.result import POSTER
from editorapp.simulator.render.writer import Writer
from editorapp.simulator.tables import Files

SRGB = Image.Exif()  # a picture that says of itself that it is in sRGB
SRGB.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.ColorSpace] = 1


class Outputs:
    """Takes pictures and sound; makes SDR or HDR video of them, EXR frames, and a poster of the
    first.
    """

    def __init__(
        self,
        wanted: GenerationRequest,
        folder: Path,
        size: Size,
        clock: Clock,
        source: SourceClip | None = None,
    ) -> None:
        transfer = 0
        self._to_hdr: hdr.Converter | None = None
        if wanted.hdr:
            transfer = HLG if source is not None and source.transfer == HLG else PQ
            self._to_hdr = hdr.Converter(hdr.name_of(transfer), *size)
        self._mark = SimulatedMark(*size)
        self._poster: Path | None = folder / POSTER
        has_frames = wanted.hdr and wanted.exr
        self._frames = ExrFrames(folder / "frames.zip", *size) if has_frames else None
        self._video = Writer(
            folder / "video.mp4",
            size,
            clock,
            transfer=transfer,
            source=source,
        )

    def picture(self, planes: Planes, at: Shot) -> None:
        """Take the picture of a shot: it is marked, in place."""
        self._mark.burn(planes)
        if self._poster is not None:
            how = {"quality": 90, "subsampling": 0, "exif": SRGB}
            planes.picture().save(self._poster, **how)
            self._poster = None
        frame = self._to_hdr.convert(planes.frame()) if self._to_hdr else planes.frame()
        self._video.frame(frame, at.pts, at.duration)
        if self._frames is not None:
            self._frames.add(planes)

    def sound(self, frame: Any) -> None:
        self._video.sound(frame)

    def close(self) -> Files:
        """Finish all files; return them."""
        self._video.close()
        made = [{"type": "video", "file": "video.mp4"}]
        if self._frames is not None:
            self._frames.close()
            made.append({"type": "exr", "file": "frames.zip"})
        return made


class ExrFrames:
    """A zip of OpenEXR frames, half float, linear light in Rec. 709; 1.0 is SDR white.

    One frame in memory.
    """

    def __init__(self, path: Path, width: int, height: int) -> None:
        self._height = height
        self._zip = zipfile.ZipFile(path, "w", zipfile.ZIP_STORED)
        self._to_linear = hdr.Converter("linear", width, height)
        self._encoder: Any = av.CodecContext.create("exr", "w")
        self._encoder.width, self._encoder.height = width, height
        self._encoder.pix_fmt = "gbrpf32le"
        self._encoder.time_base = Fraction(1, 24)
        # Run lengths: deflate takes a tenth of the space away and ten times as long.
        self._encoder.options = {"format": "half", "compression": "rle"}
        self._count = 0

    def add(self, planes: Planes) -> None:
        frame = self._to_linear.convert(planes.frame())
        frame.pts, frame.time_base = self._count, Fraction(1, 24)
        self._encode(frame)

    def close(self) -> None:
        self._encode(None)
        self._zip.close()

    def _encode(self, frame: Any) -> None:
        for packet in self._encoder.encode(frame):
            data = with_primaries(bytes(packet), lines=self._height)
            self._zip.writestr(f"frame_{self._count:05d}.exr", data)
            self._count += 1


def with_primaries(exr: bytes, *, lines: int) -> bytes:
    """Return an OpenEXR file whose header says its primaries, which the encoder cannot write: those
    of Rec. 709.

    Run lengths are coded line by line: the table of offsets behind the header has one for each of
    the `lines`.
    Source: OpenEXR, "File Layout".
    """
    table = _end_of_header(exr)
    offsets = np.frombuffer(exr, "<u8", count=lines, offset=table) + len(_CHROMATICITIES)
    return exr[: table - 1] + _CHROMATICITIES + b"\0" + offsets.tobytes() + exr[table + 8 * lines :]


def _end_of_header(exr: bytes) -> int:
    """Return where the header ends: attributes are name, type, size, value; an empty name is the
    last.
    """
    at = 8  # the magic number and the version
    while exr[at]:
        name = exr.index(b"\0", at)
        kind = exr.index(b"\0", name + 1)
        at = kind + 5 + int.from_bytes(exr[kind + 1 : kind + 5], "little")
    return at + 1


_CHROMATICITIES = b"chromaticities\0chromaticities\0" + struct.pack(
    "<i8f", 32, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06, 0.3127, 0.3290
)
