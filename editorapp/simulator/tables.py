"""Tables of the simulator: words, looks and camera moves lie as TOML beside the code; and shapes of
what its parts hand on to each other.
"""

import tomllib
from pathlib import Path
from typing import Any, TypeAlias

JsonObject: TypeAlias = dict[str, Any]
Inputs: TypeAlias = dict[str, str]  # the files behind a request's references, by field
Files: TypeAlias = list[dict[str, str]]  # of a result: {"type", "file"}


def read_table(name: str) -> JsonObject:
    """Return the table of this name, a path below the simulator's folder."""
    return tomllib.loads((Path(__file__).parent / f"{name}.toml").read_text())
