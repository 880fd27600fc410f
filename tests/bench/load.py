"""What is asked for in a measurement: jobs that take as long as real ones, or the same mix on a
smaller scale.
"""

import math
from dataclasses import dataclass
from statistics import NormalDist

SPREAD = 0.6  # of the logarithm: two thirds take between half and twice the usual time


@dataclass(frozen=True)
class Load:
    """How long jobs take, in seconds: evenly between the two, or log-normally where there is a
    usual time.
    """

    shortest: float
    longest: float
    usual: float = 0.0

    def seconds(self, number: int) -> float:
        """Return how long a job takes; neighbours differ, so that jobs do not end in the order of
        their start.
        """
        share = (number * 37 % 100) / 99
        if not self.usual:
            return self.shortest + share * (self.longest - self.shortest)
        around = NormalDist(math.log(self.usual), SPREAD).inv_cdf(min(max(share, 0.005), 0.995))
        return min(max(math.exp(around), self.shortest), self.longest)

    def prompt(self, number: int) -> str:
        """Return a prompt that lets the simulator take that long."""
        return f"A quiet harbor at dawn, take {number} [[slow:{self.seconds(number):.2f}]]"


EVEN = Load(20.0, 60.0)
# By how many are in flight. The mix of real jobs (20 s to 15 minutes), scaled so that a run ends.
LOADS = {500: EVEN, 2000: Load(20.0, 150.0, usual=50.0), 10_000: Load(150.0, 420.0, usual=220.0)}
