"""From the words of a prompt to a look: tone curve, tints, weather, texture. Deterministic.

Known words choose; every word, known or not, also turns a little at the grade, so that no two
prompts look alike.
"""

import hashlib
import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from editorapp.simulator.render.colour import Array

ENOUGH_FORCE = 34.0


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
        merged: dict[str, Any] = {}
        for name, value in changes.items():
            mine = getattr(self, name)
            if name in ("contrast", "gamma", "saturation"):
                merged[name] = mine * value
            elif name in ("shadows", "highlights"):
                merged[name] = (mine[0] + value[0], mine[1] + value[1])
            elif name in ("brightness", "hue_degrees"):
                merged[name] = mine + value
            elif name == "posterise":
                merged[name] = value if not mine else min(mine, value)
            else:
                merged[name] = max(mine, value)
        return replace(self, **merged)


# u is blue minus yellow, v is red minus green-cyan.
_COLOURS = {
    "red": (-12, 44),
    "crimson": (-8, 46),
    "scarlet": (-14, 48),
    "orange": (-40, 30),
    "amber": (-44, 22),
    "yellow": (-50, 6),
    "gold": (-42, 14),
    "golden": (-38, 16),
    "green": (-22, -38),
    "emerald": (-12, -40),
    "lime": (-40, -30),
    "teal": (14, -34),
    "turquoise": (18, -34),
    "cyan": (22, -38),
    "blue": (46, -20),
    "azure": (40, -26),
    "navy": (40, -12),
    "indigo": (44, 2),
    "purple": (36, 22),
    "violet": (40, 20),
    "magenta": (26, 42),
    "pink": (10, 34),
    "rose": (4, 32),
    "brown": (-24, 16),
    "lavender": (26, 12),
}
_NEUTRAL = {
    "white": {"brightness": 0.16, "saturation": 0.6},
    "black": {"brightness": -0.18, "contrast": 1.2},
    "grey": {"saturation": 0.2},
    "gray": {"saturation": 0.2},
    "silver": {"saturation": 0.25, "contrast": 1.15},
}
_NIGHT = {
    "brightness": -0.14,
    "gamma": 1.55,
    "saturation": 0.75,
    "shadows": (18, -8),
    "highlights": (6, 0),
}
_NEON = {
    "saturation": 1.3,
    "contrast": 1.12,
    "gamma": 1.25,
    "shadows": (34, 12),
    "highlights": (4, 26),
    "glow": 0.6,
}
_GOLDEN = {
    "brightness": 0.04,
    "saturation": 1.0,
    "shadows": (-8, 12),
    "highlights": (-30, 20),
    "glow": 0.3,
}
_DUSK = {
    "brightness": -0.1,
    "gamma": 1.3,
    "saturation": 0.9,
    "shadows": (16, 6),
    "highlights": (-14, 18),
}
_SEPIA = {
    "saturation": 0.0,
    "shadows": (-12, 8),
    "highlights": (-22, 14),
    "contrast": 0.95,
    "vignette": 0.5,
}
_NOIR = {"saturation": 0.0, "contrast": 1.6, "brightness": -0.05, "grain": 0.5, "vignette": 0.8}
_RAIN = {
    "rain": 0.9,
    "saturation": 0.7,
    "brightness": -0.06,
    "shadows": (8, -4),
    "highlights": (6, -3),
}
_SNOW = {
    "snow": 0.9,
    "brightness": 0.1,
    "saturation": 0.55,
    "shadows": (10, -4),
    "highlights": (4, -1),
}
_FOG = {"fog": 0.6, "contrast": 0.75, "saturation": 0.5, "brightness": 0.06}
_STORM = {"rain": 0.7, "brightness": -0.16, "contrast": 1.2, "saturation": 0.6, "shadows": (12, -4)}
_CARTOON = {"posterise": 6, "painterly": 0.6, "ink": 0.6, "saturation": 1.25}
_GOUACHE = {
    "posterise": 9,
    "painterly": 0.9,
    "saturation": 1.08,
    "contrast": 0.92,
    "brightness": 0.05,
}
_WATER = {"painterly": 0.9, "saturation": 1.15, "brightness": 0.12, "contrast": 0.82}
_SKETCH = {"ink": 1.0, "saturation": 0.08, "brightness": 0.2, "contrast": 0.6}
_WORDS: dict[str, dict[str, Any]] = {
    "night": _NIGHT,
    "midnight": _NIGHT,
    "moonlight": _NIGHT,
    "moonlit": _NIGHT,
    "dark": _NIGHT,
    "neon": _NEON,
    "cyberpunk": _NEON,
    "synthwave": _NEON,
    "futuristic": _NEON,
    "city": {"contrast": 1.06},
    "sunset": _GOLDEN,
    "sunrise": _GOLDEN,
    "dawn": _GOLDEN,
    "hour": _GOLDEN,
    "sunny": _GOLDEN,
    "warm": _GOLDEN,
    "dusk": _DUSK,
    "evening": _DUSK,
    "twilight": _DUSK,
    "sepia": _SEPIA,
    "vintage": _SEPIA,
    "old": _SEPIA,
    "western": _SEPIA,
    "noir": _NOIR,
    "monochrome": _NOIR,
    "film": {"grain": 0.35},
    "grain": {"grain": 0.8},
    "rain": _RAIN,
    "rainy": _RAIN,
    "raining": _RAIN,
    "wet": _RAIN,
    "storm": _STORM,
    "stormy": _STORM,
    "thunder": _STORM,
    "snow": _SNOW,
    "snowy": _SNOW,
    "snowing": _SNOW,
    "winter": _SNOW,
    "blizzard": _SNOW,
    "ice": _SNOW,
    "frozen": _SNOW,
    "fog": _FOG,
    "foggy": _FOG,
    "mist": _FOG,
    "misty": _FOG,
    "haze": _FOG,
    "smoke": _FOG,
    "cartoon": _CARTOON,
    "anime": _CARTOON,
    "comic": _CARTOON,
    "toon": _CARTOON,
    "animated": _CARTOON,
    "illustration": _CARTOON,
    "gouache": _GOUACHE,
    "painted": _GOUACHE,
    "painting": _GOUACHE,
    "paint": _GOUACHE,
    "oil": _GOUACHE,
    "watercolor": _WATER,
    "watercolour": _WATER,
    "sketch": _SKETCH,
    "pencil": _SKETCH,
    "ink": _SKETCH,
    "charcoal": _SKETCH,
    "drawing": _SKETCH,
    "claymation": _GOUACHE,
    "clay": _GOUACHE,
    "plastic": {"posterise": 8, "saturation": 1.4},
    "negative": {"invert": 1.0},
    "autumn": {"hue_degrees": 24, "highlights": (-30, 24), "shadows": (-8, 10)},
    "spring": {"saturation": 1.3, "highlights": (-10, -10), "brightness": 0.05},
    "summer": {"saturation": 1.35, "contrast": 1.08, "highlights": (-16, 6)},
    "underwater": {
        "shadows": (30, -30),
        "highlights": (22, -40),
        "saturation": 0.5,
        "fog": 0.3,
        "gamma": 1.3,
    },
    "ocean": {"shadows": (16, -14), "highlights": (6, -10)},
    "forest": {"shadows": (-10, -16)},
    "desert": {"highlights": (-28, 14), "brightness": 0.06},
    "fire": {"highlights": (-40, 36), "glow": 0.6},
    "lava": {"highlights": (-40, 40), "shadows": (-8, 20)},
    "dream": {"glow": 0.9, "contrast": 0.85},
    "dreamy": {"glow": 0.9, "contrast": 0.85},
    "cinematic": {"contrast": 1.12, "shadows": (10, -6), "highlights": (-12, 8), "vignette": 0.4},
    "bleak": {"saturation": 0.35},
    "pastel": {"contrast": 0.7, "brightness": 0.14, "saturation": 0.8},
    "vivid": {"saturation": 1.6},
    "colourful": {"saturation": 1.6},
    "colorful": {"saturation": 1.6},
    "bright": {"brightness": 0.14},
    "horror": {**_NIGHT, "grain": 0.4},
    "space": _NIGHT,
    "mars": {"shadows": (-20, 26), "highlights": (-30, 24)},
}


def look_of(prompt: str) -> Look:
    """Return the look that a prompt asks for.

    One whose words say little of looks is graded the more.
    """
    words = re.findall(r"[^\W\d_]+", prompt.lower()) or [prompt]
    look = _said_by(words, _of_all_words(words))
    return (
        look
        if _force(look) >= ENOUGH_FORCE
        else _said_by(words, _of_all_words(words, is_alone=True))
    )


def _said_by(words: list[str], look: Look) -> Look:
    """Return a look with what the known words say on top."""
    weight, seen = 0, set()
    for word in words:
        if word in _COLOURS:
            u, v = _COLOURS[word]
            weight += 1
            part = 1.0 / weight  # of many colours, the first tells most
            look = look.add(
                shadows=(u * part * 0.6, v * part * 0.6), highlights=(u * part, v * part)
            )
        elif word in _NEUTRAL:
            look = look.add(**_NEUTRAL[word])
        elif word in _WORDS and id(_WORDS[word]) not in seen:
            seen.add(id(_WORDS[word]))  # "rainy, wet, in the rain" rains once
            look = look.add(**_WORDS[word])
    return look


def _of_all_words(words: list[str], *, is_alone: bool = False) -> Look:
    """Return a grade drawn from all words: mild, and easily covered by what they mean; or plain by
    itself.
    """
    digest = hashlib.sha256(" ".join(words).encode()).digest()
    part = [byte / 255 for byte in digest[:8]]
    angle, is_light = part[0] * 2 * np.pi, part[4] < 0.5
    lean = 18 + 8 * part[1] if is_alone else 9 + 7 * part[1]
    tint = (float(np.cos(angle)) * lean, float(np.sin(angle)) * lean)
    graded = Look(saturation=0.94 + 0.22 * part[5], shadows=(-tint[0], -tint[1]), highlights=tint)
    if is_alone:
        gamma = 0.68 + 0.08 * part[3] if is_light else 1.36 + 0.16 * part[3]
        return graded.add(
            gamma=gamma, brightness=0.05 if is_light else -0.05, contrast=1.05 + 0.1 * part[2]
        )
    gamma = 0.85 + 0.12 * part[3] if is_light else 1.06 + 0.14 * part[3]
    return graded.add(gamma=gamma, contrast=1.08 + 0.22 * part[2])


def _force(look: Look) -> float:
    """Return how far a look at full strength takes a middling picture, about in 8-bit steps."""
    middling = slice(40, 200)
    tone = np.abs(tone_table(look, 1.0) - np.arange(256))[middling].mean()
    tints = np.abs(np.stack(tint_tables(look, 1.0)))[:, middling].mean()
    drawn = (
        40 * max(look.ink, look.fog, look.rain, look.snow) + 20 * look.glow + 12 * look.painterly
    )
    return float(tone + tints + 20 * abs(look.saturation - 1) + drawn)


def tone_table(look: Look, amount: float) -> Array:
    """Return luma in, luma out (256, float): identity at amount 0. Limited range, 16..235."""
    x = np.clip((np.arange(256) - 16) / 219, 0, 1)
    y = np.power(x, look.gamma)
    y = (y - 0.5) * look.contrast + 0.5 + look.brightness
    if look.posterise:
        steps = look.posterise
        y = np.floor(np.clip(y, 0, 0.999) * steps) / (steps - 1)
    y = y * (1 - look.invert) + (1 - y) * look.invert
    # Near white the curve bends: highlights keep their shape instead of clipping.
    y = np.where(y > 0.8, 0.8 + 0.2 * np.tanh((y - 0.8) / 0.2), y)
    wanted = 16 + 219 * np.clip(y, 0, 1)
    return np.arange(256) * (1 - amount) + wanted * amount


def chroma_tables(look: Look, amount: float) -> tuple[Array, Array, Array, Array]:
    """Return tables (256, int16) of one chroma plane's own and the other's part, for u and for v:
    uu, uv, vu, vv.
    """
    angle = np.deg2rad(look.hue_degrees)
    turn = look.saturation * np.array(
        [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    )
    matrix = np.eye(2) * (1 - amount) + turn * amount
    centred = np.arange(256) - 128
    parts = [np.round(matrix[i, j] * centred).astype(np.int16) for i in (0, 1) for j in (0, 1)]
    return parts[0], parts[1], parts[2], parts[3]


def tint_tables(look: Look, amount: float) -> tuple[Array, Array]:
    """Return chroma offsets by luma (256, int16), for u and v: shadows lean one way, highlights
    another.
    """
    light = np.clip((np.arange(256) - 16) / 219, 0, 1)
    u, v = (
        np.round(amount * (low * (1 - light) + high * light)).astype(np.int16)
        for low, high in zip(look.shadows, look.highlights, strict=True)
    )
    return u, v
