"""Takes are put in order by date, cost and length: each has an index, and a result's length stands
beside it.
"""

from typing import Any

from django.db import migrations, models
from django.db.models.functions import Cast, Floor


def fill(apps: Any, schema_editor: Any) -> None:
    takes = apps.get_model("generations", "Generation").objects
    clips = apps.get_model("media", "Asset").objects
    results = clips.filter(pk=models.OuterRef("result"), kind="video")
    length = Cast(Floor(models.F("duration_seconds") * 1000), models.IntegerField())
    takes.filter(result__isnull=False).update(
        result_ms=models.Subquery(results.annotate(length=length).values("length"))
    )


class Migration(migrations.Migration):
    dependencies = [("generations", "0019_branch_runs"), ("media", "0011_projects")]

    operations = [
        migrations.AddField(
            model_name="generation",
            name="result_ms",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(fields=["team", "created_at"], name="generation_by_date"),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(fields=["team", "cost_usd", "id"], name="generation_by_cost"),
        ),
        migrations.AddIndex(
            model_name="generation",
            index=models.Index(fields=["team", "result_ms", "id"], name="generation_by_length"),
        ),
    ]
