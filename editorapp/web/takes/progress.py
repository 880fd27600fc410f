"""Progress of a take: how far it is, and what is in its way."""

import zlib

from editorapp.generations.models import Attempt, Generation
from editorapp.generations.states import State
from editorapp.web.templatetags.takes import held_up, percent

NOT_A_HICCUP = 2  # errors in a row; one alone is over before anybody has read of it


def seen(take: Generation) -> str:
    """Return what a page shows of a take that can change by itself."""
    if take.result:
        changing: object = take.result.proxy
    else:
        changing = bool(held_up(take)) or percent(progress(take))
    if problem := trouble(take):
        changing = f"{changing}-{zlib.crc32(problem.encode()):x}"
    return f"{take.state}.{take.state_since.timestamp():.0f}.{'' if changing is None else changing}"


def progress(take: Generation) -> float | None:
    """Return how far the provider says that it is, 0..1; None where it says nothing."""
    newest = _newest(take) if take.state == State.RUNNING else None
    return newest.progress if newest else None


def trouble(take: Generation) -> str:
    """Say what was in the way at the last try of what is tried again by itself; "" where nothing
    is.
    """
    newest = _newest(take) if take.is_active else None
    if newest and (newest.fetch_count or newest.error_count >= NOT_A_HICCUP):
        return newest.last_error
    return ""


def _newest(take: Generation) -> Attempt | None:
    said = take.attempts.only("last_error", "error_count", "fetch_count", "progress")
    return said.filter(number=take.attempt_number).first()
