"""Script tags: {% load bundles %}{% scripts "stage" "studio" %}."""

from django import template
from django.templatetags.static import static
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from editorapp.web import bundles

register = template.Library()


@register.simple_tag
def scripts(*names: str) -> SafeString:
    """Return the script tags of some bundles: each run in its order, once the page is read."""
    found = ((static(bundles.address(name)),) for name in names)
    return format_html_join("\n", '<script src="{}" defer></script>', found)
