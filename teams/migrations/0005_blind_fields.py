from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("teams", "0004_feed")]

    operations = [
        migrations.RenameField(model_name="historicalteam", old_name="sent", new_name="blind_fields"),
    ]
