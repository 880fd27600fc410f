"""Sentences: the words that the messages of rules are made with."""

from typing import Any

from editorapp.providers.contract import POSITION
from editorapp.providers.spec import Case, Hit, Model, Rule, Spec

# What people call a field for which the provider has no row at all.
UNLABELLED = {
    "hdr": "HDR",
    "exr": "EXR",
    "user_id": "end-user tag",
    "concepts": "camera concepts",
} | dict.fromkeys(POSITION, "position on the canvas")


def words_of(spec: Spec, case: Case, rule: Rule, hit: Hit) -> dict[str, Any]:
    """Return what stands in the braces of a rule's templates."""
    field, model = hit.field or rule.field, spec.model_for(case.wanted)
    label = label_of(spec, model, field)
    return {
        "name": spec.name,
        "model": model.label,
        "wanted": case.wanted,
        "source": case.source,
        "limits": case.limits,
        "path": model.body_path(field),
        "type": model.type_word or case.wanted.task,
        "label": label,
        "noun": inside(label),
    } | hit.words


def label_of(spec: Spec, model: Model, field: str) -> str:
    """Name a field for people: its label, and for one of several its number, counted from 1."""
    head, _, at = field.partition(".")
    label = _label_of_all(spec, model, head)
    if not at:
        return label
    noun = "Keyframe" if head.startswith("keyframe") else label
    return f"{noun} {int(at) + 1}"


def _label_of_all(spec: Spec, model: Model, field: str) -> str:
    row = spec.parameter(model, field)
    return row.label if row else UNLABELLED.get(field) or field.replace("_", " ")


def inside(label: str) -> str:
    """Write a label inside a sentence: "Keyframes" as "keyframes"; "HDR" stays as it is."""
    return label if label[:2].isupper() else label[:1].lower() + label[1:]
