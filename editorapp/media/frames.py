"""Stills: single frames of a clip; the exact still at an index, and a still pinned as a guide frame."""

from pathlib import Path

from editorapp.media import clip_jobs, still_store, store
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.refusals import Refusal
from editorapp.media.sandbox import SandboxLimits
from editorapp.teams.models import User

_LIMITS = SandboxLimits(wall_seconds=60, cpu_seconds=90)
FORMATS = ("png", "jpeg", "webp")


def still(
    asset: Asset,
    frame_index: int,
    *,
    format: str = "png",
    max_height: int | None = None,
) -> bytes:
    """Return frame `frame_index` of a clip as a picture file, upright, in sRGB (HDR is brought into
    range).

    Frames count from 0 on the clip's own grid. Raises: Refusal, e.g. "no_such_frame".
    """
    return _known(asset, frame_index, format=format, max_height=max_height)


def pin(asset: Asset, frame_index: int, *, user: User | None) -> Asset:
    """Keep a frame of a clip as a picture of the same team: a guide frame to start from.

    Raises: Refusal.
    """
    picture = _known(asset, frame_index, format="png", max_height=None)
    return keep(asset, picture, f"frame {frame_index}", user=user)


def keep(asset: Asset, picture: bytes, what: str, *, user: User | None) -> Asset:
    """Keep a picture that was made of a clip: of the same team, and known as cut from it.

    Units: `picture` is a PNG. Raises: Refusal.
    """
    with store.workspace() as folder, store.telling_full_disk():
        file = folder / "still.png"
        file.write_bytes(picture)
        stem = asset.name.rpartition(".")[0] or asset.name
        pinned = take_in(
            file,
            name=f"{stem} {what}.png",
            team=asset.team,
            user=user,
            origin=Asset.Origin.FRAME,
            is_simulated=asset.is_simulated,
            expect="image",
        )
    # So that a picture of a take is known as one when it leaves.
    if pinned.cut_from_id is None and pinned.pk != asset.pk:
        Asset.objects.filter(pk=pinned.pk, cut_from=None).update(cut_from=asset)
        pinned.cut_from = asset
    return pinned


def _known(asset: Asset, index: int, *, format: str, max_height: int | None) -> bytes:
    """Return a still as it was kept; one that nobody asked for yet is decoded."""
    if not asset.is_video or not 0 <= index < asset.frame_count:
        raise Refusal("no_such_frame", index=index, last=asset.frame_count - 1)
    name = still_store.name(asset.sha256, index, format=format, max_height=max_height)
    if (kept := still_store.find(name)) is not None:
        return kept
    with store.workspace() as folder:
        picture = _write(asset, index, folder, format=format, max_height=max_height).read_bytes()
    still_store.keep(picture, name, store.incoming())
    return picture


def _write(
    asset: Asset,
    index: int,
    folder: Path,
    *,
    format: str,
    max_height: int | None,
) -> Path:
    made, shape = folder / f"still.{format}", {"format": format, "max_height": max_height or 0}
    return clip_jobs.run("still", asset, made, limits=_LIMITS, index=index, **shape)
