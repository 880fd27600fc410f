"""Weather of a look: rain, snow, fog and film grain over the picture, moving with the clip."""

from dataclasses import dataclass

import numpy as np

from editorapp.simulator.render import effects
from editorapp.simulator.render.look import Look
from editorapp.simulator.render.planes import Array, Planes, Point, Size

FOG_SHADES = np.array((196, 128, 128), np.uint8)


@dataclass(frozen=True)
class Speed:
    """How fast something falls, in pictures a second, and how far it drifts, in pictures."""

    fall: float
    drift: float = 0.0


RAIN, SNOW = Speed(1.9), Speed(0.22, 0.03)


class Weather:
    """The weather of one look over pictures of one size."""

    def __init__(
        self,
        look: Look,
        amount: float,
        size: Size,
        *,
        fps: float,
        seed: int,
    ) -> None:
        (self._width, self._height), self._fps = size, fps
        self._fog = scaled(fog_weights(size), look.fog * amount) if look.fog else None
        self._falling = [
            (tile(size, seed), effects.byte_table(effects.BYTES * part * amount), speed)
            for tile, part, speed in (
                (rain_tile, look.rain, RAIN),
                (snow_tile, look.snow, SNOW),
            )
            if part
        ]
        self._grain = grain(size, seed, 22 * look.grain * amount) if look.grain else None

    def fall_on(self, picture: Planes, index: int) -> None:
        """Draw the weather of a frame into it, in place."""
        if self._fog is not None:
            effects.blend(picture, FOG_SHADES, self._fog)
        seconds = index / self._fps
        for tile, strength, speed in self._falling:
            right = round(speed.drift * self._width * np.sin(seconds * 1.3))
            window = slid(
                tile,
                self._height,
                round(seconds * speed.fall * self._height),
                right,
            )
            picture.y[:] = effects.added(picture.y, effects.looked_up(window, strength))
        if self._grain is not None:
            moved = (index * 37 % self._height, index * 91 % self._width)
            picture.y[:] = effects.shifted(picture.y, np.roll(self._grain, moved, axis=(0, 1)))


def scaled(weights: Array, part: float) -> Array:
    return (weights * part).astype(np.uint16)


def grain(size: Size, seed: int, coarseness: float) -> Array:
    return np.random.default_rng(seed).normal(0, coarseness, size[::-1]).astype(np.int16)


def rain_tile(size: Size, seed: int) -> Array:
    """Return streaks on black, one and a half pictures high, that tile downwards."""
    (width, height), random, tile = size, np.random.default_rng(seed), _dark(size)
    for _ in range(width * height // 1900):
        x, y = _place(random, tile)
        length, shine = int(height * random.uniform(0.03, 0.09)), int(random.integers(40, 120))
        along = np.arange(length)
        _lighten(tile, y + along, x - along // 6, np.uint8(shine))
    return tile


def snow_tile(size: Size, seed: int) -> Array:
    """Return soft flakes on black, one and a half pictures high, that tile downwards."""
    (width, height), random, tile = size, np.random.default_rng(seed), _dark(size)
    for _ in range(width * height // 1100):
        radius = max(1.0, height / 240 * random.uniform(0.5, 2.4))
        reach = int(radius) + 1
        x, y = _place(random, tile)
        down, right = np.mgrid[-reach : reach + 1, -reach : reach + 1]
        flake = np.clip(radius + 0.5 - np.hypot(down, right), 0, 1) * random.uniform(110, 230)
        _lighten(tile, y + down, x + right, flake.astype(np.uint8))
    return tile


def _dark(size: Size) -> Array:
    return np.zeros_like(Planes.empty(*size).buffer)


def _place(random: np.random.Generator, tile: Array) -> Point:
    return int(random.integers(0, tile.shape[1])), int(random.integers(0, tile.shape[0]))


def _lighten(
    tile: Array,
    rows: Array,
    columns: Array,
    light: Array | np.uint8,
) -> None:
    at = rows % tile.shape[0], columns % tile.shape[1]
    tile[at] = np.maximum(tile[at], light)


def slid(tile: Array, height: int, down: int, right: int = 0) -> Array:
    """Return a window of the tile, as if it had moved by this many pixels."""
    rows = np.take(tile, np.arange(height) - down, axis=0, mode="wrap")
    return np.roll(rows, right, axis=1) if right else rows


def fog_weights(size: Size) -> Array:
    """Return how thick fog lies, 0..256 per pixel: thicker above, in slow banks."""
    down, right = effects.unit_grid(size)
    banks = 0.12 * np.sin(5 * right * np.pi + 3 * down) * np.sin(3.1 * down * np.pi)
    return np.clip(256 * (0.85 - 0.5 * down + banks), 0, 256).astype(np.uint16)
