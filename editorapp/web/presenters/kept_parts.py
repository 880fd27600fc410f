"""Kept parts: pieces of pages that say the same again and again, rendered once for all that they
say.

A part is kept by its template and by every value that it is given, and it is given nothing else: no
request, no person, no context processor. So the same words can only come back for the same values,
whoever asks, and nothing ever has to be taken out: what changes is another part.

What is another each time (how long ago it was, a form's token) is `fresh`: the part is kept with gaps
where it stands, and each page fills them.
"""

import re
import secrets
from collections.abc import Hashable, Mapping
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

MOST = 2000
# What stands in a gap while a part is rendered. Of this process alone: no text can hold it.
_SECRET = secrets.token_hex(16)
_GAP = re.compile(f"{_SECRET}([a-z_]+){_SECRET}")


def kept_part(
    template: str,
    fresh: Mapping[str, str] | None = None,
    **values: Hashable,
) -> SafeString:
    """Return a part rendered from these values alone.

    `fresh`: values that the template prints and asks nothing about; escaped as any other.
    """
    names = tuple(fresh or ())
    if settings.DEBUG:  # templates are being written
        pieces = _rendered.__wrapped__(template, names, **values)
    else:
        pieces = _rendered(template, names, **values)
    return _filled(pieces, fresh) if fresh else pieces[0]


def forget() -> None:
    """Forget every part, as a new process has it."""
    _rendered.cache_clear()


# typed: 1 and True are the same key, and not the same words; nor are marked text and its twin.
@lru_cache(maxsize=MOST, typed=True)
def _rendered(
    template: str,
    names: tuple[str, ...],
    **values: Hashable,
) -> tuple[SafeString, ...]:
    """Return what stands around the gaps, and in turn with it the name of each gap."""
    gaps = {name: f"{_SECRET}{name}{_SECRET}" for name in names}
    html = render_to_string(template, values | gaps)
    return tuple(mark_safe(piece) for piece in _GAP.split(html))


def _filled(pieces: tuple[SafeString, ...], fresh: Mapping[str, str]) -> SafeString:
    filled: list[str] = list(pieces)
    filled[1::2] = [_escaped(fresh[name]) for name in pieces[1::2]]
    return mark_safe("".join(filled))


def _escaped(value: str) -> str:
    is_safe = not value or type(value) is SafeString  # most are: to ask Django takes longer
    return value if is_safe else conditional_escape(value)
