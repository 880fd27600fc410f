"""How much a take differs from its source: told to its team, in numbers and in words."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.generations import comparison
from editorapp.generations.coordination.leases import Carrier
from editorapp.generations.files import ingest
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media import tasks
from editorapp.media.change_curve import WHOLE
from editorapp.media.intake import take_in
from editorapp.media.models import ChangeCurve
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.models import Member
from editorapp.web.presenters import change
from tests.factories import (
    make_asset,
    make_generation,
    make_member,
    make_reserved,
    signed_in,
)
from tests.media.clips import make_clip
from tests.web.take_pages import make_done, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator: Member) -> Client:
    return signed_in(creator)


def ready(take: Generation, values: list[float], mean: float) -> ChangeCurve:
    """Write down what a worker measured of a take."""
    pair = comparison.pair(take)
    curve = tasks.enqueue_change(pair.result, pair.source, pair.laid)
    curve.state, curve.values, curve.mean = ChangeCurve.Standing.READY, values, mean
    curve.save()
    return curve


def test_a_take_is_measured_on_first_ask_and_told_from_then_on(
    creator: Member, client: Client, settings: Any, tmp_path: Path
) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"
    clips = []
    for name, frames in (("result", 29), ("source", 30)):
        file = make_clip(tmp_path / f"{name}.mp4", frames=frames)
        clips.append(take_in(file, name=file.name, team=creator.team, user=creator.user))
    result, source = clips
    take = make_generation(creator, state="succeeded", source=source, result=result)
    url = f"/takes/{take.pk}/change"

    first, second = client.get(url), client.get(url)
    tasks.measure_changes()
    third = client.get(url)

    assert (first.status_code, second.status_code, third.status_code) == (202, 202, 200)
    pending = {"state": "pending", "values": [], "mean": None, "most": None, "least": None}
    assert first.json() == second.json() == pending | {"reason": ""}
    said = third.json()
    assert (said["state"], len(said["values"]), said["reason"]) == ("ready", 29, "")
    assert said["mean"] == pytest.approx(sum(said["values"]) / 29, abs=0.0001)
    assert said["values"][said["most"]] == max(said["values"])
    assert said["values"][said["least"]] == min(said["values"])
    assert ChangeCurve.objects.count() == 1


def test_the_page_says_it_in_plain_words(creator: Member, client: Client) -> None:
    take = make_done(creator)
    assert "Changed" not in text(client, take)

    ready(take, [0.0, 0.21, 0.15], 0.12)

    assert "Changed 12 % on average, most at frame 1" in text(client, take)


@pytest.mark.parametrize(
    ("mean", "said"),
    [(0.0, "less than 1 %"), (0.004, "less than 1 %"), (0.5, "50 %"), (1.2, "100 %")],
)
def test_a_mean_is_rounded_to_what_people_say(creator: Member, mean: float, said: str) -> None:
    take = make_done(creator)
    ready(take, [mean], mean)

    assert change.words(take) == f"{said} on average, most at frame 0"


def test_nobody_else_is_told(creator: Member) -> None:
    take = make_done(creator)
    ready(take, [0.5], 0.5)
    url = f"/takes/{take.pk}/change"

    assert signed_in(make_member(team=creator.team, role="reviewer")).get(url).status_code == 200
    assert signed_in(make_member()).get(url).status_code == 404
    assert Client().get(url).status_code == 302


def reframe(creator: Member, **place: float) -> Generation:
    wanted = GenerationRequest(task="reframe", prompt="", source=Ref(asset_id=1), **place)
    source = make_asset(creator, width=1280, height=720)
    result = make_asset(creator, width=720, height=1280, origin="result")
    return make_generation(
        creator,
        state="succeeded",
        task="reframe",
        source=source,
        result=result,
        request=wanted.to_json(),
    )


def test_a_reframe_is_compared_where_its_source_lies(creator: Member) -> None:
    placed = reframe(creator, x_norm=0.1, y_norm=0.2, w_norm=0.5, h_norm=0.16)
    middle = reframe(creator)

    assert comparison.pair(placed).laid == (0.1, 0.2, 0.5, 0.16)
    assert comparison.pair(middle).laid == pytest.approx((0, 0.341797, 1, 0.316406), abs=0.00001)


def of_nothing(creator: Member) -> Generation:
    return make_done(creator, task="generate")


def without_source(creator: Member) -> Generation:
    take = make_done(creator)
    Generation.objects.filter(pk=take.pk).update(source_asset=None)
    take.refresh_from_db()
    return take


def of_another_shape(creator: Member) -> Generation:
    return make_done(creator, source=make_asset(creator, width=720, height=1280))


def laid_beside(creator: Member) -> Generation:
    return reframe(creator, x_norm=0.99, y_norm=0.0, w_norm=1.0, h_norm=1.0)


NOT_COMPARABLE = {
    "There is no clip of this take yet.": lambda creator: make_generation(creator, state="running"),
    "It was not made from the frames of a clip.": of_nothing,
    "The clip that it was made from is not kept here.": without_source,
    "It has another shape than its source.": of_another_shape,
    "Too little of its source is to be seen on it.": laid_beside,
}


@pytest.mark.parametrize("reason", NOT_COMPARABLE)
def test_a_take_that_lies_over_nothing_says_why(
    reason: str, creator: Member, client: Client
) -> None:
    take = NOT_COMPARABLE[reason](creator)

    answer = client.get(f"/takes/{take.pk}/change")

    none = {"state": "none", "values": [], "mean": None, "most": None, "least": None}
    assert (answer.status_code, answer.json()) == (200, none | {"reason": reason})
    assert (change.address(take), change.words(take)) == ("", "")
    assert not ChangeCurve.objects.exists()


def test_a_take_with_a_curve_says_where_it_is_told(creator: Member) -> None:
    take = make_done(creator)

    assert change.address(take) == f"/takes/{take.pk}/change"


def test_an_edit_of_a_take_is_compared_with_that_take(creator: Member) -> None:
    parent = make_done(creator)
    child = make_done(creator, parent=parent, source_asset=None)

    assert comparison.pair(child).source == parent.result


def test_a_result_is_compared_with_its_source_when_it_is_taken_in(
    creator: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = make_reserved(creator, state=State.FETCHING).attempts.get()
    video = make_asset(creator, origin="result")
    monkeypatch.setattr(ingest, "_take_all", lambda *_args: ingest.Taken(video))

    ingest.fetch(attempt, Carrier(lambda work: 0, timezone.now))

    take = attempt.generation
    assert ChangeCurve.objects.get().asset == video
    assert ChangeCurve.objects.get().source == take.source_asset
    take.refresh_from_db()
    assert take.state == State.SUCCEEDED


def test_a_result_that_came_is_kept_whatever_becomes_of_its_comparison(
    creator: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    take, result = make_generation(creator, state="running"), make_asset(creator)

    def broken(*_args: Any) -> None:
        raise RuntimeError("no queue")

    comparison.begin(take, result)
    assert ChangeCurve.objects.get().asset == result
    monkeypatch.setattr(tasks, "enqueue_change", broken)
    comparison.begin(take, make_asset(creator))


def test_two_placements_of_one_pair_are_two_curves(creator: Member) -> None:
    one, other = make_asset(creator), make_asset(creator)

    first = tasks.enqueue_change(one, other, WHOLE)
    second = tasks.enqueue_change(one, other, (0.25, 0.0, 0.5, 1.0))

    assert first != second
    assert {curve.laid for curve in ChangeCurve.objects.all()} == {"0 0 1 1", "0.25 0 0.5 1"}
