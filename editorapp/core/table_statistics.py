"""Statistics: what SQLite knows of its tables, by which it chooses an index; it gathers them when it
is asked. PostgreSQL does so by itself.
"""

from django.db import connection

# Rows read of each index: what is gathered takes no longer however large the tables are.
ROWS_READ = 1000


def gather() -> None:
    """Let SQLite look at its tables anew: milliseconds, and the write lock for as long."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA analysis_limit = {ROWS_READ}")
        cursor.execute("ANALYZE")
