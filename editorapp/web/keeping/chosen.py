"""Chosen takes: those that a form names, and what is said about the ones that were left out."""

from collections.abc import Iterable, Sequence

from django.http import QueryDict

from editorapp.core.request_values import row_ids
from editorapp.library.organise import MOST_AT_ONCE

MOST_TOLD = 4  # takes that were left out


class NoneChosen(Exception):
    """No takes are chosen, or too many; says what to do."""


def chosen(form: QueryDict) -> list[int]:
    """Return the numbers of the takes that a form names. Raises: BadValue; NoneChosen."""
    numbers = row_ids(form, "takes")
    if not numbers:
        raise NoneChosen("Choose takes first: mark them on their cards.")
    if len(numbers) > MOST_AT_ONCE:
        over = len(numbers) - MOST_AT_ONCE
        raise NoneChosen(
            f"At most {MOST_AT_ONCE} takes at once: leave {over} of {len(numbers)} out."
        )
    return numbers


def counted(count: int) -> str:
    """Write so many takes: "1 take", "12 takes"."""
    return f"{count} take{'' if count == 1 else 's'}"


def left_out(lines: Iterable[object]) -> str:
    """Say in a sentence which takes were left out, and why; "" for none."""
    told = [str(line) for line in lines]
    if not told:
        return ""
    more = f"; and {len(told) - MOST_TOLD} more" if len(told) > MOST_TOLD else ""
    return f"Left out: {'; '.join(told[:MOST_TOLD])}{more}."


def missing(numbers: Sequence[int], there: Iterable[int]) -> str:
    """Say which of these takes are not there for who asks; "" for none."""
    gone = set(numbers) - set(there)
    return left_out(f"#{number} is not here" for number in sorted(gone))
