"""Canvas: reframing as a picture: the source as a rectangle on a canvas of the new shape, in fractions of
that canvas.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from urllib.parse import urlencode

from editorapp.core.request_values import as_decimal
from editorapp.media.models import Asset
from editorapp.providers.contract import POSITION as FIELDS
from editorapp.providers.spec import Model
from editorapp.web.studio.draft_form import DraftForm

LONG_SIDE = 1000.0  # units of the drawing
MOST = 2.0  # of a size, in fractions of the canvas
ROOM = 0.12  # shown around the canvas, so that a source that reaches out of it can be grasped


@dataclass(frozen=True)
class Placement:
    """Where something lies, from the top left corner: the source in fractions of the canvas, or a
    part of the drawing in its own units.
    """

    x: float
    y: float
    w: float
    h: float

    @property
    def inside(self) -> float:
        """The part of the canvas that shows the source, 0..1."""
        return _on_canvas(self.x, self.w) * _on_canvas(self.y, self.h)

    @property
    def drawn_new(self) -> float:
        """The part of the canvas that the model draws, 0..1."""
        return 1 - self.inside

    @property
    def cut_off(self) -> float:
        """The part of the source that lies outside of the canvas, 0..1."""
        return 1 - self.inside / (self.w * self.h)


@dataclass(frozen=True)
class Field:
    """One of the four numbers.

    `shown` stands in an empty input: what the centred fit puts there.
    """

    name: str
    label: str
    value: str
    shown: str
    low: float


@dataclass(frozen=True)
class Snap:
    """A button that puts the source somewhere: its name for the script, and its changes for the way
    without one.
    """

    name: str
    label: str
    value: str


def fitted(shape: float, *, covering: bool = False) -> Placement:
    """Return the centred fit of a source: all of it on the canvas, or, covering, no empty canvas.

    `shape` is the source's aspect ratio over the canvas's.
    """
    is_wide = shape >= 1
    w, h = (1.0, 1 / shape) if is_wide != covering else (shape, 1.0)
    return Placement((1 - w) / 2, (1 - h) / 2, w, h)


def said(form: DraftForm) -> Placement | None:
    """Return the placement that the form says in numbers that can be drawn."""
    typed = [as_decimal(getattr(form, name)) for name in FIELDS]
    if None in typed:
        return None
    place = Placement(*(float(one or 0) for one in typed))
    is_near = max(abs(place.x), abs(place.y), place.w, place.h) <= MOST
    return place if is_near and min(place.w, place.h) > 0 else None


def _on_canvas(start: float, size: float) -> float:
    """Return how much of a side of the source lies on the canvas."""
    return max(0.0, min(1.0, start + size) - max(0.0, start))


@dataclass(frozen=True)
class Board:
    """What the page draws of a reframe. Until a shape is chosen, it is drawn as 16:9."""

    form: DraftForm
    model: Model
    asset: Asset | None

    @property
    def can_place(self) -> bool:
        return self.model.knows("x_norm")

    @property
    def ratio(self) -> str:
        """The chosen shape; "" where none is."""
        chosen = self.form.aspect_ratio
        return chosen if chosen in self.model.limits.aspect_ratios else ""

    @cached_property
    def _across(self) -> float:
        """The canvas's width over its height."""
        across, _, down = (self.ratio or "16:9").partition(":")
        return int(across) / int(down)

    @property
    def width(self) -> float:
        return LONG_SIDE * min(1.0, self._across)

    @property
    def height(self) -> float:
        return LONG_SIDE / max(1.0, self._across)

    @cached_property
    def _shape(self) -> float | None:
        """The source's aspect ratio over the canvas's; None where nothing is known of the clip's."""
        asset = self.asset
        if asset is None or not asset.width or not asset.height:
            return None
        return asset.width / asset.height / self._across

    @cached_property
    def _typed(self) -> Placement | None:
        return said(self.form) if self.can_place else None

    @cached_property
    def _fit(self) -> Placement | None:
        return fitted(self._shape) if self._shape else None

    @property
    def placed(self) -> Placement | None:
        return self._typed or self._fit

    @property
    def is_fit(self) -> bool:
        return self._typed is None

    @property
    def is_stretched(self) -> bool:
        typed, shape = self._typed, self._shape
        return bool(typed and shape and abs(typed.w / typed.h / shape - 1) > 0.01)

    @property
    def source(self) -> Placement | None:
        """The source as drawn; None where nothing is known of its shape and nothing is said."""
        at, width, height = self.placed, self.width, self.height
        return at and Placement(at.x * width, at.y * height, at.w * width, at.h * height)

    @property
    def view(self) -> Placement:
        """What the drawing shows: the canvas with some room, and all of the source."""
        room = ROOM * max(self.width, self.height)
        left, top, right, bottom = -room, -room, self.width + room, self.height + room
        if source := self.source:
            left, top = min(left, source.x - room / 3), min(top, source.y - room / 3)
            right = max(right, source.x + source.w + room / 3)
            bottom = max(bottom, source.y + source.h + room / 3)
        return Placement(left, top, right - left, bottom - top)

    @property
    def fields(self) -> list[Field]:
        return [self._field(name) for name in FIELDS] if self.can_place else []

    def _field(self, name: str) -> Field:
        row, fit = self.model.parameter(name), self._fit
        assert row is not None, f"{self.model.label} has no {name}"
        shown = _text(getattr(fit, name[0])) if fit else ""
        return Field(name, row.label, getattr(self.form, name), shown, row.low or 0)

    @property
    def snaps(self) -> list[Snap]:
        """The places that one click reaches: sizes first, then edges at the present size."""
        now, shape = self.placed, self._shape
        if not self.can_place or not shape or not now:
            return []
        fill = fitted(shape, covering=True)
        places = {
            "fit": ("Centred fit", None),
            "fill": ("Fill", fill if max(fill.w, fill.h) <= MOST else None),
            "left": ("Left", replace(now, x=0)),
            "centre": ("Centre", replace(now, x=(1 - now.w) / 2, y=(1 - now.h) / 2)),
            "right": ("Right", replace(now, x=1 - now.w)),
            "top": ("Top", replace(now, y=0)),
            "bottom": ("Bottom", replace(now, y=1 - now.h)),
        }
        return [
            Snap(name, label, _changes(place))
            for name, (label, place) in places.items()
            if place is not None or name == "fit"
        ]


def _changes(place: Placement | None) -> str:
    """Return a button's value: the four fields as a fix writes them; empty for the centred fit."""
    return urlencode({name: _text(getattr(place, name[0])) if place else "" for name in FIELDS})


def _text(value: float) -> str:
    return f"{round(value, 4):.4f}".rstrip("0").rstrip(".") if round(value, 4) else "0"
