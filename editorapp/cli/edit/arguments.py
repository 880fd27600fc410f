"""Arguments of `manage.py edit`: the drafts that a command line asks for, and of which account."""

import re
import tempfile
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from editorapp.cli.edit import named_files
from editorapp.cli.edit.named_files import BadArgument, NamedSource
from editorapp.cli.edit.settings import Options, Values, settings_of
from editorapp.cli.options import add_options, add_timeout
from editorapp.core.typed_text import wrong_in
from editorapp.generations.request import references
from editorapp.generations.request.draft import Draft
from editorapp.generations.request.enqueue import MOST_AT_ONCE
from editorapp.providers import accounts, registry
from editorapp.providers.contract import GenerationRequest, Ref, Task
from editorapp.providers.models import ProviderAccount
from editorapp.providers.spec import Model, Spec
from editorapp.providers.strengths import STRENGTHS
from editorapp.teams.models import Member

PICTURE = "a file, an https URL, generation:ID or file:ID"
OPTIONS = (
    ("prompt", "TEXT", "what should be seen, 1 to 6,000 characters"),
    (
        "provider",
        "SLUG",
        f"who does it: {', '.join(registry.slugs())} (default: the team's account)",
    ),
    ("account", "NAME", "which of several accounts, by its name"),
    ("model", "NAME", "which of several models (default: the provider's first one of the task)"),
    ("parent", "TAKE", "work on the result of this take (its number or the provider's id)"),
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
    ("wait", "", "wait for the result; else only queue it"),
    ("output", "FILE", "where to write the result (implies --wait)"),
    ("dry-run", "", "print verdict, estimate and the exact body; send nothing"),
    ("json", "", "print one JSON object"),
    ("as", "NAME", "the person who pays (default: the owner)"),
)
# The frames that a result begins and ends with, and the options that say one.
FRAMES = {
    "start_frame": ("--guide", "--first", "--extend"),
    "end_frame": ("--last", "--extend --backward"),
}


def add_arguments(parser: ArgumentParser) -> None:
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
        "--task",
        choices=list(Task),
        default=Task.EDIT,
        help="what is done (default edit)",
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument(
        "--strength",
        choices=STRENGTHS,
        metavar="NAME",
        help=f"one of {', '.join(STRENGTHS)}",
    )
    add_options(how.add_argument, [("auto", "", "automatic controls (an edit's default)")])
    add_options(add, OPTIONS)
    add_timeout(add)


def chosen_account(options: Options, member: Member) -> ProviderAccount:
    """Return the account that is named, else the team's own choice.

    Raises: BadArgument; UnknownProvider and NoAccount.
    """
    slug, name = options["provider"], options["account"]
    if slug:
        registry.get(slug)
    if not name:
        return accounts.of_team(member.team, provider=slug)
    among = accounts.usable(member.team, provider=slug)
    for account in among:
        if account.name.casefold() == name.casefold():
            return account
    there = ", ".join(account.name for account in among) or "none"
    raise BadArgument(f"--account {name}: there is no such account to use; there are: {there}.")


def drafts(
    options: Options,
    member: Member,
    account: ProviderAccount,
) -> list[Draft]:
    """Return a draft for each take that is asked for: every source so often as `--takes` says.

    Raises: BadArgument; PermissionDenied, when another team's take is named.
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
    said = settings_of(options, model)
    source = _source(options, member)
    frames, continued = _frames(options, member)
    wanted = GenerationRequest(
        task=model.task,
        model=model.name,
        source=source.ref,
        **said,
        **frames,
        **_keyframes(options["keyframe"], member),
    )
    made_from = continued if continued and source.ref is None else source
    wanted = references.reachable(
        wanted,
        account,
        parent=made_from.parent,
        takes=references.takes_named(wanted, member),
    )
    parent = made_from.parent
    project = parent.project_id if parent else None  # what is made of a private take stays private
    return Draft(wanted, account, made_from.asset, parent, project_id=project)


def _model(options: Options, spec: Spec) -> Model:
    """Return the model by our name or by the provider's own."""
    task, name = options["task"], options["model"]
    there = spec.models_for(task)
    if not there:
        others = [one.SPEC.name for one in registry.every() if one.SPEC.models_for(task)]
        who = ", ".join(others) or "no other provider either"
        raise BadArgument(f"--task {task}: {spec.name} does not do this. There is: {who}.")
    named = [model for model in there if name in (None, model.name, model.model_id)]
    if not named:
        names = ", ".join(model.name for model in there)
        raise BadArgument(
            f"--model {name}: {spec.name} has no such model for {task}; it has {names}."
        )
    return named[0]


def _source(options: Options, member: Member) -> NamedSource:
    parent = named_files.own_take(options["parent"], member) if options["parent"] else None
    found = named_files.source(options["source"], parent, member)
    if found.ref is None and options["task"] != Task.GENERATE:
        raise BadArgument(
            "Name a SOURCE (a file, an https URL, generation:ID, file:ID), or a take with --parent."
        )
    return found


def _frames(options: Options, member: Member) -> tuple[Values, NamedSource | None]:
    """Return the frames that a result begins and ends with, and the take that is continued with one
    of them.
    """
    backward, extend = options["backward"], options["extend"]
    if backward and not extend:
        raise BadArgument("--backward says how to --extend: name the take with it.")
    words = {f"--{name}": options[name] for name in ("guide", "first", "last")}
    words["--extend --backward" if backward else "--extend"] = extend
    given = {frame: _given(names, words) for frame, names in FRAMES.items()}
    frames: Values = {}
    continued = None
    for frame, name in given.items():
        if name.startswith("--extend"):
            continued = named_files.continued(extend, member)
            frames[frame] = continued.ref
        elif name:
            frames[frame] = named_files.picture(words[name], member)
    return frames, continued


def _given(names: Sequence[str], words: Options) -> str:
    """Return which of the options of one frame is given; "" where none is."""
    given = [name for name in names if words.get(name)]
    if len(given) > 1:
        raise BadArgument(f"{' and '.join(given)} are the same frame: give one of them.")
    return given[0] if given else ""


def _keyframes(words: list[str], member: Member) -> Values:
    if not words:
        return {}
    indexes, pictures = zip(*[_keyframe(word, member) for word in words], strict=True)
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
            _check_words(name, said if isinstance(said, list) else [said])


def _check_words(name: str, words: list[Any]) -> None:
    for word in words:
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
    if max(1, len(options["source"])) * options["takes"] > 1:
        if not output.is_dir():
            raise BadArgument(
                f"--output {output}: several takes need a folder that is there; each becomes a file in it."
            )
        output = output / "take.mp4"
    try:
        _try_to_write(output)
        for used in _files_used(options):
            if used and output.exists() and Path(used).exists() and output.samefile(used):
                raise BadArgument(
                    f"--output {output}: this is the file that is edited or guides; name another one."
                )
    except OSError as error:
        raise BadArgument(f"--output {output} cannot be written: {error.strerror}.") from error


def _try_to_write(output: Path) -> None:
    folder = output.parent
    if not folder.is_dir():
        raise BadArgument(f"--output {output}: there is no folder {folder}.")
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".rushes-"):
        pass  # permissions do not tell everything: trying does
    if not output.name or output.is_dir():
        raise BadArgument(f"--output {output}: this is a folder; name a file in it.")


def _files_used(options: Options) -> list[str | None]:
    pinned = [word.partition("=")[2] for word in options["keyframe"]]
    return [*options["source"], options["guide"], options["first"], options["last"], *pinned]
