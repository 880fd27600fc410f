"""Plan of the seed: what becomes of which take. Of any number of takes the newest look alike, so
that pages of a small installation and of a large one show as much.
"""

from dataclasses import dataclass
from random import Random

from editorapp.generations.states import State

NEWEST = 400  # of a thousand takes or more; of fewer, in proportion
LARGE_LINEAGE = 5_000
CHAIN = 20  # so many takes one after the other in the large lineage
RARE_TAKES = 30

# How the newest takes stand, the newest first: what waits, runs, needs a person, is over lately.
_TAIL = (
    *(State.QUEUED,) * 110,
    *(State.STAGING,) * 10,
    *(State.SUBMITTING,) * 4,
    *(State.RUNNING,) * 50,
    *(State.FETCHING,) * 6,
    *(State.UNKNOWN, State.LOST, State.FETCH_FAILED) * 40,
    *(State.SUCCEEDED, State.FAILED, State.SUCCEEDED, State.CANCELED, State.SUCCEEDED) * 20,
)
assert len(_TAIL) == NEWEST

# Of all others; the rest is done.
_SHARES = (
    (State.FAILED, 0.06),
    (State.CANCELED, 0.04),
    (State.FETCH_FAILED, 0.0008),
    (State.UNKNOWN, 0.0004),
    (State.LOST, 0.0003),
)

# (provider, model, task, dollars held), and how many of a hundred are of it.
KINDS = (
    (("luma-agents", "ray-3.2", "edit", "1.08"), 62),
    (("luma-agents", "ray-3.2", "generate", "0.72"), 12),
    (("luma-agents", "ray-3.2", "reframe", "0.54"), 8),
    (("gmi-cloud", "ray-3.2", "edit", "1.20"), 10),
    (("scenario", "ray-3.2", "edit", "1.35"), 8),
)


@dataclass(frozen=True)
class SeedPlan:
    """How many takes there are, and what each is by its place, from 1, the oldest."""

    count: int

    @property
    def newest(self) -> int:
        return min(NEWEST, self.count * NEWEST // 1_000)

    @property
    def kin(self) -> int:
        """How many takes are in the large lineage."""
        return min(LARGE_LINEAGE, max(CHAIN, self.count // 10 // CHAIN * CHAIN))

    def state(self, place: int, rng: Random) -> State:
        """Return how a take stands."""
        from_end = self.count - place
        if from_end < self.newest:
            return _TAIL[from_end * NEWEST // self.newest]
        share = rng.random()
        for state, part in _SHARES:
            if share < part:
                return state
            share -= part
        return State.SUCCEEDED

    def is_rare(self, place: int) -> bool:
        """Is it one of the few takes with the rare word?"""
        return self._is_one_of(RARE_TAKES, place)

    def is_kin(self, place: int) -> bool:
        """Is it of the large lineage?"""
        return self._is_one_of(self.kin, place)

    def is_by_former(self, place: int, rng: Random) -> bool:
        """Was it made by somebody who has left since? Only in the first quarter of all time."""
        return place * 4 < self.count and rng.random() < 0.5

    def _is_one_of(self, few: int, place: int) -> bool:
        before = self.count - self.newest
        return place <= before and place * few // before != (place - 1) * few // before
