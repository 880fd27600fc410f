"""The static tag: the address that the storage of static files says, asked once for each file."""

from django.template import Context, Template
from django.templatetags.static import static
from django.test import override_settings


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
