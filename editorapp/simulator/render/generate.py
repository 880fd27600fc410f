"""Generated scenes: a moving picture drawn from the words of a prompt, through the frames that were given."""

import math
from collections.abc import Mapping

import numpy as np

from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.render import effects
from editorapp.simulator.render.camera import Camera
from editorapp.simulator.render.edit import Edit
from editorapp.simulator.render.look import look_of
from editorapp.simulator.render.planes import Array, Planes, Size


class Scene:
    """A sky, a light that travels, hills that pass by: the same words draw the same scene.

    `anchors` are pictures by frame index: shown there whole, moving on slowly around, crossfading
    between them.
    """

    def __init__(
        self,
        wanted: GenerationRequest,
        size: Size,
        *,
        count: int,
        anchors: Mapping[int, Planes],
        seed: int,
    ) -> None:
        self.size, self.count, self.anchors = size, count, anchors
        self.loop = bool(wanted.loop)
        self._draw_lots(np.random.default_rng(seed))
        # Drawn at half size and enlarged: soft shapes lose nothing, and it is four times as fast.
        self._w, self._h = (max(4, side // 4 * 2) for side in size)
        self._down = np.linspace(0, 1, self._h, dtype=np.float32)[:, None]
        self._right = np.linspace(0, 1, self._w, dtype=np.float32)[None, :]
        # The words restyle the scene as they would a clip, at full strength.
        styled = GenerationRequest(prompt=wanted.prompt, strength="reimagine_1")
        self._style = Edit(styled, *size, guides={}, fps=24, seed=seed)
        self._camera = Camera(
            wanted.concepts or (),
            count=count,
            loop=self.loop,
            anchors=anchors,
        )
        self._is_dark = look_of(wanted.prompt or "").brightness <= -0.14

    def _draw_lots(self, random: np.random.Generator) -> None:
        # Plain numbers: NumPy's own would make double precision of all that they touch.
        self._phase = random.uniform(0, 2 * np.pi, 8).tolist()
        self._pace = random.uniform(0.6, 1.4, 4).tolist()
        self._sky = random.uniform(-18, 18, 4).tolist()
        self._sun = float(random.uniform(0.2, 0.8))

    def draw(self, index: int) -> Planes:
        """Return the frame at an index."""
        # A loop's motion returns to where it began; otherwise it wanders on.
        drawn = self._landscape((2 if self.loop else 1.3) * np.pi * (index / self.count))
        picture = self._style.turn(drawn.resized(*self.size, "BICUBIC"), index)
        if self.anchors:
            self._show_anchors(picture, index)
        return self._camera.seen(picture, index)

    def _landscape(self, angle: float) -> Planes:
        light, (down, right) = self._lit_sky(angle), (self._down[::2], self._right[:, ::2])
        u = 128 + 16 - 30 * down + self._sky[0] + np.zeros_like(right)
        v = 128 - 6 + 26 * down + self._sky[1] + np.zeros_like(right)
        for layer in range(4):
            inside = self._hill(layer, angle)
            light = _laid(light, inside, 104 - 22 * layer)
            u = _laid(u, inside[::2, ::2], 124 + self._sky[2] * 0.6 - 3 * layer)
            v = _laid(v, inside[::2, ::2], 122 + self._sky[3] * 0.6 - 2 * layer)
        planes = Planes.empty(self._w, self._h)
        planes.y[:] = np.clip(light, 16, 235)
        planes.chroma[:] = np.clip((u, v), 16, 240)
        return planes

    def _lit_sky(self, angle: float) -> Array:
        light = 150 - 70 * self._down + 18 * np.sin(3 * self._right + self._phase[0])
        if self._is_dark:
            light = light * 0.6
        x = self._sun + 0.16 * math.sin(angle + self._phase[1])
        y = 0.3 - 0.1 * math.cos(angle + self._phase[2])
        away = np.hypot((self._right - x) * self._w / self._h, self._down - y)
        return light + 110 * np.clip(1.2 - away / 0.11, 0, 1) + 60 * np.exp(-9 * away)

    def _hill(self, layer: int, angle: float) -> Array:
        """Return where one range of hills lies, 0..1; the nearer, the lower and the faster."""
        # Whole turns of the angle, so that a loop closes.
        shift = (layer + 1) * angle
        across = self._right * 2 * np.pi * self._pace[layer]
        ridge = 0.52 + 0.11 * layer - 0.05 * np.sin(across * 1.5 + shift + self._phase[layer])
        ridge = ridge - 0.022 * np.sin(across * 4 + 2 * shift + self._phase[layer + 4])
        return np.clip((self._down - ridge) * self._h, 0, 1)

    def _show_anchors(self, picture: Planes, index: int) -> None:
        """Pass through the given pictures: whole at their frames, drifting between, the scene only
        far from all.
        """
        before = max((at for at in self.anchors if at <= index), default=None)
        after = min((at for at in self.anchors if at > index), default=None)
        if before is not None and after is not None:
            mix = (index - before) / (after - before)
            earlier, later = self._drifted(before, index), self._drifted(after, index)
            picture.buffer[:] = effects.mixed(earlier.buffer, later.buffer, mix)
            return
        at = before if before is not None else after
        assert at is not None
        far = min(1.0, abs(index - at) / (0.7 * self.count))
        effects.mix_into(picture, self._drifted(at, index), 1 - 0.8 * far)

    def _drifted(self, at: int, index: int) -> Planes:
        """Return an anchor's picture, slowly closer the further from its own frame: exactly itself
        at it.
        """
        picture, away = self.anchors[at], abs(index - at)
        if not away:
            return picture
        part = 0.14 * min(1.0, away / self.count)
        left, top = (round(side * part / 4) * 2 for side in self.size)
        inner = Planes.empty(picture.width - 2 * left, picture.height - 2 * top)
        for target, plane in zip(inner.parts, picture.parts, strict=True):
            half = picture.height // len(plane)  # 2 for chroma
            y, x = top // half, left // half
            rows, columns = target.shape
            target[:] = plane[y : y + rows, x : x + columns]
        return inner.resized(*self.size, "BICUBIC")


def _laid(plane: Array, inside: Array, shade: float) -> Array:
    return plane * (1 - inside) + shade * inside
