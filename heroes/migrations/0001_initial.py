import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import heroesite.records.models.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('teams', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Hero',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', heroesite.records.models.fields.LineField(max_length=100, verbose_name='name')),
                ('name_key', heroesite.records.models.fields.FoldedField(max_length=400, of='name')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='last changed')),
                ('secret_name', heroesite.records.models.fields.LineField(max_length=100, verbose_name='secret name')),
                ('age', heroesite.records.models.fields.BoundedIntegerField(blank=True, db_index=True, max_value=1000000, null=True, min_value=0, verbose_name='age')),
                ('team', heroesite.records.models.fields.RecordForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='heroes', to='teams.team', verbose_name='team')),
            ],
            options={
                'verbose_name': 'hero',
                'verbose_name_plural': 'heroes',
                'ordering': ['name_key', 'id'],
                'permissions': [('view_secret_name', 'Can see secret names')],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('name_key',), name='heroes_hero_name_unique'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='heroes_hero_version_from_1'), models.CheckConstraint(condition=models.Q(('name__length__gte', 1), ('name__length__lte', 100)), name='heroes_hero_name_length'), models.CheckConstraint(condition=models.Q(('secret_name__length__gte', 1), ('secret_name__length__lte', 100)), name='heroes_hero_secret_name_length'), models.CheckConstraint(condition=models.Q(('age__range', (0, 1000000))), name='heroes_hero_age_range')],
            },
        ),
    ]
