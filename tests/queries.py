"""Count what a page asks of the database."""

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext


def queries_of(client: Client, path: str) -> int:
    """Return how many queries a GET makes that succeeds."""
    with CaptureQueriesContext(connection) as context:
        assert client.get(path).status_code == 200
    return len(context)
