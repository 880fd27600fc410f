"""Edit a picture: the look at a strength, under the conditioning controls, with guide frames."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from editorapp.providers.contract import STRENGTHS, GenerationRequest
from editorapp.simulator.render import effects
from editorapp.simulator.render.clip import Planes
from editorapp.simulator.render.colour import Array
from editorapp.simulator.render.look import chroma_tables, look_of, tint_tables, tone_table

GUIDE_SECONDS = 0.5  # how long a guide frame takes to fade into the edit, on each side
AMOUNTS = dict(zip(STRENGTHS, (0.14, 0.24, 0.34, 0.46, 0.58, 0.69, 0.80, 0.90, 1.0), strict=True))
AUTO = 0.58


@dataclass(frozen=True)
class Conditioning:
    """The controls as numbers: 0 leaves no trace."""

    detail: float = 0.0  # pose: how much of the source's own contours comes back
    blur: float = 0.0  # depth
    relief: float = 0.0  # normals
    echo: float = 0.0  # trajectory: how much of the frames before stays
    face: bool = False

    @classmethod
    def of(cls, wanted: GenerationRequest) -> "Conditioning":
        used = wanted.controls_in_use()  # where there are no switches, by their values

        def value(name: str, given: float | None, usual: float) -> float:
            return (usual if given is None else float(given)) if name in used else 0.0

        pose = {"precise": 0.9, "coarse": 0.45}.get(wanted.pose_strength or "precise", 0.9)
        return cls(
            detail=pose if "pose" in used else 0.0,
            blur=value("depth", wanted.depth_blur, 0.3),
            relief=value("normals", wanted.normals_augmentation, 0.3),
            echo=0.75 * value("trajectory", wanted.trajectory_sparsity, 0.3),
            face=bool(wanted.face_enabled),
        )


class Edit:
    """Turns frames of one size, in order."""

    def __init__(self, wanted: GenerationRequest, width: int, height: int, *, guides: Mapping[int, Planes],
                 fps: float, seed: int) -> None:  # fmt: skip
        self.look = look_of(wanted.prompt or "")
        self.conditioning = Conditioning.of(wanted)
        self.amount: float | None = AMOUNTS[wanted.strength] if wanted.strength else None
        self.guides = guides
        self.fade_frames = max(2.0, GUIDE_SECONDS * fps)
        self.fps, self.seed, self.width, self.height = fps, seed, width, height
        self._before: Array | None = None
        self._guide_tints = {at: (_mean(guide.u), _mean(guide.v)) for at, guide in guides.items()}

    def turn(self, source: Planes, index: int) -> Planes:
        """Return the edited frame; `source` is used up."""
        if self.amount is None:
            self.amount = adapted(source)
        if index == 0:
            self._prepare(self.amount)
        weight = max((self._fade(index, at) for at in self.guides), default=0.0)
        original = Planes(source.buffer.copy()) if self.conditioning.face else None
        if weight < 1:
            self._restyle(source, index, self.amount)
            if original is not None:
                self._protect_face(source, original)
            self._echo(source)
        self._lead_to_guides(source, index)
        return source

    def _prepare(self, amount: float) -> None:
        look = self.look
        self._tone = effects.byte_table(tone_table(look, amount))
        self._chroma = chroma_tables(look, amount)
        self._tint = tint_tables(look, amount)
        self._loose = max(0.0, (amount - 0.3) / 0.7)  # structure lets go only past the adhere band
        size = (self.width, self.height)
        self._rain = effects.rain_tile(*size, self.seed) if look.rain else None
        self._snow = effects.snow_tile(*size, self.seed) if look.snow else None
        self._fog = _scaled(effects.fog_weights(*size), look.fog * amount) if look.fog else None
        self._vignette = _scaled(effects.vignette_weights(*size), 0.75 * look.vignette * amount)
        self._face = effects.face_weights(*size) if self.conditioning.face else None
        self._grain = _grain(self.width, self.height, self.seed, 22 * look.grain * amount) if look.grain else None

    # The look

    def _restyle(self, picture: Planes, index: int, amount: float) -> None:
        contours = self._soften(picture, amount)
        picture.y[:] = effects.looked_up(picture.y, self._tone)
        effects.recolour(picture, *self._chroma, *self._tint)
        if self.look.glow:
            glow = effects.blurred(picture, 12).y
            bright = effects.looked_up(glow, _glow_table(self.look.glow * amount))
            picture.y[:] = effects.added(picture.y, bright)
        if contours is not None:
            picture.y[:] = np.clip(picture.y.astype(np.int16) + contours, 0, 255)
        self._weather(picture, index, amount)
        if self.look.vignette:
            picture.y[:] = effects.mixed(picture.y, np.full((1, 1), 16, np.uint8), self._vignette)

    def _soften(self, picture: Planes, amount: float) -> Array | None:
        """Let go of structure as far as the look, the strength and the controls say; return contours to add."""
        look, controls = self.look, self.conditioning
        contours: Array | None = None
        loose = self._loose
        soft = effects.blurred(picture, 4) if (loose or look.ink or controls.relief) else None
        fine = effects.detail(picture, soft) if soft and (look.ink or controls.detail) else None
        if soft is not None and (loose or look.painterly):
            part = min(0.9, 0.4 * loose + 0.9 * look.painterly * amount) * (1 - 0.6 * controls.detail)
            effects.mix_into(picture, soft, part)
        if controls.blur:
            effects.mix_into(picture, effects.blurred(picture, 8), controls.blur)
        if fine is not None and look.ink:
            contours = -np.abs(fine) * np.float32(3.2 * look.ink * amount)
            if look.ink >= 1:
                picture.y[:] = effects.mixed(picture.y, np.full((1, 1), 226, np.uint8), 0.85 * amount)
        if fine is not None and controls.detail:
            back = fine * np.float32(0.8 * controls.detail)
            contours = back if contours is None else contours + back
        if soft is not None and controls.relief:
            slope = soft.y.astype(np.int16) - np.roll(soft.y, (2, 2), axis=(0, 1))
            relief = slope * np.float32(2.5 * controls.relief)
            contours = relief if contours is None else contours + relief
        return None if contours is None else contours.astype(np.int16)

    def _weather(self, picture: Planes, index: int, amount: float) -> None:
        seconds = index / self.fps
        if self._fog is not None:
            picture.y[:] = effects.mixed(picture.y, np.full((1, 1), 196, np.uint8), self._fog)
            thin = self._fog[::2, ::2]
            for plane in (picture.u, picture.v):
                plane[:] = effects.mixed(plane, np.full((1, 1), 128, np.uint8), thin)
        for tile, part, fall, drift in (
            (self._rain, self.look.rain, 1.9, 0.0),
            (self._snow, self.look.snow, 0.22, 0.03),
        ):
            if tile is not None:
                right = round(drift * self.width * np.sin(seconds * 1.3))
                window = effects.slid(tile, self.height, round(seconds * fall * self.height), right)
                strength = effects.byte_table(np.arange(256) * part * amount)
                picture.y[:] = effects.added(picture.y, effects.looked_up(window, strength))
        if self._grain is not None:
            shifted = np.roll(self._grain, (index * 37 % self.height, index * 91 % self.width), axis=(0, 1))
            picture.y[:] = np.clip(picture.y.astype(np.int16) + shifted, 0, 255)

    # Controls that look beyond one picture

    def _protect_face(self, picture: Planes, original: Planes) -> None:
        assert self._face is not None
        picture.y[:] = effects.mixed(picture.y, original.y, self._face)
        thin = self._face[::2, ::2]
        picture.u[:] = effects.mixed(picture.u, original.u, thin)
        picture.v[:] = effects.mixed(picture.v, original.v, thin)

    def _echo(self, picture: Planes) -> None:
        if self.conditioning.echo:
            if self._before is not None:
                picture.buffer[:] = effects.mixed(picture.buffer, self._before, self.conditioning.echo)
            self._before = picture.buffer.copy()

    # Guide frames

    def _fade(self, index: int, at: int) -> float:
        """Return how much of the guide frame at `at` is seen at `index`: 1 there, 0 after half a second."""
        near = max(0.0, 1 - abs(index - at) / self.fade_frames)
        return near * near * (3 - 2 * near)

    def _lead_to_guides(self, picture: Planes, index: int) -> None:
        """Lean to the nearest guide's colours over the whole clip, and show the guides at their frames."""
        if not self.guides:
            return
        nearest = min(self.guides, key=lambda at: abs(at - index))
        for plane, wanted in zip((picture.u, picture.v), self._guide_tints[nearest], strict=True):
            shift = round(0.45 * (wanted - _mean(plane)))
            plane[:] = effects.looked_up(plane, effects.byte_table(np.arange(256) + shift))
        for at in sorted(self.guides, key=lambda at: self._fade(index, at)):
            effects.mix_into(picture, self.guides[at], self._fade(index, at))


def adapted(picture: Planes) -> float:
    """Return the strength that auto takes: about flex_2, less on flat, dark or blown pictures that bear less."""
    spread = float(picture.y[::8, ::8].std()) / 60
    return AUTO * (0.85 + 0.25 * min(1.0, spread))


def _mean(plane: Array) -> float:
    return float(plane[::4, ::4].mean())


def _scaled(weights: Array, part: float) -> Array:
    return (weights * part).astype(np.uint16)


def _glow_table(part: float) -> Array:
    return effects.byte_table(np.clip(np.arange(256) - 110, 0, 255) * 0.6 * part)


def _grain(width: int, height: int, seed: int, size: float) -> Array:
    return np.random.default_rng(seed).normal(0, size, (height, width)).astype(np.int16)
