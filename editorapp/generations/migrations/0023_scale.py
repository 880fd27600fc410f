"""The indexes that the lists of a large team need, and no others."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


INDEXED = (
    "account", "assignee", "came", "exr", "finished_from", "held_by", "parent", "source_asset", "team",
)


def drop_indexes(apps, schema_editor):
    """Drop the indexes of single columns for which there is a better one, or of which most are null."""
    model = apps.get_model("generations", "Generation")
    for name in INDEXED:
        column = model._meta.get_field(name).column
        for index in schema_editor._constraint_names(model, [column], index=True, type_="idx"):
            schema_editor.execute(schema_editor._delete_index_sql(model, index))


def make_indexes(apps, schema_editor):
    model = apps.get_model("generations", "Generation")
    for name in INDEXED:
        field = model._meta.get_field(name)
        schema_editor.execute(schema_editor._create_index_sql(model, fields=[field]))


class Migration(migrations.Migration):

    dependencies = [
        ('generations', '0022_trash'),
        ('media', '0011_projects'),
        ('providers', '0005_proven_accounts'),
        ('teams', '0011_second_factor'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        # Not by Django's own step, which on SQLite would write the whole table anew for each.
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(drop_indexes, make_indexes)],
            state_operations=[
                migrations.AlterField(
                    model_name='generation',
                    name='account',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='providers.provideraccount'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='assignee',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='came',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.asset'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='exr',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.asset'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='finished_from',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='finished_as', to='generations.generation'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='held_by',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='parent',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='generations.generation'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='source_asset',
                    field=models.ForeignKey(blank=True, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='media.asset'),
                ),
                migrations.AlterField(
                    model_name='generation',
                    name='team',
                    field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='teams.team'),
                ),
            ],
        ),
        migrations.RemoveIndex(model_name='generation', name='generation_by_state'),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'state', '-id', 'trashed_at'], name='generation_by_state'),
        ),
        migrations.RemoveIndex(model_name='generation', name='generation_by_lineage'),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'lineage', '-id', 'trashed_at'], name='generation_by_lineage'),
        ),
        migrations.RemoveIndex(model_name='generation', name='generation_by_kind'),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('state__in', ['succeeded'])), fields=['account', 'model', 'task', '-id'], name='generation_by_kind'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'account', '-id'], name='generation_by_account'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', ['fetch_failed', 'fetching', 'lost', 'queued', 'running', 'staging', 'submitting', 'unknown'])), fields=['account', 'state'], name='attempt_watched'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', ['running', 'submitting'])), fields=['submit_started_at'], name='attempt_in_flight'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', ['fetch_failed', 'fetching'])), fields=['result_expires_at'], name='attempt_to_fetch'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(condition=models.Q(('state__in', ['queued', 'staging'])), fields=['account', 'state'], name='attempt_unsent'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'task', '-id'], name='generation_by_task'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'provider', '-id'], name='generation_by_provider'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True)), fields=['team', 'model', '-id'], name='generation_by_model'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True), ('state__in', ['fetching', 'queued', 'running', 'staging', 'submitting'])), fields=['team', '-id'], name='generation_active'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True), ('state__in', ['fetch_failed', 'lost', 'unknown'])), fields=['team', '-id'], name='generation_in_need'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('trashed_at__isnull', True), ('state__in', ['canceled', 'failed', 'succeeded'])), fields=['team', '-state_since', '-id'], name='generation_ended'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('source_asset__isnull', False)), fields=['source_asset', '-id'], name='generation_by_source'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('parent__isnull', False)), fields=['parent', '-id'], name='generation_by_parent'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('finished_from__isnull', False)), fields=['finished_from'], name='generation_by_draft'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('assignee__isnull', False)), fields=['assignee'], name='generation_by_assignee'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('held_by__isnull', False)), fields=['held_by'], name='generation_by_holder'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('exr__isnull', False)), fields=['exr'], name='generation_by_exr'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('came__isnull', False)), fields=['came'], name='generation_by_came'),
        ),
        migrations.AddField(
            model_name='bookscheck',
            name='last_line',
            field=models.PositiveBigIntegerField(default=0),
        ),
    ]
