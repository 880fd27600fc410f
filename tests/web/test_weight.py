"""What a page weighs on its way: script, requests, and that nothing large goes out plain."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import call_command
from django.test import Client, override_settings

from editorapp import settings as configured
from editorapp.teams.models import Member
from tests.factories import make_asset, make_generation, signed_in

pytestmark = pytest.mark.django_db
MOST_BYTES = {"studio": 88_000, "others": 40_000}
MOST_REQUESTS = 8
SMALL = 1000  # bytes that are not worth it
OTHERS = (
    *("/gallery/", "/gallery/sources", "/queue/", "/costs/", "/people/", "/accounts/"),
    *("/status/", "/models/", "/me", "/unknown/"),
)


@pytest.fixture(scope="module")
def collected(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Lay the static files as they are served, each with a compressed one beside it."""
    folder = tmp_path_factory.mktemp("static")
    hashed = {**configured.STORAGES, "staticfiles": configured.STORAGES["staticfiles"]}
    with override_settings(STATIC_ROOT=folder, STORAGES=hashed):
        call_command("collectstatic", verbosity=0, interactive=False)
        yield folder


def scripts_of(client: Client, address: str, collected: Path) -> list[int]:
    """Return the bytes of each script that a page asks for, as they go over the wire."""
    html = client.get(address).content.decode()
    named = re.findall(r'<script[^>]* src="/static/([^"]+)"', html)
    assert named
    return [(collected / f"{name}.gz").stat().st_size for name in named]


def test_the_studio_loads_little_script_in_few_requests(admin: Member, collected: Path):
    clip = make_asset(admin)

    sizes = scripts_of(signed_in(admin), f"/studio/?source={clip.pk}", collected)

    assert sum(sizes) <= MOST_BYTES["studio"] and len(sizes) <= MOST_REQUESTS


@pytest.mark.parametrize("address", OTHERS)
def test_every_other_page_loads_less(admin: Member, collected: Path, address: str):
    sizes = scripts_of(signed_in(admin), address, collected)

    assert sum(sizes) <= MOST_BYTES["others"] and len(sizes) <= MOST_REQUESTS


def test_every_page_part_and_check_of_some_size_goes_out_compressed(admin: Member):
    client, clip = signed_in(admin), make_asset(admin)
    for _ in range(8):
        make_generation(admin, source=clip)
    packed = {"Accept-Encoding": "gzip", "HX-Request": "true"}
    form = {"source_kind": "asset", "source_asset": clip.pk, "prompt": "Rain"}
    answers = [client.get(address, headers=packed) for address in (*OTHERS, "/studio/")]
    answers += [
        client.get(f"/studio/source?source_asset={clip.pk}", headers=packed),
        client.post("/studio/check", form, headers=packed),
        client.post("/studio/form", form, headers=packed),
        client.get(f"/media/{clip.pk}/times", headers=packed),
    ]

    plain = [one for one in answers if one.headers.get("Content-Encoding") != "gzip"]
    assert [one.request["PATH_INFO"] for one in plain if len(one.content) > SMALL] == []
    assert len(plain) < len(answers) // 2
