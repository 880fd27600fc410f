"""Conditioning controls: each brings the source back in its own places the most, and a part of it
everywhere.
"""

import numpy as np

from editorapp.providers.contract import GenerationRequest
from editorapp.simulator.render import effects
from editorapp.simulator.render.planes import Array, Planes, Size

# How much of the source a control brings back at its value 0, which leaves the model the least
# freedom, and at 1.
CLOSEST, LOOSEST = 0.92, 0.12
POSE = {"precise": 0.9, "coarse": 0.45}
USUAL = 0.3  # the value of a control that is on and says none
# of what a control brings back where it holds best: the part that comes back all over the picture
EVERYWHERE = 0.5
TINT = 0.4  # ... and of colours, for controls speak of structure


def _parts_of(wanted: GenerationRequest) -> list[float]:
    """Return how much the controls for contours, depth, surfaces and motion each bring back of the
    source, 0..1; 0 is off and leaves no trace.
    """
    if wanted.auto_controls is True:
        return []  # the model chooses by itself, whatever else is said
    used = wanted.controls_in_use()  # where there are no switches, by their values
    values = {
        "depth": wanted.depth_blur,
        "normals": wanted.normals_augmentation,
        "trajectory": wanted.trajectory_sparsity,
    }
    parts = [POSE[wanted.pose_strength or "precise"] if "pose" in used else 0.0]
    for name, given in values.items():
        value = USUAL if given is None else float(given)
        parts.append(CLOSEST - (CLOSEST - LOOSEST) * value if name in used else 0.0)
    return parts


class SourceGuard:
    """Brings the source back into edited frames of one clip, in order."""

    def __init__(
        self,
        wanted: GenerationRequest,
        size: Size,
        seed: int,
    ) -> None:
        self._parts = _parts_of(wanted)
        has_face = bool(wanted.face_enabled) and wanted.auto_controls is not True
        self._face = effects.face_weights(size) if has_face else None
        self._follows = any(self._parts)
        self.is_needed = has_face or self._follows
        self._light_before: Array | None = None  # of the source, for what moves
        self._dither = effects.dither(size, seed)

    def bring_back(self, picture: Planes, source: Planes) -> None:
        """Blend the source into its edited picture, in place."""
        if self._follows:
            back = effects.enlarged(self._held(source), source.size)
            effects.blend(
                picture,
                source.parts,
                back,
                tint=TINT,
                rounding=self._dither,
            )
        if self._face is not None:
            effects.blend(picture, source.parts, self._face)

    def _held(self, source: Planes) -> Array:
        """Return how much of the source comes back at each place, 0..1, at a quarter of the size
        each way.
        """
        light = source.y[::4, ::4].astype(np.int16)
        before = light if self._light_before is None else self._light_before
        self._light_before = light
        contours = _contours(light)
        near = np.linspace(0, 1, len(light), dtype=np.float32)[:, None]  # what stands low is near
        moving = np.minimum(1, np.abs(light - before) / np.float32(16))
        free = np.ones(light.shape, np.float32)
        places = (contours, near, 1 - contours, moving)
        for part, place in zip(self._parts, places, strict=True):
            if part:
                free *= 1 - np.float32(part) * (EVERYWHERE + (1 - EVERYWHERE) * place)
        return 1 - free


def _contours(light: Array) -> Array:
    down = np.abs(np.diff(light, axis=0, prepend=light[:1]))
    right = np.abs(np.diff(light, axis=1, prepend=light[:, :1]))
    return np.minimum(1, (down + right) / np.float32(32))
