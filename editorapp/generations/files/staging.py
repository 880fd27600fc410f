"""Staging: stored files on their way to a provider: what travels how, what lies there already, what
must be uploaded. Free.
"""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path

from django.db import transaction

from editorapp.core import retry
from editorapp.core.fault_points import reached
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.models import Attempt, Fields
from editorapp.media import outgoing, store
from editorapp.media.models import Asset
from editorapp.media.outgoing import Outgoing
from editorapp.media.refusals import Refusal
from editorapp.providers import registry
from editorapp.providers.contract import (
    REF_LISTS,
    REFS,
    GenerationRequest,
    Lent,
    NotFound,
    ProviderError,
    Ref,
    Rejected,
    Unavailable,
    UploadRefused,
)
from editorapp.providers.field_mapping import stored_way
from editorapp.providers.http.error_mapping import UPLOAD_REFUSED
from editorapp.providers.http.inline_body import StoredFile
from editorapp.providers.http.session import ProviderSession
from editorapp.providers.models import ProviderAccount, StagedFile
from editorapp.providers.spec import Spec, StoredAs


def asset_ids(wanted: GenerationRequest) -> set[int]:
    """Return the stored files that a request names."""
    return {ref.asset_id for _name, ref in wanted.refs() if ref.asset_id is not None}


def staged_ids(wanted: GenerationRequest, spec: Spec) -> set[int]:
    """Return the stored files that must lie with the provider before the paid call."""
    model = spec.model_for(wanted)
    return {
        ref.asset_id
        for field, ref in wanted.refs()
        if ref.asset_id is not None and stored_way(model, field) is not StoredAs.INLINE
    }


def lying(account_id: int, ids: set[int], *, now: datetime) -> dict[int, Ref]:
    """Return which of these files already lie with the account, and how they are named there."""
    if not ids:
        return {}
    rows = StagedFile.objects.filter(account_id=account_id, asset_id__in=ids)
    # Until it is known what may go out, what was staged may be the file as it was stored.
    rows = rows.exclude(asset__outgoing_sha256="").select_related("asset")
    return {
        row.asset_id: Ref(**row.ref, media_type=row.asset.mime_type)
        for row in rows
        if row.is_usable(now)
    }


def missing(
    wanted: GenerationRequest,
    account: ProviderAccount,
    *,
    now: datetime,
) -> set[int]:
    """Return the stored files that must be uploaded before the paid call."""
    ids = staged_ids(wanted, account.spec)
    return ids - lying(account.pk, ids, now=now).keys()


def unprepared(wanted: GenerationRequest, spec: Spec) -> set[int]:
    """Return the stored files that travel inside the request and of which nobody has seen yet what
    may go out.
    """
    ids = asset_ids(wanted) - staged_ids(wanted, spec)
    rows = Asset.objects.filter(pk__in=ids, outgoing_sha256="")
    return set(rows.values_list("pk", flat=True))


def stage_missing(
    wanted: GenerationRequest,
    account: ProviderAccount,
    carrier: Carrier,
) -> None:
    """Upload what must lie with the provider and does not yet, and make what travels inside ready.

    Raises: ProviderError and its kinds.
    """
    to_upload = missing(wanted, account, now=carrier.clock())
    for asset_id in sorted(to_upload | unprepared(wanted, account.spec)):
        asset = Asset.objects.get(pk=asset_id)
        note_outgoing(asset, carrier.run(partial(outgoing_of, asset)))
        if asset_id in to_upload:
            ref = carrier.run(partial(stage, asset, account))
            reached("stage.sent")
            keep(account.pk, asset, ref, now=carrier.clock())
            reached("stage.noted")
    if missing(wanted, account, now=carrier.clock()):
        says = f"{account.spec.name} keeps an upload for no time at all."
        raise Unavailable(says, code="upload_gone")


async def stage(asset: Asset, account: ProviderAccount) -> Ref:
    """Put what goes out for a stored file where the account's provider reads it. Free.

    What refuses the file at its address is asked for a fresh one, as often as its retry policy
    says.
    Raises: ProviderError and its kinds.
    """
    row = retry.policy("stage.address_refused")
    with contextlib.ExitStack() as stack:
        path = await _held(asset, stack)
        async with ProviderSession(account.access()) as session:
            for failures in count(1):
                try:
                    return await _uploaded(asset, path, account.provider, session)
                except (UploadRefused, NotFound) as error:
                    if row.is_over(failures, 0.0):
                        tried = f"{failures} fresh addresses were tried." if failures > 1 else ""
                        says = " ".join(filter(None, (error.message, tried, row.says)))
                        raise UploadRefused(says, code=UPLOAD_REFUSED) from error
                await asyncio.sleep(row.pause_seconds(failures))
    raise AssertionError("A loop without an end has ended.")


async def _uploaded(asset: Asset, path: Path, provider: str, session: ProviderSession) -> Ref:
    ref: Ref = await registry.get(provider).stage(
        path,
        name=asset.name,
        media_type=asset.mime_type,
        purpose="input" if asset.is_video else "reference",
        session=session,
    )
    return ref


async def _held(asset: Asset, stack: contextlib.ExitStack) -> Path:
    """Bring a stored file here, in a thread: a copy from a bucket takes a while, and leases are
    renewed meanwhile.
    """
    with _in_a_providers_words():
        (path,) = await asyncio.to_thread(
            stack.enter_context,
            store.held(asset.outgoing_sha256, store.ORIGINAL),
        )
    return path


async def outgoing_of(asset: Asset) -> Outgoing:
    """Make what goes out for a file, once, in a thread: leases are renewed meanwhile.

    Call `note_outgoing` with it.

    Raises: Rejected; Unavailable, when this machine cannot just now.
    """
    with _in_a_providers_words():
        return await asyncio.to_thread(outgoing.make, asset)


def note_outgoing(asset: Asset, made: Outgoing) -> None:
    """Note what goes out for a file; what was staged of it before, as it was stored, is forgotten."""
    with transaction.atomic():
        if outgoing.note(asset, made) and made.sha256 != asset.sha256:
            StagedFile.objects.filter(asset=asset).delete()


@contextlib.contextmanager
def _in_a_providers_words() -> Iterator[None]:
    """Raise a fault of a stored file as a provider's: Rejected; Unavailable, when it is this
    machine's.
    """
    try:
        yield
    except store.Gone as refusal:
        says = "A stored file is not there any more; nothing was sent."
        raise Rejected(says, code="file_gone") from refusal
    except Refusal as refusal:
        raise _not_ready(refusal) from refusal


def _not_ready(refusal: Refusal) -> ProviderError:
    # a busy machine, or one short of memory
    if refusal.is_ours or refusal.code in ("timed_out", "crashed"):
        return Unavailable(refusal.message, code=refusal.code)
    return Rejected(
        "A stored file cannot be made ready to be sent; nothing was sent. "
        "Save it anew, and upload that.",
        code=refusal.code,
    )


def keep(account_id: int, asset: Asset, ref: Ref, *, now: datetime) -> None:
    """Note that a file lies with an account now, how it is named there, and until when."""
    named = {carrier: getattr(ref, carrier) for carrier in ref.carriers}
    expires_at = ref.expires_at if isinstance(ref, Lent) else None
    StagedFile.objects.update_or_create(
        account_id=account_id,
        asset=asset,
        defaults={"ref": named, "staged_at": now, "expires_at": expires_at},
    )


def resolved(wanted: GenerationRequest, spec: Spec, lying: Mapping[int, Ref]) -> GenerationRequest:
    """Name each stored file as its parameter wants it: as it lies with the provider, or by its
    bytes.

    Writes nothing and reads no file: bytes stand in the request as a mark, which
    `ProviderSession.pay` replaces.
    Raises: KeyError, when a file does not lie there; Asset.DoesNotExist, when it is not even here,
            or unprepared.
    """
    model = spec.model_for(wanted)

    def carried(field: str, ref: Ref) -> Ref:
        if ref.asset_id is None:
            return ref
        is_inline = stored_way(model, field) is StoredAs.INLINE
        return _by_its_bytes(ref.asset_id) if is_inline else lying[ref.asset_id]

    found: Fields = {}
    for field in REFS:
        if (ref := getattr(wanted, field)) is not None:
            found[field] = carried(field, ref)
    for field in REF_LISTS:
        if (refs := getattr(wanted, field)) is not None:
            found[field] = tuple(carried(field, ref) for ref in refs)
    return replace(wanted, **found)


def _by_its_bytes(asset_id: int) -> Ref:
    sha256, media_type = (
        Asset.objects.exclude(outgoing_sha256="")
        .values_list("outgoing_sha256", "mime_type")
        .get(pk=asset_id)
    )
    return Ref(data=StoredFile.of(sha256), media_type=media_type)


def forget_refused(attempt: Attempt, error: ProviderError) -> bool:
    """Forget what was staged at an earlier time and is refused now, so that it is staged anew.

    Say if any was.

    Only files that lay there before this attempt was made: a fresh one that is refused is refused
    for good. A refusal that speaks of something else (the prompt, the key) leaves them alone.
    """
    message = error.message.lower()
    ids = staged_ids(attempt.generation.wanted, attempt.account.spec)
    old = StagedFile.objects.filter(
        account_id=attempt.account_id,
        asset_id__in=ids,
        staged_at__lt=attempt.created_at,
    )
    refused = [row.pk for row in old if any(word in message for word in _words(row))]
    return bool(refused and StagedFile.objects.filter(pk__in=refused).delete()[0])


def _words(row: StagedFile) -> Iterator[str]:
    """Yield what a refusal may say of a staged file: its id or address, or what kind of thing it
    is.
    """
    yield from (str(value).lower() for value in row.ref.values())
    yield from ("file", "asset") if "file_id" in row.ref else ("url", "download", "fetch")
