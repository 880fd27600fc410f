"""The whole table: every way to misbehave, and what must come of it."""

from tests.hostile import rows_around, rows_poll, rows_result, rows_submit
from tests.hostile.row import Row

ROWS: list[Row] = [*rows_submit.rows(), *rows_poll.rows(), *rows_result.rows(), *rows_around.rows()]
