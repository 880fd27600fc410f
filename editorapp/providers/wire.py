"""From a request to a JSON body and back, by walking a provider's parameter rows. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import REFUSE, Broken, Kind, Parameter, Spec

REF_KEYS = ("generation_id", "url", "data", "file_id", "media_type")


def encode(spec: Spec, wanted: GenerationRequest) -> dict[str, Any]:
    """Return the exact body for a request, keys in the order of the rows.

    Nothing unsaid is written: no default, no flag that is off, no value of a control that is switched off, nothing
    that the task does not have. A file of ours has no id with the provider until it is staged; until then the body
    says so in its place.
    """
    body: dict[str, Any] = {}
    for row in spec.parameters:
        if wanted.task in row.tasks and (value := _written(spec, row, wanted)) is not None:
            _put(body, row.path, value)
    return body


def _written(spec: Spec, row: Parameter, wanted: GenerationRequest) -> Any:
    value = getattr(wanted, row.field)
    if row.field == "task":
        return spec.wire_types.get(value, value)
    if value is None or value is False or (row.switch and getattr(wanted, row.switch) is False):
        return None
    if row.kind is Kind.REF:
        return ref_to_wire(value)
    if row.kind is Kind.REFS:
        return [ref_to_wire(ref) for ref in value] or None
    if row.kind is Kind.INDEXES:
        return list(value) or None
    return value


STAGED_LATER = "(given when the file is uploaded)"


def ref_to_wire(ref: Ref) -> dict[str, str]:
    """Write a reference as the provider's media object. A `file_id` or an earlier result needs no media type."""
    written = {key: value for key in REF_KEYS if (value := getattr(ref, key)) is not None}
    if ref.asset_id is not None:
        written["file_id"] = STAGED_LATER
    if set(written) <= {"generation_id", "file_id", "media_type"}:
        written.pop("media_type", None)
    return written


def _put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    for key in path[:-1]:
        body = body.setdefault(key, {})
    body[path[-1]] = value


def decode(spec: Spec, body: Any) -> tuple[GenerationRequest, list[Broken]]:
    """Read a body, however foreign, into a request.

    Odd values are kept for the rules to judge. What a request cannot hold (an object where a list belongs, a
    parameter under another task's key) comes back as broken rules instead. Unknown keys are ignored, as nothing is
    documented about them.
    """
    if not isinstance(body, Mapping):
        return GenerationRequest(model=None), [_mistyped("body", "body", "a JSON object")]
    broken: list[Broken] = []
    types = {word: task for task, word in spec.wire_types.items()}
    word = body.get("type", "image")
    task = types.get(word, str(word)) if isinstance(word, str) else str(word)
    said: dict[str, Any] = {"task": task, "model": body.get("model")}
    for row in spec.parameters:
        if row.field in {"task", "model"}:
            continue
        found, raw = _find(body, row, broken)
        if found and raw is not None:
            _read(spec, row, task, raw, said, broken)
    return replace(GenerationRequest(), **said), broken


def _find(body: Mapping[str, Any], row: Parameter, broken: list[Broken]) -> tuple[bool, Any]:
    at: Any = body
    for depth, key in enumerate(row.path):
        if not isinstance(at, Mapping):
            where = ".".join(row.path[:depth])
            if all(known.field != where for known in broken):
                broken.append(_mistyped(where, where, "an object"))
            return False, None
        at = at.get(key)
        if at is None:
            return False, None
    return True, at


def _read(
    spec: Spec, row: Parameter, task: str, raw: Any, said: dict[str, Any], broken: list[Broken]
) -> None:  # fmt: skip
    right = spec.parameter(row.field, task)
    if task not in row.tasks and right is not None:
        detail = f"{row.wire} is not valid for type '{spec.wire_types.get(task, task)}'; use {right.wire}"
        broken.append(Broken(row.misplaced, row.field, REFUSE, f"{detail}.", detail=detail))
        return
    problem = _TYPES[row.kind](raw)
    if problem:
        broken.append(_mistyped(row.field, row.wire, problem))
    elif row.kind is Kind.REF:
        said[row.field] = _ref(raw)
    elif row.kind is Kind.REFS:
        said[row.field] = tuple(_ref(one) for one in raw)
    elif row.kind is Kind.INDEXES:
        said[row.field] = tuple(raw)
    else:
        said[row.field] = raw


def _ref(raw: Mapping[str, Any]) -> Ref:
    return Ref(**{key: raw[key] for key in REF_KEYS if raw.get(key) is not None})


def _not_a_ref(raw: Any) -> str:
    if not isinstance(raw, Mapping):
        return "an object"
    odd = [key for key in REF_KEYS if raw.get(key) is not None and not isinstance(raw[key], str)]
    return f"an object whose '{odd[0]}' is a string" if odd else ""


def _not_refs(raw: Any) -> str:
    return "" if isinstance(raw, list) and not any(map(_not_a_ref, raw)) else "a list of media objects"


# What is wrong with a raw value; "" where nothing is, or where the rules of the parameter judge it.
_TYPES: Mapping[Kind, Any] = {
    Kind.TEXT: lambda raw: "",
    Kind.CHOICE: lambda raw: "",
    Kind.NUMBER: lambda raw: "",
    Kind.FLAG: lambda raw: "" if isinstance(raw, bool) else "true or false",
    Kind.REF: _not_a_ref,
    Kind.REFS: _not_refs,
    Kind.INDEXES: lambda raw: "" if isinstance(raw, list) else "a list of whole numbers",
}


def _mistyped(field: str, path: str, wanted: str) -> Broken:
    return Broken("type", field, REFUSE, f"{path} must be {wanted}.", detail=f"{path}: must be {wanted}")
