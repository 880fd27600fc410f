"""Number filters: money, frame rates, durations, sizes, {% load rushes %}."""

from datetime import timedelta
from decimal import Decimal

from django import template

from editorapp.core.money import show_usd
from editorapp.core.timecode import show_fps

register = template.Library()
register.filter("fps", show_fps)


@register.filter
def usd(amount: Decimal | None) -> str:
    """Write dollars: $1.08; nothing for None."""
    return "" if amount is None else show_usd(amount)


@register.filter
def seconds(value: Decimal | float | None) -> str:
    """Write a duration: 5.28 s, 1:05.20."""
    if value is None or value == "":
        return ""
    if value < 60:
        return f"{value:.2f} s"
    minutes, rest = divmod(float(value), 60)
    return f"{int(minutes)}:{rest:05.2f}"


@register.filter
def elapsed(value: timedelta | None) -> str:
    """Write how long something takes, coarsely: 8 s, 2 min 05 s, 1 h 10 min."""
    if value is None:
        return ""
    whole = max(0, int(value.total_seconds()))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


@register.filter
def megabytes(size_bytes: int | None) -> str:
    """Write a file's size: 12.3 MB, 840 kB."""
    if size_bytes is None:
        return ""
    if size_bytes < 1_000_000:
        return f"{max(1, size_bytes // 1000)} kB"
    return f"{size_bytes / 1_000_000:.1f} MB"
