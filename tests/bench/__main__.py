"""Run all parts, each in a process of its own, or the ones named; or one with options, which it
explains itself.

python -m tests.bench in_flight --count 10000 --database postgresql

Exit code 0 only when every promise holds.
"""

import importlib
import os
import pkgutil
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import services

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main() -> int:
    if len(sys.argv) == 2 or any(word.startswith("--") for word in sys.argv):
        return _run_part(sys.argv[1], sys.argv[2:])
    names = sys.argv[1:] or _parts()
    return max(
        subprocess.call([sys.executable, "-m", "tests.bench", name], cwd=ROOT) for name in names
    )


def _parts() -> list[str]:
    """Modules of this folder with a `run()` of their own; helpers have none."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.ispkg)
    return [name for name in names if "\ndef run(" in (HERE / f"{name}.py").read_text()]


def _run_part(name: str, options: list[str]) -> int:
    with _database("postgresql" in options):
        return _run_alone(name, options)


@contextmanager
def _database(is_postgresql: bool) -> Iterator[None]:
    """Start a PostgreSQL that writes through, where one is asked for; else the part has a SQLite of
    its own.
    """
    for key in ("DATABASE_URL", "REDIS_URL"):
        os.environ.pop(key, None)
    if not is_postgresql:
        yield
        return
    services.install()
    with services.Services(is_durable=True) as started:
        os.environ["DATABASE_URL"] = started.database_url
        yield


def _run_alone(name: str, options: list[str]) -> int:
    folder = tempfile.mkdtemp(prefix=f"rushes-bench-{name}-")
    os.environ |= {
        "RUSHES_DATA_DIR": folder,
        "RUSHES_SECRET_KEY": "only for measurements",
        "RUSHES_PORT": str(_free_port()),
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    }
    for key in ("LUMA_AGENTS_API_KEY", "LUMA_AGENTS_BASE_URL", "RUSHES_SIMULATOR_URL"):
        os.environ.pop(key, None)
    try:
        import django

        django.setup()
        part = importlib.import_module(f"tests.bench.{name}")
        figures = part.run(options) if options else part.run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(" ".join([name, *options]))
    for figure in figures:
        print(figure, flush=True)
    return 1 if any(figure.holds is False for figure in figures) else 0


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
