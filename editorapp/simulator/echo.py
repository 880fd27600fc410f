"""Echoes of a request's body: shortened for the log, or written out as some providers show it."""

import re
from typing import Any

from editorapp.providers.spec import Model, Parameter, ParameterKind
from editorapp.simulator.tables import JsonObject


def without_data(value: Any, key: str = "") -> Any:
    """Return a body for the log: base64 shortened to its length.

    A request's inline data lies on disk.
    """
    if isinstance(value, list):
        return [without_data(part) for part in value]
    if isinstance(value, dict):
        return {name: without_data(part, str(name)) for name, part in value.items()}
    is_data = isinstance(value, str) and (key == "data" or key.endswith("_data"))
    return f"({len(value)} characters)" if is_data else value


def filled(body: JsonObject, model: Model | None) -> JsonObject:
    """Return a body as a provider may echo it: every default written out, in another order."""
    shown: JsonObject = _reversed(body)
    for row in model.parameters if model is not None else ():
        default = re.split("[,;]", row.default)[0]
        is_off = default == "off" and row.kind is ParameterKind.FLAG
        if is_off or default in row.choices:
            _fill(shown, row, default)
    return shown


def _fill(shown: JsonObject, row: Parameter, default: str) -> None:
    *above, key = row.path.split(".")
    for part in above:
        shown = shown.setdefault(part, {})
    shown.setdefault(key, _sent_for(row, default))


def _sent_for(row: Parameter, default: str) -> Any:
    return False if default == "off" else row.values.get(default, default)


def _reversed(value: Any) -> Any:
    """Return a body with its keys in the opposite order."""
    if not isinstance(value, dict):
        return value
    return {key: _reversed(value[key]) for key in reversed(value)}
