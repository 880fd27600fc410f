"""Who is killed when: each named point at least once, and every kind of process at random instants."""

import os
import random
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path

from editorapp.core.fault_points import POINTS
from tests.kill.installation import Installation

# How often which process dies at a random instant. A renderer is no process of ours: it stands for
# the provider's own.
ROLES = {
    "queue worker": 8,
    "web worker": 4,
    "ticker": 3,
    "queue": 2,
    "sentinel": 2,
    "supervisor": 2,
    "web master": 2,
    "simulator": 3,
    "reaper": 1,
    "media child": 2,
}
PROGRAMS = {
    "qcluster": "queue worker",
    "queue": "queue worker",
    "ticker": "ticker",
    "simulator": "simulator",
}
ARMED_AT_ONCE = 6
GIVEN_UP_SECONDS = (
    20.0  # a point that nobody comes to by then makes room for another, and waits for its turn
)


@dataclass(frozen=True)
class Kill:
    at: float  # seconds since the start
    role: str
    point: str  # "" at a random instant


def group_of(point: str) -> str:
    """Return what a point is about: "submit" of "submit.answered"."""
    return point.partition(".")[0]


class Killer:
    """Kills on and on until it has killed often enough."""

    def __init__(
        self,
        installation: Installation,
        *,
        kills: int,
        every_seconds: float,
        every_point: bool,
        seed: int,
        first: Sequence[str] = (),
    ) -> None:
        self.installation, self.wanted, self.every = installation, kills, every_seconds
        self.every_point, self.first = every_point, tuple(first)
        self.chance = random.Random(seed)
        self.kills: list[Kill] = []
        self.began = time.monotonic()
        self._points = self._first_of_all(self._shuffled())
        self._armed: dict[str, float] = {}
        self._seen: set[Path] = set()
        self._one_offs: deque[tuple[int, str, Callable[[], None]]] = deque()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="killer", daemon=True)

    def once(self, after_kills: int, name: str, act: Callable[[], None]) -> None:
        """Do something of its own (a database restarted) after so many kills."""
        self._one_offs.append((after_kills, name, act))

    def start(self) -> None:
        """Begin. Where some points come first, they are armed before anybody can have come past
        them.
        """
        self.began = time.monotonic()
        self._arm_first()
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join(30)
        self._disarm_all()
        self._look()

    @property
    def has_killed_enough(self) -> bool:
        return len(self.kills) >= self.wanted and not (self.every_point and self.never_reached)

    @property
    def is_done(self) -> bool:
        """Will it kill nobody any more?"""
        return self.has_killed_enough and not self.missed

    @property
    def never_reached(self) -> list[str]:
        """The points at which nobody has died yet."""
        died = {kill.point for kill in self.kills}
        return sorted(set(POINTS) - died)

    @property
    def missed(self) -> list[str]:
        """The groups of points that were to come first, and at none of which anybody has died."""
        died = {group_of(kill.point) for kill in self.kills}
        return [group for group in self.first if group not in died]

    def table(self) -> str:
        by_point = Counter(kill.point or "(a random instant)" for kill in self.kills)
        by_role = Counter(kill.role for kill in self.kills)
        width = max(map(len, [*by_point, *by_role]), default=0)
        lines = [f"  {name:<{width}} {count:>4}" for name, count in sorted(by_point.items())]
        lines += ["", *(f"  {name:<{width}} {count:>4}" for name, count in by_role.most_common())]
        return "\n".join(lines)

    def _shuffled(self) -> deque[str]:
        points = list(POINTS)
        self.chance.shuffle(points)
        return deque(points)

    def _first_of_all(self, points: deque[str]) -> deque[str]:
        """Put one point of each group that comes first before the others of these groups, and those
        before all.
        """
        groups = [[name for name in points if group_of(name) == group] for group in self.first]
        early = [name for turn in zip_longest(*groups) for name in turn if name is not None]
        return deque([*early, *(name for name in points if name not in early)])

    def _arm_first(self) -> None:
        while (
            len(self._armed) < ARMED_AT_ONCE
            and self._points
            and group_of(self._points[0]) in self.first
        ):
            self._arm()

    def _run(self) -> None:
        while not self._stopping.wait(self.every * self.chance.uniform(0.5, 1.5)):
            self._look()
            if self._one_offs and len(self.kills) >= self._one_offs[0][0]:
                _after, name, act = self._one_offs.popleft()
                act()
                self._note(name, "")
            elif len(self.kills) < self.wanted or self.missed:
                self._arm_first()
                if self.chance.random() < 0.5:
                    self._arm()
                elif self._may_kill_anybody():
                    self._kill_somebody()
            elif not self.is_done:
                self._arm()
            else:
                self._disarm_all()

    def _arm(self) -> None:
        """Arm the next point. Those at which nobody has died come first."""
        now = time.monotonic()
        missed = set(self.missed)
        for name in [one for one, since in self._armed.items() if now - since > GIVEN_UP_SECONDS]:
            if group_of(name) not in missed:
                self._disarm(name)
        if len(self._armed) >= ARMED_AT_ONCE:
            return
        waiting = set(self.never_reached) - self._armed.keys()
        if len(self.kills) >= self.wanted and not waiting:
            return
        for _ in range(len(POINTS)):
            name = self._points.popleft() if self._points else self._again()
            if name in self._armed or (waiting and name not in waiting):
                continue
            (self.installation.armed / name).touch()
            self._armed[name] = now
            return

    def _again(self) -> str:
        self._points = self._shuffled()
        return self._points.popleft()

    def _disarm_all(self) -> None:
        for name in list(self._armed):
            self._disarm(name)

    def _disarm(self, name: str) -> None:
        (self.installation.armed / name).unlink(missing_ok=True)
        self._armed.pop(name, None)

    def _look(self) -> None:
        """See who has died at an armed point."""
        for file in self.installation.armed.glob("*.killed.*"):
            words = file.read_text()
            if file not in self._seen and words:
                self._seen.add(file)
                point = file.name.partition(".killed.")[0]
                self._armed.pop(point, None)
                role = next(
                    (role for word, role in PROGRAMS.items() if word in words.split()), "web worker"
                )
                self._note(role, point)

    def _may_kill_anybody(self) -> bool:
        """Where some points come first, do not use up all kills before anybody comes there: on a
        busy machine it takes longer to start than to kill a dozen times.
        """
        at_random = sum(not kill.point for kill in self.kills)
        return not self.missed or (
            len(self.missed) < len(self.first) and at_random < self.wanted // 2
        )

    def _kill_somebody(self) -> None:
        living = self.installation.roles()
        found = sorted({role for role in living.values() if role in ROLES})
        if not found:
            return
        role = self.chance.choices(found, [ROLES[one] for one in found])[0]
        pid = self.chance.choice([pid for pid, one in living.items() if one == role])
        if role == "queue" and self.chance.random() < 0.5:
            role = "the queue's whole group"
            os.killpg(pid, signal.SIGKILL)
        else:
            os.kill(pid, signal.SIGKILL)
        self._note(role, "")

    def _note(self, role: str, point: str) -> None:
        self.kills.append(Kill(time.monotonic() - self.began, role, point))
