import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("costs", "0003_spend_by_task")]

    operations = [
        migrations.RenameModel("AskedPrice", "PriceQuote"),
        migrations.AlterField(
            "pricequote",
            "account",
            models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="price_quotes",
                to="providers.provideraccount",
            ),
        ),
    ]
