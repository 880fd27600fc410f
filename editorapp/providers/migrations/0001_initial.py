
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('media', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='ProviderAccount',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('provider', models.SlugField(max_length=40)),
                ('name', models.CharField(max_length=80)),
                ('is_simulated', models.BooleanField(default=False)),
                ('is_enabled', models.BooleanField(default=True)),
                ('max_concurrent', models.PositiveIntegerField(default=10)),
                ('requests_per_minute', models.PositiveIntegerField(default=30)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('provider', 'name'), name='account_name_per_provider')],
            },
        ),
        migrations.CreateModel(
            name='StagedFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file_id', models.CharField(max_length=120)),
                ('staged_at', models.DateTimeField()),
                ('expires_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staged', to='providers.provideraccount')),
                ('asset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='staged', to='media.asset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('account', 'asset'), name='staged_once_per_account')],
            },
        ),
    ]
