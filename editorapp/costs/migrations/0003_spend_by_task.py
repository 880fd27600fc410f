"""Keep the month's sums by task, too; those that are there are added up anew from the ledger's lines."""

from collections import defaultdict
from decimal import Decimal

from django.db import migrations, models

CELL = ("team_id", "month", "is_simulated", "person_id", "provider", "model", "task")
ZERO = Decimal(0)
SPENT, HELD = {"charge": 1, "adjust": 1}, {"reserve": 1, "charge": -1, "release": -1}


def add_up_again(apps, schema_editor):
    entries, sums = (apps.get_model("costs", name).objects for name in ("Entry", "MonthCost"))
    cells = defaultdict(lambda: {"spent_usd": ZERO, "held_usd": ZERO, "charges": 0, "person_name": ""})
    rows = entries.order_by().values_list(*CELL, "kind").annotate(
        amount=models.Sum("amount_usd"), lines=models.Count("pk"), name=models.Max("person_name")
    )
    for *key, kind, amount, lines, name in rows:
        cell = cells[tuple(key)]
        cell["spent_usd"] += SPENT.get(kind, 0) * amount
        cell["held_usd"] += HELD.get(kind, 0) * amount
        cell["charges"] += lines if kind == "charge" else 0
        cell["person_name"] = name
    sums.all().delete()
    sums.bulk_create(sums.model(**dict(zip(CELL, key, strict=True)), **cell) for key, cell in cells.items())


class Migration(migrations.Migration):
    dependencies = [("costs", "0002_asked_price")]

    operations = [
        migrations.RemoveConstraint("MonthCost", "one_sum_per_month_person_model"),
        migrations.AddField("MonthCost", "task", models.CharField(max_length=16, default=""), preserve_default=False),
        migrations.RunPython(add_up_again, migrations.RunPython.noop),
        migrations.AddConstraint(
            "MonthCost",
            models.UniqueConstraint(
                fields=["team", "month", "is_simulated", "person_id", "provider", "model", "task"],
                name="one_sum_per_month_person_task",
            ),
        ),
    ]
