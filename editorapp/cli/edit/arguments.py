"""The command line of `manage.py edit` -> what is wanted, and of which account."""

import re
import tempfile
from argparse import ArgumentParser
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied

from editorapp.cli.edit import references as edit_words
from editorapp.cli.edit.references import BadArgument, NamedSource
from editorapp.core.request_values import as_decimal
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.request import references
from editorapp.generations.request.enqueue import MOST_AT_ONCE
from editorapp.media.models import Asset
from editorapp.providers import accounts, registry
from editorapp.providers.contract import (
    CONTROL_VALUES,
    CONTROLS,
    STRENGTHS,
    GenerationRequest,
    Task,
)
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model, Spec
from editorapp.teams.models import Member

__all__ = [
    "BadArgument",
    "Composed",
    "add_arguments",
    "check_output",
    "check_texts",
    "chosen_account",
    "compose",
    "compose_all",
    "is_several",
]

POSITION = ("x_norm", "y_norm", "w_norm", "h_norm")
PICTURE = "a file, an https URL, generation:ID or file:ID"


def add_arguments(parser: ArgumentParser) -> None:
    """Add what says what is wanted; how it is waited for and written is the command's own."""
    add = parser.add_argument
    add(
        "source",
        nargs="*",
        metavar="SOURCE",
        help=f"the clip to work on: {PICTURE}; several make one batch, and a generation needs none",
    )
    add("--takes", type=int, default=1, metavar="N", help="how many takes of each (default 1)")
    add("--prompt", metavar="TEXT", help="what should be seen, 1 to 6,000 characters")
    add("--task", choices=list(Task), default=Task.EDIT, help="what is done (default edit)")
    add(
        "--provider",
        metavar="SLUG",
        help=f"who does it: {', '.join(registry.slugs())} (default: the team's account)",
    )
    add("--account", metavar="NAME", help="which of several accounts, by its name")
    add(
        "--model",
        metavar="NAME",
        help="which of several models (default: the provider's first one of the task)",
    )
    add(
        "--parent",
        metavar="TAKE",
        help="work on the result of this take (its number or the provider's id)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--strength", choices=STRENGTHS, metavar="NAME", help=f"one of {', '.join(STRENGTHS)}"
    )
    how.add_argument("--auto", action="store_true", help="automatic controls (an edit's default)")
    add(
        "--control",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="pose=precise|coarse, depth|normals|trajectory=0..1, face=on; may be repeated",
    )
    add("--guide", metavar="PICTURE", help=f"the single guide frame: {PICTURE}")
    add(
        "--keyframe",
        action="append",
        default=[],
        metavar="INDEX=PICTURE",
        help="a picture pinned to a frame, counted from 0; may be repeated",
    )
    add("--first", metavar="PICTURE", help="the first frame of a generation")
    add("--last", metavar="PICTURE", help="the last frame of a generation")
    add(
        "--extend",
        metavar="TAKE",
        help="go on where this take ends (its number or the provider's id)",
    )
    add("--backward", action="store_true", help="with --extend: make what comes before the take")
    add("--aspect", metavar="RATIO", help="the shape of the result, such as 9:16")
    add(
        "--duration",
        metavar="SECONDS",
        help="the length of a generation: 5 or 10, with the flash models 9",
    )
    add("--loop", action="store_true", help="the end runs into the start")
    add(
        "--concept",
        action="append",
        default=[],
        metavar="NAME",
        help="a camera move by name; may be repeated",
    )
    add(
        "--position",
        metavar="X,Y,W,H",
        help="where a reframe's source lies, in fractions of the canvas",
    )
    add(
        "--resolution",
        metavar="NAME",
        help="360p, 540p, 720p or 1080p (the provider's default is 720p)",
    )
    add("--hdr", action="store_true", help="high dynamic range (720p and 1080p)")
    add("--exr", action="store_true", help="EXR frames too (with --hdr)")


@dataclass(frozen=True)
class Composed:
    """What the command line asks for."""

    wanted: GenerationRequest
    source_asset: Asset | None
    parent: Generation | None


def chosen_account(options: Mapping[str, Any], member: Member) -> ProviderAccount:
    """Return the account that is named, else the team's own choice.

    Raises: BadArgument; UnknownProvider and NoAccount.
    """
    slug, name = options["provider"], options["account"]
    if slug:
        registry.get(slug)
    if not name:
        return accounts.of_team(member.team, provider=slug)
    found = accounts.usable(provider=slug)
    named = next((account for account in found if account.name.casefold() == name.casefold()), None)
    if named is None:
        there = ", ".join(account.name for account in found) or "none"
        raise BadArgument(f"--account {name}: there is no such account to use; there are: {there}.")
    return named


def is_several(options: Mapping[str, Any]) -> bool:
    """Does the command line ask for more than one take?"""
    return max(1, len(options["source"])) * options["takes"] > 1


def compose_all(
    options: Mapping[str, Any], member: Member, account: ProviderAccount
) -> list[Composed]:
    """Compose each take that is asked for: every source so often as `--takes` says.

    Raises: BadArgument.
    """
    sources, takes = options["source"] or [None], options["takes"]
    if takes < 1 or len(sources) * takes > MOST_AT_ONCE:
        raise BadArgument(
            f"--takes {takes}: 1 to {MOST_AT_ONCE} takes can be sent in one go, all sources together."
        )
    return [
        one
        for source in sources
        for one in [compose({**options, "source": source}, member, account)] * takes
    ]


def compose(options: Mapping[str, Any], member: Member, account: ProviderAccount) -> Composed:
    """Read the arguments, and take the files that they name into the store.

    Raises: BadArgument, also when a file is not what it should be.
    """
    model = _model(options, account.spec)
    check_texts(options)
    said = (
        _settings(options, model) | _controls(options["control"]) | _position(options["position"])
    )
    source = _source(options, member)
    frames, continued = _frames(options, member)
    said |= frames | _keyframes(options["keyframe"], member)
    wanted = GenerationRequest(task=model.task, model=model.name, source=source.ref, **said)
    try:
        takes = references.takes_named(wanted, member)
    except PermissionDenied as error:
        raise BadArgument(str(error)) from error
    made_from = continued if source.ref is None and continued is not None else source
    wanted = references.reachable(wanted, account, parent=made_from.parent, takes=takes)
    return Composed(wanted, made_from.asset, made_from.parent)


def _model(options: Mapping[str, Any], spec: Spec) -> Model:
    """Return the model by our name or by the provider's own."""
    task, name = options["task"], options["model"]
    there = spec.models_for(task)
    if not there:
        others = [registry.get(slug).SPEC for slug in registry.slugs()]
        who = (
            ", ".join(other.name for other in others if other.models_for(task))
            or "no other provider either"
        )
        raise BadArgument(f"--task {task}: {spec.name} does not do this. There is: {who}.")
    named = [model for model in there if name in (None, model.name, model.model_id)]
    if not named:
        names = ", ".join(model.name for model in there)
        raise BadArgument(
            f"--model {name}: {spec.name} has no such model for {task}; it has {names}."
        )
    return named[0]


def _source(options: Mapping[str, Any], member: Member) -> NamedSource:
    parent = edit_words.own_take(options["parent"], member) if options["parent"] else None
    found = edit_words.source(options["source"], parent, member)
    if found.ref is None and options["task"] != Task.GENERATE:
        raise BadArgument(
            "Name a SOURCE (a file, an https URL, generation:ID, file:ID), or a take with --parent."
        )
    return found


def _settings(options: Mapping[str, Any], model: Model) -> dict[str, Any]:
    """Return what is said in one word each.

    Auto is an edit's default, because it is the page's too.
    """
    chosen = options["strength"] or options["control"]
    return {
        "prompt": options["prompt"],
        "resolution": options["resolution"],
        "strength": options["strength"],
        "hdr": options["hdr"] or None,
        "exr": options["exr"] or None,
        "loop": options["loop"] or None,
        "aspect_ratio": options["aspect"],
        "duration": _duration(options["duration"]),
        "concepts": tuple(options["concept"]) or None,
        "auto_controls": options["auto"] or (not chosen and model.knows("auto_controls")) or None,
    }


def _duration(word: str | None) -> str | None:
    if word is None:
        return None
    if not re.fullmatch(r"[0-9]{1,3}s?", word):
        raise BadArgument(f"--duration {word}: write whole seconds, for example 5.")
    return f"{word.removesuffix('s')}s"


def _position(word: str | None) -> dict[str, float]:
    if word is None:
        return {}
    values = [
        float(number)
        for part in word.split(",")
        if (number := as_decimal(part.strip())) is not None
    ]
    if len(values) != len(POSITION) or word.count(",") != len(POSITION) - 1:
        raise BadArgument(
            f"--position {word}: write four numbers X,Y,W,H, for example 0.25,0,0.5,1."
        )
    return dict(zip(POSITION, values, strict=True))


def _controls(words: list[str]) -> dict[str, Any]:
    """Read "depth=0.2", "pose=coarse", "face=on" into fields of a request."""
    said: dict[str, Any] = {}
    for word in words:
        name, _, value = word.partition("=")
        if name not in CONTROLS:
            raise BadArgument(
                f"--control {word}: there is no control {name}; there are {', '.join(CONTROLS)}."
            )
        said[f"{name}_enabled"] = True
        if value in {"", "on"}:
            continue
        if name not in CONTROL_VALUES:
            raise BadArgument(f"--control {word}: {name} is only on or off; write {name}=on.")
        said[CONTROL_VALUES[name]] = value if name == "pose" else _amount(word, value)
    return said


def _amount(word: str, value: str) -> float:
    if (amount := as_decimal(value)) is None:
        raise BadArgument(f"--control {word}: {value} is not a number from 0 to 1.")
    return float(amount)


def _frames(
    options: Mapping[str, Any], member: Member
) -> tuple[dict[str, Any], NamedSource | None]:
    """Return the frames that a result begins and ends with, and the take that is continued with one
    of them.
    """
    backward = options["backward"]
    if backward and not options["extend"]:
        raise BadArgument("--backward says how to --extend: name the take with it.")
    starts = {"--guide": options["guide"], "--first": options["first"]}
    starts["--extend"] = None if backward else options["extend"]
    ends = {
        "--last": options["last"],
        "--extend --backward": options["extend"] if backward else None,
    }
    for frames in (starts, ends):
        given = [name for name, value in frames.items() if value]
        if len(given) > 1:
            raise BadArgument(f"{' and '.join(given)} are the same frame: give one of them.")
    pictures = {"start_frame": options["guide"] or options["first"], "end_frame": options["last"]}
    said = {name: edit_words.picture(word, member) for name, word in pictures.items() if word}
    if not options["extend"]:
        return said, None
    continued = edit_words.continued(options["extend"], member)
    return said | {"end_frame" if backward else "start_frame": continued.ref}, continued


def _keyframes(words: list[str], member: Member) -> dict[str, Any]:
    pinned = []
    for word in words:
        index, _, file = word.partition("=")
        if not re.fullmatch(r"[0-9]{1,9}", index) or not file:
            raise BadArgument(f"--keyframe {word}: write INDEX=PICTURE, for example 48=still.png.")
        pinned.append((int(index), edit_words.picture(file, member)))
    if not pinned:
        return {}
    return {
        "keyframes": tuple(ref for _, ref in pinned),
        "keyframe_indexes": tuple(index for index, _ in pinned),
    }


def check_texts(options: Mapping[str, Any]) -> None:
    """See that every word is one that can be kept: bytes that are no UTF-8 come as halves of
    characters. Files may have such names, so words that can name one are looked at where they name
    something else: see words.py.

    Raises: BadArgument.
    """
    for name, said in options.items():
        for word in said if isinstance(said, list) else [said]:
            if name not in edit_words.FILES and isinstance(word, str) and (wrong := wrong_in(word)):
                raise BadArgument(f"--{name}: {wrong}")


def check_output(options: Mapping[str, Any]) -> None:
    """Look before any money is spent whether the result can be written, and that it replaces
    nothing that is used.

    Raises: BadArgument.
    """
    if options["output"] is None:
        return
    output, folder = Path(options["output"]), Path(options["output"]).parent
    if is_several(options):
        if not output.is_dir():
            raise BadArgument(
                f"--output {output}: several takes need a folder that is there; each becomes a file in it."
            )
        output, folder = output / "take.mp4", output
    try:
        if not folder.is_dir():
            raise BadArgument(f"--output {output}: there is no folder {folder}.")
        with tempfile.NamedTemporaryFile(dir=folder, prefix=".rushes-"):
            pass  # permissions do not tell everything: trying does
        if not output.name or output.is_dir():
            raise BadArgument(f"--output {output}: this is a folder; name a file in it.")
        pictures = [*options["source"], *(options[name] for name in ("guide", "first", "last"))]
        for used in filter(
            None, (*pictures, *(word.partition("=")[2] for word in options["keyframe"]))
        ):
            if output.exists() and Path(used).exists() and output.samefile(used):
                raise BadArgument(
                    f"--output {output}: this is the file that is edited or guides; name another one."
                )
    except OSError as error:
        raise BadArgument(f"--output {output} cannot be written: {error.strerror}.") from error
