"""Figures: amounts of money on pages, each with the lines that add up to it, or with what it is
computed from.
"""

from dataclasses import dataclass
from decimal import Decimal

from editorapp.web.presenters.line_selection import LineSelection


@dataclass(frozen=True)
class Figure:
    """An amount that is the sum of these lines."""

    amount_usd: Decimal
    selection: LineSelection


@dataclass(frozen=True)
class LineCount:
    """How many lines these are."""

    count: int
    selection: LineSelection


@dataclass(frozen=True)
class Computed:
    """An amount that has no lines, or none that its reader may see.

    `basis` says what it is computed from.
    """

    amount_usd: Decimal
    basis: str
    url: str = ""  # where more of it is said
