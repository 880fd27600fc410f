
import django.db.models.deletion
import editorapp.core.money
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('media', '0001_initial'),
        ('providers', '0001_initial'),
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Lease',
            fields=[
                ('name', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('holder', models.UUIDField(blank=True, null=True)),
                ('until', models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name='Pause',
            fields=[
                ('account', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='pause', serialize=False, to='providers.provideraccount')),
                ('until', models.DateTimeField()),
                ('reason', models.CharField(max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='Generation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField()),
                ('provider', models.CharField(max_length=40)),
                ('model', models.CharField(max_length=80)),
                ('task', models.CharField(max_length=16)),
                ('prompt', models.TextField()),
                ('request', models.JSONField()),
                ('is_simulated', models.BooleanField()),
                ('lineage', models.CharField(max_length=64)),
                ('estimate_low_usd', editorapp.core.money.UsdField()),
                ('estimate_high_usd', editorapp.core.money.UsdField()),
                ('estimate_basis', models.CharField(max_length=300)),
                ('attempt_number', models.PositiveIntegerField(default=1)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('staging', 'Uploading source'), ('submitting', 'Submitting'), ('running', 'Processing'), ('fetching', 'Fetching result'), ('succeeded', 'Done'), ('failed', 'Failed'), ('canceled', 'Canceled'), ('unknown', 'Outcome unknown'), ('lost', 'Lost at the provider'), ('fetch_failed', 'Result not fetched')], default='queued', max_length=16)),
                ('state_since', models.DateTimeField()),
                ('failure_code', models.CharField(blank=True, max_length=60)),
                ('failure_message', models.TextField(blank=True)),
                ('can_retry', models.BooleanField(default=False)),
                ('cost_usd', editorapp.core.money.UsdField(blank=True, null=True)),
                ('cost_is_estimated', models.BooleanField(default=False)),
                ('chain_id', models.CharField(blank=True, max_length=120)),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('warning', models.TextField(blank=True)),
                ('form_token', models.CharField(blank=True, max_length=40)),
                ('review', models.CharField(blank=True, choices=[('', 'Not reviewed'), ('approved', 'Approved'), ('needs_changes', 'Needs changes')], default='', max_length=16)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='providers.provideraccount')),
                ('created_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to=settings.AUTH_USER_MODEL)),
                ('exr', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='media.asset')),
                ('parent', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='children', to='generations.generation')),
                ('result', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='result_of', to='media.asset')),
                ('source_asset', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='media.asset')),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='generations', to='teams.team')),
            ],
        ),
        migrations.CreateModel(
            name='Attempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('staging', 'Uploading source'), ('submitting', 'Submitting'), ('running', 'Processing'), ('fetching', 'Fetching result'), ('succeeded', 'Done'), ('failed', 'Failed'), ('canceled', 'Canceled'), ('unknown', 'Outcome unknown'), ('lost', 'Lost at the provider'), ('fetch_failed', 'Result not fetched')], default='queued', max_length=16)),
                ('idempotency_key', models.UUIDField(default=uuid.uuid4, unique=True)),
                ('request_body', models.JSONField(blank=True, null=True)),
                ('request_sha256', models.CharField(blank=True, max_length=64)),
                ('provider_job_id', models.CharField(blank=True, max_length=120, null=True)),
                ('next_action_at', models.DateTimeField(blank=True, null=True)),
                ('lease_token', models.UUIDField(blank=True, null=True)),
                ('created_at', models.DateTimeField()),
                ('submit_started_at', models.DateTimeField(blank=True, null=True)),
                ('submitted_at', models.DateTimeField(blank=True, null=True)),
                ('provider_done_at', models.DateTimeField(blank=True, null=True)),
                ('recorded_at', models.DateTimeField(blank=True, null=True)),
                ('poll_count', models.PositiveIntegerField(default=0)),
                ('fetch_count', models.PositiveIntegerField(default=0)),
                ('error_count', models.PositiveIntegerField(default=0)),
                ('last_error', models.TextField(blank=True)),
                ('missing_since', models.DateTimeField(blank=True, null=True)),
                ('result_urls', models.JSONField(blank=True, null=True)),
                ('result_expires_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='providers.provideraccount')),
                ('generation', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='generations.generation')),
            ],
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['team', '-id'], name='generation_newest'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['team', 'state', '-id'], name='generation_by_state'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['team', 'lineage', '-id'], name='generation_by_lineage'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['team', 'review', '-id'], name='generation_by_review'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(fields=['team', 'created_by', '-id'], name='generation_by_person'),
        ),
        migrations.AddIndex(
            model_name='generation',
            index=models.Index(condition=models.Q(('chain_id', ''), _negated=True), fields=['chain_id'], name='generation_by_chain_id'),
        ),
        migrations.AddConstraint(
            model_name='generation',
            constraint=models.UniqueConstraint(condition=models.Q(('form_token', ''), _negated=True), fields=('team', 'form_token'), name='one_generation_per_form'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['state', 'next_action_at'], name='attempt_due'),
        ),
        migrations.AddIndex(
            model_name='attempt',
            index=models.Index(fields=['account', 'submit_started_at'], name='attempt_rate'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('generation', 'number'), name='attempt_numbered'),
        ),
        migrations.AddConstraint(
            model_name='attempt',
            constraint=models.UniqueConstraint(fields=('account', 'provider_job_id'), name='job_adopted_once'),
        ),
    ]
