"""Note becomes edit: a note's words and frame make the draft of an edit, nothing is sent by that,
and what is queued answers the note.
"""

import io
import re

import numpy
import pytest
from PIL import Image

from editorapp.generations.models import Attempt, Generation
from editorapp.inbox.models import Notice
from editorapp.media import drawn_frames, frames
from editorapp.media.models import Asset
from editorapp.reuse.models import SavedDraft
from editorapp.review import answers, comments
from editorapp.review.comments import CommentText
from editorapp.review.decide import decide
from editorapp.review.models import Answer
from editorapp.teams import projects
from editorapp.teams.projects import ProjectFields
from editorapp.teams.roles import Role
from tests.factories import make_generation, make_member, signed_in
from tests.review.conftest import NOW
from tests.web.controls import controls_of

pytestmark = pytest.mark.django_db
BOX = {"kind": "box", "colour": "red", "points": [[0.25, 0.25], [0.75, 0.75]]}
CHAIN = "5d2f1c1e-1f0a-4c8e-9d55-0a3c2d1b7e41"
ARROW = {"kind": "arrow", "colour": "blue", "points": [[0.1, 0.9], [0.5, 0.5]]}


@pytest.fixture
def creator(member):
    return member


@pytest.fixture
def mia(creator):
    return make_member(role=Role.REVIEWER, team=creator.team, name="Mia")


@pytest.fixture
def take(creator, keep) -> Generation:
    clip: Asset = keep("bunny_720p_5s.mp4")
    Asset.objects.filter(pk=clip.pk).update(origin=Asset.Origin.RESULT)
    clip.refresh_from_db()
    return make_generation(creator, state="succeeded", result=clip, chain_id=CHAIN)


@pytest.fixture
def note(take, mia):
    return say(take, mia)


def say(take, by, text="@Ada, make the sky redder", shapes=(BOX,), frames=(90, 90), token="1"):
    says = CommentText(text, frames, list(shapes))
    return comments.add(take, says, by=by, form_token=token, now=NOW)


def pixels(picture: bytes) -> numpy.ndarray:
    return numpy.asarray(Image.open(io.BytesIO(picture)).convert("RGB"), dtype=int)


def begin(browser, note, **sent):
    answer = browser.post(f"/studio/answers/{note.pk}", sent)
    assert answer.status_code == 302, answer
    return answer["Location"]


def form_at(browser, address) -> dict[str, str]:
    answer = browser.get(address)
    assert answer.status_code == 200
    return dict(controls_of(answer.content.decode(), "compose"))


def pressed(browser, form, change):
    """Press a way out; return the page that comes."""
    return browser.post("/studio/form", form | {"mend": change}).content.decode()


# The drawing upon the frame


def test_the_drawing_is_burnt_in_at_its_own_pixels_and_nowhere_else(take):
    clip = take.result
    bare, drawn = (
        pixels(frames.still(clip, 90)),
        pixels(drawn_frames.still(clip, 90, [BOX])),
    )

    height, width = bare.shape[:2]
    changed = numpy.abs(drawn - bare).sum(axis=2) > 60
    for x, y in ((0.25, 0.5), (0.75, 0.5), (0.5, 0.25), (0.5, 0.75)):
        meant = numpy.array(drawn_frames.COLOURS["red"])
        assert numpy.abs(near(drawn, x, y) - meant).sum(axis=2).min() < 40
    assert not changed[:, : round(width * 0.25) - 8].any()
    assert not changed[
        round(height * 0.3) : round(height * 0.7), round(width * 0.3) : round(width * 0.7)
    ].any()
    assert 0 < changed.mean() < 0.05


@pytest.mark.parametrize("size", [(320, 180), (1280, 720), (720, 1280)])
def test_a_drawing_fits_a_picture_of_any_size(size):
    grey = Image.new("RGB", size, (90, 90, 90))

    drawn = numpy.asarray(drawn_frames.burnt(grey, [BOX, ARROW]))

    assert drawn.shape == (size[1], size[0], 3)
    for x, y, colour in ((0.3, 0.7, "blue"), (0.25, 0.4, "red"), (0.75, 0.6, "red")):
        meant = numpy.array(drawn_frames.COLOURS[colour])
        assert numpy.abs(near(drawn, x, y) - meant).sum(axis=2).min() < 40


def near(picture: numpy.ndarray, x: float, y: float) -> numpy.ndarray:
    """Return the pixels around a place: three by three."""
    column, row = round(x * (picture.shape[1] - 1)), round(y * (picture.shape[0] - 1))
    return picture[row - 1 : row + 2, column - 1 : column + 2].astype(int)


# The draft


def test_a_note_opens_the_studio_with_its_words_and_its_frame_at_that_take(creator, note, take):
    browser = signed_in(creator)

    address = begin(browser, note)
    form = form_at(browser, address)

    assert address == f"/studio/?generation={take.pk}&answers={note.pk}"
    assert form["prompt"] == "make the sky redder" and form["answers"] == str(note.pk)
    assert (form["source_kind"], form["source_generation"]) == ("generation", str(take.pk))
    assert (form["guides"], form["keyframe_index"], form["note_frame"]) == (
        "keyframes",
        "90",
        "plain",
    )
    picture = Asset.objects.get(pk=form["keyframe_asset"])
    assert picture.cut_from_id == take.result_id and picture.origin == Asset.Origin.FRAME


def test_the_band_says_whose_note_it_is_and_shows_the_frame_in_both_ways(creator, note, take):
    browser = signed_in(creator)

    html = browser.get(begin(browser, note)).content.decode()

    band = html.partition('id="answering"')[2].partition("</section>")[0]
    assert f"Answers Mia’s note on frame 90 of #{take.pk}" in band
    assert "make the sky redder" in band and 'value="answers="' in band
    drawn = f"/studio/answers/{note.pk}/drawn.jpg?take={take.pk}"
    assert drawn in band and f"/media/{take.result_id}/frames/90.jpg" in band
    shown = browser.get(drawn)
    assert shown["Content-Type"] == "image/jpeg" and shown.content[:2] == b"\xff\xd8"


def test_opening_it_sends_nothing_and_holds_no_money(creator, note):
    browser = signed_in(creator)
    before = Generation.objects.count(), Attempt.objects.count()

    form_at(browser, begin(browser, note))

    assert (Generation.objects.count(), Attempt.objects.count()) == before
    assert not Answer.objects.exists()


def test_what_was_begun_with_that_take_is_set_aside_and_comes_back(creator, note, take):
    browser = signed_in(creator)
    own = form_at(browser, f"/studio/?generation={take.pk}")
    browser.post(
        "/studio/draft", own | {"prompt": "My own words"}, headers={"Accept": "application/json"}
    )

    address = begin(browser, note)
    html = browser.get(address).content.decode()

    assert f"What you had begun with #{take.pk} is kept." in html
    [aside] = re.findall(r'value="(draft_all=\d+)"', html)
    form = dict(controls_of(html, "compose"))
    back = dict(controls_of(pressed(browser, form, aside), "compose"))
    assert back["prompt"] == "My own words" and back["answers"] == ""
    kept = [dict(map(tuple, one.values)) for one in SavedDraft.objects.all()]
    assert {"My own words", "make the sky redder"} <= {one["prompt"] for one in kept}


def test_pressed_again_it_keeps_what_was_typed_since(creator, note, take):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))
    sent = form | {"prompt": "make the sky red as wine"}
    browser.post("/studio/draft", sent, headers={"Accept": "application/json"})

    again = form_at(browser, begin(browser, note))

    assert again["prompt"] == "make the sky red as wine"


def test_an_address_alone_changes_no_draft_and_offers_the_edit(creator, note, take):
    browser = signed_in(creator)
    own = form_at(browser, f"/studio/?generation={take.pk}")
    browser.post(
        "/studio/draft", own | {"prompt": "My own words"}, headers={"Accept": "application/json"}
    )

    html = browser.get(f"/studio/?answers={note.pk}").content.decode()
    form = dict(controls_of(html, "compose"))

    assert form["prompt"] == "My own words" and form["answers"] == ""
    assert f"Mia asked on frame 90 of #{take.pk}" in html
    taken = dict(controls_of(pressed(browser, form, f"answer={note.pk}"), "compose"))
    assert (taken["prompt"], taken["answers"]) == ("make the sky redder", str(note.pk))


def test_the_frame_is_used_as_it_is_with_the_drawing_or_not_at_all(creator, note):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))
    mine = form | {"keyframe_asset": form["keyframe_asset"]}

    drawn = dict(controls_of(pressed(browser, mine, "note_frame=drawn"), "compose"))
    none = dict(controls_of(pressed(browser, drawn, "note_frame=none"), "compose"))
    plain = dict(controls_of(pressed(browser, none, "note_frame=plain"), "compose"))

    assert drawn["keyframe_index"] == "90" and drawn["keyframe_asset"] != form["keyframe_asset"]
    assert (none["guides"], none["note_frame"]) == ("none", "none") and "keyframe_asset" not in none
    assert plain["keyframe_asset"] == form["keyframe_asset"]


def test_dropped_it_answers_nothing_and_its_words_and_frame_stay(creator, note):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))

    html = pressed(browser, form, "answers=")

    dropped = dict(controls_of(html, "compose"))
    assert dropped["answers"] == "" and 'id="answering"' not in html
    assert (dropped["prompt"], dropped["keyframe_index"]) == ("make the sky redder", "90")


def test_a_note_of_the_whole_take_has_words_and_no_frame(creator, take, mia):
    note = say(take, mia, "Darker", shapes=(), frames=None)
    browser = signed_in(creator)

    form = form_at(browser, begin(browser, note))

    assert (form["prompt"], form["guides"]) == ("Darker", "none")


def test_a_verdicts_note_becomes_an_edit_too(creator, take, mia):
    decision = decide(take, "needs_changes", member=mia, note="Redder, @Ada", now=NOW)
    browser = signed_in(creator)

    went = browser.post(f"/studio/answers/verdict/{decision.pk}")["Location"]
    form = form_at(browser, went)

    assert (form["prompt"], form["answers"]) == ("Redder,", f"verdict-{decision.pk}")


def test_a_carried_note_makes_an_edit_of_the_take_that_is_looked_at(creator, note, take, keep):
    newer = make_generation(
        creator, state="succeeded", parent=take, lineage=take.lineage, result=take.result
    )
    browser = signed_in(creator)

    address = begin(browser, note, take=newer.pk)

    assert address.startswith(f"/studio/?generation={newer.pk}&")


# Who may


def test_who_sees_no_such_take_makes_no_edit_of_it(creator, note, take):
    stranger = make_member()
    assert signed_in(stranger).post(f"/studio/answers/{note.pk}").status_code == 404
    assert signed_in(stranger).get(f"/studio/answers/{note.pk}/drawn.jpg").status_code == 404
    admin = make_member(role=Role.ADMIN, team=creator.team)
    take.project = projects.make(admin, ProjectFields("Pitch", is_private=True))
    take.save()
    assert signed_in(creator).post(f"/studio/answers/{note.pk}").status_code == 404
    shown = signed_in(creator).get(f"/studio/?answers={note.pk}")
    assert shown.status_code == 200 and b"sky redder" not in shown.content


def test_a_reviewer_makes_no_edit(note, mia):
    assert signed_in(mia).post(f"/studio/answers/{note.pk}").status_code == 403


# What is queued


def queue(browser, form):
    return browser.post("/studio/queue", form)


def test_what_is_queued_answers_the_note_once_however_often_it_is_sent(creator, note, take):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))

    for _ in range(2):
        assert queue(browser, form).status_code == 302

    [made] = Generation.objects.exclude(pk=take.pk)
    answer = Answer.objects.get()
    assert (answer.generation, answer.comment, made.parent) == (made, note, take)


def test_each_variant_answers_it(creator, note, take):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))

    assert queue(browser, form | {"takes": "3"}).status_code == 302

    made = Generation.objects.exclude(pk=take.pk)
    assert made.count() == 3 == Answer.objects.filter(generation__in=made, comment=note).count()


def test_what_is_refused_answers_nothing(creator, note, take):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))

    assert queue(browser, form | {"prompt": "", "takes": "99"}).status_code == 422

    assert not Answer.objects.exists() and Generation.objects.count() == 1


def test_a_note_that_was_deleted_meanwhile_keeps_it_from_being_queued_until_it_is_dropped(
    creator, note, take, mia
):
    browser = signed_in(creator)
    form = form_at(browser, begin(browser, note))
    comments.delete(note, by=mia, now=NOW)

    answer = queue(browser, form)

    assert answer.status_code == 422 and "is not there any more" in answer.content.decode()
    assert Generation.objects.count() == 1 and not Attempt.objects.exclude(generation=take).exists()
    html = answer.content.decode()
    assert "was to answer is not there any more" in html and 'value="answers="' in html
    assert queue(browser, form | {"answers": ""}).status_code == 302


# The take that answers


@pytest.fixture
def answered(creator, note, take):
    made = make_generation(
        creator, state="succeeded", parent=take, lineage=take.lineage, result=take.result
    )
    answers.answer(made, note)
    return made


def test_the_take_says_which_note_it_answers_and_asks_its_author(
    answered, note, mia, creator, take
):
    html = signed_in(mia).get(f"/takes/{answered.pk}").content.decode()

    assert "Does this do it?" in html and f"/takes/{take.pk}#comment-{note.pk}" in html
    assert (
        f"/compare/?takes={take.pk},{answered.pk}&amp;mode=wipe&amp;on=2&amp;with=1&amp;at=90"
        in html
    )
    own = signed_in(creator).get(f"/takes/{answered.pk}").content.decode()
    assert "Answers a note" in own and "Does this do it?" not in own


@pytest.mark.parametrize(("does", "resolved"), [("yes", True), ("no", False)])
def test_yes_resolves_the_note_and_not_yet_says_why_in_its_thread(
    answered, note, mia, creator, does, resolved
):
    answer = Answer.objects.get()
    sent = {"does": does, "why": "Too dark still", "form_token": "x"}

    went = signed_in(mia).post(f"/takes/answers/{answer.pk}/judge", sent)

    assert went["Location"] == f"/takes/{answered.pk}#answers"
    note.refresh_from_db()
    assert note.is_resolved is resolved
    assert note.replies.get().text == f"#{answered.pk}: Too dark still"
    told = Notice.objects.get(user=creator.user, kind="verdict")
    assert told.words.endswith("Too dark still") and told.actor_name == "Mia"


def test_only_who_asked_or_decides_judges(answered, creator):
    answer = Answer.objects.get()

    refused = signed_in(creator).post(f"/takes/answers/{answer.pk}/judge", {"does": "yes"})
    outside = signed_in(make_member(role=Role.ADMIN)).post(
        f"/takes/answers/{answer.pk}/judge", {"does": "yes"}
    )

    assert (refused.status_code, outside.status_code) == (403, 404)
    answer.refresh_from_db()
    assert answer.outcome == ""


def test_the_verdict_panel_offers_the_edit_and_names_what_answers_it(creator, take, mia):
    decision = decide(take, "needs_changes", member=mia, note="Redder", now=NOW)
    made = make_generation(creator, parent=take, lineage=take.lineage)
    answers.answer(made, decision)

    html = signed_in(creator).get(f"/takes/{take.pk}").content.decode()

    assert f"/studio/answers/verdict/{decision.pk}" in html
    assert f"#{made.pk} answers it" in html
