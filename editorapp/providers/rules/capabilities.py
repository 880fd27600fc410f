"""Capabilities: what a model can do in the few words of a cell, by which models are compared."""

from collections.abc import Callable, Iterable, Mapping

from editorapp.core.money import show_usd
from editorapp.providers.contract import CONTROLS, POSITION, Task
from editorapp.providers.prices import Counted, PriceTable
from editorapp.providers.rules.combinations import Together, together
from editorapp.providers.rules.unavailable import switched_on
from editorapp.providers.rules.words import size_in_bytes, tier_in_words, ways_of
from editorapp.providers.spec import Model, Spec

NO = "no"


def capabilities(
    spec: Spec, model: Model, prices: Mapping[str, PriceTable]
) -> tuple[tuple[str, str], ...]:
    """Return what the model's task is about, in order, each with this model's words: ("HDR", "720p,
    1080p").

    Models of one task have the same questions, so that their answers stand side by side.
    """
    limits = together(spec, model)
    return (
        ("Prompt", _prompt(model, limits)),
        *((question, ANSWERS[question](model)) for question in QUESTIONS[model.task]),
        ("Not together", _not_together(limits)),
        ("Price", _price(spec, model, prices)),
    )


def _ways(model: Model, name: str) -> str:
    row = model.parameter(name)
    return ways_of(row) if row is not None else NO


def _yes(model: Model, name: str) -> str:
    return "yes" if model.knows(name) else NO


def _one_of(model: Model, name: str, values: Iterable[str], *, without: str = NO) -> str:
    row = model.parameter(name)
    if row is None or row.is_ignored:
        return without
    return ", ".join(values) or "yes"


def _prompt(model: Model, limits: Together) -> str:
    if not model.knows("prompt"):
        return NO
    need = "required" if "prompt" in limits.required else "optional"
    return f"{need}, up to {model.limits.prompt_max:,} characters"


def _seconds(model: Model) -> str:
    said = _published_seconds(model.limits.max_source_seconds)
    doubtful = model.limits.warn_source_seconds
    return said + (f"; may be refused above {doubtful:g} s" if doubtful else "")


def _published_seconds(longest: float | None) -> str:
    return "not published" if longest is None else f"{longest:g} s"


def _bytes(model: Model) -> str:
    upload, inline = model.limits.max_file_bytes, model.limits.max_inline_bytes
    if upload and upload == inline:
        return size_in_bytes(upload)
    said = [f"{size_in_bytes(upload)} uploaded"] if upload else []
    said += [f"{size_in_bytes(inline)} by URL or in the request"] if inline else []
    return ", ".join(said) or "not published"


def _strength(model: Model) -> str:
    row = model.parameter("strength")
    return f"{row.choices[0]} to {row.choices[-1]}" if row else NO


def _controls(model: Model) -> str:
    return ", ".join(name for name in CONTROLS if switched_on(model, name)) or NO


def _keyframes(model: Model) -> str:
    if not model.knows("keyframes"):
        return NO
    return f"up to {model.limits.max_keyframes}: {_ways(model, 'keyframes')}"


def _concepts(model: Model) -> str:
    row = model.parameter("concepts")
    return f"{len(row.choices)} by name" if row else NO


def _place(model: Model) -> str:
    return "yes" if all(map(model.knows, POSITION)) else "centred by the model"


def _sizes(model: Model) -> str:
    return _one_of(
        model,
        "resolution",
        model.limits.resolutions,
        without="fixed by the model",
    )


ANSWERS: dict[str, Callable[[Model], str]] = {
    "Source": lambda model: _ways(model, "source"),
    "Longest source": _seconds,
    "Largest source": _bytes,
    "Resolutions": _sizes,
    "HDR": lambda model: _one_of(model, "hdr", model.limits.hdr_resolutions),
    "EXR": lambda model: _yes(model, "exr"),
    "Auto": lambda model: _yes(model, "auto_controls"),
    "Strength": _strength,
    "Controls": _controls,
    "Guide frame": lambda model: _ways(model, "start_frame"),
    "First frame": lambda model: _ways(model, "start_frame"),
    "Last frame": lambda model: _ways(model, "end_frame"),
    "Keyframes": _keyframes,
    "Durations": lambda model: _one_of(model, "duration", model.limits.durations),
    "Loop": lambda model: _yes(model, "loop"),
    "Aspect ratios": lambda model: _one_of(model, "aspect_ratio", model.limits.aspect_ratios),
    "Camera moves": _concepts,
    "Place on the canvas": _place,
}
_SOURCE = ("Source", "Longest source", "Largest source")
_LOOK = ("Resolutions", "HDR", "EXR")
_EDIT = (*_SOURCE, *_LOOK, "Auto", "Strength", "Controls", "Guide frame", "Keyframes")
_FRAMES = ("First frame", "Last frame", "Keyframes")
QUESTIONS: dict[str, tuple[str, ...]] = {
    Task.EDIT: _EDIT,
    Task.GENERATE: (*_LOOK, "Durations", "Loop", "Aspect ratios", *_FRAMES, "Camera moves"),
    Task.REFRAME: (*_SOURCE, *_LOOK, "Aspect ratios", "Place on the canvas"),
    Task.MODIFY: _EDIT,
}


def _not_together(limits: Together) -> str:
    """Say what excludes and what needs what: "Auto with the controls; EXR needs HDR"."""
    needs = [f"{one} without {other}" for one, other in limits.needs]
    words = "; ".join([*_exclusions(limits), *needs])
    return words[:1].upper() + words[1:] or "nothing excludes another"


def _exclusions(limits: Together) -> list[str]:
    by_first: dict[str, list[str]] = {}
    for one, other in limits.excludes:
        by_first.setdefault(one, []).append(other)
    return [f"{one} with {_or(others)}" for one, others in by_first.items()]


def _or(words: list[str]) -> str:
    *firsts, last = words
    return f"{', '.join(firsts)} or {last}" if firsts else last


def basis_of(table: PriceTable) -> str:
    """Say what an amount of the table is for."""
    if table.counted is not Counted.BLOCKS:
        return str(table.counted)
    blocks = " or ".join(map(tier_in_words, table.tier_names))
    return f"each started {blocks} of the source"


def _price(spec: Spec, model: Model, prices: Mapping[str, PriceTable]) -> str:
    table = prices.get(model.task)
    if table is not None:
        return _published(table)
    if not model.is_priced_by_asking:
        return "not published"
    unit = f", in {spec.unit}" if spec.unit else ""
    return f"not published: {spec.name} is asked{unit}"


def _published(table: PriceTable) -> str:
    amounts = [amount for *_place, amount in table.rows()]
    low, high = show_usd(min(amounts)), show_usd(max(amounts))
    return f"{low} to {high} for {basis_of(table)}"
