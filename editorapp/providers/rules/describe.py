"""Descriptions: what each model takes, in words, read from the rows that also write the bodies and
judge them.

The page of the models and docs/models.md both show this, so neither can say what the code does not
do.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import ModuleType
from typing import Any

from editorapp.core.money import show_usd
from editorapp.providers.contract import GenerationRequest, Task
from editorapp.providers.prices import PriceTable, tables_of
from editorapp.providers.rules.capabilities import basis_of, capabilities
from editorapp.providers.rules.combinations import together
from editorapp.providers.rules.words import REF_KINDS, limits_in_words, tier_in_words, ways_of
from editorapp.providers.spec import (
    OFFER,
    REFUSE,
    WARN,
    Model,
    Parameter,
    ParameterKind,
    Rule,
    Spec,
)

TASK_WORDS: dict[str, tuple[str, str]] = {
    Task.EDIT: ("Edit", "Change what a clip shows."),
    Task.GENERATE: ("Generate", "Make a clip from words, pictures, or the end of an earlier one."),
    Task.REFRAME: ("Reframe", "Fit a clip to another shape."),
    Task.MODIFY: ("Modify", "The older model's edit, by prompt and mode."),
}
LEVEL_WORDS = {REFUSE: "refused", WARN: "warned about", OFFER: "offered one at a time"}
KIND_WORDS = {
    ParameterKind.TEXT: "text",
    ParameterKind.CHOICE: "one of",
    ParameterKind.CHOICES: "any of",
    ParameterKind.FLAG: "on or off",
    ParameterKind.NUMBER: "number",
    ParameterKind.REF: "clip or picture",
    ParameterKind.REFS: "pictures",
    ParameterKind.INDEXES: "whole numbers",
    ParameterKind.PINNED: "pictures, each with its frame",
}


@dataclass(frozen=True)
class ParameterRow:
    name: str
    label: str
    paths: tuple[str, ...]  # its places in the body
    type: str
    allowed: str
    default: str
    is_required: bool
    help: str
    source: str


@dataclass(frozen=True)
class LimitRow:
    """A figure of a model; `of_accounts` is what accounts' providers said of it, where that differs."""

    label: str
    value: str
    of_accounts: tuple[tuple[str, str], ...] = ()  # (account, value)


@dataclass(frozen=True)
class RuleRow:
    id: str
    label: str
    says: str
    level: str
    source: str
    conflict: str


@dataclass(frozen=True)
class PriceRows:
    """One price list: a line is (size and range, amount of each tier)."""

    title: str
    basis: str
    as_of: str
    source: str
    tiers: tuple[str, ...]
    lines: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True)
class Described:
    """One model of one provider, ready to be shown."""

    model: Model
    anchor: str
    provider: str
    slug: str
    task: str
    name: str
    label: str
    model_id: str
    call: str
    summary: str
    source: str
    capabilities: tuple[tuple[str, str], ...]
    parameters: tuple[ParameterRow, ...]
    limits: tuple[LimitRow, ...]
    rules: tuple[RuleRow, ...]
    prices: tuple[PriceRows, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.label} at {self.provider}"


def every_model(providers: Iterable[ModuleType]) -> tuple[Described, ...]:
    """Return every model of these providers: by task in the order of the tasks, then as they came."""
    found = [described(one, model) for one in providers for model in one.SPEC.models]
    order = list(Task)
    return tuple(sorted(found, key=lambda one: order.index(Task(one.task))))


def anchor(spec: Spec, model: Model) -> str:
    """Return where on the page a model stands: "luma-agents-edit-ray-3-2"."""
    return f"{spec.slug}-{model.task}-{model.name}".replace(".", "-")


@lru_cache(maxsize=256)
def described(provider: ModuleType, model: Model) -> Described:
    """Describe a model by its rows."""
    spec: Spec = provider.SPEC
    path = provider.endpoint(GenerationRequest(task=model.task, model=model.name))
    prices = tables_of(getattr(provider, "PRICES", {}), model.task, model.name)
    limits = limits_in_words(model, model.limits)
    return Described(
        model=model,
        anchor=anchor(spec, model),
        provider=spec.name,
        slug=spec.slug,
        task=model.task,
        name=model.name,
        label=model.label,
        model_id=model.model_id,
        call=f"POST {spec.base_url}{path}",
        summary=model.summary,
        source=model.source,
        capabilities=capabilities(spec, model, prices),
        parameters=_parameters(spec, model),
        limits=tuple(LimitRow(label, value) for label, value in limits.items()),
        rules=tuple(_rule(spec, model, rule) for rule in model.rules),
        prices=tuple(_prices(kind, table) for kind, table in prices.items()),
    )


def _parameters(spec: Spec, model: Model) -> tuple[ParameterRow, ...]:
    required = together(spec, model).required
    return tuple(
        _parameter(model, row, is_required=row.field in required) for row in model.parameters
    )


def _parameter(model: Model, row: Parameter, *, is_required: bool) -> ParameterRow:
    # Of this very model, where the row has those of all.
    one_word = {"model": model.model_id, "task": model.type_word}
    return ParameterRow(
        name=row.field,
        label=row.label,
        paths=row.paths,
        type=KIND_WORDS[row.kind],
        allowed=one_word.get(row.field) or _allowed(row),
        default="taken and ignored: never sent" if row.is_ignored else row.default,
        is_required=row.is_required or is_required,
        help=row.help,
        source=row.source,
    )


def _allowed(row: Parameter) -> str:
    if row.values:
        return ", ".join(_sent_as(row.values))
    if row.choices:
        return ", ".join(row.choices)
    return ways_of(row) if row.kind in REF_KINDS else _between(row)


def _sent_as(values: Mapping[str, Any]) -> Iterator[str]:
    return (f"{ours} (sent as {theirs!r})" for ours, theirs in values.items())


def _between(row: Parameter) -> str:
    words = _range(row.low, row.high)
    return f"{words} {row.unit}" if words and row.unit else words


def _range(low: float | None, high: float | None) -> str:
    if high is None:
        return "" if low is None else f"from {low:,g}"
    return f"up to {high:,g}" if low is None else f"{low:,g} to {high:,g}"


def _rule(spec: Spec, model: Model, rule: Rule) -> RuleRow:
    return RuleRow(
        rule.id,
        _label(spec, model, rule.field),
        rule.summary,
        LEVEL_WORDS[rule.level],
        rule.source,
        rule.conflict,
    )


def _label(spec: Spec, model: Model, field: str) -> str:
    row = spec.parameter(model, field)
    return row.label if row else field.replace("_", " ").capitalize()


def _prices(kind: str, table: PriceTable) -> PriceRows:
    return PriceRows(
        title=kind.capitalize(),
        basis=basis_of(table),
        as_of=table.as_of.isoformat(),
        source=table.source,
        tiers=tuple(map(tier_in_words, table.tier_names)),
        lines=_price_lines(table),
    )


def _price_lines(table: PriceTable) -> tuple[tuple[str, tuple[str, ...]], ...]:
    lines: dict[str, dict[str, str]] = {}
    for dynamic_range, size, tier, amount in table.rows():
        lines.setdefault(f"{size} {dynamic_range}", {})[tier] = show_usd(amount)
    return tuple(
        (name, tuple(amounts.get(tier, "") for tier in table.tier_names))
        for name, amounts in lines.items()
    )


def with_account_limits(one: Described, accounts: Iterable[tuple[str, Spec]]) -> Described:
    """Return the description with what each account's provider said of its own limits, where that
    differs.
    """
    told = _told(one, accounts)
    if not told:
        return one
    known = {row.label for row in one.limits}
    others = (LimitRow(label, "not published") for label in told if label not in known)
    rows = (
        replace(row, of_accounts=tuple(told.get(row.label, ()))) for row in (*one.limits, *others)
    )
    return replace(one, limits=tuple(rows))


def _told(one: Described, accounts: Iterable[tuple[str, Spec]]) -> dict[str, list[tuple[str, str]]]:
    """Return what accounts' providers said that differs: by label, as (account, words)."""
    published = limits_in_words(one.model, one.model.limits)
    told: dict[str, list[tuple[str, str]]] = {}
    for account, spec in accounts:
        model = spec.find(one.task, one.name) if spec.slug == one.slug else None
        for label, value in limits_in_words(one.model, (model or one.model).limits).items():
            if published.get(label) != value:
                told.setdefault(label, []).append((account, value))
    return told
