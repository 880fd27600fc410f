"""From a request to a JSON body and back, by walking a model's parameter rows. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import REFUSE, Broken, Model, Parameter, ParameterKind, Spec, StoredAs

REF_KEYS = ("generation_id", "url", "data", "file_id", "media_type")
# What stands in a body for a stored file until it is staged. It can be taken for no id, address or
# base64.
STAGED_LATER = "(given when the file is uploaded)"
UNKNOWN_KEYS = (
    "(picture)",
    "(frame)",
)  # of a keyframe's entry, where the provider has not said how they are called


def encode(spec: Spec, wanted: GenerationRequest) -> dict[str, Any]:
    """Return the exact body for a request, keys in the order of the rows.

    Nothing unsaid is written: no default, no flag that is off, no value of a control that is
    switched off, nothing that the model does not have. A file of ours has no id with the provider
    until it is staged; until then the body says so in its place.
    """
    model = spec.model_for(wanted)
    body: dict[str, Any] = {}
    for row in model.parameters:
        if not row.is_ignored:
            for path, value in _written(model, row, wanted):
                _put(body, path, value)
    return body


def _written(
    model: Model, row: Parameter, wanted: GenerationRequest
) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield what a row says, and where."""
    value = _value(model, row, wanted)
    if value is None or value is False or (row.switch and getattr(wanted, row.switch) is False):
        return
    if row.kind is ParameterKind.REF and row.carriers:
        yield from _carried(row, value)
    elif row.kind is ParameterKind.REF:
        yield row.path, ref_to_wire(value)
    elif row.kind is ParameterKind.REFS:
        if value:
            yield row.path, [ref_to_wire(ref) for ref in value]
    elif row.kind is ParameterKind.PINNED:
        if value:
            yield row.path, _pinned(model, value, wanted.keyframe_indexes or ())
    elif row.kind in (ParameterKind.INDEXES, ParameterKind.CHOICES):
        if value:
            yield row.path, list(value)
    else:
        yield (
            row.path,
            row.values.get(value, value) if row.values and isinstance(value, str) else value,
        )


def _value(model: Model, row: Parameter, wanted: GenerationRequest) -> Any:
    if row.field == "task":
        return model.wire_type or wanted.task
    if row.field == "model":
        return model.wire or wanted.model
    return getattr(wanted, row.field)


def _carried(row: Parameter, ref: Ref) -> Iterator[tuple[tuple[str, ...], str]]:
    """Write a reference where its carrier goes; a file of ours that is not staged yet, where it
    will go.
    """
    said = {key: value for key in REF_KEYS if (value := getattr(ref, key)) is not None}
    if ref.asset_id is not None:
        said[str(row.stored_as)] = STAGED_LATER
        said.setdefault("media_type", STAGED_LATER)
    if "data" not in said:
        said.pop("media_type", None)
    for key in REF_KEYS:
        if key in said and key in row.carriers:
            yield tuple(row.carriers[key].split(".")), said[key]


def ref_to_wire(ref: Ref) -> dict[str, str]:
    """Write a reference as a media object. A `file_id` or an earlier result needs no media type."""
    written = {key: value for key in REF_KEYS if (value := getattr(ref, key)) is not None}
    if ref.asset_id is not None:
        written["file_id"] = STAGED_LATER
    if set(written) <= {"generation_id", "file_id", "media_type"}:
        written.pop("media_type", None)
    return written


def _pinned(model: Model, refs: Iterable[Ref], indexes: Iterable[Any]) -> list[dict[str, Any]]:
    picture, frame = model.limits.keyframe_keys or UNKNOWN_KEYS
    at = list(indexes)
    return [
        {picture: ref.file_id or ref.generation_id or STAGED_LATER}
        | ({frame: at[number]} if number < len(at) else {})
        for number, ref in enumerate(refs)
    ]


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value


# The rule that an unknown key breaks, by its path; None where such a key is ignored.
UnknownKey = Callable[[str], str | None]


def decode(
    model: Model,
    body: Any,
    *,
    task: str,
    name: Any,
    rows: Iterable[Parameter] | None = None,
    unknown: UnknownKey | None = None,
) -> tuple[GenerationRequest, list[Broken]]:
    """Read a body, however foreign, into a request for a task and a model's name, which the caller
    has read.

    `rows` are read; without them the model's own. Odd values are kept for the rules to judge. What
    a request cannot hold (an object where a list belongs, a parameter under another task's key)
    comes back as broken rules instead.
    """
    if not isinstance(body, Mapping):
        return GenerationRequest(model=None), [_mistyped("body", "body", "a JSON object")]
    broken: list[Broken] = []
    said: dict[str, Any] = {"task": task, "model": name}
    rows = model.parameters if rows is None else tuple(rows)
    for row in rows:
        if row.field not in {"task", "model"}:
            _read(model, row, body, said, broken)
    if unknown is not None:
        broken += _unknown(body, rows, unknown)
    return replace(GenerationRequest(), **said), broken


def _unknown(
    body: Mapping[str, Any], rows: Iterable[Parameter], rule_of: UnknownKey
) -> Iterator[Broken]:
    """Yield what a body says at places that no row reads."""
    leaves = {path for row in rows for path in row.paths}
    inner = {path[:depth] for path in leaves for depth in range(1, len(path))}
    pending: list[tuple[tuple[str, ...], Any]] = [
        ((str(key),), value) for key, value in body.items()
    ]
    while pending:
        path, value = pending.pop()
        if path in inner and isinstance(value, Mapping):
            pending += [((*path, str(key)), deeper) for key, deeper in value.items()]
        elif (
            path not in leaves
            and path not in inner
            and (rule := rule_of(".".join(path))) is not None
        ):
            wire = ".".join(path)
            detail = f"unknown parameter: {wire}"
            yield Broken(rule, path[-1], REFUSE, f"There is no parameter {wire}.", detail=detail)


def _find(body: Mapping[str, Any], path: tuple[str, ...], broken: list[Broken]) -> Any:
    at: Any = body
    for depth, key in enumerate(path):
        if not isinstance(at, Mapping):
            where = ".".join(path[:depth])
            if all(known.field != where for known in broken):
                broken.append(_mistyped(where, where, "an object"))
            return None
        at = at.get(key)
        if at is None:
            return None
    return at


def _read(
    model: Model,
    row: Parameter,
    body: Mapping[str, Any],
    said: dict[str, Any],
    broken: list[Broken],
) -> None:
    if row.carriers:
        _read_carriers(row, body, said, broken)
        return
    raw = _find(body, row.path, broken)
    if raw is None or raw in row.nothing:
        return
    right = model.parameter(row.field)
    if right is not None and right is not row:
        if right.wire == row.wire:
            return  # the task's own row reads this place
        detail = f"{row.wire} is not valid for type '{model.wire_type}'; use {right.wire}"
        broken.append(Broken(row.misplaced, row.field, REFUSE, f"{detail}.", detail=detail))
        return
    problem = _TYPES[row.kind](raw) or _not_a_value(row, raw)
    if problem:
        broken.append(_mistyped(row.field, row.wire, problem))
    elif row.kind is ParameterKind.REF:
        said[row.field] = _ref(raw)
    elif row.kind is ParameterKind.REFS:
        said[row.field] = tuple(_ref(one) for one in raw)
    elif row.kind is ParameterKind.PINNED:
        _read_pinned(model, row, raw, said, broken)
    elif row.kind is ParameterKind.INDEXES:
        said[row.field] = tuple(map(_whole, raw))
    elif row.kind is ParameterKind.CHOICES:
        said[row.field] = tuple(raw)
    else:
        said[row.field] = next((ours for ours, theirs in row.values.items() if theirs == raw), raw)


def _not_a_value(row: Parameter, raw: Any) -> str:
    """Say what a value must be where ours and the provider's differ: "5s" is no number of seconds."""
    if not row.values or (not isinstance(raw, bool) and raw in row.values.values()):
        return ""
    return "one of " + ", ".join(map(repr, row.values.values()))


def _whole(value: Any) -> Any:
    """Return a number without a fraction as a whole one: JSON writes 10 and 10.0 for the same
    number.
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _read_carriers(
    row: Parameter, body: Mapping[str, Any], said: dict[str, Any], broken: list[Broken]
) -> None:
    """Read a reference from the places of its carriers.

    An empty text is the provider's word for "none".
    """
    found: dict[str, Any] = {}
    taken: set[tuple[str, ...]] = set()
    for key, wire in row.carriers.items():
        path = tuple(wire.split("."))
        if path in taken:
            # two carriers in one place: what stands there is told apart by its owner alone
            continue
        taken.add(path)
        raw = _find(body, path, broken)
        if raw is None or raw == "":
            continue
        if not isinstance(raw, str):
            broken.append(_mistyped(row.field, wire, "a string"))
        else:
            found[key] = raw
    if found.keys() - {"media_type"}:  # a type by itself names nothing
        said[row.field] = Ref(**found)


def _read_pinned(
    model: Model, row: Parameter, raw: Any, said: dict[str, Any], broken: list[Broken]
) -> None:
    picture, frame = model.limits.keyframe_keys or UNKNOWN_KEYS
    if not all(
        isinstance(one, Mapping) and isinstance(one.get(picture), str) and frame in one
        for one in raw
    ):
        broken.append(
            _mistyped(row.field, row.wire, f"a list of objects with '{picture}' and '{frame}'")
        )
        return
    said["keyframes"] = tuple(Ref(file_id=one[picture]) for one in raw)
    said["keyframe_indexes"] = tuple(_whole(one[frame]) for one in raw)


def _ref(raw: Mapping[str, Any]) -> Ref:
    return Ref(**{key: raw[key] for key in REF_KEYS if raw.get(key) is not None})


def _not_a_ref(raw: Any) -> str:
    if not isinstance(raw, Mapping):
        return "an object"
    odd = [key for key in REF_KEYS if raw.get(key) is not None and not isinstance(raw[key], str)]
    return f"an object whose '{odd[0]}' is a string" if odd else ""


def _not_refs(raw: Any) -> str:
    return (
        "" if isinstance(raw, list) and not any(map(_not_a_ref, raw)) else "a list of media objects"
    )


# What is wrong with a raw value; "" where nothing is, or where the rules of the parameter judge it.
_TYPES: Mapping[ParameterKind, Callable[[Any], str]] = {
    ParameterKind.TEXT: lambda raw: "",
    ParameterKind.CHOICE: lambda raw: "",
    ParameterKind.NUMBER: lambda raw: "",
    ParameterKind.FLAG: lambda raw: "" if isinstance(raw, bool) else "true or false",
    ParameterKind.REF: _not_a_ref,
    ParameterKind.REFS: _not_refs,
    ParameterKind.INDEXES: lambda raw: "" if isinstance(raw, list) else "a list of whole numbers",
    ParameterKind.CHOICES: lambda raw: "" if isinstance(raw, list) else "a list",
    ParameterKind.PINNED: lambda raw: "" if isinstance(raw, list) else "a list of objects",
}


def _mistyped(field: str, path: str, wanted: str) -> Broken:
    return Broken(
        "type", field, REFUSE, f"{path} must be {wanted}.", detail=f"{path}: must be {wanted}"
    )


def stored_way(model: Model, field: str) -> StoredAs:
    """Return how a stored file named in this field ("source", "keyframes.3") reaches the provider."""
    row = model.parameter(field.partition(".")[0])
    return row.stored_as if row is not None else StoredAs.FILE
