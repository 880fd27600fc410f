"""The whole table: every way to misbehave, and what must come of it."""

from tests.hostile import rows_around, rows_poll, rows_result, rows_submit
from tests.hostile.row import Row

ROWS: list[Row] = [*rows_submit.rows(), *rows_poll.rows(), *rows_result.rows(), *rows_around.rows()]
import os  # noqa

if os.environ.get("ONLY"):
    ROWS = [
        r
        for r in ROWS
        if r.where in os.environ["ONLY"].split(",") and os.environ.get("NAMED", "") in r.name
    ]
