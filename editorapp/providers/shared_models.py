"""Shared models: what is the same of Ray 3.2 at every provider that has it."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from editorapp.providers.contract import Task
from editorapp.providers.rules.unsupported import takes_no
from editorapp.providers.spec import Limits, Model, Parameter, Rule

RAY, LABEL = "ray-3.2", "Ray 3.2"
SUMMARIES: dict[str, str] = {
    Task.EDIT: "Change what a clip shows, and keep its motion as closely as you choose.",
    Task.GENERATE: "Make a clip from words, from pictures, or from where an earlier one ends.",
    Task.REFRAME: "Fit a clip to another shape: what lay outside the frame is drawn.",
}


def ray(
    task: Task,
    *,
    parameters: Iterable[Parameter],
    rules: Mapping[str, tuple[Rule, ...]],
    limits: Limits,
    longest: Mapping[str, float],
    schema: str,
    **more: Any,
) -> Model:
    """Return Ray 3.2 for a task, by what a provider says of all of its tasks; `longest` are the
    seconds of a source, `schema` the section with the parameters that there are.
    """
    rows = tuple(row for row in parameters if task in row.tasks)
    others = takes_no(
        "ours.unknown",
        f"ours: no such parameter ({schema})",
        rows,
        rules[task],
    )
    return Model(
        name=RAY,
        task=task,
        label=LABEL,
        summary=SUMMARIES[task],
        parameters=rows,
        rules=(*rules[task], others),
        limits=replace(limits, max_source_seconds=longest.get(task)),
        **more,
    )


def no_model(**more: Any) -> Model:
    """Return what judges a request that names no model of a provider."""
    return Model(name="", task="", model_id="", label="model", **more)
