"""Drafts on the server: kept for one person, in the first HTML of the page, at one query."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorapp.reuse.models import SavedDraft
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.web.controls import controls_of

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def member():
    return make_member(name="Ada")


@pytest.fixture
def clip(member):
    return make_asset(member, name="bunny.mp4")


def shown(browser, address: str) -> dict[str, str]:
    return dict(controls_of(browser.get(address).content.decode(), "compose"))


def keep(browser, form: dict[str, str], **more: str) -> dict:
    answer = browser.post("/studio/draft", form | more, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    return answer.json()


def test_the_first_html_holds_what_was_typed(member, clip):
    browser = signed_in(member)
    form = shown(browser, f"/studio/?source={clip.pk}")

    assert keep(browser, form, prompt="Snow at dusk", resolution="540p") == {"revision": 1}

    for address in (f"/studio/?source={clip.pk}", "/studio/"):
        found = shown(browser, address)
        assert (found["prompt"], found["resolution"]) == ("Snow at dusk", "540p")
        assert found["draft_revision"] == "1" and found["form_token"] != form["form_token"]


@pytest.mark.parametrize("has_draft", [False, True])
def test_a_draft_costs_the_page_one_query(member, clip, has_draft):
    browser = signed_in(member)
    if has_draft:
        keep(browser, shown(browser, "/studio/"), prompt="Snow at dusk")

    with CaptureQueriesContext(
        connection,
    ) as asked:
        browser.get("/studio/")

    assert sum('"reuse_' in query["sql"] for query in asked.captured_queries) == 1


def test_edit_this_and_its_source_have_a_draft_each(member, clip):
    take = make_generation(member, source=clip, state="succeeded", result=make_asset(member))
    browser = signed_in(member)
    keep(browser, shown(browser, f"/studio/?source={clip.pk}"), prompt="Of the clip")
    keep(browser, shown(browser, f"/studio/?generation={take.pk}"), prompt="Of the take")

    assert shown(browser, f"/studio/?source={clip.pk}")["prompt"] == "Of the clip"
    assert shown(browser, f"/studio/?generation={take.pk}")["prompt"] == "Of the take"
    assert shown(browser, f"/studio/?again={take.pk}")["prompt"] == "Rainy neon evening"


def test_what_the_address_names_beside_its_source_is_what_it_says(member, clip):
    browser = signed_in(member)
    keep(browser, shown(browser, f"/studio/?source={clip.pk}"), prompt="Snow", resolution="540p")
    still = make_asset(member, kind="image")

    asked = shown(browser, "/studio/?prompt=Rain&resolution=1080p")
    assert (asked["prompt"], asked["resolution"]) == ("Rain", "1080p")
    pinned = shown(browser, f"/studio/?guide_asset={still.pk}")
    assert (pinned["prompt"], pinned["guides"]) == ("Snow", "single")
    assert shown(browser, f"/studio/?task=reframe&source={clip.pk}")["task"] == "reframe"


def test_a_generation_has_a_draft_of_its_own(member, clip):
    browser = signed_in(member)
    keep(browser, shown(browser, f"/studio/?source={clip.pk}"), prompt="An edit")
    keep(browser, shown(browser, "/studio/?task=generate"), prompt="A new clip")

    assert shown(browser, f"/studio/?source={clip.pk}")["prompt"] == "An edit"
    assert shown(browser, "/studio/?task=generate")["prompt"] == "A new clip"


def test_a_colleagues_draft_is_opened_by_no_number(member, clip):
    keep(signed_in(member), shown(signed_in(member), "/studio/"), prompt="Mine alone")
    colleague = signed_in(make_member(team=member.team))
    form = shown(colleague, f"/studio/?source={clip.pk}")
    assert form["prompt"] == ""

    for part in ("all", "words", "guides", "settings"):
        mend = f"draft_{part}={SavedDraft.objects.get(member=member).pk}"
        answer = colleague.post("/studio/form", form | {"mend": mend})
        page = answer.content.decode()
        assert "This draft is not kept any more." in page and "Mine alone" not in page


def test_what_replaces_a_take_goes_on_doing_so_only_where_it_was_asked(member, clip):
    take = make_generation(member, source=clip, state="queued")
    browser = signed_in(member)
    form = shown(browser, f"/studio/?replace={take.pk}")
    assert form["replaces"] == str(take.pk)
    keep(browser, form, prompt="Instead")

    again = shown(browser, f"/studio/?replace={take.pk}")
    assert (again["prompt"], again["replaces"]) == ("Instead", str(take.pk))
    assert "replaces" not in shown(browser, f"/studio/?source={clip.pk}")
    assert "replaces" not in shown(browser, "/studio/")


def test_a_novel_is_not_kept_and_it_is_said(member, clip):
    browser = signed_in(member)
    form = shown(browser, "/studio/")

    answer = browser.post("/studio/draft", form | {"more_prompts": "word " * 50_000})

    assert answer.status_code == 413 and "too long" in answer.json()["message"]
    assert not SavedDraft.objects.exists()


def test_who_may_only_look_keeps_nothing(member, clip):
    reviewer = signed_in(make_member(team=member.team, role=Role.REVIEWER))
    page = reviewer.get("/studio/").content.decode()

    assert "data-draft-url" not in page
    assert reviewer.post("/studio/draft", {"prompt": "Snow"}).status_code == 403


@pytest.fixture
def two_versions(member, clip):
    """A draft that counts, "Rain", and a version of it that was set aside, "Snow"."""
    browser = signed_in(member)
    form = shown(browser, f"/studio/?source={clip.pk}")
    keep(browser, form, prompt="Snow")
    keep(browser, form, prompt="Rain", draft_page="b", draft_over="1")
    return SavedDraft.objects.exclude(aside="").get()


def test_a_version_that_was_set_aside_is_listed_with_its_words_and_its_clip(
    member, clip, two_versions
):
    browser = signed_in(member)

    page = browser.get("/studio/versions").content.decode()
    part = browser.get("/studio/versions", headers=HTMX).content.decode()

    for html in (page, part):
        assert "Snow" in html and "bunny.mp4" in html and "just now" in html
        assert "Rain" not in html
    assert "<html" in page and "<html" not in part


def test_what_is_somewhere_else_too_is_listed_once(member, clip, two_versions):
    again, rain = ([*two_versions.values, ["model_wish", "ray-3.2"]] for _time in range(2))
    rain = [["prompt", "Rain"] if name == "prompt" else [name, one] for name, one in rain]
    for number, values in enumerate((again, rain)):
        SavedDraft.objects.create(
            member=member,
            source=two_versions.source,
            values=values,
            saved_at=two_versions.saved_at,
            aside=f"{number}",
        )

    html = signed_in(member).get("/studio/versions").content.decode()

    assert html.count('class="version"') == 1 and "Rain" not in html


def test_what_is_empty_is_listed_nowhere(member, clip):
    browser = signed_in(member)
    form = shown(browser, f"/studio/?source={clip.pk}")
    keep(browser, form, prompt="")
    keep(browser, form, prompt="Rain", draft_page="b", draft_over="1")

    assert "Nothing is set aside." in browser.get("/studio/versions").content.decode()


def test_a_version_that_is_brought_back_opens_with_its_clip(member, clip, two_versions):
    browser = signed_in(member)

    answer = browser.post(f"/studio/versions/{two_versions.pk}/back")

    assert answer.url == f"/studio/?source={clip.pk}"
    assert shown(browser, answer.url)["prompt"] == "Snow"
    assert "Rain" in browser.get("/studio/versions").content.decode()


@pytest.mark.parametrize(
    ("address", "opens"),
    [
        ("/studio/?again={take}", "/studio/?again={take}"),
        ("/studio/?replace={take}", "/studio/?replace={take}"),
        ("/studio/?task=generate", "/studio/?task=generate"),
        ("/studio/?generation={take}", "/studio/?generation={take}"),
    ],
)
def test_a_version_of_each_way_opens_that_way(member, clip, address, opens):
    result = make_asset(member)
    take = make_generation(member, source=clip, state="succeeded", result=result).pk
    browser = signed_in(member)
    form = shown(browser, address.format(take=take))
    keep(browser, form, prompt="Snow")
    keep(browser, form, prompt="Rain", draft_page="b", draft_over="1")
    version = SavedDraft.objects.exclude(aside="").get()

    answer = browser.post(f"/studio/versions/{version.pk}/back")

    assert answer.url == opens.format(take=take)
    assert shown(browser, answer.url)["prompt"] == "Snow"


def test_a_version_is_deleted(member, two_versions):
    browser = signed_in(member)

    answer = browser.post(f"/studio/versions/{two_versions.pk}/delete", headers=HTMX)

    assert "Snow" not in answer.content.decode()
    assert [row.words for row in SavedDraft.objects.all()] == ["Rain"]


@pytest.mark.parametrize("act", ["back", "delete"])
def test_a_version_is_its_persons_alone_and_the_draft_that_counts_is_none(
    member, two_versions, act
):
    colleague = signed_in(make_member(team=member.team))
    current = SavedDraft.objects.get(aside="")

    assert "Snow" not in colleague.get("/studio/versions").content.decode()
    assert colleague.post(f"/studio/versions/{two_versions.pk}/{act}").status_code == 404
    assert signed_in(member).post(f"/studio/versions/{current.pk}/{act}").status_code == 404
    assert SavedDraft.objects.count() == 2
