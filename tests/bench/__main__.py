"""Run all parts, each in a process of its own, or the ones named. Exit code 0 only when every promise holds."""

import importlib
import os
import pkgutil
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent


def main() -> int:
    if len(sys.argv) == 2:
        return _run_part(sys.argv[1])
    names = sys.argv[1:] or _parts()
    return max(subprocess.call([sys.executable, "-m", "tests.bench", name], cwd=ROOT) for name in names)


def _parts() -> list[str]:
    """Modules of this folder with a `run()` of their own; helpers have none."""
    names = sorted(module.name for module in pkgutil.iter_modules([str(HERE)]) if not module.ispkg)
    return [name for name in names if "\ndef run(" in (HERE / f"{name}.py").read_text()]


def _run_part(name: str) -> int:
    folder = tempfile.mkdtemp(prefix=f"rushes-bench-{name}-")
    os.environ |= {
        "RUSHES_DATA_DIR": folder,
        "RUSHES_SECRET_KEY": "only for measurements",
        "DJANGO_SETTINGS_MODULE": "tests.bench.settings",
    }
    for key in ("LUMA_AGENTS_API_KEY", "LUMA_AGENTS_BASE_URL", "RUSHES_SIMULATOR_URL"):
        os.environ.pop(key, None)
    try:
        import django

        django.setup()
        figures = importlib.import_module(f"tests.bench.{name}").run()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(name)
    for figure in figures:
        print(figure, flush=True)
    return 1 if any(figure.holds is False for figure in figures) else 0


if __name__ == "__main__":
    sys.exit(main())
