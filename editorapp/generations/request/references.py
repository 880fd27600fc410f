"""How a request names takes and stored files so that the account it goes to can read them.

A provider's id of a result is good only on the account that made it. Elsewhere a source is sent as
the stored file; but a clip can be continued only where its id is known, because anywhere else it
would have to be a picture.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from django.core.exceptions import PermissionDenied

from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.field_mapping import stored_way
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import REFUSE, Broken, Fix, Model, ParameterKind, StoredAs
from editorapp.teams.models import Member

FRAMES = ("start_frame", "end_frame")
DIRECTIONS = {"forward": "start_frame", "backward": "end_frame"}


def as_source(take: Generation, account: ProviderAccount) -> Ref:
    """Name a take's result as the source at an account: by its id where it was made, else by the
    stored file.
    """
    is_known = bool(take.chain_id) and take.account_id == account.pk
    return Ref(generation_id=take.chain_id) if is_known else Ref(asset_id=take.result_id)


def as_frame(take: Generation, account: ProviderAccount) -> Ref:
    """Name the take that a generation continues: by its id where it was made.

    Elsewhere by the stored clip with its type: that says which take is meant, and `unreadable`
    refuses it.
    """
    if take.chain_id and take.account_id == account.pk:
        return Ref(generation_id=take.chain_id)
    return Ref(
        asset_id=take.result_id, media_type=take.result.mime_type if take.result else "video/mp4"
    )


def can_continue(model: Model, frame: str) -> bool:
    """Can a generation begin ("start_frame") or end ("end_frame") with an earlier result, named by
    its id?
    """
    row = model.parameter(frame)
    return row is not None and _carries(row.carriers, "generation_id")


def takes_named(wanted: GenerationRequest, member: Member) -> dict[str, Generation]:
    """Return the team's takes that a request names by a provider's id: one query, none where it
    names no id.

    Raises: PermissionDenied, when an id is another team's: whoever names it would see its picture
    in the result.
    """
    ids = {ref.generation_id for _field, ref in wanted.refs() if ref.generation_id}
    ids = {one for one in ids if not wrong_in(one)}  # such an id is nobody's; the rules refuse it
    rows = (
        Generation.objects.filter(chain_id__in=ids).select_related("result").order_by("pk")
        if ids
        else []
    )
    takes = {take.chain_id: take for take in rows if take.team_id == member.team_id}
    if any(take.chain_id not in takes for take in rows):
        raise PermissionDenied("An earlier result belongs to another team.")
    return takes


def continued_take(
    wanted: GenerationRequest, takes: Mapping[str, Generation], member: Member
) -> Generation | None:
    """Return the take that a generation begins or ends with, if it is the team's own."""
    for ref in (wanted.start_frame, wanted.end_frame):
        if ref is None:
            continue
        if ref.generation_id is not None:
            return takes.get(ref.generation_id)
        if ref.asset_id is not None and _is_video(ref):
            rows = Generation.objects.filter(result_id=ref.asset_id, team_id=member.team_id)
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
    changes: dict[str, Ref] = {}
    if (
        wanted.source is not None
        and (take := _source_take(wanted.source, parent, takes)) is not None
    ):
        named = as_source(take, account)
        row = account.spec.model_for(wanted).parameter("source")
        by_file = (
            named.generation_id is not None
            and row is not None
            and not _carries(row.carriers, "generation_id")
        )
        changes["source"] = Ref(asset_id=take.result_id) if by_file else named
    for field in FRAMES:
        ref = getattr(wanted, field)
        if ref is not None and (take := _frame_take(ref, parent, takes)) is not None:
            changes[field] = as_frame(take, account)
    return replace(wanted, **changes) if changes else wanted  # type: ignore[arg-type]


def _source_take(
    source: Ref, parent: Generation | None, takes: Mapping[str, Generation]
) -> Generation | None:
    """Return the take that a source is, if its result is still here to be sent anywhere."""
    if source.generation_id is not None:
        return _by_id(source.generation_id, parent, takes)
    is_result = (
        parent is not None and source.asset_id is not None and source.asset_id == parent.result_id
    )
    return parent if is_result else None


def _frame_take(
    ref: Ref, parent: Generation | None, takes: Mapping[str, Generation]
) -> Generation | None:
    """Return the take that a first or last frame continues.

    A picture that is a result's frame is just a picture.
    """
    if ref.generation_id is None and not _is_video(ref):
        return None
    return _source_take(ref, parent, takes)


def _by_id(
    chain_id: str, parent: Generation | None, takes: Mapping[str, Generation]
) -> Generation | None:
    take = parent if parent is not None and parent.chain_id == chain_id else takes.get(chain_id)
    return take if take is not None and take.result_id is not None else None


def typed(wanted: GenerationRequest, types: Mapping[int, str]) -> GenerationRequest:
    """Say of each stored clip that stands where a picture belongs that it is one; `types` by the
    asset's id.
    """

    def said(ref: Ref | None) -> Ref | None:
        if (
            ref is None
            or ref.asset_id is None
            or not types.get(ref.asset_id, "").startswith("video/")
        ):
            return ref
        return replace(ref, media_type=types[ref.asset_id])

    keyframes = wanted.keyframes and tuple(
        one for ref in wanted.keyframes if (one := said(ref)) is not None
    )
    return replace(
        wanted,
        start_frame=said(wanted.start_frame),
        end_frame=said(wanted.end_frame),
        keyframes=keyframes,
    )


def unreadable(
    account: ProviderAccount, wanted: GenerationRequest, broken: Collection[Broken] = ()
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
        elif field not in said and (carrier := _not_carried(model, field, ref)) is not None:
            yield _no_way(model, field, carrier, account)


def _made_elsewhere(
    wanted: GenerationRequest, field: str, asset_id: int, account: ProviderAccount
) -> Broken:
    same_world = {"account__is_enabled": True, "account__is_simulated": account.is_simulated}
    rows = Generation.objects.filter(result_id=asset_id, **same_world).exclude(chain_id="")
    take = rows.select_related("account").order_by("-pk").first()
    leave = Fix("Leave it out", {"guides": "none", "frames": "none"})
    if take is None or take.account_id == account.pk:
        message = "A clip cannot stand here: choose a picture."
        return Broken("take.clip", field, REFUSE, message, (leave,), detail="not an image")
    maker = take.account.name
    row = take.account.spec.model_for(wanted).parameter(field.partition(".")[0])
    if row is None or not _carries(row.carriers, "generation_id"):
        message = (
            f"Take {take.pk} cannot be continued: {maker} made it, and does not go on from a take. "
            "Choose a picture."
        )
        return Broken(
            "take.elsewhere", field, REFUSE, message, (leave,), status=404, detail="not found"
        )
    message = (
        f"Only {maker} can continue take {take.pk}: it was made there, and its id means nothing to {account.name}. "
        f"Send this to {maker}, or begin with a picture."
    )
    there = Fix(f"Send to {maker}", {"account": take.account_id})
    return Broken(
        "take.elsewhere", field, REFUSE, message, (there, leave), status=404, detail="not found"
    )


def _no_way(model: Model, field: str, carrier: str, account: ProviderAccount) -> Broken:
    row = model.parameter(field.partition(".")[0])
    label = row.label if row is not None else field
    said = {
        "generation_id": "an earlier result",
        "url": "an address",
        "file_id": "an uploaded file",
    }
    what = said.get(carrier, "a file in the request")
    message = (
        f"{label}: {model.label} at {account.spec.name} cannot read {what}. Choose it another way."
    )
    leave = (
        () if field == "source" else (Fix("Leave it out", {"guides": "none", "frames": "none"}),)
    )
    return Broken(
        "ref.carrier", field, REFUSE, message, leave, detail=f"{field}: not taken as {carrier}"
    )


def _not_carried(model: Model, field: str, ref: Ref) -> str | None:
    """Return the carrier of a reference that the parameter's row has no place for."""
    row = model.parameter(field.partition(".")[0])
    if row is None:
        return None  # refused by the model's own rules
    way = stored_way(model, field)
    for carrier in ref.carriers:
        as_sent = str(way) if carrier == "asset_id" else carrier
        if row.kind is ParameterKind.PINNED:
            if as_sent not in {StoredAs.FILE, "generation_id"}:
                return as_sent
        elif not _carries(row.carriers, as_sent):
            return as_sent
    return None


def _carries(carriers: Mapping[str, str], carrier: str) -> bool:
    """A row without carriers writes media objects, which carry everything."""
    return not carriers or carrier in carriers


def _is_video(ref: Ref) -> bool:
    return str(ref.media_type or "").startswith("video/")


def types_of(ids: set[int], member: Member) -> dict[int, str]:
    """Return the media types of the team's stored files.

    Raises: PermissionDenied, when one is another team's or not there: ids come from a form.
    """
    found = dict(
        Asset.objects.filter(pk__in=ids, team_id=member.team_id).values_list("pk", "mime_type")
    )
    if len(found) != len(ids):
        raise PermissionDenied("A clip or a picture belongs to another team, or is not there.")
    return found
