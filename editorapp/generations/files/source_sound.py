"""Source sound of a take: which clip it comes from, and whether everybody hears it.

The result itself stays as it came; media/source_sound.py makes what is heard.
"""

from dataclasses import dataclass, field

from django.db import connection

from editorapp.generations.lineage import LONGEST
from editorapp.generations.models import Generation
from editorapp.media import source_sound
from editorapp.media.models import Asset

_TAKES, _CLIPS = Generation._meta.db_table, Asset._meta.db_table
# Upwards for as long as each was made from the whole result of the one above and that has no sound.
_SOUND = f"""
    WITH RECURSIVE line (parent_id, clip_id, step) AS (
        SELECT parent_id, source_asset_id, 0 FROM {_TAKES} WHERE id = %s
        UNION ALL
        SELECT above.parent_id, above.source_asset_id, line.step + 1
        FROM line JOIN {_CLIPS} clip ON clip.id = line.clip_id AND NOT clip.has_audio
        JOIN {_TAKES} above ON above.id = line.parent_id AND above.result_id = line.clip_id
        WHERE line.step < {LONGEST}
    )
    SELECT clip.id FROM line JOIN {_CLIPS} clip ON clip.id = line.clip_id
    WHERE clip.has_audio ORDER BY line.step LIMIT 1
"""


def heard_source(take: Generation, line: list[Generation] | None = None) -> Asset | None:
    """Return the clip whose sound goes with a take; None where there is none, or it needs none.

    A take's result has no sound: of an edit of a take, it is the sound of what that was made from.
    All of them begin with the same picture. `line`: all takes down to this one, where they are read
    already; else it is looked for in two queries, however long the chain is.
    """
    if not _is_silent(take.result):
        return None
    if take.source_asset is not None and take.source_asset.has_audio:
        return take.source_asset  # most often: without reading the chain
    if line is None:
        return _heard_above(take)
    above = line[::-1]
    for one, following in zip(above, [*above[1:], None], strict=True):
        source = one.source_asset
        if source is not None and source.has_audio:
            return source
        if source is None or following is None or following.result_id != source.pk:
            return None
    return None


def _heard_above(take: Generation) -> Asset | None:
    with connection.cursor() as cursor:
        cursor.execute(_SOUND, [take.pk])
        found = cursor.fetchone()
    return Asset.objects.get(pk=found[0]) if found else None


def _is_silent(result: Asset | None) -> bool:
    return result is not None and result.is_video and not result.has_audio


def offered(take: Generation, line: list[Generation] | None = None) -> Asset | None:
    """Return the clip whose sound is offered for a take; None while it is not, or cannot be, added.

    What is played may still be on its way: a copy for viewing. `line`: see `heard_source`.
    """
    return None if _is_awaited(take) else heard_source(take, line)


def _is_awaited(take: Generation) -> bool:
    return take.result is None or take.result.proxy == Asset.Proxy.PENDING


@dataclass
class SoundOffers:
    """What is offered for takes that stand together: those made from one take share what that one
    has, which is read once.
    """

    above: dict[int, Asset | None] = field(default_factory=dict)

    def of(self, take: Generation) -> Asset | None:
        """Return the clip whose sound is offered for a take, as `offered` does."""
        source, parent = take.source_asset, take.parent
        if _is_awaited(take) or not _is_silent(take.result) or source is None:
            return None
        if source.has_audio or parent is None or parent.result_id != source.pk:
            return source if source.has_audio else None
        if parent.pk not in self.above:
            self.above[parent.pk] = heard_source(parent)
        return self.above[parent.pk]


def switch(take: Generation, source: Asset, *, is_on: bool) -> None:
    """Have a take played with the sound of its source, or without, for everybody.

    Raises: Refusal, where it cannot be made; then nothing is changed.
    """
    if is_on and take.result is not None:
        source_sound.make(take.result, source, source_sound.playable_part(take.result))
    Generation.objects.filter(pk=take.pk).update(has_source_sound=is_on)
