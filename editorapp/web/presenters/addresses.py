"""Addresses of views that many rows ask for, with other numbers in each.

Django searches the whole table of addresses for each; here one address of a view is found, taken
apart where its numbers stand, and put together as often as there are rows.
"""

from django.conf import settings
from django.urls import get_script_prefix, reverse
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from editorapp.media.models import Asset

STAND_IN = 7_000_000_000_000  # and the next ones: numbers that no address has of itself
Shape = tuple[str | None, ...]  # a view's arguments in order, None where a number goes
# As many as the code and the templates have: a shape holds constants only.
_pieces: dict[tuple[str, str, str, Shape], list[str]] = {}


def address(name: str, *args: str | int) -> SafeString:
    """Return the address of a view, escaped for a page, as `reverse` finds it.

    `args` are numbers from 0, and words that are constants of the caller.
    Raises: NoReverseMatch.
    """
    shape = tuple(None if isinstance(arg, int) else arg for arg in args)
    return filled(name, shape, [arg for arg in args if isinstance(arg, int)])


def file_address(asset: Asset, what: str) -> str:
    """Return the address of a file of an asset: "poster", "playable" and so on."""
    return versioned(address("media:file", asset.pk, what), asset)


def versioned(bare: str, asset: Asset) -> str:
    """Return an address with the version of an asset, so that browsers may keep the answer."""
    return f"{bare}?v={asset.sha256[:12]}"


def filled(name: str, shape: Shape, numbers: list[int]) -> SafeString:
    """Return the address with these numbers where `shape` has None, in order."""
    key = (settings.ROOT_URLCONF, get_script_prefix(), name, shape)
    if key not in _pieces:
        _pieces[key] = _taken_apart(name, shape)
    between = _pieces[key]
    words = [between[0]]
    for number, piece in zip(numbers, between[1:], strict=True):
        words += (str(number), piece)
    return mark_safe("".join(words))


def _taken_apart(name: str, shape: Shape) -> list[str]:
    """Return what stands before, between and behind the numbers of an address."""
    args = [STAND_IN + place if said is None else said for place, said in enumerate(shape)]
    pieces, rest = [], str(conditional_escape(reverse(name, args=args)))
    for number in args:
        if isinstance(number, int):
            piece, _number, rest = rest.partition(str(number))
            pieces.append(piece)
    return [*pieces, rest]
