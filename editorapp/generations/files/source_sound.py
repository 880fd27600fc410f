"""Source sound of a take: which clip it comes from, and whether everybody hears it.

The result itself stays as it came; media/source_sound.py makes what is heard.
"""

from editorapp.generations.lineage import chain
from editorapp.generations.models import Generation
from editorapp.media import source_sound
from editorapp.media.models import Asset


def heard_source(take: Generation, line: list[Generation] | None = None) -> Asset | None:
    """Return the clip whose sound goes with a take; None where there is none, or it needs none.

    A take's result has no sound: of an edit of a take, it is the sound of what that was made from.
    All of them begin with the same picture. `line`: the takes down to this one, where they are read
    already.
    """
    result = take.result
    if result is None or not result.is_video or result.has_audio:
        return None
    if take.source_asset is not None and take.source_asset.has_audio:
        return take.source_asset  # most often: without reading the chain
    above = (chain(take) if line is None else line)[::-1]
    for one, following in zip(above, [*above[1:], None], strict=True):
        source = one.source_asset
        if source is not None and source.has_audio:
            return source
        if source is None or following is None or following.result_id != source.pk:
            return None
    return None


def switch(take: Generation, source: Asset, *, is_on: bool) -> None:
    """Have a take played with the sound of its source, or without, for everybody.

    Raises: Refusal, where it cannot be made; then nothing is changed.
    """
    if is_on and take.result is not None:
        source_sound.make(take.result, source, source_sound.playable_part(take.result))
    Generation.objects.filter(pk=take.pk).update(has_source_sound=is_on)
