"""What the studio edits: finding the chosen source among what this person may see, and listing what
could be chosen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.request import references
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.web.studio.forms import EXTENDS, Compose

RECENT = 24
MEDIA_TYPES = {
    "mp4": "video/mp4",
    "m4v": "video/mp4",
    "mov": "video/quicktime",
    "webm": "video/webm",
    "mkv": "video/x-matroska",
    "avi": "video/x-msvideo",
    "mpg": "video/mpeg",
    "mpeg": "video/mpeg",
    "ogv": "video/ogg",
    "3gp": "video/3gpp",
}


@dataclass(frozen=True)
class ChosenSource:
    """The chosen source.

    `ref` None: nothing chosen yet; `asset` None: nothing is known of the clip.

    A generation has none; where it continues a take, `parent` is that take and `extend` how the
    account reads it.
    """

    ref: Ref | None = None
    asset: Asset | None = None
    parent: Generation | None = None
    problem: str = ""  # why what was chosen cannot be used
    extend: Ref | None = None
    account: ProviderAccount | None = None  # for which `ref` and `extend` hold


def find(form: Compose, member: Member, account: ProviderAccount) -> ChosenSource:
    """Return the source that the form names, as one account reads it: one query for an asset or a
    take.
    """
    return at(_found(form, member), account)


def at(source: ChosenSource, account: ProviderAccount) -> ChosenSource:
    """Return the same source as another account reads it: an id is good only on the account that
    made it.
    """
    if source.parent is None:
        return replace(source, account=account)
    if source.extend is not None:
        return replace(source, extend=references.as_frame(source.parent, account), account=account)
    return replace(source, ref=references.as_source(source.parent, account), account=account)


def _found(form: Compose, member: Member) -> ChosenSource:
    if form.task == Task.GENERATE:
        return (
            _continued(form.extend_generation, member) if form.frames in EXTENDS else ChosenSource()
        )
    if form.source_kind == "generation":
        return _take(form.source_generation, member)
    if form.source_kind == "url":
        return _address(form)
    if form.source_kind == "id":
        return _foreign(form, member)
    if form.source_asset is None:
        return ChosenSource()
    asset = next(
        iter(Asset.objects.visible_to(member).filter(pk=form.source_asset)), None
    )  # unsorted: it is one
    if asset is None:
        return ChosenSource(problem="This clip is not here any more: choose another one.")
    return ChosenSource(Ref(asset_id=asset.pk, media_type=asset.mime_type), asset)


def _usable_take(pk: int, member: Member) -> Generation | None:
    take = (
        Generation.objects.visible_to(member)
        .select_related("result", "account")
        .filter(pk=pk)
        .first()
    )
    return take if take is not None and take.result is not None and take.can_be_source else None


def _take(pk: int | None, member: Member) -> ChosenSource:
    if pk is None:
        return ChosenSource()
    take = _usable_take(pk, member)
    if take is None or take.result is None:
        return ChosenSource(problem="This take has no result to work on (yet): choose another one.")
    return ChosenSource(
        Ref(asset_id=take.result_id, media_type=take.result.mime_type), take.result, take
    )


def _continued(pk: int | None, member: Member) -> ChosenSource:
    if pk is None:
        return ChosenSource()
    take = _usable_take(pk, member)
    if take is None:
        return ChosenSource(
            problem="This take has no result to continue (yet): choose another one."
        )
    return ChosenSource(asset=take.result, parent=take, extend=Ref(asset_id=take.result_id))


def _address(form: Compose) -> ChosenSource:
    if not form.source_url:
        return ChosenSource()
    return ChosenSource(
        Ref(url=form.source_url, media_type=form.source_media_type or guessed_type(form.source_url))
    )


def guessed_type(address: str) -> str:
    """Return the media type that an address's ending suggests; MP4 where it says nothing."""
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "video/mp4")


def _foreign(form: Compose, member: Member) -> ChosenSource:
    """A provider's id, typed in. If one of the team's own takes has it, its facts are known."""
    if not form.source_id:
        return ChosenSource()
    if wrong := wrong_in(form.source_id):
        return ChosenSource(problem=f"The id: {wrong}")
    if form.source_id_kind == "file":
        return ChosenSource(Ref(file_id=form.source_id))
    take = (
        Generation.objects.visible_to(member)
        .select_related("result")
        .filter(chain_id=form.source_id)
        .order_by("-pk")
    ).first()
    return ChosenSource(Ref(generation_id=form.source_id), take.result if take else None, take)


def recent_clips(member: Member, *, chosen: int | None = None) -> list[Asset]:
    """Return uploaded and sample clips, newest first; the chosen one is always among them."""
    rows = (
        Asset.objects.visible_to(member)
        .filter(kind=Asset.Kind.VIDEO)
        .exclude(origin=Asset.Origin.RESULT)
    )
    found = list(rows.order_by("-pk")[:RECENT])
    return (
        found if chosen is None or _is_among(chosen, found) else [*rows.filter(pk=chosen), *found]
    )


def recent_takes(member: Member, *, chosen: int | None = None) -> list[Generation]:
    """Return the newest takes that can be worked on; the chosen one is always among them."""
    rows = Generation.objects.visible_to(member).filter(state=State.SUCCEEDED, result__isnull=False)
    rows = rows.select_related("result", "account")
    found = list(rows.order_by("-pk")[:RECENT])
    return (
        found if chosen is None or _is_among(chosen, found) else [*rows.filter(pk=chosen), *found]
    )


def _is_among(chosen: int, found: Sequence[Asset | Generation]) -> bool:
    return any(one.pk == chosen for one in found)


def recent_pictures(member: Member, *, chosen: tuple[int, ...] = ()) -> list[Asset]:
    """Return the newest pictures, for guide frames, and those already chosen."""
    rows = Asset.objects.visible_to(member).filter(kind=Asset.Kind.IMAGE)
    found = list(rows.order_by("-pk")[:12])
    missing = set(chosen) - {asset.pk for asset in found}
    return [*rows.filter(pk__in=missing), *found] if missing else found


def takes_of(asset: Asset | None, member: Member) -> list[Generation]:
    """Return the newest takes made from a clip; those made without one where there is none."""
    rows = Generation.objects.visible_to(member).select_related("result")
    made = rows.filter(source_asset=asset) if asset is not None else rows.filter(task=Task.GENERATE)
    return list(made.order_by("-pk")[:12])
