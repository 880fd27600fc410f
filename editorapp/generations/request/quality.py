"""Quality: at what size and range a take was made, whether that is a draft's, and at what it could be
made instead.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import GenerationRequest
from editorapp.providers.spec import Model

LEAST_LINES = 720  # what is smaller is a draft, whatever its source


@dataclass(frozen=True)
class Quality:
    """A size ("1080p"; "" where the model has one size) and a range of light."""

    resolution: str = ""
    hdr: bool = False
    exr: bool = False

    @classmethod
    def of(cls, wanted: GenerationRequest) -> "Quality":
        return cls(wanted.resolution or "", bool(wanted.hdr), bool(wanted.exr))

    @classmethod
    def read(cls, name: str) -> "Quality":
        """Read what `name` wrote: "1080p+hdr"; what is not understood is left out."""
        size, *more = name.split("+")
        return cls(size, "hdr" in more, "exr" in more)

    @property
    def name(self) -> str:
        flags = (word for word in ("hdr", "exr") if getattr(self, word))
        return "+".join((self.resolution, *flags))

    @property
    def range(self) -> str:
        return "HDR + EXR" if self.exr else "HDR" if self.hdr else "SDR"

    @property
    def label(self) -> str:
        """Write it for a button: "1080p", "1080p HDR + EXR"."""
        return f"{self.resolution} {self.range}".removesuffix(" SDR").strip() or "SDR"

    @property
    def lines(self) -> int:
        """The height that the size names, in pixels; 0 where it names none."""
        return lines_of(self.resolution)

    def differs_from(self, other: "Quality") -> str:
        """Say what changes against another: "360p → 1080p, SDR → HDR"."""
        pairs = [(other.resolution, self.resolution), (other.range, self.range)]
        return ", ".join(f"{before} → {after}" for before, after in pairs if before != after)

    def applied(self, wanted: GenerationRequest) -> GenerationRequest:
        """Return a request that asks for this quality."""
        return replace(
            wanted,
            resolution=self.resolution or None,
            hdr=self.hdr or None,
            exr=self.exr or None,
        )


def lines_of(resolution: str) -> int:
    """Return a size's height in pixels: 720 for "720p"; 0 for what names none."""
    digits = resolution.removesuffix("p")
    return int(digits) if digits.isdecimal() and digits.isascii() and len(digits) < 6 else 0


def model_of(take: Generation) -> Model | None:
    """Return the model that made a take, as its provider has it now; None where it is gone."""
    try:
        return registry.get(take.provider).SPEC.find(take.task, take.model)
    except registry.UnknownProvider:
        return None


def is_draft(take: Generation) -> bool:
    """Is a take smaller than it could be and than is wanted of a finished one: than 720 lines, or
    than its source? Reads `source_asset`.
    """
    model = model_of(take)
    if model is None:
        return False
    best = max(map(lines_of, model.limits.resolutions), default=0)
    wished = max(LEAST_LINES, _lines_of_source(take.source_asset))
    return 0 < Quality.of(take.wanted).lines < min(best, wished)


def _lines_of_source(source: Asset | None) -> int:
    return min(source.width or 0, source.height or 0) if source is not None else 0


def better_than(take: Generation) -> list[Quality]:
    """Return at what a take could be made that is more than it is: at its model's best size, as it
    is and in each richer range, and at its source's size. Whether the rules allow it is theirs to
    say. Reads `source_asset`.
    """
    model, now = model_of(take), Quality.of(take.wanted)
    if model is None:
        return []
    found = (
        Quality(size, hdr, exr)
        for hdr, exr in _ranges(model, now)
        for size in _sizes(model, now, _lines_of_source(take.source_asset), hdr=hdr)
    )
    return [one for one in dict.fromkeys(found) if one != now]


def _ranges(model: Model, now: Quality) -> Iterator[tuple[bool, bool]]:
    yield now.hdr, now.exr
    if _makes(model, "hdr") and not now.exr:
        yield True, False
        if _makes(model, "exr"):
            yield True, True


def _makes(model: Model, name: str) -> bool:
    row = model.parameter(name)
    return row is not None and not row.is_ignored


def _sizes(model: Model, now: Quality, source_lines: int, *, hdr: bool) -> Iterator[str]:
    """Yield the best size of a range, and for SDR the one that just holds all of the source."""
    known = model.limits.hdr_resolutions if hdr else model.limits.resolutions
    larger = [one for one in known if lines_of(one) >= now.lines]
    larger.sort(key=lines_of)
    if not larger:
        yield from () if known else ("",)
        return
    yield larger[-1]
    if not hdr:
        wished = max(LEAST_LINES, source_lines)
        yield next((one for one in larger if lines_of(one) >= wished), larger[-1])
