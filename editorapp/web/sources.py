"""What the studio edits: finding the chosen source among what this person may see, and listing what could be chosen."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import Ref
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.web.forms import Compose

RECENT = 24
MEDIA_TYPES = {
    "mp4": "video/mp4", "m4v": "video/mp4", "mov": "video/quicktime", "webm": "video/webm", "mkv": "video/x-matroska",
    "avi": "video/x-msvideo", "mpg": "video/mpeg", "mpeg": "video/mpeg", "ogv": "video/ogg", "3gp": "video/3gpp",
}  # fmt: skip


@dataclass(frozen=True)
class Source:
    """The chosen source. `ref` None: nothing chosen yet; `asset` None: nothing is known of the clip."""

    ref: Ref | None = None
    asset: Asset | None = None
    parent: Generation | None = None
    problem: str = ""  # why what was chosen cannot be used


def find(form: Compose, member: Member, account: ProviderAccount) -> Source:
    """Return the source that the form names: one query for an asset or a take, none for a URL."""
    if form.source_kind == "generation":
        return _take(form.source_generation, member, account)
    if form.source_kind == "url":
        return _address(form)
    if form.source_kind == "id":
        return _foreign(form, member)
    if form.source_asset is None:
        return Source()
    asset = next(iter(Asset.objects.visible_to(member).filter(pk=form.source_asset)), None)  # unsorted: it is one
    if asset is None:
        return Source(problem="This clip is not here any more: choose another one.")
    return Source(Ref(asset_id=asset.pk), asset)


def _take(pk: int | None, member: Member, account: ProviderAccount) -> Source:
    if pk is None:
        return Source()
    take = Generation.objects.visible_to(member).select_related("result").filter(pk=pk).first()
    if take is None or take.result is None or not take.can_be_source:
        return Source(problem="This take has no result to edit (yet): choose another one.")
    # An id is good only on the account that made it; elsewhere the file itself is sent.
    by_id = bool(take.chain_id) and take.account_id == account.pk
    ref = Ref(generation_id=take.chain_id) if by_id else Ref(asset_id=take.result_id)
    return Source(ref, take.result, take)


def _address(form: Compose) -> Source:
    if not form.source_url:
        return Source()
    return Source(Ref(url=form.source_url, media_type=form.source_media_type or guessed_type(form.source_url)))


def guessed_type(address: str) -> str:
    """Return the media type that an address's ending suggests; MP4 where it says nothing."""
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "video/mp4")


def _foreign(form: Compose, member: Member) -> Source:
    """A provider's id, typed in. If one of the team's own takes has it, its facts are known."""
    if not form.source_id:
        return Source()
    if form.source_id_kind == "file":
        return Source(Ref(file_id=form.source_id))
    take = (
        Generation.objects.visible_to(member).select_related("result").filter(chain_id=form.source_id).order_by("-pk")
    ).first()
    return Source(Ref(generation_id=form.source_id), take.result if take else None, take)


def recent_clips(member: Member, *, chosen: Asset | None = None) -> list[Asset]:
    """Return uploaded and sample clips, newest first; the chosen one is always among them."""
    rows = Asset.objects.visible_to(member).filter(kind=Asset.Kind.VIDEO).exclude(origin=Asset.Origin.RESULT)
    found = list(rows.order_by("-pk")[:RECENT])
    is_clip = chosen is not None and chosen.is_video and chosen.origin != Asset.Origin.RESULT
    return [chosen, *found] if chosen and is_clip and chosen not in found else found


def recent_takes(member: Member, *, chosen: Generation | None = None) -> list[Generation]:
    """Return the newest takes that can be edited; the chosen one is always among them."""
    rows = Generation.objects.visible_to(member).filter(state=State.SUCCEEDED, result__isnull=False)
    found = list(rows.select_related("result").order_by("-pk")[:RECENT])
    return [chosen, *found] if chosen and chosen not in found else found


def recent_pictures(member: Member, *, chosen: tuple[int, ...] = ()) -> list[Asset]:
    """Return the newest pictures, for guide frames, and those already chosen."""
    rows = Asset.objects.visible_to(member).filter(kind=Asset.Kind.IMAGE)
    found = list(rows.order_by("-pk")[:12])
    missing = set(chosen) - {asset.pk for asset in found}
    return [*rows.filter(pk__in=missing), *found] if missing else found


def takes_of(asset: Asset | None, member: Member) -> list[Generation]:
    """Return the newest takes made from a clip."""
    if asset is None:
        return []
    rows = Generation.objects.visible_to(member).filter(source_asset=asset).select_related("result")
    return list(rows.order_by("-pk")[:12])
