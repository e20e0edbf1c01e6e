import django.db.models.deletion
import django.utils.timezone
import simple_history.models
from django.db import migrations, models

import heroesite.records.audit.change_sets
import heroesite.records.audit.entries
import heroesite.records.models.fields
import heroesite.records.models.operations


class Migration(migrations.Migration):

    dependencies = [
        ('heroes', '0003_links_at_once'),
        ('records', '0002_history'),
        ('teams', '0002_history'),
    ]

    run_before = [("records", "0004_source_and_labels")]

    operations = [
        migrations.CreateModel(
            name='HistoricalHero',
            fields=[
                ('id', models.BigIntegerField(auto_created=True, blank=True, verbose_name='ID')),
                ('sent', models.JSONField(default=list)),
                ('erased', models.JSONField(default=list)),
                ('name', heroesite.records.models.fields.LineField(max_length=100, verbose_name='name')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(blank=True, editable=False, verbose_name='last changed')),
                ('secret_name', heroesite.records.models.fields.LineField(max_length=100, verbose_name='secret name')),
                ('age', heroesite.records.models.fields.BoundedIntegerField(blank=True, max_value=1000000, null=True, min_value=0, verbose_name='age')),
                ('history_id', models.BigAutoField(editable=False, primary_key=True, serialize=False)),
                ('history_date', models.DateTimeField()),
                ('history_type', models.CharField(choices=[('+', 'Created'), ('~', 'Changed'), ('-', 'Deleted')], max_length=1)),
                ('change_set', models.ForeignKey(default=heroesite.records.audit.change_sets.current_change_set_id, on_delete=django.db.models.deletion.PROTECT, related_name='%(app_label)s_entries', to='records.changeset')),
                ('team', heroesite.records.models.fields.RecordForeignKey(blank=True, db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='teams.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'history entry',
                'verbose_name_plural': 'history entries',
                'ordering': ['-version'],
                'get_latest_by': ('history_date', 'history_id'),
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('id', 'version'), name='heroes_hero_version_once')],
            },
            bases=(simple_history.models.HistoricalChanges, models.Model),
        ),
        heroesite.records.models.operations.BeginHistory("heroes", "hero"),
    ]
