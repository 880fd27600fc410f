"""The lineage page: the tree of a take, to whom, and with a number of queries that stays the same."""

import re

import pytest
from django.test import Client

from editorapp.generations.models import Generation
from editorapp.teams.roles import Role
from tests.factories import make_member, signed_in
from tests.generations.test_branches import begin, finish, make_step
from tests.generations.test_lineage import copies
from tests.queries import queries_of
from tests.web.take_pages import make_done

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(creator):
    return make_member(team=creator.team, role=Role.ADMIN)


@pytest.fixture
def line(creator) -> list[Generation]:
    takes: list[Generation] = []
    for prompt in ("A street in rain", "A street in neon rain", "A street in neon fog"):
        takes.append(make_step(creator, takes[-1] if takes else None, prompt))
    return takes


def page(member, take, query: str = "") -> str:
    answer = signed_in(member).get(f"/takes/{take.pk}/lineage/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def words(html: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", html).split())


def nodes(html: str) -> list[int]:
    """Return the takes of the tree, in the order in which they stand."""
    return [int(pk) for pk in re.findall(r'<article class="treenode[^>]*aria-label="#(\d+)"', html)]


def depth_of(html: str, pk: int) -> int:
    """Return in how many lists a take stands."""
    before = html[html.index("data-tree>") : html.index(f'aria-label="#{pk}"')]
    return len(re.findall(r"<ul[ >]", before)) - before.count("</ul>")


def test_a_tree_stands_as_nested_lists_from_the_source_down(creator, line):
    beside = make_step(creator, line[0], "A street in snow")

    html = page(creator, line[1])

    assert nodes(html) == [one.pk for one in (*line, beside)]
    assert [depth_of(html, one.pk) for one in (*line, beside)] == [1, 2, 3, 2]
    assert f"/media/{line[0].source_asset_id}/poster" in html
    assert html.count('aria-current="true"') == 1
    assert html.count("<ul") == html.count("</ul>") and len(
        re.findall("<li[ >]", html)
    ) == html.count("</li>")


def test_each_take_says_what_it_changed_what_it_cost_and_what_became_of_it(admin, line):
    Generation.objects.filter(pk=line[1].pk).update(review="approved")

    said = words(page(admin, line[2]))

    assert "“in neon”" in said and "“fog”" in said
    assert "Branch of 3 · $3.24 simulated · 1 approved" in said
    assert "Branch of 2 · $2.16 simulated" in said
    assert "Approved" in said


def test_who_may_not_see_what_others_spend_sees_no_amount_of_theirs(creator, line):
    reviewer = make_member(team=creator.team, role=Role.REVIEWER)

    assert "$" not in words(page(reviewer, line[2])).split("Lineage of")[-1]


def test_a_stale_branch_says_so_and_can_be_run_again_from_the_newer_take(creator, line):
    run = begin(line[:1], creator)
    newer = finish(run.steps.get().generation)

    html = page(creator, line[2])

    said = words(html)
    assert f"#{line[0].pk} was made again as #{newer.pk}" in said
    assert f"/takes/{line[2].pk}/branch?start={line[1].pk}&amp;onto={newer.pk}" in html
    assert html.count("stale-flag") == 1


def test_another_team_finds_no_tree(line):
    stranger = signed_in(make_member())

    assert stranger.get(f"/takes/{line[0].pk}/lineage/").status_code == 404
    assert stranger.get(f"/takes/{line[0].pk}/lineage/runs").status_code == 404


def test_many_children_come_in_parts(creator, line):
    copies(line[1], 60)

    html = page(creator, line[0])
    before = re.search(r"\?before=(\d+)", html)
    assert before is not None
    older = page(creator, line[0], f"?before={before[1]}")

    assert "21 older of its own takes" in words(html)
    assert len(nodes(html)) <= 200
    assert not {one for one in nodes(older) if one >= int(before[1])} - {line[0].pk}
    assert signed_in(creator).get(f"/takes/{line[0].pk}/lineage/?before=x").status_code == 400


def test_the_number_of_queries_does_not_grow_with_the_tree(client: Client, creator, line):
    client.force_login(creator.user)
    few = queries_of(client, f"/takes/{line[1].pk}/lineage/")
    made = copies(line[1], 400)
    for above, take in zip([line[1], *made], made, strict=False):
        take.parent = above
    Generation.objects.bulk_update(made[:200], ["parent"], batch_size=100)

    many = queries_of(client, f"/takes/{line[1].pk}/lineage/")

    assert many == few


def test_the_take_page_of_a_chain_of_thousands_shows_the_nearest_and_the_first(creator, line):
    made = copies(line[2], 1_000)
    for above, take in zip([line[2], *made], made, strict=False):
        take.parent = above
    Generation.objects.bulk_update(made, ["parent"], batch_size=300)
    client = signed_in(creator)

    html = client.get(f"/takes/{made[-1].pk}").content.decode()

    assert html.count('class="chain-step"') < 30
    assert f"/takes/{made[-1].pk}/lineage/" in html
    assert "steps between" in html


def test_the_take_page_flags_a_step_whose_parent_was_redone(creator, line):
    make_done(creator, parent=line[0], lineage=line[0].lineage, review="approved")

    html = signed_in(creator).get(f"/takes/{line[2].pk}").content.decode()

    assert "approved instead of" in html
