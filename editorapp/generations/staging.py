"""Stored files on their way to a provider: what lies there already, and the upload of what does not. Free."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from editorapp.generations.models import Attempt
from editorapp.providers.contract import GenerationRequest, ProviderError, Ref
from editorapp.providers.models import StagedFile


def asset_ids(wanted: GenerationRequest) -> set[int]:
    """Return the stored files that a request names."""
    return {ref.asset_id for _name, ref in wanted.refs() if ref.asset_id is not None}


def lying(account_id: int, ids: set[int], *, now: datetime) -> dict[int, str]:
    """Return which of these files already lie with the account, and under which id."""
    if not ids:
        return {}
    rows = StagedFile.objects.filter(account_id=account_id, asset_id__in=ids)
    return {row.asset_id: row.file_id for row in rows if row.is_usable(now)}


def resolved(wanted: GenerationRequest, files: Mapping[int, str]) -> GenerationRequest:
    """Name each stored file by the id it has with the provider.

    Raises: KeyError, when a file does not lie there.
    """

    def carried(ref: Ref | None) -> Ref | None:
        return Ref(file_id=files[ref.asset_id]) if ref is not None and ref.asset_id is not None else ref

    def carried_all(refs: tuple[Ref, ...] | None) -> tuple[Ref, ...] | None:
        return None if refs is None else tuple(one for ref in refs if (one := carried(ref)) is not None)

    return replace(
        wanted, source=carried(wanted.source), start_frame=carried(wanted.start_frame),
        end_frame=carried(wanted.end_frame), keyframes=carried_all(wanted.keyframes),
        image_refs=carried_all(wanted.image_refs),
    )  # fmt: skip


def forget_refused(attempt: Attempt, error: ProviderError) -> bool:
    """Forget uploads of an earlier time that the provider refuses now, so that they are made anew. Say if any were.

    Only files that lay there before this attempt was made: a fresh upload that is refused is refused for good.
    """
    if "file" not in error.message.lower():
        return False
    ids = asset_ids(attempt.generation.wanted)
    old = StagedFile.objects.filter(account_id=attempt.account_id, asset_id__in=ids, staged_at__lt=attempt.created_at)
    return bool(old.delete()[0])
