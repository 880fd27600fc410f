"""High dynamic range: between our 8-bit SDR pictures and BT.2020 with PQ or HLG, or linear light
for EXR.

One curve goes both ways. Up to mid grey nothing changes; above it light is expanded, so that SDR
white becomes 1,000 nits, and an HDR source is compressed by the same curve before it is edited.
Source: ITU-R BT.2100 (PQ, HLG), BT.2087 (709 to 2020), BT.2408 (SDR white at 203 nits).
"""

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import av
import av.filter
import numpy as np

from editorapp.simulator.render.planes import HLG, Array

WHITE_NITS, PEAK_NITS = 203.0, 1000.0
# What a player is told of light: a P3 display of 1,000 nits (in units of 0.00002, and 0.0001 nits),
# and that neither a pixel nor a whole picture is brighter. x265's words for SMPTE ST 2086 and
# CTA-861.3.
MASTERED = (
    "hdr10=1:master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"
    f"L({PEAK_NITS * 10_000:.0f},50):max-cll={PEAK_NITS:.0f},{PEAK_NITS:.0f}"
)
CLOCK = Fraction(1, 1000)  # of the frames in a graph, which keeps no times
CUBE_SIZE = 33
_TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_FROM_2020 = np.linalg.inv(_TO_2020)
_CURVE_IN = np.linspace(0, 1, 4096)
_CURVE_OUT = _CURVE_IN * (
    1 + (PEAK_NITS / WHITE_NITS - 1) * np.clip((_CURVE_IN - 0.18) / 0.82, 0, 1) ** 2
)


def _curved(linear: Array, given: Array, wanted: Array) -> Array:
    """Return light (last axis RGB) through a curve; hues stay."""
    brightest = linear.max(axis=-1, keepdims=True)
    return linear * (np.interp(brightest, given, wanted) / np.maximum(brightest, 1e-6))


def pq(nits: Array) -> Array:
    """Return the PQ signal (0..1) of light in nits."""
    y = (np.clip(nits, 0, 10000) / 10000) ** 0.1593017578125
    return ((0.8359375 + 18.8515625 * y) / (1 + 18.6875 * y)) ** 78.84375


def from_pq(signal: Array) -> Array:
    x = np.clip(signal, 0, 1) ** (1 / 78.84375)
    light = np.maximum(x - 0.8359375, 0) / (18.8515625 - 18.6875 * x)
    return 10000 * light ** (1 / 0.1593017578125)


def hlg(nits: Array) -> Array:
    """Return the HLG signal (0..1) of light on a 1,000 nit display."""
    scene = np.clip(nits / 1000, 0, 1) ** (1 / 1.2)
    low = np.sqrt(3 * scene)
    return np.where(
        scene <= 1 / 12,
        low,
        0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-6)) + 0.55991073,
    )


def from_hlg(signal: Array) -> Array:
    x = np.clip(signal, 0, 1)
    scene = np.where(
        x <= 0.5,
        x**2 / 3,
        (np.exp((x - 0.55991073) / 0.17883277) + 0.28466892) / 12,
    )
    return 1000 * scene**1.2


def _grid() -> Array:
    """Return all corners of a cube of RGB signals, red fastest, as .cube files have them."""
    axis = np.linspace(0, 1, CUBE_SIZE)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    return np.stack((red, green, blue), axis=-1).reshape(-1, 3)


def _write_cube(path: Path, colours: Array) -> None:
    header = f"LUT_3D_SIZE {CUBE_SIZE}"
    np.savetxt(path, colours, "%.6f", header=header, comments="")


def _linear(signal: Array) -> Array:
    """Return SDR as HDR light: 1.0 is 203 nits, the peak 4.93."""
    return _curved(signal**2.4, _CURVE_IN, _CURVE_OUT)


def _wide_nits(signal: Array) -> Array:
    return _linear(signal) @ _TO_2020.T * WHITE_NITS


def _sdr(nits: Array) -> Array:
    light = np.maximum(nits / WHITE_NITS @ _FROM_2020.T, 0)
    return np.clip(_curved(light, _CURVE_OUT, _CURVE_IN), 0, 1) ** (1 / 2.4)


_TO_HDR = ("gbrp12le", "scale=out_color_matrix=bt2020:out_range=tv", "format=yuv420p10le")
_TO_SDR = ("gbrp12le", "scale=out_color_matrix=bt709:out_range=tv", "format=yuv420p")
# By name: what a table says, the colour matrix that comes in, the format for the cube, what follows.
_CONVERSIONS: dict[str, tuple[Callable[[Array], Array], str, tuple[str, ...]]] = {
    "pq": (lambda signal: pq(_wide_nits(signal)), "bt709", _TO_HDR),
    "hlg": (lambda signal: hlg(_wide_nits(signal)), "bt709", _TO_HDR),
    "linear": (_linear, "bt709", ("gbrpf32le", "format=gbrpf32le")),
    "from_pq": (lambda signal: _sdr(from_pq(signal)), "bt2020", _TO_SDR),
    "from_hlg": (lambda signal: _sdr(from_hlg(signal)), "bt2020", _TO_SDR),
}


class Converter:
    """A filter graph from frames of one size and format to another, through a colour cube."""

    def __init__(self, name: str, width: int, height: int) -> None:
        convert, matrix, (middle, *out) = _CONVERSIONS[name]
        self._folder = TemporaryDirectory(prefix="rushes-colour-")
        cube = Path(self._folder.name) / f"{name}.cube"
        _write_cube(cube, convert(_grid()))
        self._steps = (
            f"scale={width}:{height}:flags=bicubic:in_color_matrix={matrix}",
            f"format={middle}",
            f"lut3d=file={cube}:interp=tetrahedral",
            *out,
            "buffersink",
        )
        self._graph: Any = None

    def convert(self, frame: Any) -> Any:
        """Return the frame in its new colours; times are not kept."""
        if self._graph is None:
            self._graph = self._built(frame)
        frame.pts, frame.time_base = None, CLOCK
        self._graph.push(frame)
        return self._graph.pull()

    def _built(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        first = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format,
            time_base=CLOCK,
        )
        steps = [graph.add(*step.split("=", 1)) for step in self._steps]
        graph.link_nodes(first, *steps).configure()
        return graph


def name_of(transfer: int) -> str:
    return "hlg" if transfer == HLG else "pq"
