"""File names: what a file of a take is called on the disk of whoever downloads it, so that it is found
again: the clip that it began with, the take's number, the strength.

What is stored keeps its own name.
"""

import unicodedata
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import quote

from django.db.models import Q

from editorapp.core.request_values import as_whole
from editorapp.generations.models import Generation
from editorapp.media.display_names import safe_name
from editorapp.media.models import Asset
from editorapp.teams.models import Member
from editorapp.web.presenters.request_summary import spoken

BETWEEN = " · "
LONGEST_STEM = 60  # of what a take was made from
_PLAIN = {"·": "-", "–": "-", "—": "-", "“": "'", "”": "'", "’": "'", '"': "'", "\\": "_"}


def of_asset(asset: Asset, member: Member, *, take: int | None = None) -> str:
    """Return what a file is called on download: of a take's by the take, else by its own name.

    `take`: which one is meant, where several came out the same. Two queries for a take's file.
    """
    found = take_of(asset, member, take=take)
    return asset.name if found is None else of_file(asset, found, member)


def take_of(asset: Asset, member: Member, *, take: int | None = None) -> Generation | None:
    """Return the take that a file is of, as `of_asset` means it; None where it is of none."""
    if asset.origin != Asset.Origin.RESULT:
        return None
    is_its = Q(result=asset) | Q(exr=asset) | Q(came=asset)
    rows = Generation.objects.visible_to(member).filter(is_its).order_by("pk")
    return (rows.filter(pk=take).first() if take is not None else None) or rows.first()


def of_file(asset: Asset, take: Generation, member: Member) -> str:
    """Return what a file of a take is called. One query."""
    note = " as it came" if take.came_id == asset.pk else ""
    return of_take(take, member, note=note, ending=PurePath(asset.name).suffix)


def of_take(take: Generation, member: Member, *, note: str = "", ending: str) -> str:
    """Return what a file of a take is called: "bunny_720p_5s · take 42 · Flex 1.mp4".

    `note` stands behind that. One query, for the name of the clip that it began with.
    """
    return safe_name(f"{stems_of([take], member)[take.pk]}{note}{ending}")


def stems_of(takes: Sequence[Generation], member: Member) -> dict[int, str]:
    """Return what files of takes are called, without an ending, by the take's id: one query."""
    began = {take.pk: pk for take in takes if (pk := _first_clip(take)) is not None}
    teams = {take.team_id for take in takes}
    clips = Asset.objects.filter(team_id__in=teams, pk__in=set(began.values()))
    named = {clip.pk: clip for clip in clips.seen_by(member)} if began else {}
    return {take.pk: _stem(take, named.get(began.get(take.pk, 0))) for take in takes}


def _first_clip(take: Generation) -> int | None:
    """Return the clip that a take began with, however many takes lie between."""
    kind, number = take.lineage[:1], take.lineage[1:]
    return as_whole(number) if kind == "a" else None


def _stem(take: Generation, clip: Asset | None) -> str:
    """Name a take after its first clip; where it began with none, after what was asked for."""
    words = PurePath(clip.name).stem if clip is not None else take.prompt
    began = safe_name(words.replace("/", "_"), fallback=take.task)[:LONGEST_STEM].strip(". ")
    parts = (began, f"take {take.pk}", spoken(take.wanted.strength))
    return safe_name(BETWEEN.join(filter(None, parts)))


def disposition(name: str, *, is_download: bool) -> str:
    """Return the header that names a file: in plain letters for every client, and as it is for those
    that read RFC 6266. `name` is safe already (media/display_names.py).
    """
    kind, plain = "attachment" if is_download else "inline", _in_plain_letters(name)
    exact = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'{kind}; filename="{plain}"{exact}'


def _in_plain_letters(name: str) -> str:
    said = unicodedata.normalize("NFKD", "".join(_PLAIN.get(one, one) for one in name))
    plain = said.encode("ascii", "ignore").decode()
    stem, dot, ending = plain.rpartition(".") if "." in plain else (plain, "", "")
    return f"{' '.join(stem.split()).strip('- ') or 'file'}{dot}{ending}"
