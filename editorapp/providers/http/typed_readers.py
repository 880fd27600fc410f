"""Typed readers: what an adapter takes out of an answer, whatever type stands there.

None of them raises.

An answer is clean by then (core/sanitizing.py), but nothing says that a list is a list.
"""

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from editorapp.core.money import NotAnAmount, amount_from_outside
from editorapp.core.sanitizing import Altered

LONGEST_ID = 120  # what the rows hold of a job's id
LONGEST_LINK = 8_000
Answer = Mapping[str, Any]  # an object of a provider's JSON
_WEB = re.compile(r"https?://\S+")
MOST_UNITS = Decimal(1_000_000_000)


def mapping(value: Any) -> Answer:
    """Return an object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def items(value: Any) -> list[Any]:
    """Return a list; an empty one for anything else."""
    return value if isinstance(value, list) else []


def identifier(value: Any) -> str:
    """Return an id that can be kept and asked about, exactly as it came; "" for anything else.

    So for one that is far too long, that had to be altered to be kept, or that would be a step in a
    path.
    """
    if not isinstance(value, str) or isinstance(value, Altered):
        return ""
    return value if len(value) <= LONGEST_ID and _is_plain(value) else ""


def _is_plain(text: str) -> bool:
    has_odd = " " in text or "\ufffd" in text
    return text.isprintable() and not has_odd and text.strip(".") != ""


def link(value: Any) -> str:
    """Return an address as it was given; "" for what is no text, empty, or longer than any address."""
    return value if isinstance(value, str) and len(value) <= LONGEST_LINK else ""


def web_link(value: Any) -> str:
    """Return an address of the web without the space around it; "" for anything else."""
    said = link(value).strip()
    return said if _WEB.fullmatch(said) else ""


def line(value: Any, *, most: int = 400) -> str:
    """Return a text on one line, cut to `most` characters; "" for anything else."""
    return " ".join(value[: most * 4].split())[:most] if isinstance(value, str) else ""


def amount(value: Any, *, most: Decimal = MOST_UNITS) -> Decimal | None:
    """Return a number of something that is counted and never negative; None for anything else."""
    try:
        return amount_from_outside(value, most=most)
    except NotAnAmount:
        return None


def share(value: Any) -> float | None:
    """Return how far something is, 0..1; None for what is no number."""
    said = amount(value)
    return None if said is None else float(min(said, Decimal(1)))
