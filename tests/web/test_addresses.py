"""The quick `url` tag: every address of the studio as Django itself finds it."""

from uuid import UUID

import pytest
from django.template import Context, Template
from django.test import override_settings
from django.urls import NoReverseMatch, get_resolver, reverse
from django.urls.base import set_script_prefix

from editorapp.web.presenters.addresses import address

VALUES = {"pk": 12, "number": 7, "batch": UUID(int=5), "verb": "up", "kind": "poster"}


def every_address() -> list[tuple[str, list[object]]]:
    """Return each named view with values for what its address takes."""
    found = []
    for space, (_prefix, resolver) in get_resolver().namespace_dict.items():
        for name in resolver.reverse_dict:
            if isinstance(name, str):
                [(_route, names)] = resolver.reverse_dict.getlist(name)[0][0][:1]
                found.append((f"{space}:{name}", [VALUES.get(one, 3) for one in names]))
    return found


def written(name: str, args: list[object]) -> str:
    places = " ".join(f"a{at}" for at in range(len(args)))
    values = {f"a{at}": value for at, value in enumerate(args)}
    return Template(f"{{% url '{name}' {places} %}}").render(Context(values))


def test_every_address_is_the_one_that_django_finds():
    addresses = every_address()

    for name, args in addresses:
        assert written(name, args) == written(name, args) == reverse(name, args=args)
    assert len(addresses) > 60


def test_constants_stand_among_the_numbers():
    said = Template("{% url 'media:still' pk 40 'png' %}").render(Context({"pk": 8}))

    assert said == reverse("media:still", args=[8, 40, "png"])
    assert address("media:file", 8, "poster") == reverse("media:file", args=[8, "poster"])


@pytest.mark.parametrize("value", [-1, None, "", "x"])
def test_what_no_address_takes_is_refused_as_ever(value):
    with pytest.raises(NoReverseMatch):
        written("takes:page", [value])


def test_it_stays_below_the_prefix_of_the_server():
    before = written("takes:page", [4])
    set_script_prefix("/rushes/")
    try:
        assert written("takes:page", [4]) == "/rushes/takes/4"
    finally:
        set_script_prefix("/")
    assert written("takes:page", [4]) == before == "/takes/4"


def test_each_table_of_addresses_has_its_own():
    with override_settings(ROOT_URLCONF="tests.bench.pages"):
        assert written("takes:page", [4]) == reverse("takes:page", args=[4])
