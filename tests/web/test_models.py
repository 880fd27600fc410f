"""The page of the models: for everybody, from the rows, with a search."""

from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from editorapp.providers import registry
from editorapp.providers.rules.describe import every_model
from editorapp.teams.models import Member
from tests.browser_look import look
from tests.factories import default_account

pytestmark = pytest.mark.django_db
PAGE = "/models/"


def test_every_model_of_every_provider_stands_on_the_page(client: Client, reviewer: Member) -> None:
    client.force_login(reviewer.user)

    text = client.get(reverse("models:page")).content.decode()

    for one in every_model(registry.every()):
        assert f'id="{one.anchor}"' in text
        assert one.call in text
    assert "video.edit.controls.depth.blur" in text  # a parameter's place in the body
    assert "EXR comes with HDR." in text  # a rule
    assert "$6.48" in text  # a price
    assert "5 GiB" in text  # a limit


def test_a_model_is_one_click_from_the_studio(client: Client, creator: Member) -> None:
    account = default_account("luma-agents")
    client.force_login(creator.user)

    text = unescape(client.get(PAGE).content.decode())

    address = f"/studio/?task=reframe&model=ray-3.2&account={account.pk}"
    assert address in text
    assert 'value="reframe" data-switch checked' in client.get(address).content.decode()


def test_what_an_account_was_told_stands_beside_the_published_limit(
    client: Client, creator: Member
) -> None:
    account = default_account("luma-agents")
    account.learned = {"models": {"edit/ray-3.2": {"max_source_seconds": 12.5}}}
    account.save()
    client.force_login(creator.user)

    text = client.get(PAGE, {"q": "luma agents longest source"}).content.decode()

    assert "<td>18 s<br>" in text
    assert f"<strong>12.5 s</strong> at {account.name}" in text


def test_without_an_account_a_model_says_so(client: Client, creator: Member) -> None:
    account = default_account("luma-agents")
    account.is_enabled = False
    account.save()
    client.force_login(creator.user)

    text = client.get(PAGE, {"q": "luma agents"}).content.decode()

    assert text.count("No account reaches it now.") == 3


def test_a_stranger_sees_no_models(client: Client) -> None:
    assert client.get(PAGE).status_code == 302


def test_a_search_shows_only_what_speaks_of_it(client: Client, creator: Member) -> None:
    client.force_login(creator.user)

    text = client.get(PAGE, {"q": "luma agents sparsity"}).content.decode()

    assert "trajectory_sparsity" in text
    assert "depth_blur" not in text
    assert 'id="luma-agents-edit-ray-3-2"' in text
    assert 'id="luma-agents-reframe-ray-3-2"' not in text


def test_a_search_for_nothing_there_says_so_and_shows_the_way_back(
    client: Client, creator: Member
) -> None:
    client.force_login(creator.user)

    answer = client.get(PAGE, {"q": "telepathy <b>"})

    assert answer.status_code == 200
    assert "Nothing speaks of “telepathy &lt;b&gt;”" in answer.content.decode()
    assert "Show every model" in answer.content.decode()


def test_htmx_gets_only_the_models(client: Client, creator: Member) -> None:
    client.force_login(creator.user)

    answer = client.get(PAGE, {"q": "HDR"}, headers={"HX-Request": "true"})

    assert answer.content.decode().lstrip().startswith('<div id="models"')
    assert "HX-Request" in answer["Vary"]


def test_it_asks_no_more_for_more_models(
    client: Client, creator: Member, django_assert_max_num_queries
) -> None:
    client.force_login(creator.user)
    client.get(PAGE)  # makes the accounts that are not there yet

    with django_assert_max_num_queries(9):
        client.get(PAGE)


@pytest.mark.browser
def test_it_looks_right_at_both_widths_in_both_themes(open_page, creator: Member) -> None:
    page = open_page(creator, PAGE)

    look(page, "models")
    page.locator("details.more > summary").first.click()
    look(page, "models-open")


@pytest.mark.browser
def test_typing_narrows_the_page_and_stays_in_the_address(open_page, creator: Member) -> None:
    page = open_page(creator, PAGE)

    page.get_by_role("searchbox").fill("reframe position")
    page.wait_for_function("() => location.search.includes('reframe')")

    assert page.locator("article.model").count() == 1
    assert page.get_by_role("searchbox").input_value() == "reframe position"
    assert page.get_by_text("video.source_position.x_norm").is_visible()


def test_a_model_without_a_published_price_says_who_is_asked(
    client: Client, creator: Member
) -> None:
    client.force_login(creator.user)

    text = client.get(PAGE).content.decode()

    unpriced = [one for one in every_model(registry.every()) if not one.prices]
    said = [f"No price is published: {one.provider} is asked" for one in unpriced]
    assert said and all(text.count(one) == said.count(one) for one in said)
