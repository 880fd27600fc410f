"""What `manage.py edit` says of several takes at once."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from editorapp.core.money import ZERO, show_range
from editorapp.costs.estimate import Estimate
from editorapp.generations.models import Generation


def named(made: Sequence[Generation]) -> str:
    """Name takes: "Take 3", "Takes 3 to 8"."""
    return f"Take {made[0].pk}" if len(made) == 1 else f"Takes {made[0].pk} to {made[-1].pk}"


def total(prices: Sequence[tuple[Estimate | None, int]]) -> dict[str, Decimal | None]:
    """Add up what takes cost, each price so often as it is paid; None where one of them is not
    known.
    """
    known = [(price, count) for price, count in prices if price is not None]
    if len(known) < len(prices):
        return {"total_low_usd": None, "total_high_usd": None}
    return {
        "total_low_usd": sum((price.low_usd * count for price, count in known), ZERO),
        "total_high_usd": sum((price.high_usd * count for price, count in known), ZERO),
    }


def held(made: Sequence[Generation]) -> dict[str, Any]:
    """Return what is held for takes that are queued, as `total` does."""
    return {
        "total_low_usd": sum((one.estimate_low_usd for one in made), ZERO),
        "total_high_usd": sum((one.estimate_high_usd for one in made), ZERO),
    }


def total_in_words(count: int, said: dict[str, Any]) -> str:
    """Write "3 takes, $3.24."."""
    low, high = said["total_low_usd"], said["total_high_usd"]
    if low is None or high is None:
        return f"{count} takes; their price is asked before anything is sent, which is free."
    return f"{count} takes, {show_range(low, high)}."


def progress(made: Sequence[Generation]) -> str:
    """Say how far they are: "Processing", "2 done, 1 processing"."""
    if len(made) == 1:
        return str(made[0].get_state_display())
    counted = Counter(str(one.get_state_display()).lower() for one in made)
    return ", ".join(f"{count} {state}" for state, count in counted.items())
