"""Source sound: a result with the sound of the clip that it was made from.

Results come without sound. The picture's packets stay as they are; what is made lies beside the
result like any other file that is made of it, so the result itself stays as it came.
"""

from pathlib import Path

from editorapp.media import layout, sandbox, store
from editorapp.media.models import Asset

_LIMITS = sandbox.SandboxLimits(wall_seconds=300, cpu_seconds=300, file_bytes=4_000_000_000)


def playable_part(result: Asset) -> str:
    """Return which file of a result is played: its original, or its copy for viewing."""
    return layout.PROXY if result.proxy == Asset.Proxy.READY else layout.ORIGINAL


def make(result: Asset, source: Asset, part: str) -> str:
    """Return what the store calls a file of a result with its source's sound; made now where it is
    not there.

    `part` is layout.ORIGINAL or layout.PROXY.

    Raises: Refusal; store.Gone, when one of the two is not kept any more.
    """
    what = layout.with_sound_of(source.sha256, part)
    if not store.exists(result.sha256, what):
        _make(result, source, part, what)
    return what


def add_to_cut(
    cut: Path,
    whole: Asset,
    source: Asset,
    *,
    first_frame: int,
    max_bytes: int = 0,
) -> Path:
    """Return a cut of a result with what is heard of its source there, as a file beside the cut.

    `first_frame`: where the cut begins in the whole result. Raises: Refusal; store.Gone.
    """
    made = cut.with_name("with-sound.mp4")
    with (
        store.telling_full_disk(),
        store.held(whole.sha256, layout.FRAMES) as (frames,),
        store.held(source.sha256, layout.ORIGINAL, layout.FRAMES) as (heard, source_frames),
    ):
        sandbox.run(
            "cut_with_sound",
            limits=_LIMITS,
            path=cut,
            whole_frames=frames,
            first=first_frame,
            source=heard,
            source_frames=source_frames,
            max_bytes=max_bytes,
            out=made,
        )
    return made


def _make(result: Asset, source: Asset, part: str, what: str) -> None:
    with (
        store.workspace() as folder,
        store.telling_full_disk(),
        store.held(result.sha256, part, layout.FRAMES) as (picture, frames),
        store.held(source.sha256, layout.ORIGINAL, layout.FRAMES) as (heard, source_frames),
    ):
        made = folder / "with-sound"
        sandbox.run(
            "with_sound",
            limits=_LIMITS,
            path=picture,
            frames=frames,
            source=heard,
            source_frames=source_frames,
            is_copy=part == layout.PROXY,
            out=made,
        )
        store.keep(made, result.sha256, what)
