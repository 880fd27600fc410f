"""Arguments of `manage.py edit`: the drafts that a command line asks for, and of which account."""

import re
import tempfile
from argparse import ArgumentParser
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.core.exceptions import PermissionDenied

from editorapp.cli.edit import named_files, settings
from editorapp.cli.edit.named_files import BadArgument, NamedSource
from editorapp.cli.edit.settings import Options, Values
from editorapp.core.typed_text import wrong_in
from editorapp.generations.models import Generation
from editorapp.generations.request import references
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import MOST_AT_ONCE
from editorapp.providers import accounts, registry
from editorapp.providers.contract import (
    GenerationRequest,
    Ref,
    Task,
)
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model, Spec
from editorapp.providers.strengths import STRENGTHS
from editorapp.teams.models import Member

Option = tuple[str, str, str]  # its name, the word for its value, its help

PICTURE = "a file, an https URL, generation:ID or file:ID"


# Each option with the word for its value, "" for a switch, and its help; some may be repeated.
WHO = (
    ("account", "NAME", "which of several accounts, by its name"),
    ("model", "NAME", "which of several models (default: the provider's first one of the task)"),
    ("parent", "TAKE", "work on the result of this take (its number or the provider's id)"),
)
WHAT = (
    (
        "control",
        "NAME=VALUE",
        "pose=precise|coarse, depth|normals|trajectory=0..1, face=on; may be repeated",
    ),
    ("guide", "PICTURE", f"the single guide frame: {PICTURE}"),
    (
        "keyframe",
        "INDEX=PICTURE",
        "a picture pinned to a frame, counted from 0; may be repeated",
    ),
    ("first", "PICTURE", "the first frame of a generation"),
    ("last", "PICTURE", "the last frame of a generation"),
    ("extend", "TAKE", "go on where this take ends (its number or the provider's id)"),
    ("backward", "", "with --extend: make what comes before the take"),
    ("aspect", "RATIO", "the shape of the result, such as 9:16"),
    ("duration", "SECONDS", "the length of a generation: 5 or 10, with the flash models 9"),
    ("loop", "", "the end runs into the start"),
    ("concept", "NAME", "a camera move by name; may be repeated"),
    ("position", "X,Y,W,H", "where a reframe's source lies, in fractions of the canvas"),
    ("resolution", "NAME", "360p, 540p, 720p or 1080p (the provider's default is 720p)"),
    ("hdr", "", "high dynamic range (720p and 1080p)"),
    ("exr", "", "EXR frames too (with --hdr)"),
)
REPEATED = {"control", "keyframe", "concept"}


def add_arguments(parser: ArgumentParser) -> None:
    """Add what says what is wanted; how it is waited for and written is the command's own."""
    add = parser.add_argument
    add(
        "source",
        nargs="*",
        metavar="SOURCE",
        help=f"the clip to work on: {PICTURE}; several make one batch, and a generation needs none",
    )
    add(
        "--takes",
        type=int,
        default=1,
        metavar="N",
        help="how many takes of each (default 1)",
    )
    add(
        "--prompt",
        metavar="TEXT",
        help="what should be seen, 1 to 6,000 characters",
    )
    add(
        "--task",
        choices=list(Task),
        default=Task.EDIT,
        help="what is done (default edit)",
    )
    slugs = ", ".join(registry.slugs())
    add(
        "--provider",
        metavar="SLUG",
        help=f"who does it: {slugs} (default: the team's account)",
    )
    _add_options(parser, WHO)
    how = parser.add_mutually_exclusive_group()
    strengths = f"one of {', '.join(STRENGTHS)}"
    how.add_argument(
        "--strength",
        choices=STRENGTHS,
        metavar="NAME",
        help=strengths,
    )
    how.add_argument(
        "--auto",
        action="store_true",
        help="automatic controls (an edit's default)",
    )
    _add_options(parser, WHAT)


def _add_options(parser: ArgumentParser, options: Iterable[Option]) -> None:
    for name, value, says in options:
        parser.add_argument(f"--{name}", help=says, **_kind(name, value))


def _kind(name: str, value: str) -> dict[str, Any]:
    """Return how an option is read."""
    if not value:
        return {"action": "store_true"}
    if name in REPEATED:
        return {"metavar": value, "action": "append", "default": []}
    return {"metavar": value}


def chosen_account(options: Options, member: Member) -> ProviderAccount:
    """Return the account that is named, else the team's own choice.

    Raises: BadArgument; UnknownProvider and NoAccount.
    """
    slug, name = options["provider"], options["account"]
    if slug:
        registry.get(slug)
    if not name:
        return accounts.of_team(member.team, provider=slug)
    return _account_named(name, accounts.usable(provider=slug))


def _account_named(name: str, among: Sequence[ProviderAccount]) -> ProviderAccount:
    for account in among:
        if account.name.casefold() == name.casefold():
            return account
    there = ", ".join(account.name for account in among) or "none"
    raise BadArgument(f"--account {name}: there is no such account to use; there are: {there}.")


def _is_several(options: Options) -> bool:
    """Does the command line ask for more than one take?"""
    return max(1, len(options["source"])) * options["takes"] > 1


def drafts(
    options: Options,
    member: Member,
    account: ProviderAccount,
) -> list[Draft]:
    """Return a draft for each take that is asked for: every source so often as `--takes` says.

    Raises: BadArgument.
    """
    sources, takes = options["source"] or [None], options["takes"]
    if takes < 1 or len(sources) * takes > MOST_AT_ONCE:
        raise BadArgument(
            f"--takes {takes}: 1 to {MOST_AT_ONCE} takes can be sent in one go, all sources together."
        )
    made = [_draft({**options, "source": source}, member, account) for source in sources]
    return [draft for draft in made for _ in range(takes)]


def _draft(
    options: Options,
    member: Member,
    account: ProviderAccount,
) -> Draft:
    """Read the arguments, and take the files that they name into the store.

    Raises: BadArgument, also when a file is not what it should be.
    """
    model = _model(options, account.spec)
    said = settings.plain(options, model)
    said |= settings.controls(options["control"]) | settings.position(options["position"])
    source = _source(options, member)
    frames, continued = _frames(options, member)
    said |= frames | _keyframes(options["keyframe"], member)
    wanted = GenerationRequest(
        task=model.task,
        model=model.name,
        source=source.ref,
        **said,
    )
    made_from = continued if source.ref is None and continued is not None else source
    wanted = references.reachable(
        wanted,
        account,
        parent=made_from.parent,
        takes=_takes_named(wanted, member),
    )
    return Draft(wanted, account, made_from.asset, made_from.parent)


def _takes_named(wanted: GenerationRequest, member: Member) -> dict[str, Generation]:
    try:
        return references.takes_named(wanted, member)
    except PermissionDenied as error:
        raise BadArgument(str(error)) from error


def _model(options: Options, spec: Spec) -> Model:
    """Return the model by our name or by the provider's own."""
    task, name = options["task"], options["model"]
    there = spec.models_for(task)
    if not there:
        raise BadArgument(
            f"--task {task}: {spec.name} does not do this. There is: {_who_does(task)}."
        )
    named = [model for model in there if name in (None, model.name, model.model_id)]
    if not named:
        names = ", ".join(model.name for model in there)
        raise BadArgument(
            f"--model {name}: {spec.name} has no such model for {task}; it has {names}."
        )
    return named[0]


def _who_does(task: str) -> str:
    names = ", ".join(one.SPEC.name for one in registry.every() if one.SPEC.models_for(task))
    return names or "no other provider either"


def _source(options: Options, member: Member) -> NamedSource:
    found = named_files.source(options["source"], _parent(options, member), member)
    if found.ref is None and options["task"] != Task.GENERATE:
        raise BadArgument(
            "Name a SOURCE (a file, an https URL, generation:ID, file:ID), or a take with --parent."
        )
    return found


def _parent(options: Options, member: Member) -> Generation | None:
    word = options["parent"]
    return named_files.own_take(word, member) if word else None


def _frames(options: Options, member: Member) -> tuple[Values, NamedSource | None]:
    """Return the frames that a result begins and ends with, and the take that is continued with one
    of them.
    """
    backward, extend = options["backward"], options["extend"]
    if backward and not extend:
        raise BadArgument("--backward says how to --extend: name the take with it.")
    starts = {"--guide": options["guide"], "--first": options["first"]}
    ends = {"--last": options["last"]}
    if backward:
        ends["--extend --backward"] = extend
    else:
        starts["--extend"] = extend
    for frames in (starts, ends):
        _check_one(frames)
    said = _pictures(options, member)
    if not extend:
        return said, None
    continued = named_files.continued(extend, member)
    return said | {"end_frame" if backward else "start_frame": continued.ref}, continued


def _check_one(frames: Options) -> None:
    """See that one frame is not given in two ways."""
    given = [name for name, value in frames.items() if value]
    if len(given) > 1:
        raise BadArgument(f"{' and '.join(given)} are the same frame: give one of them.")


def _pictures(options: Options, member: Member) -> Values:
    words = {
        "start_frame": options["guide"] or options["first"],
        "end_frame": options["last"],
    }
    return {name: named_files.picture(word, member) for name, word in words.items() if word}


def _keyframes(words: list[str], member: Member) -> Values:
    if not words:
        return {}
    pinned = [_keyframe(word, member) for word in words]
    indexes, pictures = zip(*pinned, strict=True)
    return {"keyframes": pictures, "keyframe_indexes": indexes}


def _keyframe(word: str, member: Member) -> tuple[int, Ref]:
    index, _, file = word.partition("=")
    if not re.fullmatch(r"[0-9]{1,9}", index) or not file:
        raise BadArgument(f"--keyframe {word}: write INDEX=PICTURE, for example 48=still.png.")
    return int(index), named_files.picture(file, member)


def check_texts(options: Options) -> None:
    """See that every word is one that can be kept: bytes that are no UTF-8 come as halves of
    characters. Files may have such names, so words that can name one are looked at where they name
    something else: see named_files.py.

    Raises: BadArgument.
    """
    for name, said in options.items():
        if name not in named_files.FILES:
            _check_text(name, said)


def _check_text(name: str, said: Any) -> None:
    for word in said if isinstance(said, list) else [said]:
        if isinstance(word, str) and (wrong := wrong_in(word)):
            raise BadArgument(f"--{name}: {wrong}")


def check_output(options: Options) -> None:
    """Look before any money is spent whether the result can be written, and that it replaces
    nothing that is used.

    Raises: BadArgument.
    """
    if options["output"] is None:
        return
    output = Path(options["output"])
    if _is_several(options):
        output = _in_folder(output)
    try:
        _try_to_write(output)
        for used in filter(None, _files_used(options)):
            _check_other_file(output, used)
    except OSError as error:
        raise BadArgument(f"--output {output} cannot be written: {error.strerror}.") from error


def _in_folder(output: Path) -> Path:
    if not output.is_dir():
        raise BadArgument(
            f"--output {output}: several takes need a folder that is there; each becomes a file in it."
        )
    return output / "take.mp4"


def _check_other_file(output: Path, used: str) -> None:
    if output.exists() and Path(used).exists() and output.samefile(used):
        raise BadArgument(
            f"--output {output}: this is the file that is edited or guides; name another one."
        )


def _try_to_write(output: Path) -> None:
    folder = output.parent
    if not folder.is_dir():
        raise BadArgument(f"--output {output}: there is no folder {folder}.")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".rushes-"):
        pass  # permissions do not tell everything: trying does
    if not output.name or output.is_dir():
        raise BadArgument(f"--output {output}: this is a folder; name a file in it.")


def _files_used(options: Options) -> list[str | None]:
    keyframes = [word.partition("=")[2] for word in options["keyframe"]]
    return [
        *options["source"],
        options["guide"],
        options["first"],
        options["last"],
        *keyframes,
    ]
