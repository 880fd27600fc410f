"""Template context: what a page or a part of one is given, by name."""

from typing import Any

Context = dict[str, Any]
