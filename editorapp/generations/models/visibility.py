"""Visibility of files by the takes that use them: a file is seen where a take is that shows it."""

from functools import reduce
from operator import or_

from django.db.models import OuterRef, Q

from editorapp.core.exists_by_row import ExistsByRow
from editorapp.generations.models.generation import Generation, GenerationQuerySet
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.teams.roles import Act

# How a take uses a file: as what came of it, as what it was made from, as a picture of its request.
USES = ("result", "exr", "came", "source_asset", "guides")


def files_seen_by(member: Member) -> Q:
    """Return which files somebody sees because of takes: what a visible take uses, in the trash or
    out of it; and what no take uses, where it was uploaded and they see what is in no project.

    What others pinned or cut of a clip and did not use is nobody else's: it may show a private one.
    """
    takes = Generation.objects.with_files(member).order_by()
    seen = _used(takes, *USES, "parent__result")
    if not member.may(Act.SEE_TEAM):
        return seen
    all_takes = Generation.objects.filter(team_id=member.team_id).order_by()
    is_upload = Q(origin__in=[Asset.Origin.UPLOAD, Asset.Origin.SAMPLE], cut_from=None)
    return seen | (is_upload & ~_used(all_takes, *USES))


def _used(takes: GenerationQuerySet[Generation], *uses: str) -> Q:
    """Return which files one of these takes uses in one of these ways."""
    return reduce(or_, (Q(ExistsByRow(takes.filter(**{use: OuterRef("pk")}))) for use in uses))
