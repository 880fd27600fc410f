"""What a downloaded file is called: found again by its clip, its take and its strength."""

import re
from urllib.parse import unquote

import pytest

from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.web.presenters import file_names
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.media.clips import make_clip
from tests.taken_in import take_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def result(creator, tmp_path, settings) -> Asset:
    settings.MEDIA_ROOT = tmp_path / "media"
    clip = make_clip(tmp_path / "a.mp4", frames=5)
    kept_as = {"team": creator.team, "user": creator.user, "origin": Asset.Origin.RESULT}
    return take_in(clip, name="Take 42.mp4", **kept_as)


def made_of(creator, name: str, result: Asset, **fields):
    source = make_asset(creator, name=name)
    return make_generation(creator, state=State.SUCCEEDED, source=source, result=result, **fields)


def names(answer) -> tuple[str, str]:
    """Return what old and new clients call a file: they are the same where one says nothing else."""
    found = re.fullmatch(
        r"attachment; filename=\"([^\"\\]+)\"(?:; filename\*=UTF-8''([\w%.~-]+))?",
        answer.headers["Content-Disposition"],
    )
    return found[1], unquote(found[2] or found[1])


def test_a_take_is_called_after_its_clip_its_number_and_its_strength(creator, result):
    take = made_of(creator, "bunny_720p_5s.mp4", result)
    Generation.objects.filter(pk=take.pk).update(request=take.request | {"strength": "flex_1"})

    answer = signed_in(creator).get(f"/media/{result.pk}/original?download=1")

    assert names(answer) == (
        f"bunny_720p_5s - take {take.pk} - Flex 1.mp4",
        f"bunny_720p_5s · take {take.pk} · Flex 1.mp4",
    )
    assert result.name == "Take 42.mp4"


def test_of_takes_that_came_out_the_same_each_page_names_its_own(creator, result):
    first = made_of(creator, "bunny.mp4", result)
    second = made_of(creator, "frog.mp4", result)
    client = signed_in(creator)

    for take, name in ((first, "bunny"), (second, "frog")):
        page = client.get(f"/takes/{take.pk}").content.decode()
        (link,) = re.findall(r'href="([^"]+)" download>Download video<', page)
        called, _exact = names(client.get(link, follow=True))
        assert called.startswith(f"{name} - take {take.pk}")


def test_an_edit_of_an_edit_is_called_after_the_first_clip(creator, result):
    first = made_of(creator, "bunny.mp4", make_asset(creator, name="Take 1.mp4"))
    again = make_generation(
        creator,
        state=State.SUCCEEDED,
        source=first.result,
        parent=first,
        lineage=first.lineage,
        result=result,
    )

    answer = signed_in(creator).get(f"/media/{result.pk}/original?download=1")

    assert names(answer)[0].startswith(f"bunny - take {again.pk}")


def test_what_was_made_of_no_clip_is_called_after_its_words(creator, result):
    take = make_generation(
        creator,
        state=State.SUCCEEDED,
        task="generate",
        lineage="g7",
        prompt='Neon "harbour" / at\nnight: ' + "rain " * 40,
        result=result,
    )

    plain, exact = names(signed_in(creator).get(f"/media/{result.pk}/original?download=1"))

    assert plain.startswith("Neon _harbour_ _ at") and f" - take {take.pk}" in plain
    assert len(exact) < 120 and plain.endswith(".mp4")


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("Zürich — früh.mp4", "Zurich - fruh - take "),
        ("東京の夜.mp4", "take "),
        ("a'b;c,d.mp4", "a'b;c,d - take "),
        ("emoji 🎬.mp4", "emoji - take "),
    ],
)
def test_every_client_is_given_plain_letters_and_those_that_can_the_name(
    creator, result, name, plain
):
    take = made_of(creator, name, result)

    found, exact = names(signed_in(creator).get(f"/media/{result.pk}/original?download=1"))

    assert found.isascii() and found.startswith(f"{plain}{take.pk}")
    assert exact.startswith(name.removesuffix(".mp4")) and f"take {take.pk}" in exact


def test_a_still_is_called_after_its_take(creator, result):
    take = made_of(creator, "bunny.mp4", result)

    answer = signed_in(creator).get(f"/media/{result.pk}/frames/3.png?download=1")

    assert names(answer)[0].startswith(f"bunny - take {take.pk}")
    assert names(answer)[0].endswith(" frame 3.png")


def test_a_take_of_another_team_names_nothing(creator, result):
    made_of(creator, "bunny.mp4", result)
    foreign = make_generation(make_member())

    answer = signed_in(creator).get(f"/media/{result.pk}/original?download=1&take={foreign.pk}")

    assert names(answer)[0].startswith("bunny - take ")


def test_a_name_without_a_plain_letter_is_a_file_all_the_same():
    said = file_names.disposition("東京.mp4", is_download=False)

    assert said == "inline; filename=\"file.mp4\"; filename*=UTF-8''%E6%9D%B1%E4%BA%AC.mp4"


def test_an_uploaded_clip_keeps_its_name(creator, result):
    clip = make_asset(creator, name="walk in the park.mp4")

    assert file_names.of_asset(clip, creator) == "walk in the park.mp4"
