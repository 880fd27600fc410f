"""Tone mapping of moving pictures, HDR to SDR: the curve of colour.py as a table that the decoder's library
applies quickly.
"""

import tempfile
from pathlib import Path
from typing import Any

import av.filter
import numpy as np

from editorapp.media.decoding.colour import to_sdr

_CUBE = 33


class Mapper:
    """Applies the table to RGB frames (gbrp12le) of one size, in the order in which they come."""

    def __init__(self, transfer: str) -> None:
        self.transfer = transfer
        self.graph: Any = None

    def mapped(self, frame: Any) -> Any:
        if self.graph is None:
            self.graph = self._graph(frame)
        self.graph.push(frame)
        return self.graph.pull()

    def _graph(self, frame: Any) -> Any:
        with tempfile.TemporaryDirectory() as folder:
            table = Path(folder) / "sdr.cube"
            write_cube(table, self.transfer)
            graph = av.filter.Graph()
            source = graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base,
            )
            lut = graph.add("lut3d", f"file={table}:interp=tetrahedral")
            graph.link_nodes(source, lut, graph.add("buffersink")).configure()
            return graph


def write_cube(path: Path, transfer: str) -> None:
    """Write the table: red runs fastest, as the .cube format has it."""
    steps = np.linspace(0, 1, _CUBE, dtype=np.float32)
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    colours = to_sdr(np.stack([red, green, blue], axis=-1).reshape(-1, 3), transfer)
    lines = "\n".join(f"{r:.6f} {g:.6f} {b:.6f}" for r, g, b in colours)
    path.write_text(f"LUT_3D_SIZE {_CUBE}\n{lines}\n")
