"""Cost sheet: what chosen takes cost, as rows of a spreadsheet. A price that may not be seen is blank."""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from editorapp.core.spreadsheet import Cell
from editorapp.exports.chosen import ChosenTake
from editorapp.exports.papers import TakePapers

COLUMNS = (
    "take",
    "name",
    "made_at_utc",
    "person",
    "provider",
    "account",
    "model",
    "task",
    "resolution",
    "seconds",
    "attempts",
    "state",
    "review",
    "is_simulated",
    "estimate_low_usd",
    "estimate_high_usd",
    "basis",
    "charged_usd",
    "is_estimated",
)


def rows(
    chosen: Sequence[ChosenTake],
    papers: Mapping[int, TakePapers],
) -> Iterator[list[Cell]]:
    """Yield a header and a row for each take."""
    yield list(COLUMNS)
    for one in chosen:
        yield [*_what(one, papers[one.take.pk]), *_price(one, papers[one.take.pk])]


def _what(one: ChosenTake, papers: TakePapers) -> list[Cell]:
    take = one.take
    return [
        take.pk,
        one.stem,
        take.created_at.isoformat(timespec="seconds"),
        str(take.created_by),
        take.provider,
        str(take.account),
        take.model,
        take.task,
        take.wanted.resolution or "",
        take.result.duration_seconds if take.result else "",
        len(papers.attempts),
        take.state,
        take.review or "none",
        _yes(take.is_simulated),
    ]


def _price(one: ChosenTake, papers: TakePapers) -> list[Cell]:
    take = one.take
    if not one.sees_price:
        return [""] * 5
    charged: Decimal | None = papers.charged_usd
    return [
        take.estimate_low_usd,
        take.estimate_high_usd,
        take.estimate_basis,
        "" if charged is None else charged,
        _yes(take.cost_is_estimated),
    ]


def _yes(value: bool) -> str:
    return "yes" if value else "no"
