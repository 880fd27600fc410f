"""What another size or range of light costs more or less: said beside the option, from price rows."""

import re
from decimal import Decimal

import pytest
from playwright.sync_api import expect

from editorapp.media.models import Asset
from editorapp.providers import registry
from editorapp.providers.contract import Task
from editorapp.providers.prices import HDR, HDR_EXR, SDR, key
from tests.browser_look import look
from tests.factories import default_account, make_asset, signed_in
from tests.media.clips import make_clip
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def clip(creator) -> Asset:
    """A clip of 4 s, which costs one block."""
    return make_asset(creator, frame_count=100, duration_seconds=Decimal(4))


@pytest.fixture
def stored_clip(creator, tmp_path, settings) -> Asset:
    settings.MEDIA_ROOT = tmp_path / "media"
    made = make_clip(tmp_path / "walk.mp4", frames=100)
    return take_in(made, name=made.name, team=creator.team, user=creator.user)


def steps(creator, clip: Asset, provider: str = "luma-agents", **fields: str) -> dict[str, str]:
    """Return what a check says beside each option."""
    form = {
        "task": "edit",
        "source_kind": "asset",
        "source_asset": clip.pk,
        "prompt": "Snow",
        "account": default_account(provider).pk,
        "resolution": "720p",
        **fields,
    }
    answer = signed_in(creator).post("/studio/check", form, headers={"HX-Request": "true"})
    found = re.findall(
        r'<span id="price-([\w-]+)" hx-swap-oob="innerHTML">([^<]*)</span>',
        answer.content.decode(),
    )
    return dict(found)


def published(provider: str, dynamic_range: str, size: str) -> Decimal:
    """Return what the price list says of a clip of one block."""
    table = registry.get(provider).PRICES[key(Task.EDIT, "ray-3.2")]
    _seconds, usd = table.tiers(dynamic_range, size)[0]
    return usd


def told(more: Decimal) -> str:
    return f"{'+' if more > 0 else '−'}${abs(more):.2f}"


@pytest.mark.parametrize("provider", ["luma-agents", "gmi-cloud"])
def test_each_size_says_what_the_price_list_says_of_it(creator, clip, provider):
    found = steps(creator, clip, provider)

    now = published(provider, SDR, "720p")
    for size in ("540p", "1080p"):
        assert found[f"resolution{size}"] == told(published(provider, SDR, size) - now)
    assert found["resolution720p"] == ""
    assert found["hdr"] == told(published(provider, HDR, "720p") - now)


def test_exr_is_priced_once_hdr_is_on_and_what_is_on_says_nothing(creator, clip):
    assert steps(creator, clip)["exr"] == ""

    found = steps(creator, clip, hdr="1")

    more = published("luma-agents", HDR_EXR, "720p") - published("luma-agents", HDR, "720p")
    assert (found["hdr"], found["exr"]) == ("", told(more))


def test_a_closed_size_says_nothing(creator, clip):
    assert steps(creator, clip, hdr="1")["resolution360p"] == ""


def test_where_prices_are_asked_for_none_is_made_up_and_it_is_said(creator, clip):
    account = default_account("scenario")

    assert steps(creator, clip, "scenario") == {}
    query = {"source": clip.pk, "account": account.pk}
    html = signed_in(creator).get("/studio/", query).content.decode()
    assert "publishes no prices: each is asked for before anything is queued." in html


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_difference_stands_below_the_option_and_follows_what_is_chosen(
    creator, stored_clip, open_page, width, height
):
    clip = stored_clip
    page = open_page(creator, f"/studio/?source={clip.pk}", width=width, height=height)
    large, hdr = page.locator("#price-resolution1080p"), page.locator("#price-hdr")
    before = published("luma-agents", SDR, "1080p") - published("luma-agents", SDR, "720p")
    expect(large).to_have_text(told(before))
    look(page, f"option-prices-{width}", themes=["dark"])
    page.set_viewport_size({"width": width, "height": height})
    tall = page.locator(".output").bounding_box()["height"]

    page.get_by_label("HDR", exact=True).check()

    after = published("luma-agents", HDR, "1080p") - published("luma-agents", HDR, "720p")
    expect(large).to_have_text(told(after))
    expect(hdr).to_have_text("")
    assert page.locator(".output").bounding_box()["height"] == tall
