"""Settings of `manage.py edit`: what its options say in a word each, as fields of a request."""

import re
from collections.abc import Mapping
from typing import Any

from editorapp.cli.edit.named_files import BadArgument
from editorapp.core.request_values import as_decimal
from editorapp.providers.contract import CONTROL_VALUES, CONTROLS, POSITION
from editorapp.providers.spec import Model

Options = Mapping[str, Any]  # of the command line, by name
Values = dict[str, Any]  # of a request's fields, by name

AS_SAID = ("prompt", "resolution", "strength", "hdr", "exr", "loop")


def settings_of(options: Options, model: Model) -> Values:
    """Return what is said in one word each.

    Auto is an edit's default, because it is the page's too.
    """
    is_manual = options["strength"] or options["control"]
    is_auto = options["auto"] or (not is_manual and model.knows("auto_controls"))
    said = {name: options[name] for name in AS_SAID} | {
        "aspect_ratio": options["aspect"],
        "duration": _duration(options["duration"]),
        "concepts": tuple(options["concept"]) or None,
        "auto_controls": is_auto or None,
    }
    for word in options["control"]:
        said |= _control(word)
    return said | _position(options["position"])


def _duration(word: str | None) -> str | None:
    if word is None:
        return None
    if not re.fullmatch(r"[0-9]{1,3}s?", word):
        raise BadArgument(f"--duration {word}: write whole seconds, for example 5.")
    return f"{word.removesuffix('s')}s"


def _position(word: str | None) -> dict[str, float]:
    """Read "0.25,0,0.5,1" into the fields of a placement."""
    if word is None:
        return {}
    values = [as_decimal(part.strip()) for part in word.split(",")]
    numbers = [float(value) for value in values if value is not None]
    if not len(values) == len(numbers) == len(POSITION):
        raise BadArgument(
            f"--position {word}: write four numbers X,Y,W,H, for example 0.25,0,0.5,1."
        )
    return dict(zip(POSITION, numbers, strict=True))


def _control(word: str) -> Values:
    """Read "depth=0.2", "pose=coarse" or "face=on" into fields of a request."""
    name, _, value = word.partition("=")
    if name not in CONTROLS:
        raise BadArgument(
            f"--control {word}: there is no control {name}; there are {', '.join(CONTROLS)}."
        )
    switched = {f"{name}_enabled": True}
    if value in {"", "on"}:
        return switched
    if name not in CONTROL_VALUES:
        raise BadArgument(f"--control {word}: {name} is only on or off; write {name}=on.")
    if name == "pose":
        return switched | {CONTROL_VALUES[name]: value}
    if (amount := as_decimal(value)) is None:
        raise BadArgument(f"--control {word}: {value} is not a number from 0 to 1.")
    return switched | {CONTROL_VALUES[name]: float(amount)}
