"""Echoes of a request's body: shortened for the log, or written out as some providers show it."""

import re
from typing import Any

from editorapp.providers.spec import Model, ParameterKind


def without_data(value: Any) -> Any:
    """Return a body for the log: base64 shortened to its length.

    A request's inline data lies on disk.
    """
    if isinstance(value, list):
        return [without_data(part) for part in value]
    if not isinstance(value, dict):
        return value
    return {
        key: f"({len(part)} characters)"
        if isinstance(part, str) and _is_data(key)
        else without_data(part)
        for key, part in value.items()
    }


def _is_data(key: Any) -> bool:
    return isinstance(key, str) and (key == "data" or key.endswith("_data"))


def filled(body: dict[str, Any], model: Model | None) -> dict[str, Any]:
    """Return a body as a provider may echo it: every default written out, in another order."""
    shown: dict[str, Any] = _reversed(body)
    for row in model.parameters if model is not None else ():
        default = re.split("[,;]", row.default)[0]
        if default in row.choices or (default == "off" and row.kind is ParameterKind.FLAG):
            *above, key = row.path.split(".")
            place = shown
            for part in above:
                place = place.setdefault(part, {})
            place.setdefault(key, False if default == "off" else row.values.get(default, default))
    return shown


def _reversed(value: Any) -> Any:
    """Return a body with its keys in the opposite order."""
    if not isinstance(value, dict):
        return value
    return {key: _reversed(value[key]) for key in reversed(value)}
