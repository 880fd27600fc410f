import os
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.conf import settings

FILE = Path(settings.DATA_DIR) / "meter.txt"
_before = [0.0, 0.0]


class MeterConfig(AppConfig):
    name = "tests.bench.meter"
    label = "meter"

    def ready(self) -> None:
        from django_q.signals import post_execute_in_worker, pre_execute

        pre_execute.connect(_begin, dispatch_uid="meter")
        post_execute_in_worker.connect(_end, dispatch_uid="meter")


def _cpu() -> tuple[float, float]:
    times = os.times()
    return times.user + times.system, times.children_user + times.children_system


def _begin(**signal: Any) -> None:
    _before[:] = _cpu()


def _end(*, func: Any, **signal: Any) -> None:
    own, children = _cpu()
    with FILE.open("a") as file:
        file.write(f"{func.__name__} {own - _before[0]:.4f} {children - _before[1]:.4f}\n")


def totals() -> dict[str, tuple[float, float]]:
    """Return by task the CPU seconds of its own and of its children, over all that were finished."""
    found: dict[str, tuple[float, float]] = {}
    for line in FILE.read_text().splitlines() if FILE.exists() else []:
        name, own, children = line.split()
        before = found.get(name, (0.0, 0.0))
        found[name] = (before[0] + float(own), before[1] + float(children))
    return found
