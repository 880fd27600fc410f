"""The take page: what it shows, to whom, and when it asks again by itself."""

import re
from decimal import Decimal

import pytest
from django.test import Client

from editorapp.costs import ledger
from editorapp.costs.ledger import Charge
from editorapp.generations.models import Generation
from editorapp.generations.states import State
from editorapp.media.models import Asset
from editorapp.providers.contract import GenerationRequest, Ref
from editorapp.providers.models import ProviderAccount
from editorapp.teams.roles import Role
from editorapp.web.takes import lineage
from tests.factories import make_asset, make_generation, make_member, signed_in
from tests.queries import queries_of
from tests.web.take_pages import NOW, make_done, make_held, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(creator) -> Client:
    return signed_in(creator)


def test_a_take_shows_what_was_asked_and_what_came_of_it(client, creator):
    guide = make_asset(creator, kind="image", name="guide.png")
    wanted = GenerationRequest(
        prompt="Snow",
        source=Ref(asset_id=1),
        resolution="1080p",
        strength="flex_2",
        depth_enabled=True,
        depth_blur=0.2,
        keyframes=(Ref(asset_id=guide.pk), Ref(url="https://x.example/a.png")),
        keyframe_indexes=(0, 90),
        hdr=True,
    )
    take = make_done(
        creator,
        prompt="Snow",
        request=wanted.to_json(),
        cost_usd=Decimal("2.16"),
        chain_id="gen-77",
    )

    words = text(client, take)

    for said in [
        "Snow",
        "Flex 2",
        "blur 0.2",
        "2 keyframes at 0, 90",
        "1080p",
        "HDR on",
        "gen-77",
        "$2.16",
        "Manual",
    ]:
        assert said in words
    assert f"/media/{guide.pk}/poster" in client.get(f"/takes/{take.pk}").content.decode()
    assert "Frame 90, given by link or id" in words


def test_the_chain_says_what_each_take_changed(client, creator):
    root = make_done(creator, prompt="A quiet street at night", chain_id="gen-1")
    wanted = GenerationRequest(
        prompt="A busy street at night", strength="adhere_1", resolution="1080p"
    )
    edit = make_done(
        creator,
        parent=root,
        lineage=root.lineage,
        prompt=wanted.prompt,
        request=wanted.to_json(),
        chain_id="gen-2",
    )

    html = client.get(f"/takes/{edit.pk}").content.decode()

    assert "<del>quiet </del><ins>busy </ins>" in html
    assert (
        "<del>720p</del> → <ins>1080p</ins>" in html
        and "<del>Auto</del> → <ins>Manual</ins>" in html
    )
    assert html.index("gen-1") < html.index("gen-2")


def test_a_prompt_written_anew_is_not_shown_word_by_word(client, creator):
    root = make_done(creator, prompt="A quiet street at night")
    edit = make_done(
        creator,
        parent=root,
        lineage=root.lineage,
        prompt="Claymation everywhere, please, with snow",
    )

    html = client.get(f"/takes/{edit.pk}").content.decode()

    assert "<del>A" not in html and "Claymation everywhere, please, with snow" in html


def test_edits_and_siblings_are_shown(client, creator):
    source = make_asset(creator)
    take, sibling = make_done(creator, source=source), make_done(creator, source=source)
    child = make_done(creator, parent=take, lineage=take.lineage)

    html = client.get(f"/takes/{take.pk}").content.decode()

    made, others = html.split("Made from this take")[1].split("Other takes of the same source")
    assert f'href="/takes/{child.pk}"' in made and f'href="/takes/{sibling.pk}"' in others


def test_the_page_of_an_old_take_shows_all_that_it_came_from_and_counts_its_kin(
    client, creator, monkeypatch
):
    monkeypatch.setattr(lineage, "MOST_SHOWN", 2)
    takes = [make_done(creator)]
    for _ in range(5):
        takes.append(make_done(creator, parent=takes[-1], lineage=takes[0].lineage))
    for parent in [takes[3]] * 3 + [takes[5]] * 4:
        make_done(creator, parent=parent, lineage=takes[0].lineage)

    html = client.get(f"/takes/{takes[4].pk}").content.decode()
    steps = html.split("How it came about")[1].split("</ol>")[0]
    last = client.get(f"/takes/{takes[5].pk}").content.decode()

    assert re.findall(r">#(\d+)</a>", steps) == [str(take.pk) for take in takes[:4]]
    assert "The newest 2 of 3." in html.split("Other takes of the same source")[1]
    assert "The newest 2 of 4." in last.split("Made from this take")[1]
    assert f'href="/gallery/?lineage={takes[0].lineage}">All takes of this source' in last


def test_edit_this_fills_the_studio_with_the_result(client, creator, reviewer):
    take = make_done(creator)

    assert (
        f'href="/studio/?generation={take.pk}"' in client.get(f"/takes/{take.pk}").content.decode()
    )
    assert (
        f"/studio/?generation={take.pk}"
        not in signed_in(reviewer).get(f"/takes/{take.pk}").content.decode()
    )


def test_ledger_lines_stand_on_the_take_for_who_may_see_them(client, creator, reviewer):
    take = make_held(creator, State.RUNNING)
    ledger.charge(
        [
            Charge(
                take.attempts.get().pk, Decimal("1.08"), is_estimated=True, note="No price reported"
            )
        ],
        now=NOW,
    )[0]
    admin = make_member(role=Role.ADMIN, team=creator.team)

    assert "No price reported" in text(client, take) and "No price reported" in text(
        signed_in(admin), take
    )
    assert "No price reported" not in text(signed_in(reviewer), take)


def test_the_exact_request_is_shown_with_long_pictures_cut(client, creator):
    take = make_done(creator)
    take.attempts.update(
        request_body={"model": "ray-3.2", "data": "A" * 5000},
        provider_job_id="job-9",
        submitted_at=NOW,
    )

    words = text(client, take)

    assert "ray-3.2" in words and "(5,000 characters)" in words and "A" * 100 not in words
    assert "job-9" in words and "Accepted by the provider" in words


def test_a_failure_says_why_and_what_to_do_next(client, creator):
    hopeless = make_generation(
        creator, state=State.FAILED, failure_message="The prompt was refused."
    )
    passing = make_generation(
        creator, state=State.FAILED, failure_message="A GPU died.", can_retry=True
    )

    assert "The prompt was refused." in text(client, hopeless)
    assert "would fail again" in text(client, hopeless) and "Try again" not in text(
        client, hopeless
    )
    assert "Try again" in text(client, passing)


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
    assert "cannot play this file as it is (hevc in" in html

    Asset.objects.filter(pk=take.result_id).update(proxy=Asset.Proxy.READY)
    part = client.get(poll).content.decode()

    assert 'id="stage"' in part and 'id="take"' not in part and 'id="verdicts"' not in part


def test_the_number_of_queries_does_not_grow_with_the_lineage(client, creator):
    first = make_done(creator, source=make_asset(creator))
    take = make_done(creator, parent=first, lineage=first.lineage)
    for above in (first, take):
        make_done(creator, parent=above, lineage=first.lineage)
    client.get(f"/takes/{take.pk}")  # the first page of all makes the accounts
    few = queries_of(client, f"/takes/{take.pk}")
    for _ in range(10):
        take = make_done(creator, parent=take, lineage=take.lineage)
        make_done(creator, parent=take, lineage=take.lineage)

    assert queries_of(client, f"/takes/{take.pk}") == few <= 35
    assert queries_of(client, f"/takes/{first.pk}") < few


def test_a_take_on_its_way_says_how_far_it_is_and_only_its_picture_changes(client, creator):
    take = make_generation(creator, state=State.RUNNING)
    poll = re.search(
        r'hx-get="(/takes/\d+/live\?seen=[^"]+)"', client.get(f"/takes/{take.pk}").content.decode()
    )[1]

    take.attempts.update(progress=0.42)

    changed = client.get(poll.replace("&amp;", "&")).content.decode()
    assert 'value="42"' in changed and "42 % done, says the provider." in changed
    assert 'id="stage"' in changed and "hx-swap-oob" in changed and 'id="history"' not in changed


def test_a_take_that_waits_for_a_switched_off_account_says_so_and_hears_when_it_is_on_again(
    client, creator
):
    take = make_generation(creator)
    ProviderAccount.objects.update(is_enabled=False)

    html = client.get(f"/takes/{take.pk}").content.decode()
    ProviderAccount.objects.update(is_enabled=True)
    seen = re.search(r"seen=([^\"&]+)", html)[1]
    changed = client.get(f"/takes/{take.pk}/live?seen={seen}", headers={"HX-Request": "true"})

    assert f"Waits: The account {take.account} is switched off." in html
    assert changed.status_code == 200 and "Waits:" not in changed.content.decode()
