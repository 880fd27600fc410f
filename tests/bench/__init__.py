"""Measurements that a claim rests on: `make bench`, or `python -m tests.bench <part>`.

Each part is a module here.

A part has `run() -> list[Figure]`; it runs in a process and a data folder of its own.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """One line of the report. `holds` is None where the figure is only told, not promised."""

    name: str
    value: str
    promise: str = ""
    holds: bool | None = None

    def __str__(self) -> str:
        mark = {True: "ok  ", False: "MISS", None: "    "}[self.holds]
        return f"  {mark} {self.name:<58} {self.value:>14}" + (
            f"   ({self.promise})" if self.promise else ""
        )


def promised(name: str, value: float, *, at_most: float, digits: int = 0, unit: str = "") -> Figure:
    """Return a figure that must not exceed a limit."""
    shown = f"{value:.{digits}f}{unit}"
    return Figure(name, shown, f"at most {at_most:g}{unit}", value <= at_most)
