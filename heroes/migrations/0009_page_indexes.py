from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("heroes", "0008_order_indexes"),
        ("teams", "0007_page_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["name_key", "id"], name="heroes_hero_name_ke_3bd853_idx"),
        ),
        migrations.AddIndex(
            model_name="hero",
            index=models.Index(fields=["team", "id"], name="heroes_hero_team_id_0c3094_idx"),
        ),
        # The index on team and id replaces Django's index on team alone.
        migrations.RunSQL("DROP INDEX IF EXISTS heroes_hero_team_id_2c0f13a5", migrations.RunSQL.noop),
    ]
