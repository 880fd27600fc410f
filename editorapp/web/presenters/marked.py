"""Marked words: a text in which the words that were searched for stand out."""

from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from editorapp.library.folding import SearchedWords, places


def marked(text: str, asked: SearchedWords | None) -> str:
    """Return a text, escaped, with <mark> around what was asked for; as it is, where nothing is."""
    found = places(asked, text) if asked is not None else []
    if not found:
        return text
    html: list[SafeString] = []
    before = 0
    for first, end in found:
        html.append(conditional_escape(text[before:first]))
        html.append(format_html("<mark>{}</mark>", text[first:end]))
        before = end
    html.append(conditional_escape(text[before:]))
    return mark_safe("".join(html))
