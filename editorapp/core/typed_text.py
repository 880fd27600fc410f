"""Typed text: the one rule for words that people type, wherever they come in: a form, an address,
JSON, a shell.

Every script and every sign of it, line breaks and tabs. No other control character: nobody sees it,
so nobody knows that it would be sent, paid for and kept; PostgreSQL keeps no NUL at all, and half a
character can be encoded by nobody.
"""

import re
import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

# Control characters but tab, line feed and carriage return; and lone surrogates.
_REFUSED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_BREAKS = re.compile("[\x0b\x0c\x85]")  # a slide's line break is a vertical tab


def wrong_in(text: str, *, most: int | None = None) -> str:
    """Say what is wrong with a text in one sentence, and what to do; "" where nothing is.

    Units: `most` in characters, as Python counts them.
    """
    if (found := _REFUSED.search(text)) is not None:
        return f"There is {_unseen(found)}: delete it, or type the text anew."
    if most is not None and len(text) > most:
        return f"It has {len(text):,} characters, {most:,} fit: shorten it."
    return ""


def _unseen(found: re.Match[str]) -> str:
    letter = found.group()
    place = f"U+{ord(letter):04X}, character {found.start() + 1:,}"
    return f"{_kind_of(letter)} in it that nobody can see ({place})"


def _kind_of(letter: str) -> str:
    is_half = unicodedata.category(letter) == "Cs"
    return "half a character" if is_half else "a control character"


def without(text: str) -> str:
    """Return a text that `wrong_in` finds nothing in: what nobody sees is left out; a break of
    lines becomes one.
    """
    return _REFUSED.sub("", _BREAKS.sub("\n", text))


def validate_typed(text: Any) -> None:
    """Validate a form's text. Raises: ValidationError."""
    if wrong := wrong_in(str(text)):
        raise ValidationError(wrong, code="not_typable")


class TextField(forms.CharField):
    """A form's field for words that a person types."""

    default_validators = [validate_typed]


class EmailField(forms.EmailField):
    """A form's field for an address of mail.

    A quoted name in one may hold control characters by its own grammar.
    """

    default_validators = [*forms.EmailField.default_validators, validate_typed]
