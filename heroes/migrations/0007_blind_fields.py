from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("heroes", "0006_feed")]

    operations = [
        migrations.RenameField(model_name="historicalhero", old_name="sent", new_name="blind_fields"),
    ]
