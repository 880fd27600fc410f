"""The take page: what it shows, what can be done from it, by whom."""

import re
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations.models import Generation
from editorapp.generations.money import subject
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member
from tests.queries import queries_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def creator():
    return make_member(role=Role.CREATOR, name="Cleo")


@pytest.fixture
def reviewer(creator):
    return make_member(role=Role.REVIEWER, name="Rae", team=creator.team)


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def signed_in(member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def make_done(member, **fields) -> Generation:
    result = make_asset(member, origin=Asset.Origin.RESULT, is_simulated=True)
    return make_generation(member, state=State.SUCCEEDED, result=result, **fields)


def make_held(member, state, **fields) -> Generation:
    """Make a generation whose attempt holds its estimate."""
    take = make_generation(member, state=state, **fields)
    ledger.reserve(subject(take.attempts.get()), take.estimate_high_usd, now=NOW)
    return take


def text(client, take) -> str:
    """Return the page's words, without tags."""
    html = client.get(f"/takes/{take.pk}").content.decode()
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def test_a_take_shows_what_was_asked_and_what_came_of_it(client, creator):
    guide = make_asset(creator, kind="image", name="guide.png")
    wanted = GenerationRequest(
        prompt="Snow", source=Ref(asset_id=1), resolution="1080p", strength="flex_2", depth_enabled=True,
        depth_blur=0.2, keyframes=(Ref(asset_id=guide.pk), Ref(url="https://x.example/a.png")),
        keyframe_indexes=(0, 90), hdr=True,
    )  # fmt: skip
    take = make_done(creator, prompt="Snow", request=wanted.to_json(), cost_usd=Decimal("2.16"), chain_id="gen-77")

    words = text(client, take)

    for said in ["Snow", "Flex 2", "blur 0.2", "2 keyframes at 0, 90", "1080p", "HDR on", "gen-77", "$2.16", "Manual"]:
        assert said in words
    assert f"/media/{guide.pk}/poster" in client.get(f"/takes/{take.pk}").content.decode()
    assert "Frame 90, given by link or id" in words


def test_the_chain_says_what_each_take_changed(client, creator):
    root = make_done(creator, prompt="A quiet street at night", chain_id="gen-1")
    wanted = GenerationRequest(prompt="A busy street at night", strength="adhere_1", resolution="1080p")
    edit = make_done(
        creator, parent=root, lineage=root.lineage, prompt=wanted.prompt, request=wanted.to_json(), chain_id="gen-2"
    )

    html = client.get(f"/takes/{edit.pk}").content.decode()

    assert "<del>quiet </del><ins>busy </ins>" in html
    assert "<del>720p</del> → <ins>1080p</ins>" in html and "<del>Auto</del> → <ins>Manual</ins>" in html
    assert html.index("gen-1") < html.index("gen-2")


def test_a_prompt_written_anew_is_not_shown_word_by_word(client, creator):
    root = make_done(creator, prompt="A quiet street at night")
    edit = make_done(creator, parent=root, lineage=root.lineage, prompt="Claymation everywhere, please, with snow")

    html = client.get(f"/takes/{edit.pk}").content.decode()

    assert "<del>A" not in html and "Claymation everywhere, please, with snow" in html


def test_edits_and_siblings_are_shown(client, creator):
    source = make_asset(creator)
    take, sibling = make_done(creator, source=source), make_done(creator, source=source)
    child = make_done(creator, parent=take, lineage=take.lineage)

    html = client.get(f"/takes/{take.pk}").content.decode()

    made, others = html.split("Made from this take")[1].split("Other takes of the same source")
    assert f'href="/takes/{child.pk}"' in made and f'href="/takes/{sibling.pk}"' in others


def test_edit_this_fills_the_studio_with_the_result(client, creator, reviewer):
    take = make_done(creator)

    assert f'href="/studio/?generation={take.pk}"' in client.get(f"/takes/{take.pk}").content.decode()
    assert f"generation={take.pk}" not in signed_in(reviewer).get(f"/takes/{take.pk}").content.decode()


def test_ledger_lines_stand_on_the_take_for_who_may_see_them(client, creator, reviewer):
    take = make_held(creator, State.RUNNING)
    ledger.charge(take.attempts.get().pk, Decimal("1.08"), now=NOW, is_estimated=True, note="No price reported")
    admin = make_member(role=Role.ADMIN, team=creator.team)

    assert "No price reported" in text(client, take) and "No price reported" in text(signed_in(admin), take)
    assert "No price reported" not in text(signed_in(reviewer), take)


def test_the_exact_request_is_shown_with_long_pictures_cut(client, creator):
    take = make_done(creator)
    take.attempts.update(
        request_body={"model": "ray-3.2", "data": "A" * 5000}, provider_job_id="job-9", submitted_at=NOW
    )

    words = text(client, take)

    assert "ray-3.2" in words and "(5,000 characters)" in words and "A" * 100 not in words
    assert "job-9" in words and "Accepted by the provider" in words


def test_a_failure_says_why_and_what_to_do_next(client, creator):
    hopeless = make_generation(creator, state=State.FAILED, failure_message="The prompt was refused.")
    passing = make_generation(creator, state=State.FAILED, failure_message="A GPU died.", can_retry=True)

    assert "The prompt was refused." in text(client, hopeless)
    assert "would fail again" in text(client, hopeless) and "Try again" not in text(client, hopeless)
    assert "Try again" in text(client, passing)


def test_cancel_releases_the_money(client, creator):
    take = make_held(creator, State.QUEUED)

    answer = client.post(f"/takes/{take.pk}/cancel", {"back": "queue"})

    take.refresh_from_db()
    assert answer["Location"] == "/queue/" and take.state == State.CANCELED
    assert ledger.held_usd(take.pk) == 0


def test_cancel_after_it_was_sent_says_so_and_changes_nothing(client, creator):
    take = make_held(creator, State.RUNNING)

    html = client.post(f"/takes/{take.pk}/cancel", follow=True).content.decode()

    take.refresh_from_db()
    assert "sent already" in html and take.state == State.RUNNING and ledger.held_usd(take.pk) == Decimal("1.08")


def test_trying_again_makes_a_second_attempt_with_its_own_reservation(client, creator):
    take = make_held(creator, State.FAILED, can_retry=True)
    ledger.release(take.attempts.get().pk, now=NOW)

    client.post(f"/takes/{take.pk}/retry")

    take.refresh_from_db()
    assert take.state == State.QUEUED and take.attempts.count() == 2
    assert ledger.held_usd(take.pk) == Decimal("1.08")


def test_a_failure_that_would_fail_again_is_not_sent(client, creator):
    take = make_generation(creator, state=State.FAILED)

    html = client.post(f"/takes/{take.pk}/retry", follow=True).content.decode()

    assert "would fail again" in html and take.attempts.count() == 1


def test_over_budget_is_said_when_trying_again(client, creator):
    creator.team.monthly_limit_usd = Decimal("0.50")
    creator.team.save()
    take = make_generation(creator, state=State.FAILED, can_retry=True)

    html = client.post(f"/takes/{take.pk}/retry", follow=True).content.decode()

    assert "budget is free" in html and take.attempts.count() == 1


def test_a_result_that_could_not_be_fetched_is_fetched_again(client, creator):
    take = make_generation(creator, state=State.FETCH_FAILED, failure_message="The link had expired.")
    assert "Fetch again, free" in text(client, take)

    client.post(f"/takes/{take.pk}/fetch")

    take.refresh_from_db()
    assert take.state == State.RUNNING


def test_an_unknown_outcome_is_explained_and_nothing_offers_to_retry(client, creator):
    words = text(client, make_held(creator, State.UNKNOWN, failure_message="The connection was cut."))

    assert "Nobody knows yet" in words and "$1.08 stay held" in words and "may cost twice" in words
    assert "Try again " not in words.replace("try again", "")


def test_never_arrived_gives_the_money_back(client, creator):
    take = make_held(creator, State.UNKNOWN)

    client.post(f"/takes/{take.pk}/settle", {"outcome": "never_arrived", "note": "Not in their console"})

    take.refresh_from_db()
    assert take.state == State.FAILED and ledger.held_usd(take.pk) == 0
    assert "Cleo: never arrived. Not in their console" in text(client, take)


def test_adopting_an_id_follows_the_job(client, creator):
    take = make_held(creator, State.UNKNOWN)

    client.post(f"/takes/{take.pk}/settle", {"outcome": "adopt", "job_id": " job-5 "})

    take.refresh_from_db()
    assert take.state == State.RUNNING and take.attempts.get().provider_job_id == "job-5"


def test_sending_again_counts_the_first_as_spent(client, creator):
    take = make_held(creator, State.UNKNOWN)

    client.post(f"/takes/{take.pk}/settle", {"outcome": "send_again"})

    take.refresh_from_db()
    assert take.state == State.QUEUED and take.attempts.count() == 2
    assert (ledger.spent_usd(take.pk), ledger.held_usd(take.pk)) == (Decimal("1.08"), Decimal("1.08"))


def test_counting_as_spent_closes_it(client, creator):
    take = make_held(creator, State.LOST)

    client.post(f"/takes/{take.pk}/settle", {"outcome": "count_as_spent"})

    take.refresh_from_db()
    assert take.state == State.FAILED and take.cost_usd == Decimal("1.08")


@pytest.mark.parametrize("data", [{}, {"outcome": "forget"}, {"outcome": "adopt"}, {"outcome": "adopt", "job_id": " "}])
def test_settling_without_an_answer_changes_nothing(client, creator, data):
    take = make_held(creator, State.UNKNOWN)

    client.post(f"/takes/{take.pk}/settle", data)

    take.refresh_from_db()
    assert take.state == State.UNKNOWN and ledger.held_usd(take.pk) == Decimal("1.08")


def test_what_is_settled_already_is_not_settled_twice(client, creator):
    take = make_held(creator, State.UNKNOWN)
    client.post(f"/takes/{take.pk}/settle", {"outcome": "never_arrived"})

    html = client.post(f"/takes/{take.pk}/settle", {"outcome": "count_as_spent"}, follow=True).content.decode()

    assert "is known" in html and ledger.spent_usd(take.pk) == 0


def test_a_reviewer_approves_and_the_creator_sees_who(client, creator, reviewer):
    take = make_done(creator)

    signed_in(reviewer).post(f"/takes/{take.pk}/review", {"verdict": "approved", "note": "Lovely."})

    words = text(client, take)
    assert "Approved" in words and "Rae" in words and "Lovely." in words


def test_needs_changes_without_a_note_is_asked_for_one_and_keeps_what_was_typed(creator, reviewer):
    take = make_done(creator)

    answer = signed_in(reviewer).post(f"/takes/{take.pk}/review", {"verdict": "needs_changes", "note": "  "})

    assert answer.status_code == 422 and "Say what should change" in answer.content.decode()
    take.refresh_from_db()
    assert take.review == ""


def test_an_unfinished_take_is_not_decided_about(creator, reviewer):
    take = make_generation(creator, state=State.RUNNING)

    signed_in(reviewer).post(f"/takes/{take.pk}/review", {"verdict": "approved"})

    assert not take.decisions.exists()
    assert 'name="verdict"' not in signed_in(reviewer).get(f"/takes/{take.pk}").content.decode()


POSTS = {"cancel": Role.CREATOR, "retry": Role.CREATOR, "fetch": Role.CREATOR, "settle": Role.CREATOR,
         "review": Role.REVIEWER}  # fmt: skip


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", list(POSTS))
def test_each_act_is_open_to_its_roles_only(creator, role, path):
    take = make_held(creator, State.UNKNOWN)

    answer = signed_in(make_member(role=role, team=creator.team)).post(f"/takes/{take.pk}/{path}")

    assert answer.status_code == (302 if role in {Role.ADMIN, POSTS[path]} else 403)


@pytest.mark.parametrize("path", ["", "/live", *(f"/{name}" for name in POSTS)])
def test_another_teams_take_is_not_there(creator, path):
    stranger = signed_in(make_member(role=Role.ADMIN))
    take = make_held(creator, State.QUEUED)

    answer = stranger.get(f"/takes/{take.pk}{path}") if path in {"", "/live"} else stranger.post(
        f"/takes/{take.pk}{path}"
    )  # fmt: skip

    assert answer.status_code == 404
    assert Client().get(f"/takes/{take.pk}{path}").status_code in {302, 405}


def test_the_page_asks_again_only_while_something_can_change(client, creator):
    running, done = make_generation(creator, state=State.RUNNING), make_done(creator)
    html = client.get(f"/takes/{running.pk}").content.decode()
    poll = re.search(r'hx-get="(/takes/\d+/live\?seen=[^"]+)"', html)[1]

    same = client.get(poll)
    Generation.objects.filter(pk=running.pk).update(state=State.FETCHING)
    changed = client.get(poll)

    assert same.status_code == 204
    assert changed.status_code == 200 and 'id="take"' in changed.content.decode()
    assert "/live?seen" not in client.get(f"/takes/{done.pk}").content.decode()


def test_a_copy_for_viewing_replaces_only_the_picture(client, creator):
    take = make_done(creator)
    Asset.objects.filter(pk=take.result_id).update(proxy=Asset.Proxy.PENDING, codec="hevc")
    html = client.get(f"/takes/{take.pk}").content.decode()
    poll = re.search(r'hx-get="(/takes/\d+/live\?seen=[^"]+)"', html)[1]
    assert "cannot play hevc" in html

    Asset.objects.filter(pk=take.result_id).update(proxy=Asset.Proxy.READY)
    part = client.get(poll).content.decode()

    assert 'id="stage"' in part and 'id="take"' not in part and 'id="review"' not in part


def test_the_number_of_queries_does_not_grow_with_the_lineage(client, creator):
    take = make_done(creator, source=make_asset(creator))
    few = queries_of(client, f"/takes/{take.pk}")
    for _ in range(10):
        take = make_done(creator, parent=take, lineage=take.lineage)
        make_done(creator, parent=take, lineage=take.lineage)

    assert queries_of(client, f"/takes/{take.pk}") == few <= 16
