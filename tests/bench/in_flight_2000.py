"""2,000 generations in flight with two queue workers on SQLite: see in_flight.py."""

from tests.bench import Figure, in_flight


def run() -> list[Figure]:
    return in_flight.run(["--count", "2000"])
