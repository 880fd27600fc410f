"""Kept parts: pieces of pages that say the same again and again, rendered once for all that they
say.

A part is kept by its template and by every value that it is given, and it is given nothing else: no
request, no person, no context processor. So the same words can only come back for the same values,
whoever asks. Addresses are values, too: a kept part looks none up.
"""

from collections.abc import Hashable
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

MOST = 4000  # parts; what many rows of a busy team say
LONGEST = 30_000  # characters; what somebody typed may be of any length
_kept: dict[Any, SafeString] = {}


def kept_part(template: str, **values: Hashable) -> SafeString:
    """Return a part rendered from these values alone.

    It is another one for 1 than for True, and for a text that is escaped already than for the same
    letters that are not: both pairs are equal, and say different things.
    """
    key = (template, *values.items(), *map(type, values.values()))
    found = _kept.get(key)
    if found is None:
        found = render_to_string(template, values)
        if len(found) <= LONGEST and not settings.DEBUG:  # there, templates are being written
            _keep(key, found)
    return found


def _keep(key: Any, part: SafeString) -> None:
    if len(_kept) >= MOST:
        _kept.clear()
    _kept[key] = part
