"""List the attempts that brought nothing for the ledger, and add up what was spent on them."""

from django.db import migrations, models

CELL = ("team_id", "month", "is_simulated", "person_id", "provider", "model", "task")
BROUGHT_NOTHING = "('canceled', 'failed', 'fetch_failed', 'lost')"


def add_up(apps, schema_editor):
    entries, sums = (apps.get_model("costs", name).objects for name in ("Entry", "MonthCost"))
    schema_editor.execute(
        "INSERT INTO costs_fruitless (attempt_id) "
        f"SELECT id FROM generations_attempt WHERE state IN {BROUGHT_NOTHING}"
    )
    theirs = apps.get_model("costs", "Fruitless").objects.filter(attempt_id=models.OuterRef("attempt_id"))
    spent = entries.filter(models.Exists(theirs), kind__in=("charge", "adjust")).order_by()
    rows = spent.values_list(*CELL).annotate(amount=models.Sum("amount_usd"), lines=models.Count("pk"))
    for *key, amount, lines in rows:
        cell = sums.filter(**dict(zip(CELL, key, strict=True)))
        cell.update(failed_usd=amount, failed_lines=lines)


def forget(apps, schema_editor):
    apps.get_model("costs", "Fruitless").objects.all().delete()
    apps.get_model("costs", "MonthCost").objects.update(failed_usd=0, failed_lines=0)


class Migration(migrations.Migration):
    dependencies = [("costs", "0005_month_figures"), ("generations", "0023_scale")]

    operations = [migrations.RunPython(add_up, forget)]
