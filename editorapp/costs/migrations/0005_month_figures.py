"""Keep of each month's sum what was released, adjusted and spent on failures, and how many lines each
figure adds up; what is there is added up from the ledger's lines. Failures follow in generations'
0024: only attempts say which those are.
"""

from collections import Counter, defaultdict

import editorapp.core.money
from django.db import migrations, models

CELL = ("team_id", "month", "is_simulated", "person_id", "provider", "model", "task")
AMOUNTS = {"adjust": "adjusted_usd", "release": "released_usd"}
COUNTS = {"adjust": "adjustments", "release": "releases", "reserve": "holds"}


def add_up(apps, schema_editor):
    entries, sums = (apps.get_model("costs", name).objects for name in ("Entry", "MonthCost"))
    cells = defaultdict(Counter)
    rows = entries.filter(kind__in=COUNTS).order_by().values_list(*CELL, "kind")
    for *key, kind, amount, lines in rows.annotate(amount=models.Sum("amount_usd"), lines=models.Count("pk")):
        cells[tuple(key)][COUNTS[kind]] += lines
        if kind in AMOUNTS:
            cells[tuple(key)][AMOUNTS[kind]] += amount
    # A charge may come with a release of its rest: an attempt is closed once.
    closed = entries.filter(kind__in=("charge", "release")).order_by().values_list(*CELL)
    for *key, attempts in closed.annotate(attempts=models.Count("attempt_id", distinct=True)):
        cells[tuple(key)]["holds"] -= attempts
    for key, columns in cells.items():
        sums.filter(**dict(zip(CELL, key, strict=True))).update(**columns)


USD = editorapp.core.money.UsdField(default=0)


class Migration(migrations.Migration):
    dependencies = [("costs", "0004_price_quote")]

    operations = [
        migrations.CreateModel(
            name="Fruitless",
            fields=[("attempt_id", models.BigIntegerField(primary_key=True, serialize=False))],
        ),
        migrations.AddField("MonthCost", "holds", models.IntegerField(default=0)),
        migrations.AddField("MonthCost", "adjusted_usd", USD),
        migrations.AddField("MonthCost", "adjustments", models.PositiveIntegerField(default=0)),
        migrations.AddField("MonthCost", "released_usd", USD),
        migrations.AddField("MonthCost", "releases", models.PositiveIntegerField(default=0)),
        migrations.AddField("MonthCost", "failed_usd", USD),
        migrations.AddField("MonthCost", "failed_lines", models.IntegerField(default=0)),
        migrations.RunPython(add_up, migrations.RunPython.noop),
    ]
