"""Looks: from the words of a prompt to tone curve, tints, weather and texture. Deterministic.

Known words choose; every word, known or not, also turns a little at the grade, so that no two
prompts look alike.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from editorapp.simulator.render.effects import BYTES
from editorapp.simulator.render.planes import Array, Tables
from editorapp.simulator.tables import JsonObject, read_table

ENOUGH_FORCE = 34.0
LIGHT = np.clip((BYTES - 16) / 219, 0, 1)  # of each value of luma


@dataclass(frozen=True)
class Look:
    """A look at full strength. Tints are chroma offsets (u, v) in 8-bit steps; effects are 0..1."""

    contrast: float = 1.0
    brightness: float = 0.0  # -1..1
    gamma: float = 1.0
    saturation: float = 1.0
    hue_degrees: float = 0.0
    shadows: tuple[float, float] = (0.0, 0.0)
    highlights: tuple[float, float] = (0.0, 0.0)
    posterise: int = 0  # levels; 0 for none
    painterly: float = 0.0
    ink: float = 0.0
    glow: float = 0.0
    rain: float = 0.0
    snow: float = 0.0
    fog: float = 0.0
    grain: float = 0.0
    vignette: float = 0.0
    invert: float = 0.0

    def add(self, **changes: Any) -> "Look":
        """Return this look with another on top: factors multiply, offsets add, effects take the
        larger.
        """
        return replace(self, **{name: self._merged(name, new) for name, new in changes.items()})

    def _merged(self, name: str, new: Any) -> Any:
        mine = getattr(self, name)
        match name:
            case "contrast" | "gamma" | "saturation":
                return mine * new
            case "shadows" | "highlights":
                return mine[0] + new[0], mine[1] + new[1]
            case "brightness" | "hue_degrees":
                return mine + new
            case "posterise":
                return min(mine or new, new)
            case _:
                return max(mine, new)


_TABLE = read_table("render/looks")
_COLOURS: dict[str, tuple[int, int]] = _TABLE["colours"]
_NEUTRAL: dict[str, JsonObject] = _TABLE["neutral"]
_WORDS: dict[str, JsonObject] = {
    word: look for look in _TABLE["looks"] for word in look.pop("words").split()
}


def look_of(prompt: str) -> Look:
    """Return the look that a prompt asks for.

    One whose words say little of looks is graded the more.
    """
    words = re.findall(r"[^\W\d_]+", prompt.lower()) or [prompt]
    look = _said_by(words, _of_all_words(words))
    return look if _force(look) >= ENOUGH_FORCE else _said_by(words, _of_all_words_alone(words))


def _said_by(words: list[str], look: Look) -> Look:
    """Return a look with what the known words say on top."""
    colours, seen = 0, set()
    for word in words:
        if word in _COLOURS:
            colours += 1
            look = look.add(**_tinted(_COLOURS[word], 1.0 / colours))  # the first tells most
        elif word in _NEUTRAL:
            look = look.add(**_NEUTRAL[word])
        elif word in _WORDS and id(_WORDS[word]) not in seen:
            seen.add(id(_WORDS[word]))  # "rainy, wet, in the rain" rains once
            look = look.add(**_WORDS[word])
    return look


def _tinted(colour: tuple[int, int], part: float) -> JsonObject:
    u, v = colour
    return {"shadows": (u * part * 0.6, v * part * 0.6), "highlights": (u * part, v * part)}


def _of_all_words(words: list[str]) -> Look:
    """Return a grade drawn from all words: mild, and easily covered by what they mean."""
    part = _drawn_from(words)
    gamma = 0.85 + 0.12 * part[3] if part[4] < 0.5 else 1.06 + 0.14 * part[3]
    return _leaning(part, 9 + 7 * part[1], gamma=gamma, contrast=1.08 + 0.22 * part[2])


def _of_all_words_alone(words: list[str]) -> Look:
    """Return a grade drawn from all words that is plain by itself."""
    part = _drawn_from(words)
    gamma, brightness = (
        (0.68 + 0.08 * part[3], 0.05) if part[4] < 0.5 else (1.36 + 0.16 * part[3], -0.05)
    )
    contrast = 1.05 + 0.1 * part[2]
    look = _leaning(part, 18 + 8 * part[1], gamma=gamma, contrast=contrast)
    return look.add(brightness=brightness)


def _drawn_from(words: list[str]) -> list[float]:
    """Return numbers of 0..1 that the words decide."""
    return [byte / 255 for byte in hashlib.sha256(" ".join(words).encode()).digest()[:8]]


def _leaning(part: list[float], lean: float, **tone: Any) -> Look:
    angle = part[0] * 2 * np.pi
    u, v = float(np.cos(angle)) * lean, float(np.sin(angle)) * lean
    return Look(
        saturation=0.94 + 0.22 * part[5],
        shadows=(-u, -v),
        highlights=(u, v),
        **tone,
    )


def _force(look: Look) -> float:
    """Return how far a look at full strength takes a middling picture, about in 8-bit steps."""
    middling = slice(40, 200)
    tone = np.abs(tone_table(look, 1.0) - BYTES)[middling].mean()
    tints = np.abs(np.stack(tint_tables(look, 1.0)))[:, middling].mean()
    drawn = 40 * max(look.ink, look.fog, look.rain, look.snow)
    drawn += 20 * look.glow + 12 * look.painterly
    return float(tone + tints + 20 * abs(look.saturation - 1) + drawn)


def tone_table(look: Look, amount: float) -> Array:
    """Return luma in, luma out (256, float): identity at amount 0. Limited range, 16..235."""
    wanted = 16 + 219 * np.clip(_toned(look), 0, 1)
    return BYTES * (1 - amount) + wanted * amount


def _toned(look: Look) -> Array:
    y = (np.power(LIGHT, look.gamma) - 0.5) * look.contrast + 0.5 + look.brightness
    if look.posterise:
        y = np.floor(np.clip(y, 0, 0.999) * look.posterise) / (look.posterise - 1)
    y = y * (1 - look.invert) + (1 - y) * look.invert
    # Near white the curve bends: highlights keep their shape instead of clipping.
    return np.where(y > 0.8, 0.8 + 0.2 * np.tanh((y - 0.8) / 0.2), y)


def chroma_tables(look: Look, amount: float) -> Tables:
    """Return tables (256, int16) of one chroma plane's own and the other's part, for u and for v:
    uu, uv, vu, vv.
    """
    angle = np.deg2rad(look.hue_degrees)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = (
        np.eye(2) * (1 - amount) + look.saturation * np.array([[cos, -sin], [sin, cos]]) * amount
    )
    centred = BYTES - 128
    return tuple(np.round(part * centred).astype(np.int16) for part in matrix.ravel())


def tint_tables(look: Look, amount: float) -> Tables:
    """Return chroma offsets by luma (256, int16), for u and v: shadows lean one way, highlights
    another.
    """
    leans = zip(look.shadows, look.highlights, strict=True)
    return tuple(_tints(amount, *lean) for lean in leans)


def _tints(amount: float, low: float, high: float) -> Array:
    return np.round(amount * (low * (1 - LIGHT) + high * LIGHT)).astype(np.int16)
