"""Sources: what the studio edits: the chosen one among what this person may see, and those that
could be chosen.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from django.db.models import Model, QuerySet

from editorapp.core.compiled_query import CompiledQuery
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.request import references
from editorapp.generations.states import State
from editorapp.media.models import Asset, AssetQuerySet
from editorapp.providers.contract import Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.teams.models import Member
from editorapp.web.studio.draft_form import EXTENDS, DraftForm

RECENT, FEW = 24, 12
Row = TypeVar("Row", bound=Model)
Read = TypeVar("Read")
# What the stage is told of a clip, and what a take's tab says: whole rows cost several times more.
CLIP = (
    *("name", "kind", "width", "height", "frame_count", "duration_seconds", "sha256", "proxy"),
    *("fps_numerator", "fps_denominator", "variable_frame_rate"),
    *("has_audio", "hdr", "is_simulated"),
)
TAKE = (
    *("team_id", "state", "task", "provider", "model", "request", "is_simulated"),
    *("source_asset_id", "parent_id", "has_source_sound", "account__name"),
    *(f"result__{name}" for name in CLIP),
    "mark__colour",
)
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


def at(source: ChosenSource, account: ProviderAccount) -> ChosenSource:
    """Return a source as an account reads it: an id is good only on the account that made it."""
    take = source.parent
    if take is None:
        return source
    if source.extend is not None:
        return replace(source, extend=references.as_frame(take, account))
    return replace(source, ref=references.as_source(take, account))


def find(form: DraftForm, member: Member) -> ChosenSource:
    """Return the source that the form names: one query for an asset or a take."""
    if form.task == Task.GENERATE:
        pk = form.extend_generation if form.frames in EXTENDS else None
        return _take(pk, member, to="continue")
    if form.source_kind == "generation":
        return _take(form.source_generation, member, to="work on")
    if form.source_kind == "url":
        return _address(form)
    if form.source_kind == "id":
        return _foreign(form, member)
    return _asset(form.source_asset, member)


def _asset(pk: int | None, member: Member) -> ChosenSource:
    if pk is None:
        return ChosenSource()
    found = _file(member.team_id, pk) if member.sees_all else _files(member).filter(pk=pk)
    for asset in found:
        return ChosenSource(_ref(asset), asset)
    return ChosenSource(problem="This clip is not here any more: choose another one.")


@CompiledQuery
def _file(team: int, pk: int) -> "QuerySet[Asset]":
    return Asset.objects.of_team(team).filter(pk=pk)


def _ref(asset: Asset) -> Ref:
    return Ref(asset_id=asset.pk, media_type=asset.mime_type)


def _take(pk: int | None, member: Member, *, to: str) -> ChosenSource:
    if pk is None:
        return ChosenSource()
    rows = Generation.objects.visible_to(member)
    take = rows.select_related("result", "account", "source_asset").filter(pk=pk).first()
    if take is None and (gone := _thrown_away(pk, member)):
        return ChosenSource(problem=gone)
    if take is None or take.result is None or not take.can_be_source:
        return ChosenSource(problem=f"This take has no result to {to} (yet): choose another one.")
    if to == "continue":
        return ChosenSource(None, take.result, take, extend=Ref(asset_id=take.result_id))
    return ChosenSource(_ref(take.result), take.result, take)


def _thrown_away(pk: int, member: Member) -> str:
    """Say that a take was thrown away, and what to do; "" where it was not."""
    rows = Generation.objects.filter(team_id=member.team_id, pk=pk).exclude(trashed_at=None)
    take = rows.seen_by(member).first()
    if take is None:
        return ""
    if take.emptied_at is not None:
        return f"#{pk} was deleted: choose another one."
    return f"#{pk} is in the trash: restore it, or choose another one."


def _address(form: DraftForm) -> ChosenSource:
    if not form.source_url:
        return ChosenSource()
    media_type = form.source_media_type or guessed_type(form.source_url)
    return ChosenSource(Ref(url=form.source_url, media_type=media_type))


def guessed_type(address: str) -> str:
    """Return the media type that an address's ending suggests; MP4 where it says nothing."""
    try:
        path = urlsplit(address).path
    except ValueError:
        path = ""
    return MEDIA_TYPES.get(path.rpartition(".")[2].lower(), "video/mp4")


def _foreign(form: DraftForm, member: Member) -> ChosenSource:
    """A provider's id, typed in. If one of the team's own takes has it, its facts are known."""
    if not form.source_id:
        return ChosenSource()
    if wrong := wrong_in(form.source_id):
        return ChosenSource(problem=f"The id: {wrong}")
    if form.source_id_kind == "file":
        return ChosenSource(Ref(file_id=form.source_id))
    rows = Generation.objects.visible_to(member).select_related("result", "source_asset")
    take = rows.filter(chain_id=form.source_id).order_by("-pk").first()
    return ChosenSource(Ref(generation_id=form.source_id), take.result if take else None, take)


class ClipChoice(NamedTuple):
    """A clip that can be chosen, as far as the bin shows it."""

    pk: int
    name: str
    duration_seconds: Decimal
    frame_count: int
    cut_from_id: int | None


class TakeChoice(NamedTuple):
    """A take that can be worked on, as far as the bin shows it: the last three are its result's."""

    pk: int
    prompt: str
    result_id: int
    duration_seconds: Decimal
    frame_count: int


def recent_clips(member: Member, *, chosen: int | None) -> list[ClipChoice]:
    """Return uploaded and sample clips, newest first; the chosen one is always among them."""
    clips = _clips(_files(member))
    newest = _newest_clips(member.team_id) if member.sees_all else _newest(clips)
    return list(map(ClipChoice._make, _with_chosen_row(newest, chosen, clips)))


@CompiledQuery
def _newest_clips(team: int) -> "QuerySet[Asset, Any]":
    return _newest(_clips(Asset.objects.of_team(team)))


def _clips(files: AssetQuerySet) -> "QuerySet[Asset, Any]":
    clips = files.brought().filter(kind=Asset.Kind.VIDEO)
    return clips.values_list(*ClipChoice._fields)


def newest_clip(member: Member) -> int | None:
    """Return the id of the clip that came last; None where there is none yet."""
    clips = _files(member).brought().filter(kind=Asset.Kind.VIDEO)
    return clips.order_by("-pk").values_list("pk", flat=True).first()


def recent_takes(member: Member, *, chosen: int | None) -> list[TakeChoice]:
    """Return the newest takes that can be worked on; the chosen one is always among them."""
    takes = _takes_in_bin(_seen(member))
    newest = _newest_takes(member.team_id) if member.sees_all else _newest(takes)
    return list(map(TakeChoice._make, _with_chosen_row(newest, chosen, takes)))


@CompiledQuery
def _newest_takes(team: int) -> "QuerySet[Generation, Any]":
    return _newest(_takes_in_bin(Generation.objects.of_team(team)))


def _takes_in_bin(takes: "QuerySet[Generation]") -> "QuerySet[Generation, Any]":
    of_result = ("result__duration_seconds", "result__frame_count")
    return _done(takes).values_list("pk", "prompt", "result_id", *of_result)


def extendable_takes(
    member: Member,
    account: ProviderAccount,
    chosen: int | None,
) -> list[Generation]:
    """Return the newest results that can be continued, which only the account can that made them;
    and the chosen one.

    One query, two where the chosen one is an older one.
    """
    rows = _with_result(member)
    own = _newest(rows.filter(account=account).exclude(chain_id=""), FEW)
    return _with_chosen(own, {chosen}, rows)


def _with_result(member: Member) -> QuerySet[Generation]:
    return _done(_seen(member)).select_related("result", "account")


def _done(takes: "QuerySet[Generation]") -> QuerySet[Generation]:
    return takes.filter(state=State.SUCCEEDED, result__isnull=False)


def _seen(member: Member) -> QuerySet[Generation]:
    return Generation.objects.visible_to(member)


def recent_pictures(member: Member, *, chosen: set[int | None]) -> list[Asset]:
    """Return the newest pictures, for guide frames, and those already chosen."""
    pictures = _pictures(_files(member))
    found = _newest_pictures(member.team_id) if member.sees_all else _newest(pictures, FEW)
    return _with_chosen(found, chosen, pictures)


@CompiledQuery
def _newest_pictures(team: int) -> "QuerySet[Asset]":
    return _newest(_pictures(Asset.objects.of_team(team)), FEW)


def _pictures(files: "QuerySet[Asset]") -> "QuerySet[Asset]":
    return files.filter(kind=Asset.Kind.IMAGE).only("name")


def _files(member: Member) -> AssetQuerySet:
    return Asset.objects.visible_to(member)


def _newest(rows: "QuerySet[Row, Read]", most: int = RECENT) -> "QuerySet[Row, Read]":
    return rows.order_by("-pk")[:most]


def _with_chosen(
    found: Iterable[Row],
    chosen: set[int | None],
    among: "QuerySet[Row]",
) -> list[Row]:
    """Return the newest rows, and before them what is chosen and not among them."""
    newest = list(found)
    missing = chosen - {None} - {one.pk for one in newest}
    return [*among.filter(pk__in=missing), *newest] if missing else newest


def _with_chosen_row(
    found: Iterable[Any],
    chosen: int | None,
    among: "QuerySet[Any, Any]",
) -> list[Any]:
    """Do the same for rows of values, of which the first is the id."""
    newest = list(found)
    is_missing = chosen and all(row[0] != chosen for row in newest)
    return [*among.filter(pk=chosen), *newest] if is_missing else newest


def takes_of(asset: Asset | None, member: Member) -> list[Generation]:
    """Return the newest takes made from a clip; those made without one where there is none.

    They are read as far as the stage's tabs and `differences` read them.
    """
    if asset is None:
        if member.sees_all:
            return _takes_without_clip(member.team_id)
        return list(_generated(_seen(member)))
    takes = _of_clip(member, asset.pk)
    for take in takes:
        take.source_asset = asset
    return takes


def _of_clip(member: Member, clip: int) -> list[Generation]:
    if member.sees_all:
        return _takes_of_clip(member.team_id, clip)
    return list(_made_from(_seen(member), clip))


@CompiledQuery
def _takes_of_clip(team: int, clip: int) -> "QuerySet[Generation]":
    return _made_from(Generation.objects.of_team(team), clip)


def _made_from(takes: "QuerySet[Generation]", clip: int) -> "QuerySet[Generation]":
    rows = _on_tabs(takes).filter(source_asset=clip)
    return _newest(rows.only(*TAKE).prefetch_related("parent"), FEW)


@CompiledQuery
def _takes_without_clip(team: int) -> "QuerySet[Generation]":
    return _generated(Generation.objects.of_team(team))


def _generated(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    rows = _on_tabs(takes).filter(task=Task.GENERATE)
    rows = rows.select_related("parent__result").only(*TAKE, "parent__result__name")
    return _newest(rows, FEW)


def _on_tabs(takes: "QuerySet[Generation]") -> "QuerySet[Generation]":
    return takes.select_related("result", "account", "mark")


class TakeStanding(NamedTuple):
    """How a take stands, as far as its tab shows what may change. `proxy` None: it has no result."""

    pk: int
    state: str
    proxy: str | None
    has_source_sound: bool


def standings(pk: int | None, member: Member) -> list[TakeStanding]:
    """Return how the takes of a clip stand, those made without one where `pk` is None: one query,
    of next to nothing.

    Nothing is known of a clip that this member does not see.
    """
    rows = Generation.objects.visible_to(member)
    if pk is None:
        rows = rows.filter(task=Task.GENERATE)
    else:
        rows = rows.filter(source_asset__in=Asset.objects.visible_to(member).filter(pk=pk))
    read = rows.values_list("pk", "state", "result__proxy", "has_source_sound")
    return [TakeStanding(*row) for row in read.order_by("-pk")[:FEW]]
