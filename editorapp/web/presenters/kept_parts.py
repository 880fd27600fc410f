"""Kept parts: pieces of pages that say the same again and again, rendered once for all that they
say.

A part is kept by its template and by every value that it is given, and it is given nothing else: no
request, no person, no context processor. So the same words can only come back for the same values,
whoever asks.
"""

from collections.abc import Hashable
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

MOST = 2000


def kept_part(template: str, **values: Hashable) -> SafeString:
    """Return a part rendered from these values alone."""
    if settings.DEBUG:  # templates are being written
        return _rendered.__wrapped__(template, **values)
    return _rendered(template, **values)


@lru_cache(maxsize=MOST)
def _rendered(template: str, **values: Hashable) -> SafeString:
    return render_to_string(template, values)
