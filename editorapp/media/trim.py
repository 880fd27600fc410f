"""Trim: a clip cut to a range of its frames, or converted; a new asset, the old one untouched."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

from editorapp.media import clip_jobs, source_sound, store
from editorapp.media.display_names import part_name
from editorapp.media.facts import JsonObject
from editorapp.media.frame_times import length_of
from editorapp.media.intake import take_in
from editorapp.media.models import Asset
from editorapp.media.probe import NO_LIMIT
from editorapp.media.refusals import Refusal
from editorapp.media.sandbox import SandboxLimits
from editorapp.teams.models import User

# Below the queue's own limit of 600 s: what is made is still to be measured and stored.
_LIMITS = SandboxLimits(wall_seconds=420, cpu_seconds=900, file_bytes=2_000_000_000)
Tell = Callable[[int], None]  # hears about each second how many hundredths are written


@dataclass(frozen=True)
class Conversion:
    """What of a clip is to be other than it is.

    `fps`: None for its own; `size`: width and height as displayed, even; `max_bytes`: 0 for as many
    as it takes.
    """

    fps: Fraction | None = None
    size: tuple[int, int] | None = None
    max_bytes: int = 0

    @property
    def text(self) -> str:
        """It in one line, as `read` reads it; "" for a part that is as it is."""
        size = "x".join(map(str, self.size or ()))
        said = {"fps": self.fps or "", "size": size, "max_bytes": self.max_bytes or ""}
        return urlencode({name: value for name, value in said.items() if value})

    @classmethod
    def read(cls, text: str) -> "Conversion":
        said = dict(parse_qsl(text))
        width, _x, height = said.get("size", "").partition("x")
        return cls(
            fps=Fraction(said["fps"]) if "fps" in said else None,
            size=(int(width), int(height)) if width else None,
            max_bytes=int(said.get("max_bytes", 0)),
        )

    def place_of(self, asset: Asset, index: int, first_frame: int) -> int:
        """Return where a frame of a clip is in a copy that begins with `first_frame`, by its time.

        Raises: Refusal.
        """
        if self.fps is None or index == first_frame:
            return index - first_frame
        seconds = length_of(asset, first_frame, index - 1)
        return int(seconds * self.fps + Fraction(1, 2))


AS_IT_IS = Conversion()


def trim(
    asset: Asset,
    first_frame: int,
    last_frame: int,
    *,
    user: User | None,
    conversion: Conversion = AS_IT_IS,
    sound_of: Asset | None = None,
    tell: Tell | None = None,
) -> Asset:
    """Return a clip of the frames `first_frame` to `last_frame`, both included, with their sound.

    Exact to the frame, so it is coded anew (H.264 at high quality; HDR stays HDR as 10-bit HEVC): a
    cut without coding anew could begin only at a keyframe. Rate, timing and displayed size stay,
    where the conversion says nothing else. A whole clip whose packets an MP4 takes keeps them.
    `sound_of`: the source that is heard with the clip, which has no sound itself. Raises: Refusal.
    """
    if not asset.is_video or not 0 <= first_frame <= last_frame < asset.frame_count:
        wrong = last_frame if 0 <= first_frame <= last_frame else first_frame
        raise Refusal("no_such_frame", index=wrong, last=asset.frame_count - 1)
    with store.workspace() as folder:
        asked = {"first": first_frame, "last": last_frame, **_told(conversion)}
        made = folder / "trimmed.mp4"
        if tell is not None:
            asked |= _progress(folder / "progress", tell)
        clip_jobs.run("trim", asset, made, limits=_LIMITS, fps=asset.fps, **asked)
        if sound_of is not None:
            most = conversion.max_bytes
            made = source_sound.add_to_cut(
                made, asset, sound_of, first_frame=first_frame, max_bytes=most
            )
        cut = take_in(
            made,
            name=part_name(asset.name, first_frame, last_frame, of=asset.last_frame),
            team=asset.team,
            user=user,
            expect="video",
            is_simulated=asset.is_simulated,
            max_bytes=NO_LIMIT,
            max_seconds=NO_LIMIT,
        )
        return _note_origin(cut, asset)


def _note_origin(cut: Asset, asset: Asset) -> Asset:
    """Note what a clip was cut from, the first time that it is cut."""
    if cut.cut_from_id is None and cut.pk != asset.pk:
        Asset.objects.filter(pk=cut.pk, cut_from=None).update(cut_from=asset)
        cut.cut_from = asset
    return cut


def _told(conversion: Conversion) -> JsonObject:
    """Return a conversion as the job reads it."""
    return {
        "rate": str(conversion.fps or ""),
        "size": conversion.size,
        "max_bytes": conversion.max_bytes,
    }


def _progress(file: Path, tell: Tell) -> JsonObject:
    """Return what has a job write into a file how far it is, and that told while it runs."""
    said = 0

    def meanwhile() -> None:
        nonlocal said
        with suppress(OSError, ValueError):  # not begun, or being written at this moment
            said = int(file.read_text())
        tell(said)

    return {"progress": file, "meanwhile": meanwhile}
