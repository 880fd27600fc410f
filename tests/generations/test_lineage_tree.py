"""The tree around a take: bounded, whatever its lineage is, with what each branch cost."""

from decimal import Decimal

import pytest
from django.utils import timezone

from editorapp.costs import ledger
from editorapp.generations import lineage_tree
from editorapp.generations.branch_sums import BranchSum, sums_of
from editorapp.generations.ledger_lines import subject
from editorapp.generations.lineage_tree import around
from editorapp.generations.models import Generation
from editorapp.teams.models import Project, ProjectMember
from editorapp.teams.roles import Role
from tests.factories import make_asset, make_generation, make_member
from tests.generations.test_lineage import copies

NOW = timezone.now()


@pytest.fixture
def member(db):
    return make_member(role=Role.ADMIN)


@pytest.fixture
def first(member) -> Generation:
    return make_generation(member, source=make_asset(member), state="succeeded")


def child(parent: Generation, member, **fields) -> Generation:
    fields = {"state": "succeeded", "lineage": parent.lineage} | fields
    return make_generation(member, parent=parent, **fields)


def charged(take: Generation, amount: str) -> None:
    attempt = take.attempts.get()
    ledger.reserve(subject(attempt), Decimal(amount), now=NOW)
    ledger.charge([ledger.Charge(attempt.pk, None, is_estimated=False)], now=NOW)


def test_a_tree_has_what_a_take_came_from_what_was_made_of_it_and_what_stands_beside(member, first):
    second, beside = child(first, member), child(first, member)
    here = child(second, member)
    below, deeper = child(here, member), None
    deeper = child(below, member)
    other_first = make_generation(member, source=first.source_asset)

    tree = around(here, member)

    assert tree.path == [first.pk, second.pk, here.pk]
    assert list(tree.walk()) == [
        (first.pk, 0),
        (second.pk, 1),
        (here.pk, 2),
        (below.pk, 3),
        (deeper.pk, 4),
        (beside.pk, 1),
        (other_first.pk, 0),
    ]


def test_of_many_children_the_newest_are_shown_and_the_older_ones_are_reached(member, first):
    made = copies(child(first, member), 100)

    tree = around(first, member)
    older = around(first, member, before=tree.children[first.pk][-1])

    shown = sorted(tree.children[first.pk])
    assert shown == [one.pk for one in made[-lineage_tree.MOST_BELOW :]]
    assert tree.among[first.pk] == 101
    assert max(older.children[first.pk]) < shown[0]


def test_a_lineage_of_thousands_is_read_in_the_same_few_queries_and_shown_in_part(
    member, first, django_assert_max_num_queries, django_assert_num_queries
):
    here = child(first, member)
    with django_assert_num_queries(4):
        around(here, member)
    made = copies(here, 2_400)
    Generation.objects.filter(pk__in=[one.pk for one in made]).update(parent=here)
    line = copies(here, 2_400)
    for above, take in zip([here, *line], line, strict=False):
        take.parent = above
    Generation.objects.bulk_update(line, ["parent"], batch_size=300)

    with django_assert_num_queries(4):
        tree = around(line[-1], member)
    with django_assert_num_queries(2):
        sums = sums_of(tree, member)

    assert len(tree.ids) <= 200
    assert tree.path[0] == first.pk and tree.path[-1] == line[-1].pk
    assert tree.left_out + len(tree.path) == len(line) + 2
    assert sums.branch[first.pk].takes == 1 + 1 + 2_400 + 2_400
    assert len(around(here, member).ids) <= 200


def test_a_ring_of_parents_comes_to_an_end(member, first):
    second = child(first, member)
    third = child(second, member)
    Generation.objects.filter(pk=first.pk).update(parent=third)

    tree = around(third, member)

    assert set(tree.ids) == {first.pk, second.pk, third.pk}
    assert sums_of(tree, member).own.keys() == {first.pk, second.pk, third.pk}


def test_who_is_only_in_a_project_sees_only_its_takes_in_the_tree(member, first):
    project = Project.objects.create(team=member.team, name="Promo")
    guest = make_member(team=member.team, role=Role.GUEST)
    ProjectMember.objects.create(project=project, user=guest.user)
    second, hidden = child(first, member, project=project), child(first, member)
    here = child(second, member, project=project)
    child(here, member)

    tree = around(here, guest)

    assert tree.ids == [second.pk, here.pk]
    assert hidden.pk not in tree.ids
    assert sums_of(tree, guest).branch[second.pk].takes == 2


def test_a_branch_costs_what_the_ledger_says_of_all_its_takes_shown_or_not(member, first):
    second = child(first, member, review="approved")
    takes = [first, second]
    for _ in range(lineage_tree.MOST_BESIDE + 3):
        takes.append(child(first, member, review="needs_changes"))
    below = child(takes[-1], member)
    below_hidden = child(takes[2], member)
    for take in (*takes, below, below_hidden):
        charged(take, "0.50")

    tree = around(child(second, member), member)
    sums = sums_of(tree, member)

    world = "simulated_usd" if first.is_simulated else "real_usd"
    assert getattr(sums.branch[first.pk], world) == Decimal("0.50") * (len(takes) + 2)
    assert getattr(sums.own[first.pk], world) == Decimal("0.50")
    assert sums.branch[first.pk].takes == len(takes) + 3
    assert sums.branch[first.pk].approved == 1
    assert sums.branch[first.pk].needs_changes == lineage_tree.MOST_BESIDE + 3
    assert sums.is_whole


def test_real_and_simulated_money_is_never_added_up(member, first):
    second = child(first, member, is_simulated=not first.is_simulated)
    for take in (first, second):
        charged(take, "1.25")

    found = sums_of(around(second, member), member).branch[first.pk]

    assert (found.real_usd, found.simulated_usd) == (Decimal("1.25"), Decimal("1.25"))


def test_who_may_not_see_all_costs_sees_those_of_their_own_takes(member, first):
    creator = make_member(team=member.team)
    own = child(first, creator)
    charged(first, "2")
    charged(own, "3")

    found = sums_of(around(own, creator), creator)

    assert found.branch[first.pk].real_usd + found.branch[first.pk].simulated_usd == 3
    assert found.own[first.pk] == BranchSum(takes=1)
