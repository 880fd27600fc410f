"""What pages cost a team of a million takes, against a team of a thousand: CPU of the server and of
its database, and queries.

`python -m tests.bench scale --count 100000 --database postgresql`; `--small FOLDER --large FOLDER`
(on PostgreSQL: addresses) measures installations that are there already.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests import services
from tests.bench import Figure, promised

COUNT, FEW = 1_000_000, 1_000
# A larger index is deeper by two pages or so, and SQLite reads them in this process.
MOST_TIMES = {"postgresql": 1.5, "sqlite": 2.0}
NOISE_MS = 1.0  # of two medians of the same page
# A page that shows a batch or a note reads it: which rows are the newest is chance.
MOST_QUERIES_MORE = 3
# Of pages, by how their names begin; every other page is a kind of its own.
KINDS = {
    **dict.fromkeys(("gallery", "counts", "search"), "cards"),
    "take page": "take",
    "costs": "lines",
}
Costs = dict[str, tuple[float, int]]  # milliseconds and queries, by page
ROOT = Path(__file__).resolve().parent.parent.parent


def run(options: Sequence[str] = ()) -> list[Figure]:
    """Seed both installations, measure all pages in each, and compare."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench scale", description=__doc__)
    parser.add_argument("--count", type=int, default=COUNT)
    parser.add_argument("--database", choices=sorted(MOST_TIMES), default="sqlite")
    parser.add_argument("--small", default="", help="an installation that is there already")
    parser.add_argument("--large", default="")
    chosen = parser.parse_args(options)
    small = _costs(chosen.database, FEW, chosen.small)
    large = _costs(chosen.database, chosen.count, chosen.large)
    assert small.keys() == large.keys()
    most = MOST_TIMES[chosen.database]
    return [
        figure
        for name in small
        for figure in _figures(name, small[name][0], large[name], _fullest(name, small), most)
    ]


def _fullest(name: str, small: Costs) -> tuple[float, int]:
    """Return what the dearest page of a page's kind costs the small team.

    A page shows so many cards, of so many takes that it looks at, and no more. A small team has
    enough for a full page with some filters and not with others; a large one has with all.
    """
    alike = [cost for other, cost in small.items() if _kind(other) == _kind(name)]
    return max(ms for ms, _queries in alike), max(queries for _ms, queries in alike)


def _kind(name: str) -> tuple[str, bool]:
    """Return of which kind a page is, and whether it is shown to somebody who does not see all."""
    part = name.partition(",")[0]
    return KINDS.get(part, name), ", to a " in name


def _figures(
    name: str,
    small_ms: float,
    large: tuple[float, int],
    fullest: tuple[float, int],
    most: float,
) -> Iterator[Figure]:
    limit = max(round(fullest[0] * most, 2), fullest[0] + NOISE_MS)
    yield promised(f"{name}, from {small_ms:.1f} ms", large[0], at_most=limit, digits=1, unit=" ms")
    if large[1] > fullest[1] + MOST_QUERIES_MORE:
        yield promised(f"{name}, queries", large[1], at_most=fullest[1] + MOST_QUERIES_MORE)


def _costs(database: str, count: int, there: str) -> Costs:
    """Return what each page costs an installation: one that is there, or a new one of so many takes."""
    with _installation(database, count, there) as environment:
        if not there:
            _python(["-m", "tests.seed", str(count)], environment)
        said = _python(["-m", "tests.bench.scale_measure"], environment)
        found: Costs = json.loads(said.splitlines()[-1])
        return found


@contextmanager
def _installation(database: str, count: int, there: str) -> Iterator[dict[str, str]]:
    """Return the environment of an installation; a new one is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix=f"rushes-scale-{count}-") as folder:
        environment = {**os.environ, "RUSHES_DATA_DIR": folder}
        if database == "sqlite":
            yield environment | ({"RUSHES_DATA_DIR": there} if there else {})
            return
        ours = os.environ.get("DATABASE_URL", "")
        name = f"scale_{count}"
        url = there or services.make_database(ours, name)
        yield environment | {"DATABASE_URL": url}
        if not there:
            services.drop_database(ours, name)


def _python(words: list[str], environment: dict[str, str]) -> str:
    """Run a module; return what it says. Its errors are shown."""
    done = subprocess.run(
        [sys.executable, *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return done.stdout
