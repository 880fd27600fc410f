"""docs/models.md, written from the same rows as the page of the models: `python -m
tests.readme_blocks` writes it.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from textwrap import wrap

from editorapp.providers import registry
from editorapp.providers.rules.describe import TASK_WORDS, Described, every_model
from tests.environment import ROOT

DOCUMENT = ROOT / "docs" / "models.md"
HEAD = """# Every model, as the code has it

Written by `python -m tests.readme_blocks` from the rows in `editorapp/providers/vendors`; a test compares. The page
`/models/` of a running studio shows the same, and what the providers of your accounts say of their limits.

*Refused* means that nothing is sent. *Warned about* is sent. A rule whose source begins with "ours" is a caution of our
own, which the provider does not document. Sources name the sections of the contracts with the providers."""


def document() -> str:
    """Return the whole text."""
    lines = HEAD.splitlines()
    for task, models in groupby(every_model(registry.every()), key=lambda one: one.task):
        label, says = TASK_WORDS[task]
        of_task = list(models)
        lines += ["", f"## {label}", "", says, "", *_matrix(of_task)]
        for one in of_task:
            lines += _model(one)
    return "\n".join(lines) + "\n"


def _matrix(models: Sequence[Described]) -> Iterator[str]:
    heads = ["", *(f"[{one.title}](#{_anchor(one)})" for one in models)]
    rows = [
        (question, *(dict(one.capabilities)[question] for one in models))
        for question, _ in models[0].capabilities
    ]
    yield from _table(heads, rows)


def _heading(one: Described) -> str:
    return f"{one.label} at {one.provider}: {one.task}"


def _anchor(one: Described) -> str:
    """Return the anchor that code hosts give the heading."""
    kept = "".join(sign for sign in _heading(one).lower() if sign.isalnum() or sign in " -_")
    return kept.replace(" ", "-")


def _model(one: Described) -> Iterator[str]:
    yield from ("", f"### {_heading(one)}", "", *wrap(one.summary, 120), "")
    yield f"`{one.model_id}`, `{one.call}` ({one.source})"
    parameters = [
        (
            row.label + (" (required)" if row.is_required else ""),
            f"`{row.name}`",
            ", ".join(f"`{path}`" for path in row.paths),
            f"{row.type}{': ' if row.allowed else ''}{row.allowed}",
            row.default,
            row.help,
            row.source,
        )
        for row in one.parameters
    ]
    yield ""
    yield from _table(
        ("parameter", "field", "in the body", "takes", "when unsaid", "what it does", "source"),
        parameters,
    )
    yield ""
    yield from _table(("limit", "value"), [(row.label, row.value) for row in one.limits])
    yield ""
    rules = [(row.id, row.label, row.says, row.level, row.source) for row in one.rules]
    yield from _table(("rule", "about", "what it says", "otherwise", "source"), rules)
    conflicts = [f"- {row.label} (`{row.id}`): {row.conflict}" for row in one.rules if row.conflict]
    if conflicts:
        yield from (
            "",
            "Where the documents contradict themselves, and what is done here:",
            "",
            *conflicts,
        )
    for prices in one.prices:
        yield ""
        yield f"{prices.title}, in dollars for {prices.basis}: list of {prices.as_of} ({prices.source})"
        yield ""
        yield from _table(("", *prices.tiers), [(name, *amounts) for name, amounts in prices.lines])
    if not one.prices:
        yield from ("", f"Price: {dict(one.capabilities)['Price']}.")


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Iterator[str]:
    heads = list(heads)
    yield f"| {' | '.join(heads)} |"
    yield "|" + "---|" * len(heads)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
