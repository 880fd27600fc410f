from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0019_trash'),
        ('generations', '0020_parts'),
    ]

    operations = [
    ]
