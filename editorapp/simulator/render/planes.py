"""Pictures as all drawing modules have them, and colour codes of ITU-T H.273."""

from dataclasses import dataclass
from typing import Any, TypeAlias

import av
import numpy as np

from editorapp.media.decoding import colour
from editorapp.media.decoding.scaling import scaled

Array = np.ndarray[Any, np.dtype[Any]]
Tables: TypeAlias = tuple[Array, ...]  # of all values of a byte
Size: TypeAlias = tuple[int, int]  # width and height in pixels
Point: TypeAlias = tuple[int, int]
BT709, PQ, HLG, BT2020 = 1, 16, 18, 9
LIMITED_RANGE, FULL_RANGE = 1, 2
# With P3 (11, 12): a clip in them stays in them, whatever becomes of its pixels.
WIDE_PRIMARIES = (BT2020, 11, 12)


@dataclass
class Planes:
    """One picture in YUV 4:2:0: `y` (height, width), `u` and `v` half of it each way; uint8, one
    buffer.

    Always BT.709 in limited range, whatever it was read from: so all drawing, and all that is
    written, speaks of one.
    """

    buffer: Array

    @property
    def height(self) -> int:
        return self.buffer.shape[0] * 2 // 3

    @property
    def width(self) -> int:
        return self.buffer.shape[1]

    @property
    def size(self) -> Size:
        return self.width, self.height

    @property
    def y(self) -> Array:
        return self.buffer[: self.height]

    @property
    def chroma(self) -> Array:
        """Return u and v: (2, height / 2, width / 2)."""
        return self.buffer[self.height :].reshape(2, self.height // 2, self.width // 2)

    @property
    def parts(self) -> tuple[Array, Array, Array]:
        return self.y, *self.chroma

    @classmethod
    def empty(cls, width: int, height: int) -> "Planes":
        return cls(np.empty((height * 3 // 2, width), np.uint8))

    @classmethod
    def of(cls, frame: Any, width: int, height: int) -> "Planes":
        """Return a decoded frame at a size (even numbers)."""
        stated = colour.swscale_matrix(frame)
        has_its_coding = (
            frame.format.name == "yuv420p" and stated == BT709 and frame.color_range != FULL_RANGE
        )
        if has_its_coding and (frame.width, frame.height) == (width, height):
            return cls(frame.to_ndarray())
        coded = scaled(
            frame,
            width,
            height,
            "yuv420p",
            src_colorspace=stated,
            dst_colorspace=BT709,
            dst_color_range=LIMITED_RANGE,
            interpolation="BICUBIC" if has_its_coding else colour.exact(),
        )
        return cls(coded.to_ndarray())

    def frame(self) -> Any:
        """Return the picture as a frame that says how it is coded."""
        frame = av.VideoFrame.from_ndarray(self.buffer, format="yuv420p")
        frame.colorspace = frame.color_primaries = frame.color_trc = BT709
        frame.color_range = LIMITED_RANGE
        return frame

    def picture(self) -> Any:
        """Return the picture in sRGB, as Pillow's."""
        frame = scaled(self.frame(), *self.size, "rgb24", interpolation=colour.exact())
        return frame.to_image()

    def resized(self, width: int, height: int, how: str = "BILINEAR") -> "Planes":
        made = scaled(self.frame(), width, height, "yuv420p", interpolation=how)
        return Planes(made.to_ndarray())

    def turned(self, quarters: int) -> "Planes":
        """Return the picture turned counter-clockwise by quarter turns."""
        if not quarters % 4:
            return self
        turned = Planes.empty(*(self.size[::-1] if quarters % 2 else self.size))
        for target, plane in zip(turned.parts, self.parts, strict=True):
            target[:] = np.rot90(plane, quarters)
        return turned
