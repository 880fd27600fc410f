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


# How much of the source a control brings back at its value 0, which leaves the model the least
# freedom, and at 1.
CLOSEST, LOOSEST = 0.92, 0.12
POSE = {"precise": 0.9, "coarse": 0.45}
USUAL = 0.3  # the value of a control that is on and says none
# of what a control brings back where it holds best: the part that comes back all over the picture
EVERYWHERE = 0.5
TINT = 0.4  # ... and of colours, for controls speak of structure


@dataclass(frozen=True)
class Conditioning:
    """The controls as what each brings back of the source, 0..1; 0 is off and leaves no trace."""

    pose: float = 0.0  # most along contours
    depth: float = 0.0  # most in front
    normals: float = 0.0  # most on surfaces
    trajectory: float = 0.0  # most where something moves
    face: bool = False

    @classmethod
    def of(cls, wanted: GenerationRequest) -> "Conditioning":
        if wanted.auto_controls is True:
            return cls()  # the model chooses by itself, whatever else is said
        used = wanted.controls_in_use()  # where there are no switches, by their values

        def follow(name: str, given: float | None) -> float:
            value = USUAL if given is None else float(given)
            return CLOSEST - (CLOSEST - LOOSEST) * value if name in used else 0.0

        return cls(
            pose=POSE[wanted.pose_strength or "precise"] if "pose" in used else 0.0,
            depth=follow("depth", wanted.depth_blur),
            normals=follow("normals", wanted.normals_augmentation),
            trajectory=follow("trajectory", wanted.trajectory_sparsity),
            face=bool(wanted.face_enabled),
        )

    @property
    def follows(self) -> bool:
        return bool(self.pose or self.depth or self.normals or self.trajectory)


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
        self.conditioning = Conditioning.of(wanted)
        is_auto = wanted.auto_controls is True or not wanted.strength
        self.amount: float | None = None if is_auto else AMOUNTS[wanted.strength or ""]
        self.guides = guides
        self.fade_frames = max(2.0, GUIDE_SECONDS * fps)
        self.fps, self.seed, self.width, self.height = fps, seed, width, height
        self._light_before: Array | None = None  # of the source, for what moves
        self._guide_tints = {at: (_mean(guide.u), _mean(guide.v)) for at, guide in guides.items()}

    def turn(self, source: Planes, index: int) -> Planes:
        """Return the edited frame; `source` is used up."""
        if self.amount is None:
            self.amount = adapted(source)
        if index == 0:
            self._prepare(self.amount)
        weight = max((self._fade(index, at) for at in self.guides), default=0.0)
        controls = self.conditioning
        original = Planes(source.buffer.copy()) if controls.face or controls.follows else None
        if weight < 1:
            self._restyle(source, index, self.amount)
            if original is not None and controls.follows:
                self._follow(source, original)
            if original is not None and controls.face:
                self._protect_face(source, original)
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
        self._dither = effects.dither(*size, self.seed)
        self._grain = (
            _grain(self.width, self.height, self.seed, 22 * look.grain * amount)
            if look.grain
            else None
        )

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
        """Let go of structure as far as the look and the strength say; return contours to add."""
        look, contours = self.look, None
        soft = effects.blurred(picture, 4) if (self._loose or look.ink or look.painterly) else None
        if soft is not None and look.ink:
            contours = -np.abs(effects.detail(picture, soft)) * np.float32(3.2 * look.ink * amount)
        if soft is not None and (self._loose or look.painterly):
            effects.mix_into(
                picture, soft, min(0.9, 0.5 * self._loose + 0.9 * look.painterly * amount)
            )
        if look.ink >= 1:
            picture.y[:] = effects.mixed(picture.y, np.full((1, 1), 226, np.uint8), 0.85 * amount)
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
            shifted = np.roll(
                self._grain, (index * 37 % self.height, index * 91 % self.width), axis=(0, 1)
            )
            picture.y[:] = np.clip(picture.y.astype(np.int16) + shifted, 0, 255)

    # The controls: each brings the source back in its own places the most, and a part of it
    # everywhere

    def _follow(self, picture: Planes, source: Planes) -> None:
        back = effects.enlarged(self._held(source), source.width, source.height)
        picture.y[:] = effects.mixed(picture.y, source.y, back, self._dither)
        thin, dither = (back[::2, ::2] * TINT).astype(np.uint16), self._dither[::2, ::2]
        picture.u[:] = effects.mixed(picture.u, source.u, thin, dither)
        picture.v[:] = effects.mixed(picture.v, source.v, thin, dither)

    def _held(self, source: Planes) -> Array:
        """Return how much of the source comes back at each place, 0..1, at a quarter of the size
        each way.
        """
        controls, light = self.conditioning, source.y[::4, ::4].astype(np.int16)
        before, self._light_before = self._light_before, light
        slope = np.abs(np.diff(light, axis=0, prepend=light[:1])) + np.abs(
            np.diff(light, axis=1, prepend=light[:, :1])
        )
        contours = np.minimum(1, slope / np.float32(32))
        near = np.linspace(0, 1, light.shape[0], dtype=np.float32)[
            :, None
        ]  # what stands low in a picture
        moving = np.minimum(
            1, np.abs(light - (light if before is None else before)) / np.float32(16)
        )
        free = np.ones(light.shape, np.float32)
        for part, places in (
            (controls.pose, contours),
            (controls.depth, near),
            (controls.normals, 1 - contours),
            (controls.trajectory, moving),
        ):
            if part:
                free *= 1 - np.float32(part) * (EVERYWHERE + (1 - EVERYWHERE) * places)
        return 1 - free

    def _protect_face(self, picture: Planes, original: Planes) -> None:
        assert self._face is not None
        picture.y[:] = effects.mixed(picture.y, original.y, self._face)
        thin = self._face[::2, ::2]
        picture.u[:] = effects.mixed(picture.u, original.u, thin)
        picture.v[:] = effects.mixed(picture.v, original.v, thin)

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
        if not self.guides:
            return
        nearest = min(self.guides, key=lambda at: abs(at - index))
        for plane, wanted in zip((picture.u, picture.v), self._guide_tints[nearest], strict=True):
            shift = round(0.45 * (wanted - _mean(plane)))
            plane[:] = effects.looked_up(plane, effects.byte_table(np.arange(256) + shift))
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


def _scaled(weights: Array, part: float) -> Array:
    return (weights * part).astype(np.uint16)


def _glow_table(part: float) -> Array:
    return effects.byte_table(np.clip(np.arange(256) - 110, 0, 255) * 0.6 * part)


def _grain(width: int, height: int, seed: int, size: float) -> Array:
    return np.random.default_rng(seed).normal(0, size, (height, width)).astype(np.int16)
