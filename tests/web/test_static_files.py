"""The static tag: the address that the storage of static files says, asked once for each file; and the
style sheets that pages link.
"""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.templatetags.static import static
from django.test import override_settings

TEMPLATES = Path(settings.BASE_DIR) / "templates"
PAGES = sorted(
    str(one.relative_to(TEMPLATES))
    for one in TEMPLATES.rglob("*.html")
    if "{% extends" in one.read_text()
)


def source(name: str) -> str:
    return (TEMPLATES / name).read_text()


def needed(name: str, known: frozenset[str] = frozenset()) -> set[str]:
    """Return the style sheets that the parts of a template say they need."""
    html = source(name)
    said = " ".join(re.findall(r"Needs ([^#]*?css)[,.]", html))
    found = set(re.findall(r"(\w+)\.css", said))
    for part in re.findall(r'{% include "([^"]+)"', html):
        if part not in known:
            found |= needed(part, known | {name})
    return found


def linked(name: str) -> set[str]:
    """Return the style sheets that a page links, its own or those of what it extends."""
    html = source(name)
    base = re.search(r'{% extends "([^"]+)"', html)
    own = set(re.findall(r"css/(\w+)\.css", html)) if "{% block styles" in html else set()
    return own or (linked(base[1]) if base else set())


def written(path: str) -> str:
    return Template("{% static path %}").render(Context({"path": path}))


def test_it_writes_the_address_that_django_finds():
    for path in ("css/app.css", "js/early.js", "a & b.css"):
        assert written(path) == written(path) == static(path).replace("&", "&amp;")


def test_another_storage_has_addresses_of_its_own():
    before = written("css/app.css")

    with override_settings(STATIC_URL="/elsewhere/"):
        assert written("css/app.css") == "/elsewhere/css/app.css"
    assert written("css/app.css") == before


def test_parts_say_which_style_sheets_they_need():
    assert needed("review/_discussion.html") == {"comments"}
    assert needed("stage/_stage.html") == {"stage", "timeline"}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_links_each_style_sheet_that_its_parts_need(page):
    assert needed(page) <= linked(page)
