"""Round context: what the round screen shows of a take: it and its previous version on one stage,
what was asked, what differs, and what is said of it.
"""

from django.db.models import QuerySet

from editorapp.core.htmx import Context
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import Task
from editorapp.review.models import Decision
from editorapp.review.standing import newest_of_each
from editorapp.teams.models import Member
from editorapp.web.presenters import request_summary
from editorapp.web.presenters.clips import StageClip
from editorapp.web.presenters.request_summary import SettingChange, Words
from editorapp.web.review.discussion_context import discussion_for


def round_context(take: Generation, member: Member) -> Context:
    """Return what the screen shows of a take to a member."""
    previous = previous_version(take, member)
    return {
        "take": take,
        "previous": previous,
        "previous_verdicts": _verdicts_of(previous),
        "on_stage": _on_stage(take, previous),
        "prompt": _prompt(take, previous),
        "changes": _changes(take, previous),
        "settings": request_summary.settings(take),
        "talk": discussion_for(take, member),
    }


def previous_version(take: Generation, member: Member) -> Generation | None:
    """Return what a take is the next version of: the take that it was made from, or else the newest
    older one of the same source that was not sent together with it; None for a first one.
    """
    seen = Generation.objects.visible_to(member).filter(result__isnull=False)
    if take.parent_id is not None:
        return _read(seen.filter(pk=take.parent_id))
    if take.source_asset_id is None:
        return None
    older = seen.filter(
        lineage=take.lineage,
        source_asset=take.source_asset_id,
        state=State.SUCCEEDED,
        pk__lt=take.pk,
    )
    if take.batch is not None:
        older = older.exclude(batch=take.batch)
    return _read(older.order_by("-pk"))


def _read(takes: QuerySet[Generation]) -> Generation | None:
    rows = takes.select_related("account", "result", "source_asset", "parent__result")
    return rows.first()


def _verdicts_of(take: Generation | None) -> list[Decision]:
    if take is None:
        return []
    return newest_of_each(take.decisions.select_related("decided_by"))


def _on_stage(take: Generation, previous: Generation | None) -> list[StageClip]:
    """Return the clips of the stage: the previous version, the source where that is another one, and
    the take, which leads.
    """
    if take.result is None:
        return []
    shown = [StageClip(take.result, take)]
    if not take.result.is_playable:
        return shown
    source = take.made_from if take.task != Task.GENERATE else None
    before = previous.result if previous else None
    if _is_shown(source) and source and source != before:
        shown.insert(0, StageClip(source, is_lead=False, said="Source"))
    if _is_shown(before) and before:
        shown.insert(0, StageClip(before, previous, is_lead=False, said="previous"))
    return shown


def _is_shown(asset: Asset | None) -> bool:
    return asset is not None and asset.is_video and asset.is_playable


def _prompt(take: Generation, previous: Generation | None) -> list[Words]:
    if previous is None:
        return [Words(take.prompt)]
    return request_summary.prompt_changes(previous.prompt, take.prompt)


def _changes(take: Generation, previous: Generation | None) -> list[SettingChange]:
    return request_summary.changes(previous, take) if previous else []
