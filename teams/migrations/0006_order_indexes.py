from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("teams", "0005_blind_fields"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="team",
            index=models.Index(fields=["version", "id"], name="teams_team_version_a954af_idx"),
        ),
        migrations.AddIndex(
            model_name="team",
            index=models.Index(fields=["created_at", "id"], name="teams_team_created_1cb083_idx"),
        ),
        migrations.AddIndex(
            model_name="team",
            index=models.Index(fields=["updated_at", "id"], name="teams_team_updated_f64cce_idx"),
        ),
        migrations.AddIndex(
            model_name="team",
            index=models.Index(fields=["headquarters_key", "id"], name="teams_team_headqua_400c43_idx"),
        ),
    ]
