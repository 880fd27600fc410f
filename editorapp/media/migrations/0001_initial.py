
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Upload',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(max_length=64, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('size_bytes', models.BigIntegerField()),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='teams.team')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Asset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('deleted_at', models.DateTimeField(blank=True, null=True)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('video', 'Video'), ('image', 'Image'), ('archive', 'Archive')], max_length=8)),
                ('origin', models.CharField(choices=[('upload', 'Uploaded'), ('sample', 'Sample'), ('result', 'Result'), ('frame', 'Frame of a source')], max_length=8)),
                ('is_simulated', models.BooleanField(default=False)),
                ('sha256', models.CharField(max_length=64)),
                ('size_bytes', models.BigIntegerField()),
                ('mime_type', models.CharField(max_length=80)),
                ('container', models.CharField(blank=True, max_length=40)),
                ('codec', models.CharField(blank=True, max_length=40)),
                ('pixel_format', models.CharField(blank=True, max_length=40)),
                ('width', models.PositiveIntegerField(default=0)),
                ('height', models.PositiveIntegerField(default=0)),
                ('rotation', models.SmallIntegerField(default=0)),
                ('fps_numerator', models.PositiveBigIntegerField(default=0)),
                ('fps_denominator', models.PositiveBigIntegerField(default=1)),
                ('frame_count', models.PositiveIntegerField(default=0)),
                ('duration_seconds', models.DecimalField(decimal_places=6, default=0, max_digits=12)),
                ('has_audio', models.BooleanField(default=False)),
                ('hdr', models.BooleanField(default=False)),
                ('hdr_transfer', models.CharField(blank=True, max_length=8)),
                ('variable_frame_rate', models.BooleanField(default=False)),
                ('proxy', models.CharField(choices=[('not_needed', 'Not Needed'), ('pending', 'Pending'), ('ready', 'Ready'), ('failed', 'Failed')], default='not_needed', max_length=12)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='assets', to='teams.team')),
            ],
            options={
                'indexes': [models.Index(fields=['team', 'kind', '-id'], name='asset_newest_by_kind')],
                'constraints': [models.UniqueConstraint(fields=('team', 'sha256'), name='stored_once_per_team')],
            },
        ),
    ]
