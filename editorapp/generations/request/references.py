"""References: how a request names takes and stored files so that its account can read them.

A provider's id of a result is good only on the account that made it. Elsewhere a source is sent as
the stored file; but a clip can be continued only where its id is known, because anywhere else it
would have to be a picture.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from django.core.exceptions import PermissionDenied

from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Fields, Generation
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import (
    REFUSE,
    Broken,
    Fix,
    Model,
    ParameterKind,
    Spec,
    StoredAs,
)
from editorapp.teams.models import Member

FRAMES = ("start_frame", "end_frame")
CARRIERS = {
    "generation_id": "an earlier result",
    "url": "an address",
    "file_id": "an uploaded file",
}
LEAVE_OUT = Fix("Leave it out", {"guides": "none", "frames": "none"})
DIRECTIONS = {"forward": "start_frame", "backward": "end_frame"}


def as_source(take: Generation, account: ProviderAccount) -> Ref:
    """Name a take's result as the source at an account: by its id where it was made, else by the
    stored file.
    """
    return _by_id(take, account) or Ref(asset_id=take.result_id)


def as_frame(take: Generation, account: ProviderAccount) -> Ref:
    """Name the take that a generation continues: by its id where it was made.

    Elsewhere by the stored clip with its type: that says which take is meant, and `unreadable`
    refuses it.
    """
    media_type = take.result.mime_type if take.result else "video/mp4"
    return _by_id(take, account) or Ref(asset_id=take.result_id, media_type=media_type)


def _by_id(take: Generation, account: ProviderAccount) -> Ref | None:
    is_known = take.chain_id and take.account_id == account.pk
    return Ref(generation_id=take.chain_id) if is_known else None


def can_continue(model: Model, frame: str) -> bool:
    """Can a generation begin ("start_frame") or end ("end_frame") with an earlier result, named by
    its id?
    """
    row = model.parameter(frame)
    return row is not None and (not row.carriers or "generation_id" in row.carriers)


def takes_named(wanted: GenerationRequest, member: Member) -> dict[str, Generation]:
    """Return the team's takes that a request names by a provider's id: one query, none where it
    names no id.

    Raises: PermissionDenied, when an id is another team's, whose picture whoever names it would see
    in the result, or a deleted take's.
    """
    ids = {ref.generation_id for _field, ref in wanted.refs() if ref.generation_id}
    ids = {one for one in ids if not wrong_in(one)}  # such an id is nobody's; the rules refuse it
    rows = Generation.objects.filter(chain_id__in=ids).select_related("result").order_by("pk")
    here = (take for take in rows if take.team_id == member.team_id and not take.is_trashed)
    ours = {take.pk for take in here}
    if not member.sees_all:
        visible = Generation.objects.visible_to(member).filter(pk__in=ours)
        ours = set(visible.values_list("pk", flat=True))
    takes = {take.chain_id: take for take in rows if take.pk in ours}
    if any(take.chain_id not in takes for take in rows):
        raise PermissionDenied("An earlier result was deleted, or belongs to another team.")
    return takes


def continued_take(
    wanted: GenerationRequest,
    takes: Mapping[str, Generation],
    member: Member,
) -> Generation | None:
    """Return the take that a generation begins or ends with, if it is the team's own."""
    for ref in (wanted.start_frame, wanted.end_frame):
        if ref is None:
            continue
        if ref.generation_id is not None:
            return takes.get(ref.generation_id)
        if ref.asset_id is not None and _is_video(ref):
            rows = Generation.objects.visible_to(member).filter(result_id=ref.asset_id)
            return rows.select_related("result").order_by("-pk").first()
    return None


def reachable(
    wanted: GenerationRequest,
    account: ProviderAccount,
    *,
    parent: Generation | None,
    takes: Mapping[str, Generation],
) -> GenerationRequest:
    """Name every earlier result as this account can read it.

    `takes` are those named by id, see `takes_named`.
    """
    changes: Fields = {}
    for field in ("source", *FRAMES):
        ref = getattr(wanted, field)
        take = _named_take(ref, parent, takes) if ref else None
        if take is None:
            continue
        if field == "source":
            can_name = can_continue(account.spec.model_for(wanted), field)
            changes[field] = as_source(take, account) if can_name else Ref(asset_id=take.result_id)
        elif ref.generation_id is not None or _is_video(ref):  # one frame is just a picture
            changes[field] = as_frame(take, account)
    return replace(wanted, **changes) if changes else wanted


def _named_take(
    ref: Ref,
    parent: Generation | None,
    takes: Mapping[str, Generation],
) -> Generation | None:
    """Return the take that is named, if its result is still here to be sent anywhere."""
    if ref.generation_id is None:
        take = parent if parent and parent.result_id == ref.asset_id else None
    else:
        is_parent = parent and parent.chain_id == ref.generation_id
        take = parent if is_parent else takes.get(ref.generation_id)
    return take if take and take.result_id is not None else None


def typed(wanted: GenerationRequest, types: Mapping[int, str]) -> GenerationRequest:
    """Say of each stored clip that stands where a picture belongs that it is one; `types` by the
    asset's id.
    """

    def said(ref: Ref) -> Ref:
        media_type = types.get(ref.asset_id or 0, "")
        return replace(ref, media_type=media_type) if media_type.startswith("video/") else ref

    frames: Fields = {name: said(ref) for name in FRAMES if (ref := getattr(wanted, name))}
    pinned = wanted.keyframes and tuple(said(ref) for ref in wanted.keyframes)
    return replace(wanted, keyframes=pinned, **frames)


def unreadable(
    account: ProviderAccount,
    wanted: GenerationRequest,
    broken: Collection[Broken] = (),
) -> Iterator[Broken]:
    """Yield what this account could not read of what a request names, where nothing else is said of
    it (`broken`).

    Nothing of it may be dropped on the way: it would be paid for without. Asks a table only where
    something is wrong.
    """
    model = account.spec.model_for(wanted)
    said = {one.field for one in broken if one.is_refusal}
    for field, ref in wanted.refs():
        if field != "source" and ref.asset_id is not None and _is_video(ref):
            yield _made_elsewhere(wanted, field, ref.asset_id, account)
        elif field not in said and (no_way := _no_way(account.spec, model, field, ref)):
            yield no_way


def _made_elsewhere(
    wanted: GenerationRequest,
    field: str,
    asset_id: int,
    account: ProviderAccount,
) -> Broken:
    same_world = {"account__is_enabled": True, "account__is_simulated": account.is_simulated}
    rows = Generation.objects.filter(result_id=asset_id, **same_world).exclude(chain_id="")
    take = rows.select_related("account").order_by("-pk").first()
    if take is None or take.account_id == account.pk:
        message = "A clip cannot stand here: choose a picture."
        return Broken("take.clip", field, REFUSE, message, (LEAVE_OUT,), detail="not an image")
    maker = take.account
    fixes: tuple[Fix, ...] = (LEAVE_OUT,)
    message = (
        f"#{take.pk} cannot be continued: {maker.name} made it, and does not go on from a take. "
        "Choose a picture."
    )
    if can_continue(maker.spec.model_for(wanted), field.partition(".")[0]):
        message = (
            f"Only {maker.name} can continue #{take.pk}: it was made there, and its id means "
            f"nothing to {account.name}. Send this to {maker.name}, or begin with a picture."
        )
        fixes = (Fix(f"Send to {maker.name}", {"account": maker.pk}), LEAVE_OUT)
    return Broken(
        "take.elsewhere",
        field,
        REFUSE,
        message,
        fixes,
        status=404,
        detail="not found",
    )


def _no_way(spec: Spec, model: Model, field: str, ref: Ref) -> Broken | None:
    """Refuse a reference with a carrier that the parameter's row has no place for."""
    row = model.parameter(field.partition(".")[0])
    if row is None:
        return None  # refused by the model's own rules
    sent = [str(row.stored_as) if one == "asset_id" else one for one in ref.carriers]
    # A row without carriers writes media objects, which carry everything.
    is_pinned = row.kind is ParameterKind.PINNED
    taken = (StoredAs.FILE, "generation_id") if is_pinned else row.carriers or sent
    carrier = next((one for one in sent if one not in taken), None)
    if carrier is None:
        return None
    message = (
        f"{row.label}: {model.label} at {spec.name} cannot read "
        f"{CARRIERS.get(carrier, 'a file in the request')}. Choose it another way."
    )
    fixes = () if field == "source" else (LEAVE_OUT,)
    detail = f"{field}: not taken as {carrier}"
    return Broken("ref.carrier", field, REFUSE, message, fixes, detail=detail)


def _is_video(ref: Ref) -> bool:
    return str(ref.media_type or "").startswith("video/")


def types_of(ids: set[int], member: Member) -> dict[int, str]:
    """Return the media types of the team's stored files.

    Raises: PermissionDenied, when one is another team's or not there: ids come from a form.
    """
    files = Asset.objects.filter(pk__in=ids, team_id=member.team_id).seen_by(member)
    found = dict(files.values_list("pk", "mime_type"))
    if len(found) != len(ids):
        raise PermissionDenied("A clip or a picture belongs to another team, or is not there.")
    return found
