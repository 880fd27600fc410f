"""Tables of the drawing modules: words and moves lie as TOML beside the code that reads them."""

import tomllib
from pathlib import Path
from typing import Any


def table(name: str) -> dict[str, Any]:
    """Return the table of this name."""
    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text())
