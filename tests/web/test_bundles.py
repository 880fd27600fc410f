"""Bundles: every script of a page in few requests."""

import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.test import override_settings

from editorapp import settings as configured
from editorapp.web import bundles


def test_every_script_is_in_exactly_one_bundle_or_stands_alone():
    folder = configured.SHIPPED_DIR / "static/js"
    bundled = [file for name in bundles.NAMES for file in bundles.sources(name)]

    assert len(bundled) == len(set(bundled))
    alone = set(folder.rglob("*.js")) - set(bundled)
    # One runs before anything is drawn, one is asked for by the doors alone.
    assert alone == {folder / "early.js", folder / "passkeys.js"}


def test_a_bundle_holds_its_files_in_their_order_and_without_their_comments():
    found = finders.find("js/stage.bundle.js")

    text = Path(found).read_text(encoding="utf-8")
    monitor, timeline = text.index("window.rushes.stage ="), text.index("[data-timeline]")
    assert monitor < timeline
    assert not re.search(r"^\s*/\*", text, re.MULTILINE)


def test_a_bundle_that_there_is_not_is_refused_by_name():
    assert finders.find("js/nothing.bundle.js") is None
    with pytest.raises(ValueError, match="nothing"):
        bundles.address("nothing")


def test_bundles_are_collected_with_a_name_that_changes_and_compressed(tmp_path):
    hashed = configured.STORAGES["staticfiles"]
    storages = {**configured.STORAGES, "staticfiles": hashed}
    with override_settings(STATIC_ROOT=tmp_path, STORAGES=storages):
        call_command("collectstatic", verbosity=0, interactive=False)

    made = [file.name for file in (tmp_path / "js").iterdir()]
    assert any(re.fullmatch(r"studio\.bundle\.[0-9a-f]{12}\.js\.gz", name) for name in made)
