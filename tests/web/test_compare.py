"""The compare page's answers: which takes an address names, and what is said where they do not do."""

import pytest

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.web.take_pages import make_done

pytestmark = pytest.mark.django_db


def page(client, query: str) -> str:
    answer = client.get(f"/compare/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("query", ["takes={0},{1}", "takes={0}&takes={1}", "takes={0},{1},,{0}"])
def test_takes_are_named_with_commas_or_one_by_one_and_each_once(creator, query):
    takes = [make_done(creator).pk for _ in range(2)]

    html = page(signed_in(creator), query.format(*takes))

    assert html.count("data-layer ") == 2


def test_a_take_is_compared_with_its_source(creator):
    take = make_done(creator, source=make_asset(creator, name="street.mp4"))

    html = page(signed_in(creator), f"takes={take.pk}&source=1")

    assert html.count("data-layer ") == 2
    assert "Without the source" in html


def test_what_has_no_picture_and_what_is_not_there_is_said_by_number(creator):
    takes = [make_done(creator).pk for _ in range(2)]
    running = make_generation(creator, state=State.RUNNING).pk

    html = page(signed_in(creator), f"takes={takes[0]},{takes[1]},{running},99999")

    assert html.count("data-layer ") == 2
    assert f"#{running}</a> has no picture to compare: processing." in html
    assert "There is no #99999 here." in html


def test_a_take_of_another_team_is_one_that_there_is_not(creator):
    mine, theirs = make_done(creator), make_done(make_member())

    html = page(signed_in(creator), f"takes={mine.pk},{theirs.pk}")

    assert f"There is no #{theirs.pk} here." in html
    assert "data-layer " not in html
    assert "Two to 9 takes, in step" in html


def test_fewer_than_two_and_more_than_nine_lead_to_the_gallery(creator):
    takes = [make_done(creator).pk for _ in range(10)]
    client = signed_in(creator)

    assert "Two to 9 takes, in step" in page(client, "")
    assert "At most 9 at once" in page(client, f"takes={','.join(map(str, takes))}")
    assert page(client, f"takes={','.join(map(str, takes[:9]))}").count("data-layer ") == 9


@pytest.mark.parametrize(
    "query", ["takes=a", "takes=1,-2", f"takes={'9' * 30}", "takes=" + "1," * 3 + "²"]
)
def test_what_is_no_number_is_refused(creator, query):
    assert signed_in(creator).get(f"/compare/?{query}").status_code == 400


def test_only_settings_that_differ_stand_in_the_table(creator):
    one, other = make_done(creator, prompt="Rain"), make_done(creator, prompt="Snow")

    html = page(signed_in(creator), f"takes={one.pk},{other.pk}")

    rows = [part.split("</th>")[0] for part in html.split('<th scope="row">')[1:]]
    assert "Resolution" not in rows
    assert rows[-4:-1] == ["Review", "Cost", "Go on"]


def test_a_take_that_is_heard_is_compared_with_its_sound(creator):
    source = make_asset(creator, has_audio=True)
    heard, silent = make_done(creator, source=source), make_done(creator, source=source)
    Generation.objects.filter(pk=heard.pk).update(has_source_sound=True)

    html = page(signed_in(creator), f"takes={heard.pk},{silent.pk}")

    assert f'src="/takes/{heard.pk}/sound/playable' in html
    assert f'src="/media/{silent.result_id}/playable' in html
