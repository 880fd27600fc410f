"""Static files: Django's own `static` tag, which finds the address of each file once. A builtin: no
{% load %}.

A page names two dozen files; to find their addresses anew each time took a twentieth of it.
"""

from functools import lru_cache

from django import template
from django.conf import STATICFILES_STORAGE_ALIAS
from django.core.files.storage import Storage, storages
from django.template.base import Parser, Token
from django.templatetags.static import StaticNode

MOST = 500  # files

register = template.Library()


class KeptStaticNode(StaticNode):
    """The address of one file, as the storage of static files says it."""

    @classmethod
    def handle_simple(cls, path: str) -> str:
        return _address(storages[STATICFILES_STORAGE_ALIAS], path)


@register.tag
def static(parser: Parser, token: Token) -> StaticNode:
    """Write the address of a static file."""
    return KeptStaticNode.handle_token(parser, token)


@lru_cache(maxsize=MOST)
def _address(storage: Storage, path: str) -> str:
    """Ask a storage once: while a process runs, its files have the same names."""
    return storage.url(path)
