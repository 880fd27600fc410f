"""Effects on pictures, each quick enough for every frame: whole-array arithmetic on 8-bit planes."""

import numpy as np

from editorapp.simulator.render.clip import Planes
from editorapp.simulator.render.colour import Array


def looked_up(plane: Array, table: Array) -> Array:
    """Return a plane through a table of 256 bytes (faster than indexing by far)."""
    return np.frombuffer(plane.tobytes().translate(table.tobytes()), np.uint8).reshape(plane.shape)


def byte_table(values: Array) -> Array:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def mixed(a: Array, b: Array, weight: float | Array, rounding: Array | None = None) -> Array:
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


def blurred(planes: Planes, factor: int) -> Planes:
    """Return the picture as soft as if seen `factor` times smaller."""
    small = planes.resized(
        max(2, planes.width // factor // 2 * 2), max(2, planes.height // factor // 2 * 2), "AREA"
    )
    return small.resized(planes.width, planes.height)


def recolour(
    planes: Planes, uu: Array, uv: Array, vu: Array, vv: Array, tint_u: Array, tint_v: Array
) -> None:
    """Turn, stretch and tint the chroma planes, in place; tints by the luma of each place."""
    u, v, light = planes.u, planes.v, planes.y[::2, ::2]
    new_u = uu[u] + uv[v] + tint_u[light] + np.int16(128)
    new_v = vu[u] + vv[v] + tint_v[light] + np.int16(128)
    np.clip(new_u, 16, 240, out=u, casting="unsafe")
    np.clip(new_v, 16, 240, out=v, casting="unsafe")


def added(plane: Array, light: Array) -> Array:
    """Return the plane with light on it, never past white."""
    return plane + np.minimum(light, ~plane)


def enlarged(small: Array, width: int, height: int) -> Array:
    """Return weights of 0..1 smoothly at another size, as uint16 of 0..256."""
    from PIL import Image

    picture = Image.fromarray(np.rint(small * 255).astype(np.uint8))
    large = np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR)).astype(np.uint16)
    return large + (large >> 7)


def dither(width: int, height: int, seed: int) -> Array:
    """Return thresholds, 0..255 per pixel: a weight that moves no whole step then moves some of the
    pixels.
    """
    return np.random.default_rng(seed).integers(0, 256, (height, width), np.uint16)


def detail(planes: Planes, soft: Planes) -> Array:
    """Return what a blur takes away from luma, as int16."""
    return planes.y.astype(np.int16) - soft.y


def rain_tile(width: int, height: int, seed: int) -> Array:
    """Return streaks on black, one and a half pictures high, that tile downwards."""
    random = np.random.default_rng(seed)
    tile = np.zeros((height * 3 // 2, width), np.uint8)
    for _ in range(width * height // 1900):
        x, y = int(random.integers(0, width)), int(random.integers(0, tile.shape[0]))
        length, shine = int(height * random.uniform(0.03, 0.09)), int(random.integers(40, 120))
        rows = (y + np.arange(length)) % tile.shape[0]
        columns = (x - np.arange(length) // 6) % width
        tile[rows, columns] = np.maximum(tile[rows, columns], shine)
    return tile


def snow_tile(width: int, height: int, seed: int) -> Array:
    """Return soft flakes on black, one and a half pictures high, that tile downwards."""
    random = np.random.default_rng(seed)
    tile = np.zeros((height * 3 // 2, width), np.uint8)
    for _ in range(width * height // 1100):
        radius = max(1.0, height / 240 * random.uniform(0.5, 2.4))
        reach = int(radius) + 1
        x, y = int(random.integers(0, width)), int(random.integers(0, tile.shape[0]))
        down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        flake = np.clip(radius + 0.5 - np.hypot(down, right), 0, 1) * random.uniform(110, 230)
        rows, columns = (y + down) % tile.shape[0], (x + right) % width
        tile[rows, columns] = np.maximum(tile[rows, columns], flake.astype(np.uint8))
    return tile


def slid(tile: Array, height: int, down: int, right: int = 0) -> Array:
    """Return a window of the tile, as if it had moved by this many pixels."""
    start = -down % tile.shape[0]
    rows = tile[start : start + height]
    if rows.shape[0] < height:
        rows = np.concatenate((rows, tile[: height - rows.shape[0]]))
    return np.roll(rows, right, axis=1) if right else rows


def fog_weights(width: int, height: int) -> Array:
    """Return how thick fog lies, 0..256 per pixel: thicker above, in slow banks."""
    down, right = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    banks = 0.12 * np.sin(5 * right * np.pi + 3 * down) * np.sin(3.1 * down * np.pi)
    return np.clip(256 * (0.85 - 0.5 * down + banks), 0, 256).astype(np.uint16)


def vignette_weights(width: int, height: int) -> Array:
    """Return how dark the corners get, 0..256 per pixel."""
    down, right = np.linspace(-1, 1, height)[:, None], np.linspace(-1, 1, width)[None, :]
    return (256 * np.clip((np.hypot(down, right) - 0.55) / 0.85, 0, 1) ** 1.5).astype(np.uint16)


def face_weights(width: int, height: int) -> Array:
    """Return where a face is taken to be, 0..256 per pixel: an upright oval in the upper middle,
    soft at its edge.
    """
    down, right = np.linspace(0, 1, height)[:, None], np.linspace(0, 1, width)[None, :]
    shape = min(width, height)
    away = np.hypot((right - 0.5) * width / shape / 0.26, (down - 0.42) * height / shape / 0.36)
    return (256 * np.clip((1.25 - away) / 0.5, 0, 1)).astype(np.uint16)
