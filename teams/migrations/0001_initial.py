import django.utils.timezone
from django.db import migrations, models

import heroesite.records.models.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Team',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', heroesite.records.models.fields.LineField(max_length=100, verbose_name='name')),
                ('name_key', heroesite.records.models.fields.FoldedField(max_length=400, of='name')),
                ('version', models.PositiveIntegerField(default=1, editable=False, verbose_name='version')),
                ('created_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='last changed')),
                ('headquarters', heroesite.records.models.fields.LineField(max_length=200, verbose_name='headquarters')),
                ('headquarters_key', heroesite.records.models.fields.FoldedField(max_length=800, of='headquarters')),
            ],
            options={
                'verbose_name': 'team',
                'verbose_name_plural': 'teams',
                'ordering': ['name_key', 'id'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('name_key',), name='teams_team_name_unique'), models.CheckConstraint(condition=models.Q(('version__gte', 1)), name='teams_team_version_from_1'), models.CheckConstraint(condition=models.Q(('name__length__gte', 1), ('name__length__lte', 100)), name='teams_team_name_length'), models.CheckConstraint(condition=models.Q(('headquarters__length__gte', 1), ('headquarters__length__lte', 200)), name='teams_team_headquarters_length')],
            },
        ),
    ]
