"""Field mapping: from a request to a JSON body and back, by walking a model's parameters. Pure."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.spec import REFUSE, Broken, Model, Parameter, ParameterKind, Spec, StoredAs

REF_KEYS = ("generation_id", "url", "data", "file_id", "media_type")
# What stands in a body for a stored file until it is staged. It can be taken for no id, address or
# base64.
STAGED_LATER = "(given when the file is uploaded)"
# Of a keyframe's entry, where the provider has not said how they are called.
UNKNOWN_KEYS = ("(picture)", "(frame)")
MISTYPED = "type"  # the rule that a value of the wrong type breaks


def encode(spec: Spec, wanted: GenerationRequest) -> dict[str, Any]:
    """Return the exact body for a request, keys in the order of the rows.

    Nothing unsaid is written: no default, no flag that is off, no value of a control that is
    switched off, nothing that the model does not have. A file of ours has no id with the provider
    until it is staged; until then the body says so in its place.
    """
    model = spec.model_for(wanted)
    own_words = {"task": model.type_word, "model": model.model_id}
    body: dict[str, Any] = {}
    for row in model.parameters:
        value: Any = own_words.get(row.field) or getattr(wanted, row.field)
        is_off = row.switch and getattr(wanted, row.switch) is False
        if row.is_ignored or is_off or _is_unsaid(value):
            continue
        if row.kind is ParameterKind.REF and row.carriers:
            for path, said in _carried(row, value):
                _put(body, path, said)
        else:
            _put(body, row.path, _as_json(model, row, value, wanted))
    return body


def _is_unsaid(value: Any) -> bool:
    is_empty = isinstance(value, tuple | list) and not value
    return value is None or value is False or is_empty


def _as_json(model: Model, row: Parameter, value: Any, wanted: GenerationRequest) -> Any:
    match row.kind:
        case ParameterKind.REF:
            return media_object(value)
        case ParameterKind.REFS:
            return [media_object(ref) for ref in value]
        case ParameterKind.PINNED:
            return _pinned(model, value, wanted.keyframe_indexes or ())
        case ParameterKind.INDEXES | ParameterKind.CHOICES:
            return list(value)
    return row.values.get(value, value) if isinstance(value, str) else value


def _named(ref: Ref) -> dict[str, str]:
    return {key: value for key in REF_KEYS if (value := getattr(ref, key)) is not None}


def _carried(row: Parameter, ref: Ref) -> Iterator[tuple[str, str]]:
    """Write a reference where its carrier goes; a file of ours that is not staged yet, where it
    will go.
    """
    said = _named(ref)
    if ref.asset_id is not None:
        said[str(row.stored_as)] = STAGED_LATER
        said.setdefault("media_type", STAGED_LATER)
    if "data" not in said:
        said.pop("media_type", None)
    for key in REF_KEYS:
        if key in said and key in row.carriers:
            yield row.carriers[key], said[key]


def media_object(ref: Ref) -> dict[str, str]:
    """Write a reference as a media object. A `file_id` or an earlier result needs no media type."""
    written = _named(ref)
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


def _put(body: dict[str, Any], path: str, value: Any) -> None:
    *above, last = path.split(".")
    for key in above:
        body = body.setdefault(key, {})
    body[last] = value


# The rule that an unknown key breaks, by its path; None where such a key is ignored.
UnknownKey = Callable[[str], str | None]
Place = tuple[str, ...]  # the keys that lead to a value


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
    rows = model.parameters if rows is None else tuple(rows)
    reading = _Reading(model, body, {"task": task, "model": name})
    for row in rows:
        if row.field not in reading.fixed:
            reading.read(row)
    if unknown is not None:
        reading.broken += _unknown(body, rows, unknown)
    return replace(GenerationRequest(), **reading.said), reading.broken


def _unknown(
    body: Mapping[str, Any],
    rows: Iterable[Parameter],
    rule_of: UnknownKey,
) -> Iterator[Broken]:
    """Yield what a body says at places that no row reads."""
    leaves = {tuple(path.split(".")) for row in rows for path in row.paths}
    inner = {path[:depth] for path in leaves for depth in range(1, len(path))}
    pending: list[tuple[Place, Any]] = [((str(key),), body[key]) for key in body]
    while pending:
        place, value = pending.pop()
        if place in inner and isinstance(value, Mapping):
            pending += [((*place, str(key)), deeper) for key, deeper in value.items()]
        elif place not in leaves and place not in inner:
            path = ".".join(place)
            if rule := rule_of(path):
                says, detail = f"There is no parameter {path}.", f"unknown parameter: {path}"
                yield Broken(rule, place[-1], REFUSE, says, detail=detail)


class _Mistyped(Exception):
    """A value is of another type than the one that is named."""


@dataclass
class _Reading:
    """One body as it is read: what it says of a request, and what a request cannot hold."""

    model: Model
    body: Mapping[str, Any]
    said: dict[str, Any]
    broken: list[Broken] = field(default_factory=list)
    fixed = ("task", "model")

    def read(self, row: Parameter) -> None:
        if row.carriers:
            self._read_carriers(row)
            return
        raw = self._find(row.path)
        if raw is None or raw in row.nothing or self._is_misplaced(row):
            return
        try:
            if row.kind is ParameterKind.PINNED:
                self.said |= _pins(self.model, raw)
            else:
                reader = _READERS.get(row.kind)
                self.said[row.field] = reader(raw) if reader else _word(row, raw)
        except _Mistyped as wanted:
            self.broken.append(_mistyped(row.field, row.path, str(wanted)))

    def _is_misplaced(self, row: Parameter) -> bool:
        """Does the model's own row read this attribute, here or at another place?"""
        right = self.model.parameter(row.field)
        if right is None or right is row:
            return False
        if right.path != row.path:
            detail = f"{row.path} is not valid for type '{self.model.type_word}'; use {right.path}"
            wrong = Broken(row.misplaced, row.field, REFUSE, f"{detail}.", detail=detail)
            self.broken.append(wrong)
        return True

    def _read_carriers(self, row: Parameter) -> None:
        """Read a reference from the places of its carriers.

        An empty text is the provider's word for "none".
        """
        found: dict[str, Any] = {}
        for path, key in _first_carriers(row).items():
            raw = self._find(path)
            if isinstance(raw, str) and raw:
                found[key] = raw
            elif raw is not None and raw != "":
                self.broken.append(_mistyped(row.field, path, "a string"))
        if found.keys() - {"media_type"}:  # a type by itself names nothing
            self.said[row.field] = Ref(**found)

    def _find(self, path: str) -> Any:
        at: Any = self.body
        keys = path.split(".")
        for depth, key in enumerate(keys):
            if not isinstance(at, Mapping):
                where = ".".join(keys[:depth])
                if all(known.field != where for known in self.broken):
                    self.broken.append(_mistyped(where, where, "an object"))
                return None
            at = at.get(key)
            if at is None:
                return None
        return at


def _first_carriers(row: Parameter) -> dict[str, str]:
    """Return the carriers by their places. Of two in one place, which their owner alone tells apart,
    the first.
    """
    found: dict[str, str] = {}
    for key, path in row.carriers.items():
        found.setdefault(path, key)
    return found


def _whole(value: Any) -> Any:
    """Return a number without a fraction as a whole one: JSON writes 10 and 10.0 for the same
    number.
    """
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _word(row: Parameter, raw: Any) -> Any:
    """Read a value that its rules judge; one of ours that the provider calls otherwise must be
    known: "5s" is no number of seconds.
    """
    theirs = row.values.values()
    if theirs and (isinstance(raw, bool) or raw not in theirs):
        raise _Mistyped("one of " + ", ".join(map(repr, theirs)))
    return next((ours for ours, word in row.values.items() if word == raw), raw)


def _flag(raw: Any) -> bool:
    if not isinstance(raw, bool):
        raise _Mistyped("true or false")
    return raw


def _ref(raw: Any) -> Ref:
    if not isinstance(raw, Mapping):
        raise _Mistyped("an object")
    said = _said_in(raw)
    _check_are_texts(said)
    return Ref(**said)


def _said_in(raw: Mapping[str, Any]) -> dict[str, Any]:
    return {key: raw[key] for key in REF_KEYS if raw.get(key) is not None}


def _check_are_texts(said: Mapping[str, Any]) -> None:
    for key, value in said.items():
        if not isinstance(value, str):
            raise _Mistyped(f"an object whose '{key}' is a string")


def _refs(raw: Any) -> tuple[Ref, ...]:
    try:
        return tuple(map(_ref, _items(raw, "")))
    except _Mistyped as error:
        raise _Mistyped("a list of media objects") from error


def _items(raw: Any, wanted: str) -> list[Any]:
    if not isinstance(raw, list):
        raise _Mistyped(wanted)
    return raw


def _indexes(raw: Any) -> tuple[Any, ...]:
    return tuple(map(_whole, _items(raw, "a list of whole numbers")))


def _choices(raw: Any) -> tuple[Any, ...]:
    return tuple(_items(raw, "a list"))


def _pins(model: Model, raw: Any) -> dict[str, Any]:
    picture, frame = model.limits.keyframe_keys or UNKNOWN_KEYS
    entries = _items(raw, "a list of objects")
    if not all(_is_pin(one, picture, frame) for one in entries):
        raise _Mistyped(f"a list of objects with '{picture}' and '{frame}'")
    return {
        "keyframes": tuple(Ref(file_id=one[picture]) for one in entries),
        "keyframe_indexes": tuple(_whole(one[frame]) for one in entries),
    }


def _is_pin(entry: Any, picture: str, frame: str) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get(picture), str) and frame in entry


_READERS: Mapping[ParameterKind, Callable[[Any], Any]] = {
    ParameterKind.FLAG: _flag,
    ParameterKind.REF: _ref,
    ParameterKind.REFS: _refs,
    ParameterKind.INDEXES: _indexes,
    ParameterKind.CHOICES: _choices,
}


def _mistyped(field: str, path: str, wanted: str) -> Broken:
    says = f"{path} must be {wanted}."
    return Broken(MISTYPED, field, REFUSE, says, detail=f"{path}: must be {wanted}")


def stored_way(model: Model, field: str) -> StoredAs:
    """Return how a stored file named in this field ("source", "keyframes.3") reaches the provider."""
    row = model.parameter(field.partition(".")[0])
    return row.stored_as if row is not None else StoredAs.FILE
