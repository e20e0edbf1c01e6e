from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("records", "0005_change_set_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="changeset",
            name="entry_counts",
            field=models.JSONField(editable=False, null=True),
        ),
    ]
