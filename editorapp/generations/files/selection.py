"""Result selection: which of the links that a provider names become the take, and which are only
told of.

The rule, in this order:

1. What the request itself named (its source, its frames) is never a result.
2. Clips come before links of which nobody says what they hold, both in the provider's order,
documented ones first.
   What is called a preview, a poster or the like is a candidate only where nothing else is named.
3. The first candidate whose bytes are a video of about the expected length is the result. The next
is tried where
   the bytes are something else, or cannot be used; a link that only does not answer now is waited
   for a while.
4. EXR frames are fetched where they were asked for: what is called so, else whatever nobody says
the kind of.
5. All else is noted on the take, and not fetched.
"""

from typing import Any

from editorapp.generations.models import Attempt
from editorapp.providers import output_kinds
from editorapp.providers.output_kinds import EXR, UNKNOWN, VIDEO

MOST_NOTED = 10

Named = dict[str, Any]  # as an attempt's row keeps it: {"kind", "url", "label"}
Noted = dict[str, str]  # as a take's row keeps it: {"kind", "label", "name"}


def select(attempt: Attempt) -> tuple[list[Named], list[Named]]:
    """Sort the links of a finished job by the rule above.

    Return what to try for the clip and what for the frames, in order.
    """
    sent = output_kinds.Sent(attempt.request_body, attempt.generation.request)
    named = [
        one for one in attempt.result_urls or [] if one.get("url") and not sent.names(one["url"])
    ]
    beside = [one for one in named if output_kinds.is_aside(one.get("label", ""), one["url"])]
    plain = [one for one in named if one not in beside]
    videos = _of(plain, VIDEO) + _of(plain, UNKNOWN)
    frames: list[Named] = []
    if attempt.generation.wanted.exr:
        frames = _of(named, EXR) or _of(plain, UNKNOWN) + _of(plain, VIDEO)[1:]
    return videos or _of(beside, VIDEO) + _of(beside, UNKNOWN), frames


def _of(named: list[Named], kind: str) -> list[Named]:
    return [one for one in named if one["kind"] == kind]


def note_extras(attempt: Attempt, used: list[Named]) -> None:
    """Keep on the take what else the provider named: kinds and names, no links, which are secrets."""
    extras = list(map(_noted, _others(attempt, used)))
    if extras != attempt.generation.extras:
        attempt.generation.extras = extras
        attempt.shown_on().update(extras=extras)


def _others(attempt: Attempt, used: list[Named]) -> list[Named]:
    others = [one for one in attempt.result_urls or [] if one not in used]
    return others[:MOST_NOTED]


def _noted(one: Named) -> Noted:
    return {
        "kind": one["kind"],
        "label": output_kinds.plain(one.get("label", "")),
        "name": output_kinds.plain(output_kinds.file_name(one.get("url", ""))),
    }
