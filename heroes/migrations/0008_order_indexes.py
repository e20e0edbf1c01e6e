from django.db import migrations, models

import heroesite.records.models.fields
import heroesite.records.models.indexes


class Migration(migrations.Migration):
    dependencies = [
        ("heroes", "0007_blind_fields"),
        ("teams", "0006_order_indexes"),
    ]

    operations = [
        migrations.AlterField(
            model_name="hero",
            name="age",
            field=heroesite.records.models.fields.BoundedIntegerField(
                blank=True, max_value=1000000, min_value=0, null=True, verbose_name="age"
            ),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["version", "id"], name="heroes_hero_version_3be7bf_idx"),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["created_at", "id"], name="heroes_hero_created_72c240_idx"),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["updated_at", "id"], name="heroes_hero_updated_30b55d_idx"),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["age", "id"], name="heroes_hero_age_08be81_idx"),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=heroesite.records.models.indexes.NullsLastIndex(
                models.OrderBy(models.F("age"), descending=True, nulls_last=True),
                models.OrderBy(models.F("id"), descending=True),
                name="heroes_hero_age_desc",
            ),
        ),
    ]
