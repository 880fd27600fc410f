"""Ways out, and the questions behind them, that the rule tables of several providers share."""

from collections.abc import Mapping
from typing import Any

from editorapp.media.facts import MediaFacts
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.rules.conditions import HitList, is_said
from editorapp.providers.spec import Fix, Hit, Limits


def to(label: str, **changes: Any) -> Fix:
    return Fix(label, changes)


FIVE_SECONDS = to("Make it 5 s", duration="5s")
# What may have to go, its words, and how.
LEFT_OUT = {
    "start_frame": ("a first frame", to("Leave the first frame out", start_frame="")),
    "end_frame": ("a last frame", to("Leave the last frame out", end_frame="")),
    "loop": ("loop", to("Turn loop off", loop=False)),
    "hdr": ("HDR", to("Turn HDR off", hdr=False)),
}


def named(
    wanted: GenerationRequest, source: MediaFacts | None, limits: Limits, words: Mapping[str, Any]
) -> tuple[Fix, ...]:
    """Return the ways out that a hit brought along."""
    mends: tuple[Fix, ...] = words["mends"]
    return mends


def ten_seconds_with(*fields: str) -> HitList:
    """Hit each of these fields that a generation of 10 s cannot have."""

    def condition(
        wanted: GenerationRequest, source: MediaFacts | None, limits: Limits
    ) -> list[Hit]:
        if wanted.duration != "10s":
            return []
        found = ((name, *LEFT_OUT[name]) for name in fields if is_said(getattr(wanted, name)))
        return [Hit(name, thing=thing, mends=(FIVE_SECONDS, off)) for name, thing, off in found]

    return condition
