"""Installation of the seed: everything that is written, in its order."""

from collections.abc import Callable
from random import Random

from django.db import connection
from django.utils import timezone

from editorapp.costs.models import Entry
from editorapp.generations.models import Attempt, Generation
from editorapp.library.models import TakeText
from editorapp.media.models import Asset
from tests.seed.bulk import without_indexes
from tests.seed.people import SeedTeam, make_people
from tests.seed.plan import SeedPlan
from tests.seed.said import WRITTEN, TalkWriter
from tests.seed.takes import TakeWriter

SEED = 12
TOLD_EVERY = 100_000
GUIDES = Generation.guides.through


class InUse(Exception):
    """There are takes or clips already: they are somebody's."""


def seed(count: int, *, say: Callable[[str], object] = lambda _words: None) -> SeedTeam:
    """Write two years of `count` takes into an empty installation; return who made them.

    Raises: InUse.
    """
    if Generation.objects.exists() or Asset.objects.exists():
        raise InUse("This installation is in use. Give the seed a folder of its own.")
    team, rng, now = make_people(), Random(SEED), timezone.now()
    with without_indexes(Generation, Attempt, Entry, Asset, TakeText, GUIDES, *WRITTEN):
        takes = TakeWriter(SeedPlan(count), team, until=now, rng=rng)
        talk = TalkWriter(team, until=now, rng=rng)
        for place in range(1, count + 1):
            take = takes.write(place)
            talk.write(take)
            takes.write_words(take)
            if place % TOLD_EVERY == 0:
                say(f"{place} of {count}")
        takes.finish()
        talk.finish()
        say("Making the indexes.")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")
    return team
