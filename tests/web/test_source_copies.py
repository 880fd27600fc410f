"""A new source is made aside of the request that asked for it, and the page says what becomes of it."""

import re
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from editorapp.costs.models import Entry
from editorapp.generations.models import Generation
from editorapp.media import source_copies, tasks
from editorapp.media.models import Asset, SourceCopy
from editorapp.media.refusals import Refusal
from editorapp.media.trim import AS_IT_IS
from tests.factories import make_member, signed_in
from tests.media.clips import make_clip
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db
CUT = {"trim": "1", "trim_first": "10", "trim_last": "39"}


@pytest.fixture(autouse=True)
def media_root(settings, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture
def clip(creator, tmp_path: Path) -> Asset:
    path = make_clip(tmp_path / "walk.mp4")
    return take_in(path, name="walk.mp4", team=creator.team, user=creator.user)


@pytest.fixture
def browser(creator):
    return signed_in(creator)


def typed(clip: Asset, **more: Any) -> dict[str, Any]:
    return {
        "task": "edit",
        "prompt": "Snow",
        "source_kind": "asset",
        "source_asset": clip.pk,
        "pinned_to": f"asset:{clip.pk}",
        **more,
    }


def pressed(browser, fields: dict[str, Any], *, is_part: bool = False):
    more = {"HTTP_HX_REQUEST": "true"} if is_part else {}
    answer = browser.post("/studio/mend", fields, **more)
    assert answer.status_code == 200
    return answer


def words(answer) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def chosen(answer) -> list[str]:
    found = re.findall(r'name="source_asset" value="(\d+)" checked', answer.content.decode())
    return list(found)


def test_a_press_makes_nothing_by_itself_and_pays_for_nothing(browser, clip, monkeypatch):
    monkeypatch.setattr(source_copies, "trim", lambda *_args, **_more: pytest.fail("made here"))

    answer = pressed(browser, typed(clip, **CUT))

    assert "Making walk 10-39.mp4 . It becomes the source when it is done." in words(answer)
    assert chosen(answer) == [str(clip.pk)]
    assert Asset.objects.count() == 1
    assert not Generation.objects.exists() and not Entry.objects.exists()


def test_without_a_script_the_page_is_asked_again_until_it_has_the_new_source(browser, clip):
    first = pressed(browser, typed(clip, **CUT)).content.decode()
    asks = re.search(r'name="mend" value="(use_copy=\d+)"[^>]*>Is it done', first)
    assert asks
    again = typed(clip, mend=asks[1], prompt="Snow, at dusk")
    assert "Making walk 10-39.mp4" in words(pressed(browser, again))

    tasks.make_source_copies()
    done = pressed(browser, again)

    made = Asset.objects.get(name="walk 10-39.mp4")
    assert chosen(done) == [str(made.pk)]
    assert "Snow, at dusk" in words(done) and "Making" not in words(done)


def test_the_same_page_sent_again_by_a_reload_goes_on(browser, clip):
    fields = typed(clip, **CUT)
    pressed(browser, fields)
    pressed(browser, fields)
    tasks.make_source_copies()

    done = pressed(browser, fields)

    assert chosen(done) == [str(Asset.objects.get(name="walk 10-39.mp4").pk)]
    assert SourceCopy.objects.count() == 1


def test_a_page_that_is_opened_meanwhile_says_how_far_it_is(browser, clip, creator):
    pressed(browser, typed(clip, **CUT))
    SourceCopy.objects.update(percent=40)

    page = browser.get(f"/studio/?source={clip.pk}").content.decode()

    assert re.search(r'<progress id="source-copied" max="100" value="40"', page)
    other = signed_in(make_member(team=creator.team, role="creator"))
    assert "Making" not in words(other.get(f"/studio/?source={clip.pk}"))


def test_who_waits_is_told_how_far_it_is_and_then_chooses_it(browser, clip):
    asked = pressed(browser, typed(clip, **CUT), is_part=True)
    copy = SourceCopy.objects.get()
    address = f"/studio/source?copy={copy.pk}"
    assert address in asked.content.decode() and "HX-Retarget" not in asked.headers
    SourceCopy.objects.update(percent=40)

    waits = browser.get(address, HTTP_HX_REQUEST="true")
    tasks.make_source_copies()
    done = browser.get(address, HTTP_HX_REQUEST="true").content.decode()

    assert 'value="40"' in waits.content.decode() and waits.headers["HX-Reswap"] == "none"
    assert 'hx-trigger="load, click"' in done
    stage = pressed(browser, typed(clip, mend=f"use_copy={copy.pk}"), is_part=True)
    assert '"part": [10, 39]' in stage.headers["HX-Trigger-After-Swap"]


def test_where_another_clip_is_the_source_meanwhile_it_stays(browser, clip, creator, tmp_path):
    pressed(browser, typed(clip, **CUT))
    tasks.make_source_copies()
    path = make_clip(tmp_path / "other.mp4", frames=30)
    other = take_in(path, name="other.mp4", team=creator.team, user=creator.user)
    mend = f"use_copy={SourceCopy.objects.get().pk}"

    answer = pressed(browser, typed(other, mend=mend), is_part=False)

    assert chosen(answer) == [str(other.pk)]
    assert "Another clip is the source now: what was made of the last one is in the bin." in words(
        answer
    )


def test_what_failed_says_why_and_one_press_tries_it_again(browser, clip, monkeypatch):
    def damaged(*_args: Any, **_more: Any) -> None:
        raise Refusal("damaged", detail="frame 12 cannot be decoded")

    pressed(browser, typed(clip, **CUT))
    with monkeypatch.context() as patched:
        patched.setattr(source_copies, "trim", damaged)
        tasks.make_source_copies()

    page = browser.get(f"/studio/?source={clip.pk}")
    assert (
        "walk 10-39.mp4 was not made. This file cannot be read (frame 12 cannot be decoded): "
        "export it again, best as an H.264 MP4. Try again" in words(page)
    )
    again = typed(clip, mend=f"use_copy={SourceCopy.objects.get().pk}")
    assert "Making walk 10-39.mp4" in words(pressed(browser, again))
    tasks.make_source_copies()
    assert chosen(pressed(browser, again)) == [str(Asset.objects.exclude(pk=clip.pk).get().pk)]


def test_whoever_looks_begins_what_a_dead_worker_left(browser, clip, transactional_db):
    pressed(browser, typed(clip, **CUT))
    copy, long_ago = SourceCopy.objects.get(), timezone.now() - timezone.timedelta(minutes=3)
    dead = {"begun_at": long_ago, "alive_at": long_ago, "tries": 1}
    SourceCopy.objects.update(**dead)

    browser.get(f"/studio/source?copy={copy.pk}", HTTP_HX_REQUEST="true")

    assert list(source_copies.waiting()) == [copy]
    SourceCopy.objects.update(**dead | {"tries": 3})
    told = browser.get(f"/studio/source?copy={copy.pk}", HTTP_HX_REQUEST="true")
    assert "was not made. It was tried several times" in words(told)


def test_another_team_is_told_nothing(clip, creator):
    asked = {"user": creator.user, "now": timezone.now()}
    copy = source_copies.ask(clip, (10, 39), AS_IT_IS, **asked)
    stranger = signed_in(make_member(role="creator"))

    told = stranger.get(f"/studio/source?copy={copy.pk}", HTTP_HX_REQUEST="true")
    sent = stranger.post("/studio/mend", typed(clip, mend=f"use_copy={copy.pk}"))

    assert told.status_code == 200 and "walk" not in words(told)
    assert "walk 10-39" not in words(sent)


@pytest.mark.parametrize("number", ["", "x", "-1", "0", "9" * 30])
def test_a_number_that_is_none_names_no_copy(browser, clip, number):
    answer = browser.post("/studio/mend", typed(clip, mend=f"use_copy={number}"))
    told = browser.get(f"/studio/source?copy={number}", HTTP_HX_REQUEST="true")

    assert answer.status_code == 200 and chosen(answer) == [str(clip.pk)]
    assert told.status_code in (200, 400)
