"""Compiled queries: compiled once, and read each time with the values that are asked."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from editorapp.core.compiled_query import STAND_IN, CompiledQuery, NotAParameter, padded
from editorapp.costs.models import MonthBudget
from editorapp.generations.models import Generation
from tests.factories import make_asset, make_generation, make_member

pytestmark = pytest.mark.django_db


def by_ids(*ids: int):
    rows = Generation.objects.filter(pk__in=ids).select_related("source_asset")
    return rows.only("prompt", "request", "batch", "source_asset__name").order_by("pk")


def test_it_reads_what_the_query_itself_reads():
    member = make_member()
    takes = [make_generation(member, prompt=f"Take {at}") for at in range(4)]
    query = CompiledQuery(by_ids)

    for first, second in [takes[:2], takes[2:], takes[1:3]]:
        wanted = by_ids(first.pk, second.pk)
        found = query(first.pk, second.pk)

        assert found == list(wanted)
        assert [take.request for take in found] == [take.request for take in wanted]
        assert [take.batch for take in found] == [take.batch for take in wanted]


def test_what_it_read_before_is_read_anew():
    take = make_generation(make_member(), prompt="Before")
    query = CompiledQuery(by_ids)
    query(take.pk)
    Generation.objects.filter(pk=take.pk).update(prompt="After")

    [found] = query(take.pk)

    assert found.prompt == "After"


def test_each_asking_is_one_query_with_what_belongs_to_the_rows():
    member = make_member()
    take = make_generation(member, source=make_asset(member, name="harbour.mp4"))
    query = CompiledQuery(by_ids)

    with CaptureQueriesContext(connection) as asked:
        names = [one.source_asset.name for one in query(take.pk)]

    assert names == ["harbour.mp4"]
    assert len(asked) == 1 and str(STAND_IN) not in asked[0]["sql"]


def test_its_query_is_made_once_for_each_count_of_numbers():
    made = []
    query = CompiledQuery(lambda *ids: made.append(ids) or by_ids(*ids))

    for ids in [(1,), (2,), (3, 4), (5, 6), (7,)]:
        query(*ids)

    assert [len(ids) for ids in made] == [1, 2]


def test_a_number_may_stand_anywhere_and_more_than_once():
    member, other = make_member(), make_member()
    make_generation(other)
    takes = [make_generation(member) for _ in range(3)]
    older = CompiledQuery(
        lambda team, before: (
            Generation.objects.filter(team_id=team, pk__lt=before)
            .exclude(parent__pk__gt=before)
            .values_list("pk", flat=True)
        )
    )

    assert sorted(older(member.team_id, takes[2].pk)) == [takes[0].pk, takes[1].pk]
    assert older(other.team_id, takes[0].pk - 1) == []


def test_words_instants_and_names_of_batches_are_values_too():
    member, batch, now = make_member(), uuid4(), datetime(2026, 3, 1, 12, 30, 15, 123456, UTC)
    wanted = make_generation(member, batch=batch, prompt="Rain", created_at=now)
    make_generation(member, batch=uuid4(), prompt="Rain", created_at=now)
    make_generation(member, batch=batch, prompt="Snow", created_at=now)
    make_generation(member, batch=batch, prompt="Rain", created_at=now - timedelta(microseconds=1))
    query = CompiledQuery(
        lambda batch, prompt, since: Generation.objects.filter(
            batch=batch, prompt=prompt, created_at__gte=since
        )
    )

    assert query(batch, "Rain", now) == [wanted]
    assert query(uuid4(), "Rain", now) == []
    assert query(batch, "Rain", now + timedelta(microseconds=1)) == []


def test_a_day_is_a_value_too():
    team, day = make_member().team_id, date(2026, 3, 1)
    sums = {"is_simulated": True, "reserved_usd": "1", "spent_usd": "2"}
    MonthBudget.objects.create(team_id=team, month=day, **sums)
    query = CompiledQuery(lambda team, month: MonthBudget.objects.filter(team_id=team, month=month))

    assert [row.month for row in query(team, day)] == [day]
    assert query(team, date(2026, 4, 1)) == []


def test_a_value_that_is_written_into_a_longer_parameter_is_refused():
    query = CompiledQuery(lambda word: Generation.objects.filter(prompt__contains=word))

    with pytest.raises(NotAParameter):
        query("Rain")


def test_a_value_that_is_not_asked_for_is_refused():
    query = CompiledQuery(lambda team, _other: Generation.objects.filter(team_id=team))

    with pytest.raises(NotAParameter):
        query(1, 2)


def test_ids_are_padded_with_one_of_themselves():
    assert padded([1, 2, 3], to=2) == [1, 2, 3, 3]
    assert padded([1, 2], to=2) == [1, 2]
    assert padded([], to=2) == []
