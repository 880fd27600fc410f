"""Effects on pictures, each quick enough for every frame: whole-array arithmetic on 8-bit planes."""

from collections.abc import Iterable

import numpy as np
from PIL import Image

from editorapp.simulator.render.planes import Array, Planes, Size, Tables

BYTES = np.arange(256)


def looked_up(plane: Array, table: Array) -> Array:
    """Return a plane through a table of 256 bytes (faster than indexing by far)."""
    return np.frombuffer(plane.tobytes().translate(table.tobytes()), np.uint8).reshape(plane.shape)


def byte_table(values: Array) -> Array:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def mixed(
    a: Array,
    b: Array | np.uint8,
    weight: float | Array,
    rounding: Array | None = None,
) -> Array:
    """Return a * (1 - weight) + b * weight; weight 0..1, one number or uint16 of 0..256 per pixel.

    What is left of a step is dropped, or raised to one from where `rounding` (0..255 per pixel)
    says.
    """
    part = np.uint16(round(weight * 256)) if isinstance(weight, (int, float)) else weight
    whole = a * (np.uint16(256) - part) + b * part
    return ((whole if rounding is None else whole + rounding) >> 8).astype(np.uint8)


def mix_into(target: Planes, other: Planes, weight: float) -> None:
    """Blend another picture into this one, in place."""
    if weight >= 1:
        target.buffer[:] = other.buffer
    elif weight > 0:
        target.buffer[:] = mixed(target.buffer, other.buffer, weight)


def blend(
    target: Planes,
    others: Iterable[Array | np.uint8],
    weights: Array,
    *,
    tint: float = 1.0,
    rounding: Array | None = None,
) -> None:
    """Blend planes into this picture where the weights say, in place; of chroma by a part `tint`.

    Shapes: `weights` (0..256) and `rounding` as the luma plane.
    """
    thin = (weights[::2, ::2] * tint).astype(np.uint16)
    coarse = None if rounding is None else rounding[::2, ::2]
    luma, *chroma = zip(target.parts, others, strict=True)
    luma[0][:] = mixed(*luma, weights, rounding)
    for plane, other in chroma:
        plane[:] = mixed(plane, other, thin, coarse)


def blurred(planes: Planes, factor: int) -> Planes:
    """Return the picture as soft as if seen `factor` times smaller."""
    width, height = (max(2, side // factor // 2 * 2) for side in planes.size)
    return planes.resized(width, height, "AREA").resized(*planes.size)


def recolour(planes: Planes, chroma: Tables, tints: Tables) -> None:
    """Turn, stretch and tint the chroma planes, in place; tints by the luma of each place.

    `chroma`: tables for u and v, of each plane's own part and the other's: uu, uv, vu, vv.
    """
    (u, v), light = planes.chroma, planes.y[::2, ::2]
    uu, uv, vu, vv = chroma
    # `take` is twice as fast as indexing.
    turned = np.stack(
        (
            uu.take(u) + uv.take(v) + tints[0].take(light),
            vu.take(u) + vv.take(v) + tints[1].take(light),
        )
    )
    np.clip(turned + np.int16(128), 16, 240, out=planes.chroma, casting="unsafe")


def added(plane: Array, light: Array) -> Array:
    """Return the plane with light on it, never past white."""
    return plane + np.minimum(light, ~plane)


def shifted(plane: Array, steps: Array) -> Array:
    """Return the plane with signed steps added, kept within a byte."""
    return np.clip(plane.astype(np.int16) + steps, 0, 255)


def enlarged(small: Array, size: Size) -> Array:
    """Return weights of 0..1 smoothly at another size, as uint16 of 0..256."""
    picture = Image.fromarray(np.rint(small * 255).astype(np.uint8))
    large = np.asarray(picture.resize(size, Image.Resampling.BILINEAR)).astype(np.uint16)
    return large + (large >> 7)


def dither(size: Size, seed: int) -> Array:
    """Return thresholds, 0..255 per pixel: a weight that moves no whole step then moves some of the
    pixels.
    """
    return np.random.default_rng(seed).integers(0, 256, size[::-1], np.uint16)


def unit_grid(size: Size, low: float = 0) -> tuple[Array, Array]:
    """Return how far down and how far right each pixel lies, from `low` to 1: a column and a row."""
    width, height = size
    return np.linspace(low, 1, height)[:, None], np.linspace(low, 1, width)[None, :]


def vignette_weights(size: Size) -> Array:
    """Return how dark the corners get, 0..256 per pixel."""
    away = np.hypot(*unit_grid(size, -1))
    return (256 * np.clip((away - 0.55) / 0.85, 0, 1) ** 1.5).astype(np.uint16)


def face_weights(size: Size) -> Array:
    """Return where a face is taken to be, 0..256 per pixel: an upright oval in the upper middle,
    soft at its edge.
    """
    (down, right), (width, height), side = unit_grid(size), size, min(size)
    away = np.hypot((right - 0.5) * width / side / 0.26, (down - 0.42) * height / side / 0.36)
    return (256 * np.clip((1.25 - away) / 0.5, 0, 1)).astype(np.uint16)
