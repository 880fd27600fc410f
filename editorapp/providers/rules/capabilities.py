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
    asked: list[tuple[str, str]] = [("Prompt", _prompt(model, limits))]
    if model.task != Task.GENERATE:
        asked += [
            ("Source", _ways(model, "source")),
            ("Longest source", _seconds(model)),
            ("Largest source", _bytes(model)),
        ]
    sizes = model.limits.resolutions
    asked += [
        ("Resolutions", _one_of(model, "resolution", sizes, without="fixed by the model")),
        ("HDR", _one_of(model, "hdr", model.limits.hdr_resolutions)),
        ("EXR", _yes(model, "exr")),
    ]
    asked += [row for questions in _BY_TASK[model.task] for row in questions(model)]
    return (*asked, ("Not together", _not_together(limits)), ("Price", _price(spec, model, prices)))


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
    longest, doubtful = model.limits.max_source_seconds, model.limits.warn_source_seconds
    said = "not published" if longest is None else f"{longest:g} s"
    return said + (f"; may be refused above {doubtful:g} s" if doubtful else "")


def _bytes(model: Model) -> str:
    upload, inline = model.limits.max_file_bytes, model.limits.max_inline_bytes
    if upload and upload == inline:
        return size_in_bytes(upload)
    said = [f"{size_in_bytes(upload)} uploaded"] if upload else []
    said += [f"{size_in_bytes(inline)} by URL or in the request"] if inline else []
    return ", ".join(said) or "not published"


def _conditioning(model: Model) -> list[tuple[str, str]]:
    strength = model.parameter("strength")
    controls = [name for name in CONTROLS if switched_on(model, name)]
    return [
        ("Auto", _yes(model, "auto_controls")),
        ("Strength", f"{strength.choices[0]} to {strength.choices[-1]}" if strength else NO),
        ("Controls", ", ".join(controls) or NO),
    ]


def _guide(model: Model) -> list[tuple[str, str]]:
    return [("Guide frame", _ways(model, "start_frame")), ("Keyframes", _keyframes(model))]


def _frames(model: Model) -> list[tuple[str, str]]:
    return [
        ("First frame", _ways(model, "start_frame")),
        ("Last frame", _ways(model, "end_frame")),
        ("Keyframes", _keyframes(model)),
    ]


def _keyframes(model: Model) -> str:
    if not model.knows("keyframes"):
        return NO
    return f"up to {model.limits.max_keyframes}: {_ways(model, 'keyframes')}"


def _shape(model: Model) -> list[tuple[str, str]]:
    return [("Aspect ratios", _one_of(model, "aspect_ratio", model.limits.aspect_ratios))]


def _length(model: Model) -> list[tuple[str, str]]:
    return [
        ("Durations", _one_of(model, "duration", model.limits.durations)),
        ("Loop", _yes(model, "loop")),
    ]


def _concepts(model: Model) -> list[tuple[str, str]]:
    row = model.parameter("concepts")
    return [("Camera moves", f"{len(row.choices)} by name" if row else NO)]


def _place(model: Model) -> list[tuple[str, str]]:
    is_free = all(map(model.knows, POSITION))
    return [("Place on the canvas", "yes" if is_free else "centred by the model")]


_BY_TASK: dict[str, tuple[Callable[[Model], list[tuple[str, str]]], ...]] = {
    Task.EDIT: (_conditioning, _guide),
    Task.GENERATE: (_length, _shape, _frames, _concepts),
    Task.REFRAME: (_shape, _place),
    Task.MODIFY: (_conditioning, _guide),
}


def _not_together(limits: Together) -> str:
    """Say what excludes and what needs what: "Auto with the controls; EXR needs HDR"."""
    by_first: dict[str, list[str]] = {}
    for one, other in limits.excludes:
        by_first.setdefault(one, []).append(other)
    said = [f"{one} with {_or(others)}" for one, others in by_first.items()]
    said += [f"{one} without {other}" for one, other in limits.needs]
    words = "; ".join(said)
    return words[:1].upper() + words[1:] or "nothing excludes another"


def _or(words: list[str]) -> str:
    *firsts, last = words
    return f"{', '.join(firsts)} or {last}" if firsts else last


def basis_of(table: PriceTable) -> str:
    """Say what an amount of the table is for."""
    if table.counted is Counted.BLOCKS:
        tiers = dict.fromkeys(tier for _range, _size, tier, _usd in table.rows())
        return f"each started {' or '.join(map(tier_in_words, tiers))} of the source"
    return str(table.counted)


def _price(spec: Spec, model: Model, prices: Mapping[str, PriceTable]) -> str:
    table = prices.get(model.task)
    if table is not None:
        amounts = [amount for _range, _size, _tier, amount in table.rows()]
        return f"{show_usd(min(amounts))} to {show_usd(max(amounts))} for {basis_of(table)}"
    if model.is_priced_by_asking:
        return f"not published: {spec.name} is asked" + (f", in {spec.unit}" if spec.unit else "")
    return "not published"
