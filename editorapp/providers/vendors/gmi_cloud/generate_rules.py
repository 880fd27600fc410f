"""The rules of generating and extending at GMI Cloud; see rules.py for the table they belong to."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules import conditions as ask
from editorapp.providers.rules.shared_fixes import FIVE_SECONDS, LEFT_OUT, named, to
from editorapp.providers.spec import Hit, Limits, Rule
from editorapp.providers.vendors.gmi_cloud.parameters import GENERATE
from editorapp.providers.vendors.gmi_cloud.shared_rules import (
    INVALID,
    adopt,
    chained_frames,
    image_frames,
)

Wanted: TypeAlias = GenerationRequest
Facts: TypeAlias = MediaFacts | None
Words: TypeAlias = Mapping[str, Any]


NO_LOOP, NO_HDR = LEFT_OUT["loop"][1], LEFT_OUT["hdr"][1]
WITHOUT = {name: LEFT_OUT[name][1] for name in ("start_frame", "end_frame")}
THINGS = {name: LEFT_OUT[name][0] for name in ("start_frame", "end_frame")}


def _long_with_pictures(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    if wanted.duration != "10s":
        return []
    return [
        Hit(name, thing=THINGS[name], mends=(FIVE_SECONDS, WITHOUT[name]))
        for name in image_frames(wanted)
    ]


def _extend_with(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    """Hit what going on from an earlier result excludes: a second one, 10 s, HDR and EXR."""
    chained = chained_frames(wanted)
    if not chained:
        return []
    hits = []
    if len(chained) > 1:
        says = "Extending goes one way: name one earlier result, first or last."
        hits.append(
            Hit("end_frame", says=says, mends=(WITHOUT["end_frame"], WITHOUT["start_frame"]))
        )
    if wanted.duration == "10s":
        hits.append(Hit("duration", says="Extending adds 5 s at a time.", mends=(FIVE_SECONDS,)))
    for name, word in (("hdr", "HDR"), ("exr", "EXR")):
        if getattr(wanted, name) is True:
            off = to("Turn HDR and EXR off", hdr=False, exr=False)
            hits.append(Hit(name, says=f"Extending a clip works without {word}.", mends=(off,)))
    return hits


def _second_anchor(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    pictures = image_frames(wanted)
    return [
        Hit(name, thing=THINGS[name], mends=(WITHOUT[name],))
        for name in pictures
        if chained_frames(wanted)
    ]


def _upstream(wanted: Wanted, source: Facts, limits: Limits) -> list[Hit]:
    """Hit what Luma refuses and GMI's readable pages leave open."""
    hits = []
    if wanted.duration == "10s" and wanted.hdr is True:
        hits.append(Hit("hdr", says="HDR comes for 5 s only.", mends=(FIVE_SECONDS, NO_HDR)))
    if wanted.duration == "10s" and wanted.loop is True:
        hits.append(Hit("loop", says="A loop comes for 5 s only.", mends=(FIVE_SECONDS, NO_LOOP)))
    if wanted.hdr is True and wanted.loop is True:
        hits.append(Hit("loop", says="HDR and loop exclude each other.", mends=(NO_LOOP, NO_HDR)))
    if wanted.loop is True and wanted.end_frame is not None and not ask.is_extend(wanted):
        hits.append(
            Hit(
                "end_frame", says="A loop has no last frame.", mends=(NO_LOOP, WITHOUT["end_frame"])
            )
        )
    return hits


GENERATE_RULES = (
    adopt(
        "E2",
        id="GG1",
        tasks=GENERATE,
        source="3.4 stated PG",
        detail="prompt must have 1 to {limits.prompt_max} characters",
    ),
    adopt("E2.blank", id="GG1.blank", tasks=GENERATE, source="ours: nothing can be made of it"),
    Rule(
        id="GG2",
        field="duration",
        tasks=GENERATE,
        broken=_long_with_pictures,
        source="3.4 stated PG",
        summary="10 s excludes a first and a last picture.",
        message="10 s cannot be combined with {thing}.",
        detail=f"{INVALID}: duration 10s cannot be combined with {{path}}",
        mends=named,
    ),
    Rule(
        id="GG3",
        field="end_frame",
        tasks=GENERATE,
        broken=_extend_with,
        source="3.4 stated PG",
        summary="An extension goes on from exactly one earlier result, by 5 s, without HDR and EXR.",
        message="{says}",
        detail=f"{INVALID}: not supported when extending: {{path}}",
        mends=named,
    ),
    Rule(
        id="GG3.picture",
        field="end_frame",
        tasks=GENERATE,
        broken=_second_anchor,
        source="ours: upstream, luma-agents X3",
        summary="An extension has no picture at its other end.",
        message="Extending a clip cannot be combined with {thing}.",
        mends=named,
    ),
    adopt(
        "X5",
        id="GG4",
        tasks=GENERATE,
        source="3.4 stated PG",
        detail="loop is only valid when extending forward",
    ),
    adopt(
        "E14",
        id="GG5",
        tasks=GENERATE,
        source="3.4 stated PG",
        detail="hdr is not supported at {wanted.resolution}",
    ),
    adopt(
        "G6", id="GG5.exr", tasks=GENERATE, source="3.4 stated PG", detail="exr_export requires hdr"
    ),
    Rule(
        id="GG6",
        field="loop",
        tasks=GENERATE,
        broken=_upstream,
        source="ours: upstream, luma-agents G4, G5, G7",
        summary="Luma refuses 10 s with HDR or a loop, a loop with HDR, and a loop with a last frame.",
        message="{says}",
        mends=named,
    ),
    adopt(
        "G2",
        id="GG7.ratio",
        tasks=GENERATE,
        source="3.4 enum PG",
        detail="aspect_ratio must be one of {choices}",
    ),
    adopt(
        "E13",
        id="GG7.resolution",
        tasks=GENERATE,
        source="3.4 enum PG",
        summary="The resolution is 540p, 720p or 1080p.",
        detail="resolution must be one of {choices}",
    ),
    adopt(
        "G3",
        id="GG7.duration",
        tasks=GENERATE,
        source="3.4 enum PG",
        detail="duration must be one of {choices}",
    ),
)
