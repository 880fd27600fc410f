"""What was made from what: whole chains in one query."""

import pytest

from editorapp.generations import lineage
from editorapp.generations.files import source_sound
from editorapp.generations.models import Generation
from editorapp.teams.models import Member
from tests.factories import make_asset, make_generation, make_member


@pytest.fixture
def family(db) -> list[Generation]:
    """A chain of five, and two more takes of its second."""
    member = make_member()
    takes = [make_generation(member, source=make_asset(member))]
    for _ in range(4):
        takes.append(make_generation(member, parent=takes[-1], lineage=takes[0].lineage))
    for _ in range(2):
        takes.append(make_generation(member, parent=takes[1], lineage=takes[0].lineage))
    make_generation(member, source=make_asset(member))  # of no concern
    return takes


def test_a_chain_leads_from_the_first_take_down(family, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = lineage.chain(family[4])

    assert found == family[:5]


def test_siblings_are_the_other_takes_of_one_source(family):
    member = Member.objects.get(user=family[2].created_by)

    assert list(lineage.siblings(family[2], member)) == [family[6], family[5]]


def test_a_parent_outside_the_team_or_gone_ends_the_chain(family):
    Generation.objects.filter(pk=family[1].pk).update(parent=None)

    assert lineage.chain(family[4]) == family[1:5]


def test_a_parent_in_another_team_ends_the_chain(family):
    theirs = make_generation(make_member())
    Generation.objects.filter(pk=family[1].pk).update(parent=theirs)

    assert lineage.chain(family[4]) == family[1:5]


def test_a_ring_of_parents_comes_to_an_end(family):
    Generation.objects.filter(pk=family[0].pk).update(parent=family[4])

    assert lineage.chain(family[4]) == family[:5]


def copies(take: Generation, count: int) -> list[Generation]:
    """Make many more rows like one, cheaply: without their attempts."""
    values = {
        field.attname: getattr(take, field.attname)
        for field in take._meta.concrete_fields
        if field.name != "id"
    }
    return Generation.objects.bulk_create(
        [Generation(**values) for _ in range(count)], batch_size=500
    )


def test_a_chain_is_whole_however_many_takes_were_made_of_its_source_since(
    family, django_assert_num_queries
):
    copies(family[1], 2_100)

    with django_assert_num_queries(1):
        assert lineage.chain(family[4]) == family[:5]


def test_a_chain_of_thousands_is_whole(family):
    made = copies(family[1], 2_100)
    for above, take in zip([family[4], *made], made, strict=False):
        take.parent = above
    Generation.objects.bulk_update(made, ["parent"], batch_size=300)

    assert lineage.chain(made[-1]) == [*family[:5], *made]


def test_the_sound_of_the_first_source_is_found_however_long_the_chain(
    db, django_assert_num_queries
):
    member = make_member()
    clip = make_asset(member, has_audio=True)
    take = make_generation(member, source=clip, result=make_asset(member))
    for _ in range(30):
        source = take.result
        take = make_generation(member, source=source, parent=take, result=make_asset(member))

    with django_assert_num_queries(2):
        assert source_sound.heard_source(take) == clip


def test_no_sound_is_taken_from_above_a_cut(db):
    member = make_member()
    first = make_generation(
        member, source=make_asset(member, has_audio=True), result=make_asset(member)
    )
    take = make_generation(
        member, source=make_asset(member), parent=first, result=make_asset(member)
    )

    assert source_sound.heard_source(take) is None
