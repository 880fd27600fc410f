"""The rules that all seven models on Scenario share, each made for a model's own family of numbers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import to
from editorapp.providers.spec import WARN, Fix, Hit, Limits, Rule
from editorapp.providers.vendors.luma_agents.rules import RULES as LUMA_RULES

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]
ASSET_ID = re.compile(r"asset_[A-Za-z0-9_-]{1,100}")
CONTAINERS = {"mp4": "video/mp4", "webm": "video/webm"}  # 2.6
_LUMA = {rule.id: rule for rule in LUMA_RULES}
_MISSING = {
    "prompt": "The prompt is empty: say what you want to see.",
    "source": "Choose a source: upload a clip, or take an earlier result.",
    "aspect_ratio": "Choose the new shape: 9:16, 3:4, 1:1, 4:3, 16:9 or 21:9.",
}


def from_luma(luma_id: str, new_id: str, task: Task, source: str, **changes: Any) -> Rule:
    """Return Luma's rule under a number of Scenario's.

    Every refusal here has status 400 (section 5).
    """
    changes = {"conflict": ""} | changes
    return replace(
        _LUMA[luma_id], id=new_id, tasks=frozenset({task}), source=source, status=400, **changes
    )


def required(rule_id: str, task: Task, fields: Iterable[str], source: str) -> Rule:
    names = tuple(fields)

    def missing(wanted: Wanted, facts: Facts, limits: Limits) -> list[Hit]:
        return [
            Hit(name, says=_MISSING[name]) for name in names if _is_empty(getattr(wanted, name))
        ]

    listed = ", ".join(name.replace("_", " ") for name in names)
    return Rule(
        id=rule_id,
        field=names[0],
        tasks=frozenset({task}),
        source=source,
        broken=missing,
        summary=f"Needed: {listed}.",
        message="{says}",
        detail="{path} is required",
    )


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def prompt_length(rule_id: str, task: Task) -> Rule:
    return Rule(
        id=rule_id,
        field="prompt",
        tasks=frozenset({task}),
        broken=_prompt_too_long,
        source="ours: SE13; no length is stated, upstream's is 6,000; the account's own is obeyed where it is less",
        summary="The prompt has at most 6,000 characters, or fewer where the account's model says so.",
        message="{says}",
        detail="prompt must be at most {limits.prompt_max} characters",
    )


def _prompt_too_long(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    prompt, longest = wanted.prompt, limits.prompt_max
    if prompt is not None and not isinstance(prompt, str):
        return [Hit(says="The prompt is a text.")]
    if prompt is None or len(prompt) <= longest:
        return []
    over = len(prompt) - longest
    return [
        Hit(
            says=f"The prompt has {len(prompt):,} characters, {over:,} more than the {longest:,} allowed."
        )
    ]


def assets_only(rule_id: str, task: Task, source: str) -> tuple[Rule, ...]:
    """Clips and pictures are single asset ids; a frame is a picture and never an earlier clip."""
    tasks = frozenset({task})
    one = from_luma(
        "E4",
        f"{rule_id}.one",
        task,
        source,
        summary="Each clip or picture comes one way: an uploaded file, or an earlier result.",
        message="{label}: give exactly one of an upload or an earlier result.",
        detail="{path} must be one asset id",
    )
    return (
        one,
        Rule(
            id=rule_id,
            field="source",
            tasks=tasks,
            source=source,
            each_ref=_no_asset,
            summary="Clips and pictures are asset ids: uploaded files or results of the account, no address, no data.",
            message="{label}: {name} takes uploaded files and results of this account only, {says}.",
            detail="{path} must be an asset id",
        ),
        Rule(
            id=f"{rule_id}.still",
            field="start_frame",
            tasks=tasks,
            source="ours: 3.3 to 3.8 take pictures here",
            each_ref=lambda path, ref, limits: path != "source" and ref.generation_id is not None,
            summary="A frame is a picture: there is no going on from an earlier result.",
            message="{label}: {name} cannot go on from an earlier result. Take the frame you want of it as a picture.",
            why="{name} cannot go on from an earlier result.",
            detail="{path} must be an image asset",
        ),
    )


def _no_asset(path: str, ref: Ref, limits: Limits) -> list[Hit]:
    if ref.url is not None or ref.data is not None:
        return [
            Hit(
                says="no address: upload it first"
                if ref.url is not None
                else "no inline data: upload it first"
            )
        ]
    ids = [one for one in (ref.file_id, ref.generation_id) if one is not None]
    if all(isinstance(one, str) and ASSET_ID.fullmatch(one) for one in ids):
        return []
    return [Hit(says="by an id that begins with asset_")]


def source_rules(prefix: str, task: Task) -> tuple[Rule, ...]:
    """A clip that Scenario can take in at all."""
    return (
        from_luma("E3.kind", f"{prefix}.kind", task, "ours: known from the file itself"),
        Rule(
            id=f"{prefix}.container",
            field="source",
            tasks=frozenset({task}),
            source="2.6 D",
            broken=_no_container,
            summary="An uploaded clip is an MP4 or a WebM file.",
            message="{name} takes MP4 and WebM files; this clip is {kind}. Make an MP4 copy of it: the picture and "
            "its frames stay the same.",
            detail="Unsupported content type: {kind}",
            mends=lambda wanted, source, limits, words: (to("Make an MP4 copy", mp4_copy=True),),
        ),
    )


def _no_container(wanted: Wanted, source: Facts, limits: Limits) -> bool | list[Hit]:
    # A result of the account itself is there already, whatever our own copy of it looks like.
    if (
        source is None
        or source.kind != "video"
        or wanted.source is None
        or wanted.source.asset_id is None
    ):
        return False
    return (
        []
        if source.container in CONTAINERS
        else [Hit(kind=source.container.upper() or "of another kind")]
    )


def length(rule_id: str, task: Task, source: str, *, words: str) -> tuple[Rule, ...]:
    """At most `limits.max_source_seconds` and `limits.max_file_bytes`, where there are any; said
    where unmeasured.
    """
    return (
        from_luma(
            "E8",
            rule_id,
            task,
            source,
            summary=words,
            message="{model} at {name} takes clips up to {longest:g} s. This one is {seconds} s: trim it.",
            detail="{path}: duration {seconds} s exceeds the maximum of {longest:g} s",
        ),
        Rule(
            id=f"{rule_id}.size",
            field="source",
            tasks=frozenset({task}),
            source=source,
            broken=_too_big,
            summary="The clip is no larger than the model takes.",
            message="{model} at {name} takes clips up to {largest}. This one has {size}: make a smaller copy, or "
            "trim it.",
            detail="{path}: size {size} exceeds the maximum of {largest}",
        ),
        from_luma("E8.unknown", f"{rule_id}.unknown", task, "ours: nothing was measured"),
    )


def upstream_length(rule_id: str, task: Task, source: str, summary: str) -> Rule:
    return Rule(
        id=rule_id,
        field="source",
        tasks=frozenset({task}),
        level=WARN,
        source=source,
        broken=ask.perhaps_too_long,
        summary=summary,
        message="Scenario names no limit here, but Luma behind it takes up to {longest:g} s, and this clip is "
        "{seconds} s: it may fail.",
        mends=lambda wanted, source, limits, words: (
            Fix(
                f"Trim to the first {words['longest']:g} s",
                {"trim_to_seconds": f"{words['longest']:g}"},
            ),
        ),
    )


def _too_big(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    largest = limits.max_file_bytes
    if largest is None or source is None or wanted.source is None or source.size_bytes <= largest:
        return []
    return [Hit(largest=f"{largest / 1e6:,.0f} MB", size=f"{source.size_bytes / 1e6:,.2f} MB")]
