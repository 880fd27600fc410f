"""What was booked before month sums had these columns is added up by the migrations that add them."""

from importlib import import_module

from django.apps import apps
from django.db import connection

from editorapp.costs.check import of_lines
from editorapp.costs.models import Fruitless, MonthCost
from tests.web.cost_lines import seed

ADDED = (
    "holds",
    "adjusted_usd",
    "adjustments",
    "released_usd",
    "releases",
    "failed_usd",
    "failed_lines",
)


def test_the_lines_of_before_are_added_up(transactional_db) -> None:
    books = seed()
    kept = list(MonthCost.objects.order_by("pk").values())
    Fruitless.objects.all().delete()
    MonthCost.objects.update(**dict.fromkeys(ADDED, 0))
    assert of_lines() != []

    with connection.schema_editor() as editor:
        import_module("editorapp.costs.migrations.0005_month_figures").add_up(apps, editor)
        import_module("editorapp.generations.migrations.0024_fruitless").add_up(apps, editor)

    assert of_lines() == []
    assert list(MonthCost.objects.order_by("pk").values()) == kept
    assert {*Fruitless.objects.values_list("pk", flat=True)} == books.fruitless
    for column in ADDED:
        assert any(row[column] for row in kept), column
