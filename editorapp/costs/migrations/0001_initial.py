
import django.db.models.deletion
import editorapp.core.money
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField()),
                ('month', models.DateField()),
                ('kind', models.CharField(choices=[('reserve', 'Reserved'), ('charge', 'Charged'), ('release', 'Released'), ('adjust', 'Adjusted')], max_length=8)),
                ('amount_usd', editorapp.core.money.UsdField()),
                ('is_estimated', models.BooleanField(default=False)),
                ('is_simulated', models.BooleanField()),
                ('person_id', models.BigIntegerField()),
                ('person_name', models.CharField(max_length=200)),
                ('generation_id', models.BigIntegerField()),
                ('attempt_id', models.BigIntegerField()),
                ('provider', models.CharField(max_length=40)),
                ('model', models.CharField(max_length=80)),
                ('task', models.CharField(max_length=16)),
                ('note', models.CharField(blank=True, max_length=300)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
            ],
            options={
                'indexes': [models.Index(fields=['team', 'month', '-id'], name='entry_team_month'), models.Index(fields=['team', 'person_id', 'month', '-id'], name='entry_person_month'), models.Index(fields=['generation_id'], name='entry_generation'), models.Index(fields=['attempt_id'], name='entry_attempt')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('kind', 'adjust'), _negated=True), fields=('attempt_id', 'kind'), name='one_of_each_kind_per_attempt'), models.CheckConstraint(condition=models.Q(('amount_usd__gte', 0), ('kind', 'adjust'), _connector='OR'), name='no_negative_amount')],
            },
        ),
        migrations.CreateModel(
            name='MonthBudget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('is_simulated', models.BooleanField()),
                ('limit_usd', editorapp.core.money.UsdField(blank=True, null=True)),
                ('reserved_usd', editorapp.core.money.UsdField(default=0)),
                ('spent_usd', editorapp.core.money.UsdField(default=0)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'month', 'is_simulated'), name='one_budget_per_month'), models.CheckConstraint(condition=models.Q(('reserved_usd__gte', 0)), name='reserved_not_negative')],
            },
        ),
        migrations.CreateModel(
            name='MonthCost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('month', models.DateField()),
                ('is_simulated', models.BooleanField()),
                ('person_id', models.BigIntegerField()),
                ('person_name', models.CharField(max_length=200)),
                ('provider', models.CharField(max_length=40)),
                ('model', models.CharField(max_length=80)),
                ('held_usd', editorapp.core.money.UsdField(default=0)),
                ('spent_usd', editorapp.core.money.UsdField(default=0)),
                ('charges', models.PositiveIntegerField(default=0)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='teams.team')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('team', 'month', 'is_simulated', 'person_id', 'provider', 'model'), name='one_sum_per_month_person_model')],
            },
        ),
    ]
