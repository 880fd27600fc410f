"""Options: how rows of a table become options of a command line."""

from collections.abc import Callable, Iterable

Option = tuple[str, str, str]  # its name, the word for its value ("" for a switch), its help

REPEATED = {"control", "keyframe", "concept"}


def add_options(add: Callable[..., object], options: Iterable[Option]) -> None:
    """Add options; `add` is the `add_argument` of a parser, or of a group of one.

    A switch that is not given says nothing: None.
    """
    for name, value, says in options:
        if not value:
            add(f"--{name}", action="store_const", const=True, help=says)
        elif name in REPEATED:
            add(f"--{name}", metavar=value, action="append", default=[], help=says)
        else:
            add(f"--{name}", metavar=value, help=says)


def add_timeout(add: Callable[..., object]) -> None:
    add(
        "--timeout",
        type=float,
        default=3600,
        metavar="SECONDS",
        help="how long to wait (default an hour)",
    )
