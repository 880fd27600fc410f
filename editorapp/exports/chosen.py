"""Chosen takes: what is handed on, with the names that its files go by."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from editorapp.exports.notes import TakeNote
from editorapp.generations.models import Generation
from editorapp.media.models import Asset

MOST_TAKES = 200


@dataclass(frozen=True)
class ChosenTake:
    """A take that is handed on.

    `stem`: what its files are called, without an ending; no two of those chosen together share one.
    `differs`: what is its own among them, in words; "" for nothing. `how`: strength and model, in
    words. `sees_price`: may who asks see
    what it cost?
    """

    take: Generation
    stem: str
    differs: str = ""
    how: str = ""
    sees_price: bool = False
    notes: Sequence[TakeNote] = field(default_factory=tuple)

    @property
    def video(self) -> Asset | None:
        """Its result, where that is a clip that can be laid on a timeline."""
        result = self.take.result
        return result if result is not None and result.is_video else None
