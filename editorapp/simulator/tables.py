"""Tables of the simulator: words, looks and camera moves lie as TOML beside the code."""

import tomllib
from pathlib import Path
from typing import Any


def read_table(name: str) -> dict[str, Any]:
    """Return the table of this name, a path below the simulator's folder."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text())
