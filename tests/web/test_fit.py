"""A source that a provider does not take: one press makes one that it takes, and the rule holds."""

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpResponse

from editorapp.media import tasks
from editorapp.media.models import Asset, SourceCopy
from editorapp.providers import registry, vendors
from editorapp.providers.models import ProviderAccount
from editorapp.web.studio import cache
from tests.factories import default_account, make_asset, signed_in
from tests.media.clips import make_clip
from tests.media.noise import make_noise
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db
IMAGINARY = Path(__file__).parent.parent / "providers" / "imaginary"
FORM = "does not say that it reads clips like this one"


@dataclass(frozen=True)
class Misfit:
    """What a model does not take: `clip` is how it is made, `told` what the account said of itself.

    `says`: the rule's sentence; `way_out`: the button's label; `is_now`: facts of what it makes.
    """

    provider: str
    says: str
    way_out: str
    clip: dict[str, Any] = field(default_factory=dict)
    name: str = "clip.mp4"
    task: str = "edit"
    model: str = "ray-3.2"
    told: dict[str, Any] = field(default_factory=dict)
    is_now: dict[str, Any] = field(default_factory=dict)


LONG = {"max_source_seconds": 1.5}
LARGE = {"max_file_bytes": 1_000_000}
TRIM, SMALLER = "Trim to the first 1.5 s", "Make an MP4 copy of at most 1 MB"
COPY, KEPT = "Make an MP4 copy", {"container": "mp4", "frame_count": 60}
PRORES = {"codec": "prores_ks", "pixel_format": "yuv422p10le"}
MISFITS = {
    "luma long": Misfit("luma-agents", "up to 1.5 s", TRIM, told=LONG),
    "luma long reframe": Misfit("luma-agents", "up to 1.5 s", TRIM, task="reframe", told=LONG),
    "gmi long": Misfit("gmi-cloud", "up to 1.5 s", TRIM, told=LONG),
    "scenario long": Misfit("scenario", "up to 1.5 s", TRIM, told=LONG),
    "luma large": Misfit("luma-agents", "up to 1 MB", SMALLER, told=LARGE),
    "gmi large": Misfit("gmi-cloud", "1 MB is set", SMALLER, told=LARGE),
    "scenario large": Misfit("scenario", "up to 1 MB", SMALLER, told=LARGE),
    "modify large": Misfit(
        "scenario", "up to 1 MB", SMALLER, task="modify", model="modify-video", told=LARGE
    ),
    "scenario mov": Misfit("scenario", "this clip is MOV", COPY, name="a.mov", is_now=KEPT),
    "scenario mkv": Misfit("scenario", "this clip is MKV", COPY, name="a.mkv", is_now=KEPT),
    "luma prores": Misfit("luma-agents", FORM, COPY, PRORES, "a.mov", is_now=KEPT),
    "gmi prores": Misfit("gmi-cloud", FORM, COPY, PRORES, "a.mov", is_now=KEPT),
    "gmi avi": Misfit("gmi-cloud", FORM, COPY, {"codec": "mpeg4"}, "a.avi", is_now=KEPT),
    "scenario mpeg-4": Misfit("scenario", FORM, COPY, {"codec": "mpeg4"}, is_now=KEPT),
    "lantern fast": Misfit(
        "lantern",
        "up to 30 frames a second. This one has 60",
        "Make a 30 fps MP4 copy",
        {"rate": 60},
        model="glow-1",
        is_now={"fps_numerator": 30, "frame_count": 30},
    ),
    "lantern wide": Misfit(
        "lantern",
        "up to 1920 px on the longer side. This one is 2000x200",
        "Make a 1920x192 MP4 copy",
        {"size": (2000, 200)},
        model="glow-1",
        is_now={"width": 1920, "height": 192, "frame_count": 60},
    ),
    "lantern small": Misfit(
        "lantern",
        "at least 90 px on the shorter side. This one is 100x60",
        "Make a 150x90 MP4 copy",
        {"size": (100, 60)},
        model="glow-1",
        is_now={"width": 150, "height": 90, "frame_count": 60},
    ),
}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def lantern(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put the imaginary provider, which has limits that no other states, beside the others."""
    monkeypatch.setattr(vendors, "__path__", [*vendors.__path__, str(IMAGINARY)])
    registry.get.cache_clear()
    cache._cache.clear()
    yield
    registry.get.cache_clear()
    cache._cache.clear()
    sys.modules.pop(f"{vendors.__name__}.lantern", None)


def taken(member, folder: Path, misfit: Misfit) -> Asset:
    path = folder / misfit.name
    if misfit.told == LARGE:
        make_noise(path, frames=96)
    else:
        make_clip(path, **misfit.clip)
    return take_in(path, name=path.name, team=member.team, user=member.user)


def form_of(misfit: Misfit, asset: Asset, **more: Any) -> dict[str, Any]:
    account = default_account(misfit.provider)
    learned = {"models": {f"{misfit.task}/{misfit.model}": misfit.told}}
    ProviderAccount.objects.filter(pk=account.pk).update(learned=learned)
    cache._cache.clear()
    return {
        "task": misfit.task,
        "model": misfit.model,
        "prompt": "Snow",
        "conditioning": "auto",
        "aspect_ratio": "1:1",
        "account": account.pk,
        "source_kind": "asset",
        "source_asset": asset.pk,
        **more,
    }


def shown(browser, fields: dict[str, Any], door: str = "check") -> str:
    answer = browser.post(f"/studio/{door}", fields)
    assert answer.status_code == 200
    return answer.content.decode()


def made_by_a_worker(browser, fields: dict[str, Any]) -> str:
    """Press, have a worker do what that asked for, and press again."""
    shown(browser, fields, "mend")
    tasks.make_source_copies()
    return shown(browser, fields, "mend")


def chosen(browser, fields: dict[str, Any]) -> HttpResponse:
    """Have the page choose the copy that it has asked for, as it does once that is there."""
    fields = {name: value for name, value in fields.items() if name != "trim"}
    copy = SourceCopy.objects.get()
    mend = {"mend": f"use_copy={copy.pk}"}
    return browser.post("/studio/mend", fields | mend, HTTP_HX_REQUEST="true")


def words_of(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


def button_of(html: str, label: str) -> str:
    """Return what a button of the notes sends."""
    pressed = re.search(rf'name="mend" value="([^"]*)"[^>]*>{re.escape(label)}[<:]', html)
    assert pressed, f"there is no button {label!r}"
    return unescape(pressed[1])


@pytest.mark.parametrize("name", MISFITS)
def test_one_press_makes_a_source_that_the_model_takes(creator, tmp_path, name):
    misfit = MISFITS[name]
    asset, browser = taken(creator, tmp_path, misfit), signed_in(creator)
    html = shown(browser, form_of(misfit, asset))
    assert misfit.says in words_of(html)

    pressed = form_of(misfit, asset, mend=button_of(html, misfit.way_out))
    waited = shown(browser, pressed, "mend")
    assert "Making clip" in words_of(waited) or "Making a" in words_of(waited)
    page = made_by_a_worker(browser, pressed)

    made = Asset.objects.exclude(pk=asset.pk).get()
    assert Asset.objects.filter(pk=asset.pk, deleted_at=None).exists(), "the original is kept"
    assert {one: getattr(made, one) for one in misfit.is_now} == misfit.is_now
    assert f'value="{made.pk}" checked' in page or f'data-asset="{made.pk}"' in page
    after = words_of(shown(browser, form_of(misfit, made)))
    assert misfit.says not in after and misfit.way_out not in after


def test_one_that_is_too_long_and_too_large_takes_one_press(creator, tmp_path):
    misfit = Misfit("gmi-cloud", "1 MB is set", TRIM, told=LONG | LARGE)
    path = make_noise(tmp_path / "noise.mp4", frames=96)
    asset = take_in(path, name="noise.mp4", team=creator.team, user=creator.user)
    browser = signed_in(creator)
    html = shown(browser, form_of(misfit, asset))

    made_by_a_worker(browser, form_of(misfit, asset, mend=button_of(html, TRIM)))

    made = Asset.objects.exclude(pk=asset.pk).get()
    assert made.frame_count == 36 and made.size_bytes <= 1_000_000
    after = words_of(shown(browser, form_of(misfit, made)))
    assert misfit.says not in after and "up to 1.5 s" not in after


def test_keyframes_stay_on_their_pictures_when_frames_are_left_out(creator, tmp_path):
    misfit = MISFITS["lantern fast"]
    asset, browser = taken(creator, tmp_path, misfit), signed_in(creator)
    picture = make_asset(creator, kind="image")
    pinned = {
        "guides": "keyframes",
        "keyframe_asset": [picture.pk] * 3,
        "keyframe_index": ["0", "31", "59"],
    }
    press = {"mend": "mp4_copy=1&copy_fps=30", **pinned}

    pressed = form_of(misfit, asset, **press)
    made_by_a_worker(browser, pressed)
    answer = chosen(browser, pressed)

    assert '"moves": {"0": 0, "31": 16, "59": 29}' in answer.headers["HX-Trigger-After-Swap"]


def test_a_cut_says_where_its_keyframes_went(creator, tmp_path):
    misfit = Misfit("luma-agents", "", "")
    asset, browser = taken(creator, tmp_path, misfit), signed_in(creator)
    picture = make_asset(creator, kind="image")
    cut = {"trim": "1", "trim_first": "10", "trim_last": "40", "guides": "keyframes"}
    pinned = {"keyframe_asset": [picture.pk] * 2, "keyframe_index": ["12", "50"]}

    pressed = form_of(misfit, asset, **cut, **pinned)
    made_by_a_worker(browser, pressed)
    answer = chosen(browser, pressed)

    assert '"part": [10, 40], "moves": {"12": 2}' in answer.headers["HX-Trigger-After-Swap"]


@pytest.mark.parametrize(
    "asked",
    [
        "copy_fps=0",
        "copy_fps=1/0",
        "copy_fps=99999",
        "copy_fps=61",
        "copy_fps=-5",
        "copy_size=4x",
        "copy_size=0x0",
        "copy_size=101x100",
        "copy_size=9999x9999",
        "copy_size=" + "9" * 5000,
        "copy_bytes=5",
        "copy_bytes=1e9",
        "copy_bytes=-1",
    ],
)
def test_a_copy_that_nobody_offered_is_not_made(creator, tmp_path, asked):
    misfit = Misfit("luma-agents", "", "", {"rate": Fraction(60)})
    asset = taken(creator, tmp_path, misfit)

    html = shown(signed_in(creator), form_of(misfit, asset, mend=f"mp4_copy=1&{asked}"), "mend")

    assert "No such copy can be made of this clip." in words_of(html)
    assert Asset.objects.count() == 1
