"""Shared fixes: what the buttons beside the broken rules of several providers change."""

from typing import Any

from editorapp.providers.spec import Case, Fix, Fixes, Words


def to(label: str, **changes: Any) -> Fix:
    return Fix(label, changes)


FIVE_SECONDS = to("Make it 5 s", duration="5s")
USE_720P = to("Use 720p", resolution="720p")
HDR_ON, HDR_OFF = to("Turn HDR on", hdr=True), to("Turn HDR off", hdr=False)
EXR_OFF = to("Turn EXR off", exr=False)
HDR_AND_EXR_OFF = to("Turn HDR and EXR off", hdr=False, exr=False)
LOOP_OFF = to("Turn loop off", loop=False)
NO_FIRST_FRAME = to("Leave the first frame out", start_frame="")
NO_LAST_FRAME = to("Leave the last frame out", end_frame="")
NO_GUIDES = to("Use no guides", guides="none")
SINGLE_GUIDE = to("Keep the single guide frame", guides="single")
MANUAL = to("Choose Manual", conditioning="manual")


def trim_to_longest(case: Case, words: Words) -> Fixes:
    """Keep as much of the source's start as is taken; of one that is too large, too, with as many
    bytes as are.
    """
    longest, bounds = f"{words['longest']:g}", {}
    most = case.limits.max_file_bytes
    if most is not None and case.source is not None and case.source.size_bytes > most:
        bounds = {"copy_bytes": str(most)}
    return (to(f"Trim to the first {longest} s", trim_to_seconds=longest, **bounds),)


def leave_out(case: Case, words: Words) -> Fixes:
    """Take back the one thing that was hit."""
    return (to("Leave it out", **{words["option"]: ""}),)


def drop_keyframe(case: Case, words: Words) -> Fixes:
    at = words["at"]
    return (to(f"Drop keyframe {at + 1}", drop_keyframes=[at]),)


def move_or_drop_keyframe(case: Case, words: Words) -> Fixes:
    """Move a keyframe that lies after the last frame onto it, where none is there, or drop it."""
    last, moved = words["last"], list(case.wanted.keyframe_indexes or ())
    drop = drop_keyframe(case, words)
    if last in moved:
        return drop
    moved[words["at"]] = last
    return (to(f"Move it to the last frame ({last})", keyframe_index=moved), *drop)
