"""Ledger figures: how money is written where it comes from the ledger, {% load ledger_figures %}.

Each figure comes with its lines, or says what it is computed from: an amount alone is not taken.
The `data-` attributes name what stands there, so that one test can walk all of it.
"""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from editorapp.core.money import show_usd
from editorapp.costs.models import Entry
from editorapp.costs.reports import LineSum
from editorapp.web.presenters.figures import Computed, Figure, LineCount

register = template.Library()


@register.simple_tag
def money(figure: Figure | LineCount | Computed, words: str = "{}") -> SafeString:
    """Write an amount, or how many lines, as the link that opens these lines; what is computed says
    from what.

    `words` hold a place for it: "of {}".
    Raises: TypeError, for what is neither.
    """
    if isinstance(figure, LineCount):
        url, count = figure.selection.url(), figure.count
        said = words.format(count)
        return format_html('<a href="{}#lines" data-count="{}">{}</a>', url, count, said)
    if not isinstance(figure, Figure | Computed):
        raise TypeError(f"{figure!r} says neither its lines nor what it is computed from.")
    said = words.format(show_usd(figure.amount_usd))
    if isinstance(figure, Figure):
        return _opens(figure, said, kind="money")
    return _computed(figure, said)


@register.simple_tag
def money_in_chart(figure: Figure, x: int, y: int) -> SafeString:
    """Write an amount into a drawing, at x and y px, as the link that opens its lines."""
    said = show_usd(figure.amount_usd)
    return _opens(figure, format_html('<text x="{}" y="{}">{}</text>', x, y, said))


@register.simple_tag
def line_money(line: Entry) -> SafeString:
    """Write the amount of one line."""
    return format_html('<span data-line="{}">{}</span>', line.pk, show_usd(line.amount_usd))


@register.simple_tag
def sum_of_lines(together: LineSum) -> SafeString:
    """Write what all the opened lines add up to."""
    return format_html('<strong class="money" data-sum>{}</strong>', show_usd(together.amount_usd))


def _computed(figure: Computed, said: str) -> SafeString:
    url, basis = figure.url, figure.basis
    if not url:
        return format_html('<span class="money" data-basis title="{}">{}</span>', basis, said)
    return format_html('<a class="money" href="{}" data-basis title="{}">{}</a>', url, basis, said)


def _opens(figure: Figure, inner: str, *, kind: str = "") -> SafeString:
    url, exact = figure.selection.url(), f"{figure.amount_usd:f}"
    return format_html(
        '<a class="{}" href="{}#lines" data-figure="{}">{}</a>',
        kind,
        url,
        exact,
        inner,
    )
