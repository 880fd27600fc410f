"""Named files: what a word of the command line names: a file, an address, a take of ours, or a
provider's id.
"""

import mimetypes
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from editorapp.core.request_values import as_whole
from editorapp.core.typed_text import without, wrong_in
from editorapp.generations.models import Generation
from editorapp.media import intake, store
from editorapp.media.models import Asset
from editorapp.media.probe import check_readable
from editorapp.media.refusals import Refusal
from editorapp.providers.contract import Ref
from editorapp.teams.models import Member

# Options that can name a file.
FILES = {"source", "guide", "keyframe", "first", "last", "output"}
# What a word begins with that names no file of this machine, and how a request carries what it
# names.
CARRIERS = {"http": "url", "https": "url", "generation": "generation_id", "file": "file_id"}


class BadArgument(Exception):
    """An argument cannot be understood; the message says which and how it should look."""


@dataclass(frozen=True)
class NamedSource:
    """What is worked on: how a request names it, and what of ours it is."""

    ref: Ref | None = None
    asset: Asset | None = None
    parent: Generation | None = None

    @classmethod
    def of(cls, take: Generation) -> "NamedSource":
        """Return a take's result."""
        if not take.can_be_source:
            raise BadArgument(
                f"#{take.pk} has no result to work on: it is {take.get_state_display().lower()}."
            )
        return cls(Ref(generation_id=take.chain_id), take.result, take)


def source(
    given: str | None,
    parent: Generation | None,
    member: Member,
) -> NamedSource:
    """Return what is worked on.

    A file that is the parent's own result is named as the parent's result.
    """
    if given is None or given == "-":
        return NamedSource.of(parent) if parent is not None else NamedSource()
    carried = _carried(given)
    if not carried:
        return _clip(_existing(given), parent, member)
    if "generation_id" in carried and (own := find_take(carried["generation_id"], member)):
        return NamedSource.of(own)
    if "url" in carried:
        media_type, _encoding = mimetypes.guess_type(given.partition("?")[0])
        carried["media_type"] = media_type or "video/mp4"
    return NamedSource(Ref(**carried), None, parent)


def _clip(
    path: Path,
    parent: Generation | None,
    member: Member,
) -> NamedSource:
    asset = _take_in(path, member)
    if parent is not None and asset == parent.result:
        return NamedSource.of(parent)
    if not asset.is_video:
        raise BadArgument(
            f"{path.name} is a picture, not a clip: use it with --guide, --first or --keyframe."
        )
    return NamedSource(
        Ref(asset_id=asset.pk, media_type=asset.mime_type),
        asset,
        parent,
    )


def picture(given: str, member: Member) -> Ref:
    """Return a picture by the same kinds of words: a file, an https URL, generation:ID or file:ID."""
    if carried := _carried(given):
        return Ref(**carried)
    return Ref(asset_id=_taken_picture(given, member).pk)


def _taken_picture(given: str, member: Member) -> Asset:
    asset = _take_in(_existing(given), member)
    if asset.kind != Asset.Kind.IMAGE:
        raise BadArgument(f"{given} is not a picture: a guide frame is a JPEG, PNG or WebP.")
    return asset


def find_take(word: str, member: Member) -> Generation | None:
    """Find a take by its number or by the provider's id of its result."""
    takes = Generation.objects.visible_to(member).select_related("result")
    number = as_whole(_typed(word).removeprefix("#"))
    return takes.filter(**({"chain_id": word} if number is None else {"pk": number})).first()


def own_take(word: str, member: Member) -> Generation:
    found = find_take(word, member)
    if found is None:
        raise BadArgument(f"There is no take {word} in your team.")
    return found


def continued(word: str, member: Member) -> NamedSource:
    """Return the clip that is continued: a take of ours by its number or id, else a provider's id
    as it is.
    """
    take = find_take(word, member) if as_whole(word) is None else own_take(word, member)
    return NamedSource.of(take) if take else NamedSource(Ref(generation_id=word))


def _carried(given: str) -> dict[str, Any]:
    """Return what a reference says of what a word names; {} for a file of this machine."""
    kind, _, word = given.partition(":")
    if kind not in CARRIERS or not word:
        return {}
    carrier, word = CARRIERS[kind], _typed(word)
    return {carrier: given if carrier == "url" else word}


def _typed(word: str) -> str:
    if wrong := wrong_in(word):
        raise BadArgument(f"{without(word)}: {wrong}")
    return word


def _existing(file: str) -> Path:
    path = Path(file)
    try:
        if not path.exists():
            raise BadArgument(f"There is no file {file}.")
        check_readable(path)  # before it is copied: it may be larger than the disk
    except OSError as error:
        raise BadArgument(f"There is no file {file}: {error.strerror}.") from error
    except Refusal as error:
        raise BadArgument(f"{path.name}: {error.message}") from error
    return path


def _take_in(path: Path, member: Member) -> Asset:
    """Store a copy: intake consumes the file that it is given, and this one is not ours."""
    with store.workspace() as folder:  # what a killed command leaves there is swept later
        copy = folder / "source"
        try:
            shutil.copyfile(path, copy)
            return intake.take_in(
                copy,
                name=path.name,
                team=member.team,
                user=member.user,
                origin=Asset.Origin.UPLOAD,
            )
        except Refusal as error:
            raise BadArgument(f"{path.name}: {error.message}") from error
        except OSError as error:
            raise BadArgument(f"{path.name} cannot be stored: {error.strerror}.") from error
