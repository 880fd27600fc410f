"""Colour of decoded frames: from a frame to a picture for the eye; upright, square pixels, sRGB; HDR
brought into range.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeAlias

import numpy as np
from av.sidedata.sidedata import Type
from av.video.reformatter import Interpolation
from numpy.typing import NDArray

from editorapp.media.decoding.scaling import scaled

Pixels = NDArray[np.uint8]
Light = NDArray[np.float32]
Size: TypeAlias = tuple[int, int]  # width and height

PQ, HLG = 16, 18  # ITU-T H.273 transfer characteristics
_TRANSFERS = {PQ: "pq", HLG: "hlg"}
_SWS = {1: 1, 4: 4, 5: 5, 6: 5, 7: 7, 9: 9, 10: 9}  # H.273 matrix -> swscale's number
_BT2020_TO_BT709 = np.array(
    [
        [1.660491, -0.587641, -0.072850],
        [-0.124550, 1.132900, -0.008349],
        [-0.018151, -0.100579, 1.118730],
    ],
    dtype=np.float32,
)
_WHITE_NITS = 203.0  # ITU-R BT.2408: diffuse white of an HDR picture
KNEE = 0.6  # below it nothing changes; above it highlights are rolled off instead of clipped


@dataclass(frozen=True)
class Upright:
    """How a coded picture is turned to be shown: first swap the axes, then flip."""

    transposed: bool = False
    flip_x: bool = False
    flip_y: bool = False

    @property
    def clockwise_degrees(self) -> int:
        if self.transposed:
            return 90 if self.flip_x else 270
        return 180 if self.flip_y else 0

    def coded(self, width: int, height: int) -> Size:
        """Return a size as shown as the coded picture has it, or the other way round."""
        return (height, width) if self.transposed else (width, height)


def _unnamed(kinds: type[Type], value: object) -> Type:
    """Return a kind of side data for a number that the library has no name for: it says nothing to
    us, and no harm.
    """
    made: Any = object.__new__(kinds)
    made._name_, made._value_ = f"UNNAMED_{value}", value
    return made


# Newer files bring side data (spatial video, EXIF in motion JPEG) that the decoder knows and its
# binding cannot name: without this, asking for any of a frame's side data raises ValueError.
Type._missing_ = classmethod(_unnamed)  # type: ignore[assignment,method-assign]


def display_matrix(frame: Any) -> list[int] | None:
    """Return the nine numbers of a frame's display matrix (ISO 14496-12: a, b, u, c, d, v, x, y,
    w), if it has one.
    """
    said = frame.side_data.get("DISPLAYMATRIX")
    return None if said is None else np.frombuffer(said, "<i4", 9).tolist()


def upright(frame: Any) -> Upright:
    """Return how a frame is turned to be shown."""
    found = display_matrix(frame)
    if not found:
        return Upright()
    a, b, _, c, d = found[:5]
    is_transposed = abs(b) > abs(a)
    x, y = (c, b) if is_transposed else (a, d)
    return Upright(is_transposed, flip_x=x < 0, flip_y=y < 0)


def pixel_aspect(stream: Any) -> Fraction:
    """Return width over height of one pixel, 1 where it is unknown or absurd."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not aspect or not Fraction(1, 8) < Fraction(aspect) < 8:
        return Fraction(1)
    return Fraction(aspect)


def displayed_size(frame: Any, aspect: Fraction) -> Size:
    """Return width and height as shown: square pixels, turned upright."""
    width = max(1, round(frame.width * aspect))
    return upright(frame).coded(width, frame.height)


def transfer(frame: Any) -> str:
    """Return "pq" or "hlg" for an HDR frame, "" for any other."""
    return _TRANSFERS.get(int(frame.color_trc), "")


def mastering(frame: Any) -> str:
    """Return what a frame says of the light it was made for, in x265's words; "" where it says
    nothing.

    Source: SMPTE ST 2086 in units of 0.00002 and 0.0001 nits, CTA-861.3 in nits; as libavutil lays
    both out.
    """
    said = frame.side_data
    display = bytes(said.get("MASTERING_DISPLAY_METADATA", b""))
    return _display_words(display) + _light_words(bytes(said.get("CONTENT_LIGHT_LEVEL", b"")))


def _display_words(display: bytes) -> str:
    if len(display) < 88:
        return ""
    numbers = np.frombuffer(display, dtype="<i4")[:22]
    if not (numbers[20] and numbers[21] and numbers[1:20:2].all()):
        return ""
    parts = numbers[0:20:2] / numbers[1:20:2]
    red_x, red_y, green_x, green_y, blue_x, blue_y, white_x, white_y = np.rint(
        parts[:8] * 50_000
    ).astype(int)
    darkest, brightest = np.rint(parts[8:] * 10_000).astype(int)
    return (
        f":hdr10=1:master-display=G({green_x},{green_y})B({blue_x},{blue_y})R({red_x},{red_y})"
        f"WP({white_x},{white_y})L({brightest},{darkest})"
    )


def _light_words(light: bytes) -> str:
    if len(light) < 8:
        return ""
    most, average = np.frombuffer(light, dtype="<u4")[:2]
    return f":max-cll={most},{average}"


def swscale_matrix(frame: Any) -> int:
    """Return the YUV matrix of a frame, by swscale's number; where none is stated, what players
    assume.
    """
    assumed = 1 if frame.height > 576 or frame.width > 1024 else 6
    return _SWS.get(int(frame.colorspace), _SWS[assumed])


def picture(
    frame: Any,
    aspect: Fraction,
    *,
    max_width: int = 0,
    max_height: int = 0,
    smaller_by: Interpolation = Interpolation.BICUBIC,
) -> Pixels:
    """Return a frame as it is shown: RGB, uint8, (height, width, 3); smaller where a limit asks for
    it.

    `smaller_by`: where it is to be many times smaller, AREA looks the same for half the work.
    """
    turn, hdr = upright(frame), transfer(frame)
    size = fit(displayed_size(frame, aspect), max_width, max_height)
    made = scaled(
        frame,
        *turn.coded(*size),
        "rgb48le" if hdr else "rgb24",
        src_colorspace=swscale_matrix(frame),
        interpolation=exact(smaller_by),
    )
    pixels = made.to_ndarray()
    if hdr:
        pixels = np.rint(to_sdr(pixels.astype(np.float32) / 65535, hdr) * 255).astype(np.uint8)
    return turned(pixels, turn)


def exact(scaling: Interpolation = Interpolation.BICUBIC) -> Interpolation:
    """Return how swscale must work so that a colour is the same afterwards: what it rounds by
    itself adds up to 5.
    """
    return scaling | Interpolation.ACCURATE_RND | Interpolation.FULL_CHR_H_INT


def fit(size: Size, max_width: int, max_height: int) -> Size:
    """Return the size within the limits (0: none), never larger than it is, its shape kept."""
    width, height = size
    scale = min(1.0, (max_width or width) / width, (max_height or height) / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def turned(pixels: Pixels, turn: Upright) -> Pixels:
    """Turn the array of a coded picture upright."""
    if turn.transposed:
        pixels = pixels.swapaxes(0, 1)
    if turn.flip_x:
        pixels = pixels[:, ::-1]
    if turn.flip_y:
        pixels = pixels[::-1]
    return np.ascontiguousarray(pixels)


def turned_frame(frame: Any, turn: Upright) -> Any:
    """Turn a planar 4:2:0 frame (8 bits, or more in two bytes) upright, plane by plane."""
    size = turn.coded(frame.width, frame.height)
    made = type(frame)(*size, frame.format.name)
    for source, target in zip(frame.planes, made.planes, strict=True):
        _plane(target)[:] = turned(_plane(source), turn)
    return made


def _plane(plane: Any) -> Any:
    """Return a plane as an array that shares its memory, without the padding of its lines."""
    kind = np.uint8 if plane.line_size < 2 * plane.width else np.uint16
    lines = np.frombuffer(plane, dtype=kind).reshape(plane.height, -1)
    return lines[:, : plane.width]


def to_sdr(signal: Light, kind: str) -> Light:
    """Bring an HDR signal (BT.2020, PQ or HLG, 0..1) to an SDR one (BT.709 primaries, sRGB curve,
    0..1).
    """
    nits = _pq_nits(signal) if kind == "pq" else _hlg_nits(signal)
    light = np.maximum((nits / _WHITE_NITS) @ _BT2020_TO_BT709.T, 0)
    peak = light.max(axis=-1, keepdims=True)
    # All three colours are scaled alike, so that a highlight keeps its hue.
    light = light * np.where(peak > KNEE, rolled_off(peak) / np.maximum(peak, 1e-6), 1)
    return srgb_curve(light).astype(np.float32)


def rolled_off(light: NDArray[Any]) -> NDArray[Any]:
    """Return light above the knee bent so that it never reaches more than 1."""
    above = np.maximum(light - KNEE, 0) / (1 - KNEE)
    return np.asarray(KNEE + (1 - KNEE) * (1 - np.exp(-above)))


def srgb_curve(light: NDArray[Any]) -> NDArray[Any]:
    """Return linear light (0..1) as sRGB encodes it (0..1)."""
    low, high = light * 12.92, 1.055 * np.maximum(light, 1e-8) ** (1 / 2.4) - 0.055
    return np.clip(np.where(light <= 0.0031308, low, high), 0, 1)


def _pq_nits(signal: Light) -> Light:
    """SMPTE ST 2084: signal -> light in nits."""
    root = np.power(np.clip(signal, 0, 1), 1 / 78.84375)
    top = np.maximum(root - 0.8359375, 0)
    return np.asarray(
        10_000 * np.power(top / (18.8515625 - 18.6875 * root), 1 / 0.1593017578125),
        dtype=np.float32,
    )


def _hlg_nits(signal: Light) -> Light:
    """ITU-R BT.2100 HLG on a display of 1,000 nits: signal -> light in nits."""
    signal = np.clip(signal, 0, 1)
    scene = np.where(
        signal <= 0.5,
        signal**2 / 3,
        (np.exp((signal - 0.55991073) / 0.17883277) + 0.28466892) / 12,
    )
    brightness = scene @ np.array([0.2627, 0.6780, 0.0593], dtype=np.float32)
    return np.asarray(
        1000 * scene * np.maximum(brightness, 1e-6)[..., None] ** 0.2, dtype=np.float32
    )
