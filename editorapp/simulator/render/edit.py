"""Edit of a picture: the look at a strength, under the conditioning controls, with guide frames."""

from collections.abc import Mapping

import numpy as np

from editorapp.providers.contract import GenerationRequest
from editorapp.providers.strengths import STRENGTHS
from editorapp.simulator.render import effects
from editorapp.simulator.render.conditioning import SourceGuard
from editorapp.simulator.render.look import (
    chroma_tables,
    look_of,
    tint_tables,
    tone_table,
)
from editorapp.simulator.render.planes import Array, Planes
from editorapp.simulator.render.weather import Weather, scaled

GUIDE_SECONDS = 0.5  # how long a guide frame takes to fade into the edit, on each side
AMOUNTS = dict(zip(STRENGTHS, (0.14, 0.24, 0.34, 0.46, 0.58, 0.69, 0.80, 0.90, 1.0), strict=True))
AUTO = 0.58
BLACK, PAPER = np.uint8(16), np.uint8(226)


class Edit:
    """Turns frames of one size, in order."""

    def __init__(
        self,
        wanted: GenerationRequest,
        width: int,
        height: int,
        *,
        guides: Mapping[int, Planes],
        fps: float,
        seed: int,
    ) -> None:
        self.look = look_of(wanted.prompt or "")
        is_auto = wanted.auto_controls is True or not wanted.strength
        self.amount: float | None = None if is_auto else AMOUNTS[wanted.strength or ""]
        self.guides = guides
        self.fade_frames = max(2.0, GUIDE_SECONDS * fps)
        self.fps, self.seed = fps, seed
        self.size = self.read_at = width, height
        self._source = SourceGuard(wanted, self.size, seed)
        self._guide_tints = {at: tuple(map(_mean, guide.chroma)) for at, guide in guides.items()}

    def turn(self, source: Planes, index: int) -> Planes:
        """Return the edited frame; `source` is used up."""
        if self.amount is None:
            self.amount = adapted(source)
        if index == 0:
            self._prepare(self.amount)
        original = Planes(source.buffer.copy()) if self._source.is_needed else None
        if max((self._fade(index, at) for at in self.guides), default=0.0) < 1:
            self._restyle(source, index, self.amount)
            if original is not None:
                self._source.bring_back(source, original)
        if self.guides:
            self._lead_to_guides(source, index)
        return source

    def _prepare(self, amount: float) -> None:
        look = self.look
        self._tone = effects.byte_table(tone_table(look, amount))
        self._chroma = chroma_tables(look, amount)
        self._tint = tint_tables(look, amount)
        self._loose = max(0.0, (amount - 0.3) / 0.7)  # structure lets go only past the adhere band
        self._glow = effects.byte_table(
            np.clip(effects.BYTES - 110, 0, 255) * 0.6 * (look.glow * amount)
        )
        self._vignette = scaled(effects.vignette_weights(self.size), 0.75 * look.vignette * amount)
        self._weather = Weather(
            look,
            amount,
            self.size,
            fps=self.fps,
            seed=self.seed,
        )

    # The look

    def _restyle(self, picture: Planes, index: int, amount: float) -> None:
        contours = self._soften(picture, amount)
        picture.y[:] = effects.looked_up(picture.y, self._tone)
        effects.recolour(picture, self._chroma, self._tint)
        if self.look.glow:
            bright = effects.looked_up(effects.blurred(picture, 12).y, self._glow)
            picture.y[:] = effects.added(picture.y, bright)
        if contours is not None:
            picture.y[:] = effects.shifted(picture.y, contours)
        self._weather.fall_on(picture, index)
        if self.look.vignette:
            picture.y[:] = effects.mixed(picture.y, BLACK, self._vignette)

    def _soften(self, picture: Planes, amount: float) -> Array | None:
        """Let go of structure as far as the look and the strength say; return contours to add."""
        look, contours = self.look, None
        if not (self._loose or look.ink or look.painterly):
            return None
        soft = effects.blurred(picture, 4)
        if look.ink:
            away = np.abs(picture.y.astype(np.int16) - soft.y)
            contours = (-away * np.float32(3.2 * look.ink * amount)).astype(np.int16)
        part = min(0.9, 0.5 * self._loose + 0.9 * look.painterly * amount)
        effects.mix_into(picture, soft, part)
        if look.ink >= 1:
            picture.y[:] = effects.mixed(picture.y, PAPER, 0.85 * amount)
        return contours

    # Guide frames

    def _fade(self, index: int, at: int) -> float:
        """Return how much of the guide frame at `at` is seen at `index`: 1 there, 0 after half a
        second.
        """
        near = max(0.0, 1 - abs(index - at) / self.fade_frames)
        return near * near * (3 - 2 * near)

    def _lead_to_guides(self, picture: Planes, index: int) -> None:
        """Lean to the nearest guide's colours over the whole clip, and show the guides at their
        frames.
        """
        nearest = min(self.guides, key=lambda at: abs(at - index))
        for plane, wanted in zip(picture.chroma, self._guide_tints[nearest], strict=True):
            shift = round(0.45 * (wanted - _mean(plane)))
            plane[:] = effects.looked_up(plane, effects.byte_table(effects.BYTES + shift))
        for at in sorted(self.guides, key=lambda at: self._fade(index, at)):
            effects.mix_into(picture, self.guides[at], self._fade(index, at))


def adapted(picture: Planes) -> float:
    """Return the strength that auto takes: about flex_2, less on flat, dark or blown pictures that
    bear less.
    """
    spread = float(picture.y[::8, ::8].std()) / 60
    return AUTO * (0.85 + 0.25 * min(1.0, spread))


def _mean(plane: Array) -> float:
    return float(plane[::4, ::4].mean())
