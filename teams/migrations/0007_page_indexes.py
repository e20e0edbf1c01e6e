from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0006_order_indexes"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="team",
            index=models.Index(fields=["name_key", "id"], name="teams_team_name_ke_4e99da_idx"),
        ),
    ]
