"""Every take names the files of its request, so that who sees the take sees them."""

from collections.abc import Iterator
from typing import Any

from django.db import migrations

AT_ONCE = 1_000


def fill(apps: Any, schema_editor: Any) -> None:
    takes = apps.get_model("generations", "Generation").objects.order_by("pk")
    known = set(apps.get_model("media", "Asset").objects.values_list("pk", flat=True).iterator())
    through = apps.get_model("generations", "Generation").guides.through
    rows: list[Any] = []
    columns = ("pk", "request", "source_asset_id")
    for pk, request, source in takes.values_list(*columns).iterator(chunk_size=AT_ONCE):
        for asset in (set(_named(request)) & known) - {source}:
            rows.append(through(generation_id=pk, asset_id=asset))
        if len(rows) >= AT_ONCE:
            through.objects.bulk_create(rows)
            rows.clear()
    through.objects.bulk_create(rows)


def _named(request: Any) -> Iterator[int]:
    """Return the numbers of the stored files that stand anywhere in a request."""
    if isinstance(request, dict):
        if isinstance(request.get("asset_id"), int):
            yield request["asset_id"]
        for value in request.values():
            yield from _named(value)
    elif isinstance(request, list):
        for value in request:
            yield from _named(value)


class Migration(migrations.Migration):
    dependencies = [("generations", "0017_projects")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
