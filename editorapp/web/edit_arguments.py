"""The command line of `manage.py edit` -> what is wanted."""

import math
import mimetypes
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from editorapp.generations.models import Generation
from editorapp.media import intake, store
from editorapp.media.intake import NotTaken
from editorapp.media.models import Asset
from editorapp.media.probe import check_readable
from editorapp.media.store import hash_file
from editorapp.providers.contract import CONTROLS, GenerationRequest, Ref
from editorapp.teams.models import Member

# What the number of a control means; pose takes a word and face only a switch.
AMOUNTS = {"depth": "depth_blur", "normals": "normals_augmentation", "trajectory": "trajectory_sparsity"}


class BadArgument(Exception):
    """An argument cannot be understood; the message says which and how it should look."""


@dataclass(frozen=True)
class Composed:
    """What the command line asks for."""

    wanted: GenerationRequest
    source_asset: Asset | None
    parent: Generation | None


def compose(options: Mapping[str, Any], member: Member) -> Composed:
    """Read the arguments, and take the files that they name into the store.

    Raises: BadArgument, also when a file is not what it should be.
    """
    if not _is_text(options["prompt"]):
        raise BadArgument("--prompt: this is not UTF-8 text.")
    parent = _parent(options["parent"], member) if options["parent"] else None
    ref, source, parent = _source(options["source"], parent, member)
    wanted = GenerationRequest(
        prompt=options["prompt"], source=ref, resolution=options["resolution"],
        hdr=options["hdr"] or None, exr=options["exr"] or None, strength=options["strength"],
        **_controls(options["control"]),
    )  # fmt: skip
    if options["auto"] or not (options["strength"] or options["control"]):
        wanted = replace(wanted, auto_controls=True)
    if options["guide"]:
        wanted = replace(wanted, start_frame=_picture(options["guide"], member))
    if options["keyframe"]:
        pinned = [_keyframe(word, member) for word in options["keyframe"]]
        wanted = replace(
            wanted, keyframes=tuple(ref for _, ref in pinned), keyframe_indexes=tuple(index for index, _ in pinned)
        )
    return Composed(wanted, source, parent)


def _is_text(word: str) -> bool:
    """Bytes of the command line that are no UTF-8 come as halves of characters, which nothing can store."""
    return word.isprintable() or not any("\ud800" <= character <= "\udfff" for character in word)


def check_output(options: Mapping[str, Any]) -> None:
    """Look before any money is spent whether the result can be written, and that it replaces nothing that is edited.

    Raises: BadArgument.
    """
    if options["output"] is None:
        return
    output, folder = Path(options["output"]), Path(options["output"]).parent
    try:
        if not folder.is_dir():
            raise BadArgument(f"--output {output}: there is no folder {folder}.")
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".rushes-"):
            pass  # permissions do not tell everything: trying does
        if not output.name or output.is_dir():
            raise BadArgument(f"--output {output}: this is a folder; name a file in it.")
        guides = [options["guide"], *(word.partition("=")[2] for word in options["keyframe"])]
        for used in filter(None, (options["source"], *guides)):
            if output.exists() and Path(used).exists() and output.samefile(used):
                raise BadArgument(f"--output {output}: this is the file that is edited or guides; name another one.")
    except OSError as error:
        raise BadArgument(f"--output {output} cannot be written: {error.strerror}.") from error


def _source(
    given: str | None, parent: Generation | None, member: Member
) -> tuple[Ref, Asset | None, Generation | None]:
    """Return what is edited. A file that is the parent's own result is sent as the parent's generation id."""
    if given is None or given == "-":
        if parent is None:
            raise BadArgument("Name a SOURCE (a file, an https URL, generation:ID, file:ID), or a take with --parent.")
        return _result_of(parent), parent.result, parent
    kind, _, word = given.partition(":")
    if kind in {"http", "https"}:
        media_type = mimetypes.guess_type(given.partition("?")[0])[0] or "video/mp4"
        return Ref(url=given, media_type=media_type), None, parent
    if kind == "generation" and word:
        own = _find(word, member)
        return (_result_of(own), own.result, own) if own else (Ref(generation_id=word), None, parent)
    if kind == "file" and word:
        return Ref(file_id=word), None, parent
    path = _existing(given)
    if parent is not None and parent.result is not None and hash_file(path) == parent.result.sha256:
        return _result_of(parent), parent.result, parent
    asset = _take_in(path, member)
    if not asset.is_video:
        raise BadArgument(f"{path.name} is a picture, not a clip: use it with --guide or --keyframe.")
    return Ref(asset_id=asset.pk), asset, parent


def _parent(word: str, member: Member) -> Generation:
    found = _find(word, member)
    if found is None:
        raise BadArgument(f"There is no take {word} in your team.")
    return found


def _find(word: str, member: Member) -> Generation | None:
    """Find a take by its number or by the provider's id of its result."""
    takes = Generation.objects.visible_to(member).select_related("result")
    return takes.filter(pk=word).first() if re.fullmatch(r"[0-9]{1,18}", word) else takes.filter(chain_id=word).first()


def _result_of(take: Generation) -> Ref:
    if not take.can_be_source:
        raise BadArgument(f"Take {take.pk} has no result to edit: it is {take.get_state_display().lower()}.")
    return Ref(generation_id=take.chain_id)


def _controls(words: list[str]) -> dict[str, Any]:
    """Read "depth=0.2", "pose=coarse", "face=on" into fields of a request."""
    said: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in CONTROLS:
            raise BadArgument(f"--control {word}: there is no control {name}; there are {', '.join(CONTROLS)}.")
        said[f"{name}_enabled"] = True
        if value in {"", "on"}:
            continue
        if name == "pose":
            said["pose_strength"] = value
        elif name in AMOUNTS:
            said[AMOUNTS[name]] = _amount(word, value)
        else:
            raise BadArgument(f"--control {word}: {name} is only on or off; write {name}=on.")
    return said


def _amount(word: str, value: str) -> float:
    try:
        amount = float(value)
    except ValueError:
        amount = math.nan
    if not math.isfinite(amount):
        raise BadArgument(f"--control {word}: {value} is not a number from 0 to 1.")
    return amount


def _keyframe(word: str, member: Member) -> tuple[int, Ref]:
    index, _, file = word.partition("=")
    if not re.fullmatch(r"[0-9]{1,9}", index) or not file:
        raise BadArgument(f"--keyframe {word}: write INDEX=FILE, for example 48=still.png.")
    return int(index), _picture(file, member)


def _picture(file: str, member: Member) -> Ref:
    asset = _take_in(_existing(file), member)
    if asset.kind != Asset.Kind.IMAGE:
        raise BadArgument(f"{file} is not a picture: a guide frame is a JPEG, PNG or WebP.")
    return Ref(asset_id=asset.pk)


def _existing(file: str) -> Path:
    path = Path(file)
    try:
        if not path.exists():
            raise BadArgument(f"There is no file {file}.")
        check_readable(path)  # before it is copied: it may be larger than the disk
    except OSError as error:
        raise BadArgument(f"There is no file {file}: {error.strerror}.") from error
    except NotTaken as error:
        raise BadArgument(f"{path.name}: {error.message}") from error
    return path


def _take_in(path: Path, member: Member) -> Asset:
    """Store a copy: intake consumes the file that it is given, and this one is not ours."""
    with store.workspace() as folder:  # what a killed command leaves there is swept later
        copy = folder / "source"
        try:
            shutil.copyfile(path, copy)
            return intake.take_in(copy, name=path.name, team=member.team, user=member.user, origin=Asset.Origin.UPLOAD)
        except NotTaken as error:
            raise BadArgument(f"{path.name}: {error.message}") from error
        except OSError as error:
            raise BadArgument(f"{path.name} cannot be stored: {error.strerror}.") from error
