"""Batch heads: rows of the queue that were sent in one go stand under one head, and each says what is
its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from editorapp.generations.models import Generation
from editorapp.web.presenters.groups import TakeGroup


@dataclass(frozen=True)
class BatchRow:
    """A row of a batch that stands beside others of it. `is_first`: the head stands over it."""

    group: TakeGroup
    is_first: bool
    differs: str


def batch_heads(*lists: Sequence[Generation]) -> dict[int, BatchRow]:
    """Return for each take that stands directly beside others of its batch, in its list, how its row
    says so; by its id. No query.
    """
    found: dict[int, BatchRow] = {}
    for takes in lists:
        for batch, run in groupby(takes, key=attrgetter("batch")):
            several = list(run)
            if batch is None or len(several) < 2:
                continue
            group = TakeGroup(several)
            found |= {
                take.pk: BatchRow(group, take is several[0], group.differs[take.pk])
                for take in several
            }
    return found
